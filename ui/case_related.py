"""What other cases have to do with one: merged with it, or likely the same dispute."""

import streamlit as st

from data_access.queries.cases import CaseView
from data_access.queries.duplicates import Merging
from domain.cases import Stage
from domain.errors import NotFound
from domain.people import Actor, Permission
from domain.transitions import TRANSITIONS, Action
from texts import gettext as _
from texts.words import word
from ui import case_card, case_reads, feedback, steps
from ui.plain import plain
from ui.session import acting

_MERGE = TRANSITIONS[Action.MERGE]


def show(view: CaseView, actor: Actor) -> None:
    """Merged cases with the way to each; likely duplicates for whoever may merge the case."""
    case_no = view.row.case_no
    try:
        blocks = _merged(case_reads.merging(case_no, actor.scope(Permission.CASE_READ)))
    except NotFound:
        return
    if blocks:
        case_card.show(blocks, key="card_merged")
    mergeable = view.row.stage in _MERGE.sources
    if mergeable and case_reads.holds(actor, _MERGE.permission, case_no):
        _offer_merging(case_no, actor)


def _merged(merging: Merging) -> list[dict[str, object]]:
    title = _("并入本案的案件({count})").format(count=len(merging.merged))
    into = (merging.into,) if merging.into else ()
    parts = ((_("本案已并入"), into), (title, merging.merged))
    return [
        case_card.links(name, [(word(one.stage), one.case_no) for one in cases])
        for name, cases in parts
        if cases
    ]


def _offer_merging(case_no: str, actor: Actor) -> None:
    """Within what the person may merge into, not merely read."""
    found = case_reads.likely_duplicates(case_no, actor.scope(_MERGE.permission))
    if not found:
        return
    title = _("可能是同一纠纷({count})").format(count=len(found))
    with st.expander(title, icon=":material/content_copy:", key="duplicates"):
        for one in found:
            block = case_card.links("", [(case_card.same_as(one), one.case_no)])
            case_card.show([block], key=f"like_{one.case_no}")
            if one.stage is not Stage.CLOSED:
                st.button(
                    plain(_("并入 {case}").format(case=one.case_no)),
                    key=f"merge_into_{one.case_no}",
                    on_click=_prefill,
                    args=(case_no, one.case_no),
                )


def _prefill(case_no: str, other: str) -> None:
    """Open the form for merging with the other number in it; what is missing is the reason."""
    with feedback.refusals_kept("step"):
        acting(_MERGE.permission)
        steps.prefill(case_no, Action.MERGE, other_case=other)
