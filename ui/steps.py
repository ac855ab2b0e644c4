"""The form for a case's next step: what is open to this person now, and why the rest is closed."""

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Any
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.steps import take_step
from data_access.queries.cases import CaseView
from data_access.queries.steps import StepView
from domain.cases import Stage
from domain.clocks import day_of
from domain.errors import Conflict, KeyReused, NotFound
from domain.people import Actor, Permission
from domain.transitions import (
    LEVELS,
    LONGEST_AHEAD,
    NOTE_LONGEST,
    NOTE_SHORTEST,
    TRANSITIONS,
    Action,
    AgreementForm,
    Closed,
    Decision,
    Given,
    Need,
    Rating,
    Transition,
    caution,
    objections,
)
from texts import gettext as _
from texts import language
from texts.sentences import field_name
from texts.words import word
from ui import case_reads, clock, feedback
from ui.plain import plain
from ui.session import acting, still

_FIELDS = (
    "form",
    "day",
    "until",
    "outcome",
    "onward",
    "days",
    "level",
    "other_case",
    "decision",
    "applicant_rating",
    "respondent_rating",
    "note",
)

# Answers that are few enough to stand beside each other.
_FEW: dict[Need, tuple[StrEnum, ...]] = {
    Need.FORM: tuple(AgreementForm),
    Need.LEVEL: LEVELS,
    Need.APPLICANT_RATING: tuple(Rating),
    Need.RESPONDENT_RATING: tuple(Rating),
}


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_form(case_no: str) -> None:
    """The form for one case. What is typed stays until a step succeeds."""
    if st.session_state.pop("stepped", False):
        st.rerun()
    found = _read(case_no)
    if found is None:
        return
    view, step = found
    st.session_state.setdefault("seen_version", view.row.version)
    against = _objections(case_no, step)
    offered = [action for action in Action if not against[action]]
    if st.session_state.get(_key(case_no, "action")) not in offered:
        st.session_state.pop(_key(case_no, "action"), None)
    chosen = _choose(case_no, offered)
    if chosen is not None:
        _ask(case_no, TRANSITIONS[chosen], step)
        with st.container(key="step_messages"):
            feedback.show_refusal("step")
        st.session_state.setdefault("step_key", uuid4().hex)
        st.button(
            plain(word(chosen)),
            key="step_submit",
            type="primary",
            width="stretch",
            on_click=submit,
            args=(case_no,),
        )
    else:
        with st.container(key="step_messages"):
            feedback.show_refusal("step")
    _show_closed(against)


def _choose(case_no: str, offered: list[Action]) -> Action | None:
    """All ways that are open, in sight at once: nobody should have to look for them."""
    if not offered:
        st.caption(_("您现在没有可办的步骤"))
        return None
    return st.pills(
        _("下一步"),
        offered,
        format_func=lambda action: plain(word(action)),
        key=_key(case_no, "action"),
        persist_state="session",
    )


def offered(actor: Actor, case_no: str) -> bool:
    """Whether the person's posts allow any step of this case, whatever its stage."""
    permissions = {one.permission for one in TRANSITIONS.values()}
    return any(case_reads.holds(actor, permission, case_no) for permission in permissions)


def _read(case_no: str) -> tuple[CaseView, StepView] | None:
    actor = still(Permission.CASE_READ)
    if actor is None:
        return None
    scope, now = actor.scope(Permission.CASE_READ), clock.now()
    try:
        return case_reads.view(case_no, scope, now), case_reads.steps(case_no, scope)
    except NotFound:
        return None


def _objections(case_no: str, step: StepView) -> dict[Action, list[Closed]]:
    actor = still(Permission.CASE_READ)
    now = clock.now()
    held = {
        permission: actor is not None and case_reads.holds(actor, permission, case_no)
        for permission in {one.permission for one in TRANSITIONS.values()}
    }
    return {
        action: objections(
            one,
            step.standing,
            may=held[one.permission],
            now=now,
            who=actor.user_id if actor else None,
        )
        for action, one in TRANSITIONS.items()
    }


def _ask(case_no: str, transition: Transition, step: StepView) -> None:
    """The fields that a step needs."""
    st.caption(_("依据:{basis}").format(basis=plain(transition.basis)))
    if transition.action is Action.GRANT_EXTENSION:
        st.text(_("申请延长 {days}。").format(days=step.extension_asked))
    if transition.action is Action.APPLY_CONFIRMATION:
        _show_window(step)
    for need in transition.needs:
        _ask_one(case_no, need, transition)
    if Need.NOTE not in transition.needs:
        _ask_note(case_no, required=False)


def _show_window(step: StepView) -> None:
    """Until when the parties may apply, and what the court would not confirm of such a dispute."""
    case, today = step.standing, day_of(clock.now())
    if case.agreed_on is not None and case.confirm_by is not None:
        over = _("申请期已于 {last} 届满:只补录 {agreed} 至 {last} 提交的申请。")
        runs = _("协议 {agreed} 达成,须由双方共同申请,最后一天是 {last}(含当日)。")
        text = over if today > case.confirm_by else runs
        st.text(text.format(agreed=case.agreed_on, last=case.confirm_by))
    look_for = caution(case.type_code)
    if look_for is not None:
        st.info(word(look_for))


def _ask_one(case_no: str, need: Need, transition: Transition) -> None:
    key, today = _key(case_no, need.value), day_of(clock.now())
    keep: dict[str, Any] = {"key": key, "persist_state": "session"}
    match need:
        case Need.NOTE:
            _ask_note(case_no, required=True)
        case Need.DAY:
            st.date_input(_("日期"), value=today, max_value=today, **keep)
        case Need.UNTIL:
            st.date_input(_("期限(含当日)"), value=None, max_value=today + LONGEST_AHEAD, **keep)
        case Need.OUTCOME:
            _choose_code(_("结果"), transition.outcomes, keep)
        case Need.ONWARD:
            _choose_code(_("移送去向"), transition.onward, keep)
        case Need.DAYS:
            st.number_input(_("延长天数(与本环节时限同一单位)"), min_value=1, value=1, **keep)
        case Need.DECISION:
            _choose_one(field_name(need.value), tuple(Decision), word, keep)
        case Need.FORM | Need.LEVEL | Need.APPLICANT_RATING | Need.RESPONDENT_RATING:
            # Nothing is chosen beforehand.
            st.segmented_control(field_name(need.value), _FEW[need], format_func=word, **keep)
        case Need.OTHER_CASE:
            st.text_input(_("保留的案件编号"), placeholder="D2026-00001", **keep)


def _choose_code(label: str, codes: tuple[str, ...], keep: dict[str, Any]) -> None:
    _choose_one(label, codes, _outcome_names(), keep)


def _choose_one(
    label: str, things: Sequence[Any], name: Callable[[Any], str], keep: dict[str, Any]
) -> None:
    st.selectbox(label, things, format_func=name, index=None, placeholder=_("请选择"), **keep)


def _ask_note(case_no: str, *, required: bool) -> None:
    label = _("说明(必填,请勿写当事人姓名电话)") if required else _("说明(可不填)")
    st.text_area(
        label,
        key=_key(case_no, "note"),
        height=96,
        placeholder=_("{least} 到 {most} 个字").format(least=NOTE_SHORTEST, most=NOTE_LONGEST),
        persist_state="session",
    )


def _outcome_names() -> Callable[[str], str]:
    actor = still(Permission.CASE_READ)
    known = case_reads.outcome_names(actor.scope(Permission.CASE_READ)) if actor else {}

    def name(code: str) -> str:
        chinese, english = known.get(code, (code, code))
        return chinese if language() == "zh" else english

    return name


def _show_closed(against: dict[Action, list[Closed]]) -> None:
    """Why the rest is closed, by reason; what belongs to another stage is not counted up."""
    told = {
        action: reasons
        for action, reasons in against.items()
        if reasons and Closed.WRONG_STAGE not in reasons
    }
    if not told:
        return
    with st.expander(_("本环节现在不能办的及原因({count})").format(count=len(told))):
        for action, reasons in told.items():
            why = _("、").join(word(reason) for reason in reasons)
            st.text(_("{step}:{why}").format(step=word(action), why=why))


def submit(case_no: str) -> None:
    """Take the step, before the drawer is drawn again; a refusal is shown beside what was typed."""
    with feedback.refusals_kept("step"):
        action = st.session_state.get(_key(case_no, "action"))
        if action is None:
            return
        transition = TRANSITIONS[Action(action)]
        actor = acting(transition.permission)
        try:
            done = take_step(
                site.current().db,
                case_no=case_no,
                action=transition.action,
                given=_given(case_no, transition),
                expected_version=st.session_state["seen_version"],
                actor=actor,
                now=clock.now(),
                key=st.session_state["step_key"],
            )
        except (Conflict, KeyReused):
            # How it stands now is shown anew; a key that did something already does nothing else.
            for name in ("seen_version", "step_key"):
                st.session_state.pop(name, None)
            raise
        site.current().watcher.look()
        st.session_state["seen_version"] = done.version
        feedback.tell(
            _("{case}:{step},现为“{stage}”。").format(
                case=case_no, step=word(transition.action), stage=word(done.stage)
            )
        )
        for field in ("action", *_FIELDS):
            st.session_state.pop(_key(case_no, field), None)
        st.session_state.pop("step_key", None)
        # Who accepts a case assigns it next, where their post allows it.
        _show_next("reassign" if done.stage is Stage.ACCEPTED else "facts")
        st.session_state["stepped"] = True


def prefill(case_no: str, action: Action, *, other_case: str) -> None:
    """Show the form with a step and another case's number in it."""
    st.session_state[_key(case_no, "action")] = action
    st.session_state[_key(case_no, "other_case")] = other_case
    _show_next("steps")


def _show_next(view: str) -> None:
    """Of the drawer, and of the case's own page."""
    st.session_state["drawer_view"] = view
    st.session_state["case_form"] = view


def _given(case_no: str, transition: Transition) -> Given:
    asked = {need.value for need in transition.needs} | {"note"}
    said: dict[str, Any] = {
        name: st.session_state.get(_key(case_no, name)) for name in _FIELDS if name in asked
    }
    # An empty text field is no answer, and no None either.
    texts = {name: said.get(name) or "" for name in ("note", "other_case")}
    return Given(**(said | texts))


def _key(case_no: str, field: str) -> str:
    return f"step_{field}_{case_no}"
