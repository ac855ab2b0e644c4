"""The fields of a red event's records: who answers for the response, from when to when; risk."""

from datetime import datetime, timedelta
from typing import Any

import streamlit as st

from data_access.queries.case_records import CaseRecords
from domain.cases import Risk
from domain.clocks import BEIJING
from domain.people import Permission
from texts import gettext as _
from texts.words import word
from ui import case_reads, clock, records_shown
from ui.record_fields import given, key_of, select_one
from ui.record_kinds import responding
from ui.session import acting

ASKED = frozenset({"risk", "responsible", "response", "begun_at", "ended_at"})
# Where what is entered in them is kept.
FIELDS = (
    *("risk", "responsible", "response"),
    *("begun_at_on", "begun_at_hour", "ended_at_on", "ended_at_hour"),
)


def ask(case: CaseRecords, name: str) -> None:
    """One field of these."""
    match name:
        case "begun_at":
            _ask_moment(case, name, _("从哪一天"), _("几点开始"))
        case "ended_at":
            _ask_moment(case, name, _("到哪一天"), _("几点结束"))
        case "risk":
            risks = [one for one in Risk if one is not case.risk]
            select_one(case.case_no, name, _("风险等级"), risks, {one: word(one) for one in risks})
        case "responsible":
            scope = acting(Permission.CASE_READ).scope(Permission.CASE_READ)
            people = case_reads.answerable(case.case_no, scope)
            said = {one.user_id: f"{one.name}({word(one.role)})" for one in people}
            select_one(case.case_no, name, _("由谁负责"), list(said), said)
        case _response:
            now = clock.now()
            told = {one.seq: records_shown.response(one, now) for one in responding(case)}
            select_one(case.case_no, name, _("哪一项"), list(told), told)


def said(case_no: str, name: str) -> dict[str, Any]:
    """What was entered, as the commands ask for it. Raises Invalid where it lacks."""
    match name:
        case "begun_at" | "ended_at":
            day, hour = given(case_no, f"{name}_on"), given(case_no, f"{name}_hour")
            return {name: datetime.combine(day, hour, tzinfo=BEIJING)}
        case "responsible":
            return {"responsible_id": given(case_no, name)}
        case "risk":
            return {name: Risk(given(case_no, name))}
        case _response:
            return {name: given(case_no, name)}


def _ask_moment(case: CaseRecords, name: str, day_label: str, hour_label: str) -> None:
    """A moment up to now; it begins as now, and stays as it is while the form stands open."""
    now = clock.now().astimezone(BEIJING).replace(second=0, microsecond=0)
    on, hour = (key_of(case.case_no, f"{name}_{part}") for part in ("on", "hour"))
    st.session_state.setdefault(on, now.date())
    st.session_state.setdefault(hour, now.time())
    left, right = st.columns(2)
    left.date_input(
        day_label,
        min_value=min(case.occurred_on, now.date()),
        max_value=now.date(),
        key=on,
        format="YYYY-MM-DD",
        persist_state="session",
    )
    right.time_input(hour_label, key=hour, step=timedelta(minutes=1), persist_state="session")
