"""In which order each mediator does well to take up the cases, and why each stands there."""

from datetime import datetime

import streamlit as st

from data_access.queries.planning import Planning
from domain.balancing.pool import works_of
from domain.balancing.worklist import worklist_order
from texts import gettext as _
from texts.numbers import count
from texts.planning import plan_word
from ui import sandbox_plan
from ui.plain import plain


def show(planning: Planning, now: datetime) -> None:
    """A list for each holder of the cases put in; what is not put in is not listed."""
    st.caption(
        _(
            "还能按期的在前,按期限先后;已难按期的在后。每四天有一天先办超期最久的,超期过久的每天在前。"
            "在模拟中,不移动一件案件,这样的顺序就少超期。"
        )
    )
    holders = {row.mediator_id for row in planning.rows.values() if row.mediator_id is not None}
    people = {one.mediator_id: one for one in planning.pool.people}
    for mediator_id in sorted(holders & people.keys()):
        listed = [
            one
            for one in worklist_order(
                works_of(planning.pool, mediator_id), person=people[mediator_id], now=now
            )
            if one.case_id in planning.rows
        ]
        who = planning.people[mediator_id]
        st.markdown(
            f"**{plain(who.name)}** {plain(who.committee_name)} "
            + plain(_("{count} 件").format(count=count(len(listed))))
        )
        st.dataframe(
            [
                _line(place, planning, one.case_id, plan_word(one.turn), now)
                for place, one in enumerate(listed, start=1)
            ],
            hide_index=True,
            key=f"sandbox_order_{mediator_id}",
        )


def _line(place: int, planning: Planning, case_id: int, turn: str, now: datetime) -> dict[str, str]:
    words = sandbox_plan.case_words(planning.rows[case_id], now)
    return {
        _("次序"): str(place),
        _("案号"): words["number"],
        _("期限"): words["clock"],
        _("纠纷"): words["about"],
        _("为什么"): turn,
    }
