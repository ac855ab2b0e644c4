"""What the map shows, kept in the address so that a link shows the same."""

from dataclasses import dataclass
from datetime import date, timedelta

import streamlit as st

from data_access.queries.choices import Choices
from data_access.queries.layers import Area
from domain.kpi import FIGURES, Figure, FigureKey, Window
from domain.organisation import UnitLevel
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
_STATE = "map_ready"


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
    if _STATE in st.session_state:
        return
    st.session_state[_STATE] = True
    given = st.query_params
    figure = given.get("figure", "")
    st.session_state["map_figure"] = figure if figure in set(FigureKey) else FigureKey.OPEN.value
    days = given.get("days", "30")
    own = _own_days(days)
    known = days in {*_WINDOWS, THIS_YEAR}
    st.session_state["map_days"] = days if known else OWN_DAYS if own else "30"
    if own:
        st.session_state["map_own_days"] = own
    area = places.by_code.get(given.get("area", ""), home)
    st.session_state["map_area"] = area.code
    level = given.get("level")
    st.session_state["map_level"] = level if level in set(LEVELS) else None
    for name, codes in (("type", offered.types), ("source", offered.sources)):
        may = {one.code for one in codes}
        st.session_state[f"map_{name}"] = [
            code for code in dict.fromkeys(given.get_all(name)) if code in may
        ]
    for name in _SWITCHES:
        usual = name in _USUALLY_ON
        st.session_state[f"map_{name}"] = given.get(name, "1" if usual else "0") == "1"


def shown(places: Places, *, today: date) -> Shown:
    """The cut in force."""
    chosen = st.session_state
    # An area that was merged away while the page stood open is no longer to be had.
    here = area(places)
    return Shown(
        FIGURES[FigureKey(chosen["map_figure"])],
        window(today=today),
        here,
        _level(here),
        tuple(sorted(chosen["map_type"])),
        tuple(sorted(chosen["map_source"])),
        *(bool(chosen[f"map_{name}"]) for name in _SWITCHES),
    )


def write_address() -> None:
    """Put the cut into the address; what is as usual is left out."""
    chosen = st.session_state
    days = chosen["map_days"]
    if days == OWN_DAYS:
        own = _chosen_days()
        days = f"{own.first_day}_{own.last_day}" if own else "30"
    wanted: dict[str, str | list[str]] = {
        "figure": "" if chosen["map_figure"] == FigureKey.OPEN else chosen["map_figure"],
        "days": "" if days == "30" else days,
        "area": chosen["map_area"],
        "level": chosen["map_level"] or "",
        "type": chosen["map_type"],
        "source": chosen["map_source"],
        **{name: _switch(name, on=bool(chosen[f"map_{name}"])) for name in _SWITCHES},
    }
    for name, value in wanted.items():
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def _switch(name: str, *, on: bool) -> str:
    """How a switch stands in the address: not at all where it is as usual."""
    if on is (name in _USUALLY_ON):
        return ""
    return "1" if on else "0"


def choose_figure(key: object) -> None:
    """Show another figure; anything that is none is left alone."""
    if key in set(FigureKey):
        st.session_state["map_figure"] = key


def area(places: Places) -> Area:
    """The area that is looked at."""
    return places.by_code.get(st.session_state["map_area"], places.county)


def go(area: Area) -> None:
    """Look at an area; its children are drawn."""
    st.session_state["map_area"] = area.code
    st.session_state["map_level"] = None
    forget_picked()


def up(places: Places) -> None:
    """Look at what the area lies in."""
    go(places.parent(area(places)))


def draw_level(level: str) -> None:
    """Draw the areas of this level; anything that is none is left alone."""
    if level in set(LEVELS):
        st.session_state["map_level"] = level
        forget_picked()


def toggle_type(code: str, offered: Choices) -> None:
    """Narrow to a type, or to no type where it was the one."""
    if code in {one.code for one in offered.types}:
        st.session_state["map_type"] = [] if st.session_state["map_type"] == [code] else [code]


def levels_below(area: Area) -> tuple[UnitLevel, ...]:
    """The levels that areas within this one can be drawn on."""
    return LEVELS[LEVELS.index(below(area.level)) :]


def _level(area: Area) -> UnitLevel:
    asked = st.session_state["map_level"]
    return UnitLevel(asked) if asked in levels_below(area) else below(area.level)


def window(*, today: date) -> Window:
    """The days in force: whole days, the last of them today or before."""
    days = st.session_state["map_days"]
    own = _chosen_days()
    if days == THIS_YEAR:
        return Window(today.replace(month=1, day=1), today)
    if days == OWN_DAYS and own is not None and own.first_day <= today:
        return Window(own.first_day, min(own.last_day, today))
    length = _WINDOWS.get(days, 30)
    return Window(today - timedelta(days=length - 1), today)


def _chosen_days() -> Window | None:
    """The days of the person's own choice; None while only one of the two is chosen."""
    match st.session_state.get("map_own_days"):
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
    """The areas that were picked, by id."""
    return tuple(st.session_state.get("map_picked", ()))


def pick(areas: tuple[Area, ...], *, add: bool = False) -> None:
    """Pick these areas; `add` keeps those picked before and lets go of one picked again."""
    now = [area.id for area in areas]
    if add:
        before = list(picked())
        both = set(before) & set(now)
        now = [one for one in [*before, *now] if one not in both]
    st.session_state["map_picked"] = tuple(now)


def forget_picked() -> None:
    """Nothing is picked any more."""
    st.session_state.pop("map_picked", None)


def drawing() -> bool:
    """Whether strokes on the map pick areas."""
    return bool(st.session_state.get("map_drawing"))


# --- the pages of an area's cases ----------------------------------------------------------------


def page_number(area: Area) -> int:
    """The page of an area's cases, from 0; the first for another area than before."""
    kept: tuple[str, int] = st.session_state.get("map_page", ("", 0))
    return kept[1] if kept[0] == area.code else 0


def turn(area: Area, where: object) -> None:
    """To the next page, or back to the one before."""
    step = {"back": -1, "next": 1}.get(str(where), 0)
    st.session_state["map_page"] = (area.code, max(0, page_number(area) + step))
