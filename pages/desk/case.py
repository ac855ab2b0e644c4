"""一件案件的完整页面: everything of one case side by side, and what may be done with it now."""

import streamlit as st

from data_access.queries.cases import CaseView
from domain.errors import NotFound
from domain.people import Actor, Permission
from texts import gettext as _
from ui import case_parts, case_reads, case_related, clock, feedback
from ui.plain import plain
from ui.session import acting, require

actor = require(Permission.CASE_READ)
LONGEST_NUMBER = 20


@feedback.left_to_the_page
def look_up() -> None:
    """Another number was entered."""
    acting(Permission.CASE_READ)
    wanted = st.session_state["case_wanted"].strip().upper()[:LONGEST_NUMBER]
    if wanted:
        st.query_params["no"] = wanted


def ask_number() -> None:
    """The field for a case's number."""
    with st.container(key="case_number", width=480):
        st.text_input(
            _("案件编号"), key="case_wanted", placeholder="D2026-00001", on_change=look_up
        )
        st.button(_("打开"), key="case_open", on_click=look_up)


def choose_form(names: dict[str, str], view: CaseView) -> str:
    """Which of the forms is shown: first the one that the case waits for."""
    waits = "reassign" if view.row.mediator_id is None else "steps"
    if st.session_state.get("case_form") not in names:
        st.session_state["case_form"] = waits if waits in names else next(iter(names))
    if len(names) == 1:
        st.markdown(f"**{plain(*names.values())}**")
        return next(iter(names))
    chosen = st.segmented_control(
        _("办理"),
        list(names),
        format_func=names.__getitem__,
        key="case_form",
        required=True,
        label_visibility="collapsed",
    )
    return chosen or next(iter(names))


def show_work(case_no: str, view: CaseView, actor: Actor) -> None:
    """The forms, or that there is none for this person."""
    names = case_parts.forms(view, actor)
    chosen = choose_form(names, view) if names else None
    case_parts.undo_if_possible(view, actor)
    if chosen:
        case_parts.show_form(chosen, case_no)
    else:
        st.caption(_("您的岗位可以查看这件案件,不能办理。"))


def show_case(case_no: str, actor: Actor) -> None:
    """The whole page of one case."""
    if st.session_state.get("case_shown") != case_no:
        case_parts.forget()
        st.session_state["case_shown"] = case_no
        st.session_state.pop("case_form", None)
    feedback.show_told()
    try:
        view = case_reads.view(case_no, actor.scope(Permission.CASE_READ), clock.now())
    except NotFound as refusal:
        case_parts.show_gone(case_no, refusal)
        ask_number()
        return
    st.session_state.setdefault("seen_version", view.row.version)
    case_parts.live_head(case_no, number=case_no)
    matter, work, past = st.columns([10, 9, 9], gap="large")
    with matter:
        if view.row.due_at is not None:
            case_parts.live_clock(case_no)
            case_parts.offer_why(case_no, actor)
        case_related.show(view, actor)
        case_parts.live_facts(case_no)
        case_parts.offer_unmasking(case_no, actor)
    with work:
        show_work(case_no, view, actor)
    with past:
        case_parts.live_timeline(case_no)


with st.container(key="case_page"):
    asked = st.query_params.get("no", "").strip().upper()[:LONGEST_NUMBER]
    if asked:
        show_case(asked, actor)
    else:
        st.subheader(_("打开一件案件"))
        ask_number()
