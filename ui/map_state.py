"""What the map shows, kept in the address so that a link shows the same."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import streamlit as st

from data_access.queries.choices import Choices
from data_access.queries.layers import Area
from domain.kpi import FIGURES, Figure, FigureKey, Window
from domain.organisation import UnitLevel
from domain.people import Actor, Permission
from texts import gettext as _
from texts import language
from texts.kpi import figure_name
from texts.words import word
from ui.map_places import LEVELS, Places, below

_WINDOWS = {"7": 7, "30": 30, "90": 90, "365": 365}
OWN_DAYS = "own"
THIS_YEAR = "year"
_FIRST_DAY = date(2015, 1, 1)
_SWITCHES = ("compare", "zones", "points", "fixed", "present")
_USUALLY_ON = frozenset({"points"})
_WIDGETS = ("figure", "days", "own_days", "type", "source", *_SWITCHES)
_CUT, _ROUND, _REDRAW = "map_cut", "map_round", "map_redraw"


@dataclass(frozen=True, slots=True)
class Shown:
    """One cut of the county, as the page draws it. `level` is that of the areas, below `area`."""

    figure: Figure
    window: Window
    area: Area
    level: UnitLevel
    types: tuple[str, ...]
    sources: tuple[str, ...]
    compare: bool
    zones: bool
    points: bool
    fixed: bool
    present: bool


def read_address(places: Places, offered: Choices, home: Area) -> None:
    """Take the cut from the address once per session; what is not there is dropped."""
    if _CUT in st.session_state:
        return
    given = st.query_params
    figure = given.get("figure", "")
    days = given.get("days", "30")
    own = _own_days(days)
    known = days in {*_WINDOWS, THIS_YEAR}
    level = given.get("level")
    st.session_state[_CUT] = {
        "figure": figure if figure in set(FigureKey) else FigureKey.OPEN.value,
        "days": days if known else OWN_DAYS if own else "30",
        "own_days": own or (),
        "area": places.by_code.get(given.get("area", ""), home).code,
        "level": level if level in set(LEVELS) else None,
        **{name: _codes(given.get_all(name), offered, name) for name in ("type", "source")},
        **{name: given.get(name, _usual(name)) == "1" for name in _SWITCHES},
    }


def _codes(given: list[str], offered: Choices, kind: str) -> list[str]:
    may = code_names(offered, kind)
    return [code for code in dict.fromkeys(given) if code in may]


def _usual(switch: str) -> str:
    return "1" if switch in _USUALLY_ON else "0"


def _cut() -> dict[str, Any]:
    cut: dict[str, Any] = st.session_state[_CUT]
    return cut


# What is chosen is kept apart from the widgets that it is chosen with: Streamlit forgets those when
# another page is opened, and a browser goes on sending what it showed before a click elsewhere.


def chosen(name: str) -> Any:
    """What is chosen under a name of the address."""
    return _cut()[name]


def widget(name: str) -> str:
    """The key of the widget that chooses it, which shows at first what is chosen."""
    key = f"map_{name}_{st.session_state.get(_ROUND, 0)}"
    if key not in st.session_state:
        st.session_state[key] = _cut()[name]
    return key


def take_widgets(*, today: date) -> None:
    """What the widgets say now is what is chosen; days of one's own begin as those before."""
    before = window(today=today)
    for name in _WIDGETS:
        key = f"map_{name}_{st.session_state.get(_ROUND, 0)}"
        if key in st.session_state:
            _cut()[name] = st.session_state[key]
    if _cut()["days"] == OWN_DAYS and not _cut()["own_days"]:
        _cut()["own_days"] = (before.first_day, before.last_day)


def may_open_cases(actor: Actor) -> bool:
    """Whether cases are listed and opened here: not on a projector, whoever it is."""
    return actor.may(Permission.CASE_READ) and not _cut()["present"]


def _choose(name: str, value: object) -> None:
    """Choose by a click elsewhere; the widgets are made anew, or they would say otherwise."""
    _cut()[name] = value
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.session_state[_REDRAW] = True


def widgets_are_behind() -> bool:
    """Whether a click chose what the widgets do not show yet; asked once."""
    return bool(st.session_state.pop(_REDRAW, False))


def shown(places: Places, *, today: date) -> Shown:
    """The cut in force."""
    cut = _cut()
    # An area that was merged away while the page stood open is no longer to be had.
    here = area(places)
    return Shown(
        FIGURES[FigureKey(cut["figure"])],
        window(today=today),
        here,
        _level(here),
        tuple(sorted(cut["type"])),
        tuple(sorted(cut["source"])),
        *(bool(cut[name]) for name in _SWITCHES),
    )


def write_address() -> None:
    """Put the cut into the address; what is as usual is left out."""
    cut = _cut()
    days = cut["days"]
    if days == OWN_DAYS:
        own = _chosen_days()
        days = f"{own.first_day}_{own.last_day}" if own else "30"
    wanted: dict[str, str | list[str]] = {
        "figure": "" if cut["figure"] == FigureKey.OPEN else cut["figure"],
        "days": "" if days == "30" else days,
        "area": cut["area"],
        "level": cut["level"] or "",
        "type": cut["type"],
        "source": cut["source"],
        **{name: _switch(name, on=bool(cut[name])) for name in _SWITCHES},
    }
    for name, value in wanted.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def _switch(name: str, *, on: bool) -> str:
    """How a switch stands in the address: not at all where it is as usual."""
    said = "1" if on else "0"
    return "" if said == _usual(name) else said


def choose_figure(key: str) -> None:
    """Show another figure; anything that is none is left alone."""
    if key in set(FigureKey):
        _choose("figure", key)


def area(places: Places) -> Area:
    """The area that is looked at."""
    return places.by_code.get(_cut()["area"], places.county)


def go(area: Area) -> None:
    """Look at an area; its children are drawn."""
    _cut().update(area=area.code, level=None)
    forget_picked()


def up(places: Places) -> None:
    """Look at what the area lies in."""
    go(places.parent(area(places)))


def draw_level(level: str) -> None:
    """Draw the areas of this level; anything that is none is left alone."""
    if level in set(LEVELS):
        _cut()["level"] = level
        forget_picked()


def toggle_type(code: str, offered: Choices) -> None:
    """Narrow to a type, or to no type where it was the one."""
    if code in {one.code for one in offered.types}:
        _choose("type", [] if _cut()["type"] == [code] else [code])


def levels_below(area: Area) -> tuple[UnitLevel, ...]:
    """The levels that areas within this one can be drawn on."""
    return LEVELS[LEVELS.index(below(area.level)) :]


def _level(area: Area) -> UnitLevel:
    asked = _cut()["level"]
    return UnitLevel(asked) if asked in levels_below(area) else below(area.level)


def window(*, today: date) -> Window:
    """The days in force: whole days, the last of them today or before."""
    days = _cut()["days"]
    own = _chosen_days()
    if days == THIS_YEAR:
        return Window(today.replace(month=1, day=1), today)
    if days == OWN_DAYS and own is not None and own.first_day <= today:
        return Window(own.first_day, min(own.last_day, today))
    length = _WINDOWS.get(days, 30)
    return Window(today - timedelta(days=length - 1), today)


def _chosen_days() -> Window | None:
    """The days of the person's own choice; None while only one of the two is chosen."""
    match _cut()["own_days"]:
        case (date() as first, date() as last):
            return Window(first, last)
        case _:
            return None


def _own_days(written: str) -> tuple[date, date] | None:
    first, _gap, last = written.partition("_")
    try:
        own = date.fromisoformat(first), date.fromisoformat(last)
    except ValueError:
        return None
    return own if _FIRST_DAY <= own[0] <= own[1] else None


def window_names() -> dict[str, str]:
    """The windows on offer."""
    return {
        "7": _("近 7 天"),
        "30": _("近 30 天"),
        "90": _("近 90 天"),
        "365": _("近 12 个月"),
        THIS_YEAR: _("今年"),
        OWN_DAYS: _("自选日期"),
    }


def figure_names() -> dict[str, str]:
    """The figures on offer."""
    return {key.value: figure_name(FIGURES[key]) for key in FigureKey}


def code_names(offered: Choices, kind: str) -> dict[str, str]:
    """Types or sources by code, in the language in use; a type with its group before it."""
    chinese = language() == "zh"
    codes = offered.types if kind == "type" else offered.sources
    names = {one.code: one.name_zh if chinese else one.name_en for one in codes}
    if kind == "source":
        return names
    group = len("01")
    return {
        code: name if len(code) == group else f"{names[code[:group]]} · {name}"
        for code, name in names.items()
    }


def level_name(level: UnitLevel) -> str:
    """镇街, 社区(村), 网格."""
    return word(level)


# --- what was picked on the map -----------------------------------------------------------------


def picked() -> tuple[int, ...]:
    """The areas that were picked, by id; all of one level."""
    return tuple(st.session_state.get("map_picked", ()))


def pick(areas: tuple[Area, ...], places: Places) -> None:
    """Pick these areas as well; one that was picked before is let go of.

    Areas of another level begin anew: what lies in one another cannot be added up.
    """
    levels = {one.level for one in areas}
    before = [one for one in picked() if one in places.by_id and places.by_id[one].level in levels]
    now = list(dict.fromkeys(area.id for area in areas))
    both = set(before) & set(now)
    st.session_state["map_picked"] = tuple(one for one in [*before, *now] if one not in both)


def forget_picked() -> None:
    """Nothing is picked any more."""
    st.session_state.pop("map_picked", None)


def drawing() -> bool:
    """Whether strokes on the map pick areas."""
    return bool(st.session_state.get("map_drawing"))


# --- the pages of an area's cases ----------------------------------------------------------------


def page_number(pages: int) -> int:
    """The page of the list of cases, from 0, as long as there are so many; else the last one."""
    kept: tuple[object, int] = st.session_state.get("map_page", (None, 0))
    return min(kept[1], max(0, pages - 1)) if kept[0] == _of_list() else 0


def turn(where: str) -> None:
    """To the next page, or back to the one before."""
    kept: tuple[object, int] = st.session_state.get("map_page", (None, 0))
    number = kept[1] if kept[0] == _of_list() else 0
    step = {"back": -1, "next": 1}.get(where, 0)
    st.session_state["map_page"] = (_of_list(), max(0, number + step))


def _of_list() -> tuple[object, ...]:
    """What the list is of: another area or other filters begin at the first page."""
    cut = _cut()
    return cut["area"], tuple(cut["type"]), tuple(cut["source"])
