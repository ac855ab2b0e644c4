"""Leave of one person: what is known, a new one, changing, cutting short, cancelling."""

from datetime import date, datetime

import streamlit as st

from data_access import site
from data_access.commands.leave import add_leave, cancel_leave, change_leave
from data_access.queries.teams import Leave, PersonView
from domain.clocks import day_of
from domain.organisation import AbsenceKind
from domain.people import Actor, Permission
from domain.teams import LATE_ENTRY
from texts import gettext as _
from texts.words import word
from ui import clock, feedback, sandbox_put
from ui.session import acting
from ui.team_form import acted_on, field, key

_SPARE = 1


def show(view: PersonView, actor: Actor, now: datetime) -> None:
    """Draw the leave of a person, and the forms for who keeps it."""
    today = day_of(now)
    keeps = actor.may(Permission.TEAM_ROSTER) and view.person.active
    ahead = [one for one in view.all_leave if one.last_day >= today]
    over = [one for one in view.all_leave if one.last_day < today]
    if keeps:
        _show_new(view, today)
    # Places that stay where they are, whatever comes and goes.
    with st.container(key="leave_known"):
        slots = [st.empty() for _slot in range(len(ahead) + _SPARE)]
    for one, slot in zip(ahead, slots, strict=False):
        with slot.container(border=True, key=f"leave_{one.absence_id}"):
            _show_one(view, one, today, keeps=keeps)
    if not ahead:
        slots[0].caption(_("今天起没有登记的假期。"))
    if actor.may(Permission.CASE_REASSIGN) and view.person.open_cases:
        st.button(
            _("分流在办案件"),
            key="leave_spread",
            icon=":material/call_split:",
            on_click=_spread,
            args=(view.person.mediator_id,),
            help=_("到改派台,看看分给谁合适;返岗后可以交还。"),
        )
    if over:
        title = _("过去的假期({count})").format(count=len(over))
        with st.expander(title, key="leave_over"):
            st.text("\n".join(leave_words(one) for one in over))


def leave_words(one: Leave) -> str:
    """请假 2026-12-01 — 2026-12-05."""
    if one.first_day == one.last_day:
        return f"{word(one.kind)} {one.first_day.isoformat()}"
    return f"{word(one.kind)} {one.first_day.isoformat()} — {one.last_day.isoformat()}"


def _show_new(view: PersonView, today: date) -> None:
    with st.container(border=True, key="leave_new"):
        _fields("leave", None, today)
        st.button(
            _("登记假期"),
            key="leave_add",
            type="primary",
            on_click=_add,
            args=(view,),
        )


def _fields(prefix: str, one: Leave | None, today: date) -> None:
    begun = one is not None and one.first_day <= today
    kind, first, last = st.columns(3)
    kind.selectbox(
        _("原因"),
        list(AbsenceKind),
        format_func=word,
        index=0 if one is None else list(AbsenceKind).index(one.kind),
        key=field(f"{prefix}_kind"),
    )
    first.date_input(
        _("第一天"),
        value=today if one is None else one.first_day,
        min_value=one.first_day if one is not None and begun else today - LATE_ENTRY,
        key=field(f"{prefix}_first"),
        format="YYYY-MM-DD",
        disabled=begun,
    )
    last.date_input(
        _("最后一天(含)"),
        value=today if one is None else one.last_day,
        min_value=one.first_day if one is not None and begun else today - LATE_ENTRY,
        key=field(f"{prefix}_last"),
        format="YYYY-MM-DD",
    )


def _show_one(view: PersonView, one: Leave, today: date, *, keeps: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(leave_words(one), width="stretch")
        if not keeps:
            return
        with st.popover(_("变更"), key=field(f"ask_{one.absence_id}"), width="content"):
            if one.first_day <= today:
                st.caption(_("已经开始:改最后一天就是提前结束或延长。"))
            prefix = f"leave_{one.absence_id}"
            _fields(prefix, one, today)
            st.button(
                _("保存"),
                key=f"leave_save_{one.absence_id}",
                type="primary",
                on_click=_change,
                args=(view, one),
            )
        st.button(
            _("取消"),
            key=f"leave_cancel_{one.absence_id}",
            disabled=one.first_day < today,
            on_click=_cancel,
            args=(view, one),
        )


def _add(view: PersonView) -> None:
    with acted_on():
        made = add_leave(
            site.current().db,
            mediator_id=view.person.mediator_id,
            first_day=st.session_state[field("leave_first")],
            last_day=st.session_state[field("leave_last")],
            kind=st.session_state[field("leave_kind")],
            actor=acting(Permission.TEAM_ROSTER),
            now=clock.now(),
            key=key(),
        )
        _tell(_("已登记假期。"), made.duty_days)


def _change(view: PersonView, one: Leave) -> None:
    prefix = f"leave_{one.absence_id}"
    with acted_on():
        made = change_leave(
            site.current().db,
            mediator_id=view.person.mediator_id,
            absence_id=one.absence_id,
            first_day=st.session_state[field(f"{prefix}_first")],
            last_day=st.session_state[field(f"{prefix}_last")],
            kind=st.session_state[field(f"{prefix}_kind")],
            actor=acting(Permission.TEAM_ROSTER),
            now=clock.now(),
            key=key(),
        )
        _tell(_("已变更假期。"), made.duty_days)


def _cancel(view: PersonView, one: Leave) -> None:
    with acted_on():
        cancel_leave(
            site.current().db,
            mediator_id=view.person.mediator_id,
            absence_id=one.absence_id,
            actor=acting(Permission.TEAM_ROSTER),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已取消假期。"))


@feedback.left_to_the_page
def _spread(mediator_id: int) -> None:
    actor = acting(Permission.CASE_REASSIGN)
    sandbox_put.put_in_all_of(actor, mediator_id)


def _tell(sentence: str, duty_days: int) -> None:
    if duty_days:
        sentence += _("其中 {days} 天排了值班,请另行安排。").format(days=duty_days)
    feedback.tell(sentence)
