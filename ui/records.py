"""The form for what is recorded beside a case's steps: red events, recusal, pins, meetings."""

from datetime import datetime, time, timedelta
from typing import Any
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.consents import Given
from data_access.commands.meetings import FURTHEST_BOOKED
from data_access.queries.case_records import CaseRecords
from data_access.recording import NOTE_LONGEST, NOTE_SHORTEST, Recorded
from domain.cases import Stage
from domain.clocks import BEIJING, day_of
from domain.errors import Conflict, KeyReused, NotFound
from domain.organisation import PartyRole
from domain.people import Actor, Permission
from domain.recusal import SIDES, ConsentForm
from texts import gettext as _
from texts.words import word
from ui import case_card, case_reads, clock, feedback, record_red, records_shown
from ui.plain import plain
from ui.record_fields import begin_anew, given, key_of, select_one
from ui.record_kinds import KINDS, Errand, about_whom, names
from ui.session import acting, still

_FIELDS = (
    *("mediator", "objection", "side", "day", "meets_on", "meets_hour", "note"),
    *record_red.FIELDS,
)
_USUAL_HOUR = time(9, 30)
_OF_SIDES = tuple(f"{side.value}_{what}" for side in SIDES for what in ("on", "form"))


def offered(actor: Actor, case_no: str) -> bool:
    """Whether the person's posts let them record anything of this case."""
    permissions = {one.permission for one in KINDS.values()}
    return any(case_reads.holds(actor, permission, case_no) for permission in permissions)


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_form(case_no: str) -> None:
    """What stands, and the form. What is typed stays until it is recorded."""
    if st.session_state.pop("recorded", False):
        st.rerun()
    found = _read(case_no)
    if found is None:
        return
    actor, case = found
    st.session_state.setdefault("seen_version", case.version)
    if shown := records_shown.blocks(case, clock.now()):
        case_card.show(shown, key="records_card")
    else:
        st.caption(_("还没有记录。"))
    chosen = _choose(case_no, [one for one in Errand if _is_open(one, case, actor)])
    if chosen is not None:
        _ask(case, chosen)
    with st.container(key="record_messages"):
        feedback.show_refusal("record")
    if chosen is None:
        return
    st.session_state.setdefault("record_key", uuid4().hex)
    st.button(
        _("记录:{what}").format(what=names()[chosen]),
        key="record_submit",
        type="primary",
        width="stretch",
        on_click=submit,
        args=(case_no,),
    )


def _read(case_no: str) -> tuple[Actor, CaseRecords] | None:
    actor = still(Permission.CASE_READ)
    if actor is None:
        return None
    try:
        return actor, case_reads.records(case_no, actor.scope(Permission.CASE_READ))
    except NotFound:
        return None


def _is_open(one: Errand, case: CaseRecords, actor: Actor) -> bool:
    kind = KINDS[one]
    return (
        case.stage is not Stage.CLOSED
        and kind.open_to(case)
        and case_reads.holds(actor, kind.permission, case.case_no)
    )


def choose(case_no: str, errand: Errand) -> None:
    """What is to be recorded, chosen for the person; for a callback, before the form is drawn."""
    st.session_state[key_of(case_no, "errand")] = errand


def _choose(case_no: str, errands: list[Errand]) -> Errand | None:
    if st.session_state.get(key_of(case_no, "errand")) not in errands:
        st.session_state.pop(key_of(case_no, "errand"), None)
    if not errands:
        st.caption(_("您现在没有可记录的事项"))
        return None
    return st.pills(
        _("记录"),
        errands,
        format_func=lambda one: plain(names()[one]),
        key=key_of(case_no, "errand"),
        persist_state="session",
    )


# --- the fields --------------------------------------------------------------------------------


def _ask(case: CaseRecords, errand: Errand) -> None:
    for name in KINDS[errand].fields:
        if name in record_red.ASKED:
            record_red.ask(case, name)
        else:
            _ask_one(case, errand, name)
    required = KINDS[errand].note
    label = _("说明(必填,请勿写当事人姓名电话)") if required else _("说明(可不填)")
    if errand is Errand.RESPOND:
        label = _("采取的措施(必填,请勿写当事人姓名电话)")
    st.text_area(
        label,
        key=key_of(case.case_no, "note"),
        height=96,
        placeholder=_("{least} 到 {most} 个字").format(least=NOTE_SHORTEST, most=NOTE_LONGEST),
        persist_state="session",
    )


def _ask_one(case: CaseRecords, errand: Errand, name: str) -> None:
    match name:
        case "mediator":
            people = {one.mediator_id: f"{one.name}({one.committee})" for one in case.people}
            gone = {one.mediator_id: one.mediator for one in case.consents}
            options = about_whom(case, errand)
            key = key_of(case.case_no, name)
            if errand is Errand.OBJECT and case.holder and case.holder.mediator_id in options:
                # Whom parties object to is nearly always who has their case.
                st.session_state.setdefault(key, case.holder.mediator_id)
            select_one(case.case_no, name, _("调解员"), options, gone | people)
        case "objection":
            standing = {
                f"{one.mediator_id}:{one.side}": f"{word(one.side)} → {one.mediator}"
                for one in case.objections
                if (one.withdrawn is None) == (errand is Errand.WITHDRAW)
            }
            select_one(case.case_no, name, _("哪一项"), list(standing), standing)
        case "side":
            key = key_of(case.case_no, name)
            st.segmented_control(
                _("哪一方"), case.sides, format_func=word, key=key, persist_state="session"
            )
        case "days":
            for column, side in zip(st.columns(2), SIDES, strict=True):
                with column:
                    _ask_day_of(case, side)
        case "sides":
            for side in SIDES:
                _ask_consent(case, side)
        case "meets_at":
            _ask_moment(case)
        case _day:
            _ask_day(case, name, _("日期"))


def _ask_consent(case: CaseRecords, side: PartyRole) -> None:
    first, second = st.columns([4, 5])
    with first:
        _ask_day_of(case, side)
    second.segmented_control(
        _("{side}的形式").format(side=word(side)),
        list(ConsentForm),
        format_func=word,
        key=key_of(case.case_no, f"{side}_form"),
        persist_state="session",
    )


def _ask_day_of(case: CaseRecords, side: PartyRole) -> None:
    _ask_day(case, f"{side}_on", _("{side}表示的日期").format(side=word(side)))


def _ask_day(case: CaseRecords, name: str, label: str) -> None:
    today = day_of(clock.now())
    st.date_input(
        label,
        value=today,
        min_value=min(case.occurred_on, today),
        max_value=today,
        key=key_of(case.case_no, name),
        format="YYYY-MM-DD",
        persist_state="session",
    )


def _ask_moment(case: CaseRecords) -> None:
    today = day_of(clock.now())
    day, hour = st.columns(2)
    day.date_input(
        _("哪一天"),
        value=today + timedelta(days=1),
        min_value=today,
        max_value=today + FURTHEST_BOOKED,
        key=key_of(case.case_no, "meets_on"),
        format="YYYY-MM-DD",
        persist_state="session",
    )
    hour.time_input(
        _("几点"),
        value=_USUAL_HOUR,
        key=key_of(case.case_no, "meets_hour"),
        persist_state="session",
    )


# --- recording ---------------------------------------------------------------------------------


def submit(case_no: str) -> None:
    """Record it, before the case is drawn again; a refusal is shown beside what was typed."""
    with feedback.refusals_kept("record"):
        chosen = st.session_state.get(key_of(case_no, "errand"))
        if chosen is None:
            return
        errand = Errand(chosen)
        actor = acting(KINDS[errand].permission)
        try:
            done = _save(case_no, errand, actor)
        except (Conflict, KeyReused):
            # How it stands now is shown anew; a key that did something already does nothing else.
            for name in ("seen_version", "record_key"):
                st.session_state.pop(name, None)
            raise
        site.current().watcher.look()
        st.session_state["seen_version"] = done.version
        feedback.tell(_("{case}:已记录“{what}”。").format(case=case_no, what=names()[errand]))
        begin_anew(case_no, ("errand", *_FIELDS, *_OF_SIDES))
        st.session_state.pop("record_key", None)
        if errand is Errand.ACKNOWLEDGE:
            # The next thing to say is what is done about it.
            choose(case_no, Errand.RESPOND)
        st.session_state["recorded"] = True


def _save(case_no: str, errand: Errand, actor: Actor) -> Recorded:
    asked: dict[str, Any] = {
        "case_no": case_no,
        "note": st.session_state.get(key_of(case_no, "note")) or "",
        "expected_version": st.session_state["seen_version"],
        "actor": actor,
        "now": clock.now(),
        "key": st.session_state["record_key"],
    }
    for name in KINDS[errand].fields:
        of_red = name in record_red.ASKED
        asked |= record_red.said(case_no, name) if of_red else _said(case_no, name)
    command = KINDS[errand].command
    return command(site.current().db, **asked)


def _said(case_no: str, name: str) -> dict[str, Any]:  # noqa: PLR0911 - one per field
    """What was entered in a field, as its command asks for it. Raises Invalid where it lacks."""
    match name:
        case "mediator":
            return {"mediator_id": given(case_no, name)}
        case "objection":
            mediator, _colon, side = given(case_no, name).partition(":")
            return {"mediator_id": int(mediator), "side": PartyRole(side)}
        case "sides":
            return {side.value: _consent_of(case_no, side) for side in SIDES}
        case "days":
            return {f"{side}_on": given(case_no, f"{side}_on") for side in SIDES}
        case "side":
            return {name: PartyRole(given(case_no, name))}
        case "meets_at":
            day, hour = given(case_no, "meets_on"), given(case_no, "meets_hour")
            return {name: datetime.combine(day, hour, tzinfo=BEIJING)}
        case _day:
            return {name: given(case_no, name)}


def _consent_of(case_no: str, side: PartyRole) -> Given:
    day, form = (given(case_no, f"{side.value}_{what}") for what in ("on", "form"))
    return Given(day, ConsentForm(form))
