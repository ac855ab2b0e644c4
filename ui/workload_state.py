"""What of the workloads is looked at: kept in the address, so that a link and Back show the same.

An address that names what is not in reach shows the whole reach: the reads answer for the scope,
never for the address.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode

import streamlit as st

from domain.clocks import BEIJING
from texts import gettext as _
from texts import language
from ui.plain import plain

_LONGEST = 12
SORTS = ("load", "late", "week", "age", "name")
PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class Looked:
    """A place in the reach and what narrows it; `day` is a past day, None today."""

    town: int | None = None
    committee: int | None = None
    person: int | None = None
    people: bool = False
    sort: str = "load"
    speciality: str | None = None
    away: bool = False
    over: bool = False
    day: date | None = None

    @property
    def narrowed(self) -> bool:
        """Whether single persons are looked for, wherever they are."""
        return self.people or self.away or self.over or self.speciality is not None

    def moment(self) -> datetime | None:
        """The last moment of the day that is looked at; None for now."""
        if self.day is None:
            return None
        after = datetime.combine(self.day + timedelta(days=1), time(), tzinfo=BEIJING)
        return after - timedelta(microseconds=1)


def read(today: date) -> Looked:
    """What the address and the widgets ask for."""
    asked = st.query_params
    if "workload_ready" not in st.session_state:
        st.session_state["workload_ready"] = True
        st.session_state["workload_sort"] = (
            asked["sort"] if asked.get("sort") in SORTS else SORTS[0]
        )
        st.session_state["workload_people"] = asked.get("by") == PEOPLE
        st.session_state["workload_away"] = asked.get("away") == "1"
        st.session_state["workload_over"] = asked.get("over") == "1"
        st.session_state["workload_speciality"] = asked.get("speciality") or None
        st.session_state["workload_day"] = min(_day(asked.get("day", ""), today), today)
    chosen = st.session_state
    day = chosen["workload_day"] or today
    return Looked(
        _number("town"),
        _number("committee"),
        _number("person"),
        chosen["workload_people"],
        chosen["workload_sort"],
        chosen["workload_speciality"],
        chosen["workload_away"],
        chosen["workload_over"],
        day if day < today else None,
    )


def write(looked: Looked) -> None:
    """Put it into the address, what is empty left out."""
    wanted = _fields(looked)
    if language() != "zh":
        wanted["lang"] = language()
    if wanted != st.query_params.to_dict():
        st.query_params.from_dict(wanted)


def link(looked: Looked) -> str:
    """The address of another place of the page."""
    fields = _fields(looked)
    if language() != "zh":
        fields["lang"] = language()
    return f"/workload?{urlencode(fields)}" if fields else "/workload"


def on_committee() -> None:
    """Another committee was chosen, or none: then the place above it is shown."""
    chosen = st.session_state.get("workload_committee")
    for name in ("person", "committee", *(["town"] if chosen else [])):
        st.query_params.pop(name, None)
    if chosen:
        st.query_params["committee"] = f"{chosen}"


def show_filters(
    specialities: dict[str, str], committees: dict[int, str], chosen: int | None, today: date
) -> None:
    """The widgets above the list; `specialities` by code, `committees` by id, one `chosen`."""
    sorts = {
        "load": _("负荷高的在前"),
        "late": _("超期多的在前"),
        "week": _("本周到期多的在前"),
        "age": _("案件最久的在前"),
        "name": _("按名称"),
    }
    with st.container(horizontal=True, vertical_alignment="bottom", key="workload_bar"):
        if len(committees) > 1:
            # The address says which one is looked at; a link leads to one as well.
            st.session_state["workload_committee"] = chosen
            st.selectbox(
                _("调委会"),
                list(committees),
                format_func=lambda one: plain(committees[one]),
                index=None,
                placeholder=_("全部"),
                key="workload_committee",
                on_change=on_committee,
                width=240,
            )
        st.selectbox(_("排序"), SORTS, format_func=sorts.__getitem__, key="workload_sort")
        if st.session_state["workload_speciality"] not in specialities:
            st.session_state["workload_speciality"] = None
        st.selectbox(
            _("专长"),
            list(specialities),
            format_func=specialities.__getitem__,
            index=None,
            placeholder=_("全部"),
            key="workload_speciality",
        )
        st.date_input(_("截至"), max_value=today, key="workload_day", format="YYYY-MM-DD")
        st.toggle(_("按人列出"), key="workload_people")
        st.toggle(_("请假"), key="workload_away")
        st.toggle(_("超过上限"), key="workload_over")


def _fields(looked: Looked) -> dict[str, str]:
    wanted = {
        "town": looked.town,
        "committee": looked.committee,
        "person": looked.person,
        "by": PEOPLE if looked.people else None,
        "sort": None if looked.sort == SORTS[0] else looked.sort,
        "speciality": looked.speciality,
        "away": "1" if looked.away else None,
        "over": "1" if looked.over else None,
        "day": looked.day,
    }
    return {name: f"{value}" for name, value in wanted.items() if value is not None}


def _number(name: str) -> int | None:
    given = st.query_params.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= _LONGEST else None


def _day(given: str, today: date) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        return today
