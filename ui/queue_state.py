"""What the queue is narrowed to, kept in the address so that a link shows the same rows."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from data_access.queries.choices import Choices
from data_access.queries.queue import UNASSIGNED, Filters
from data_access.queries.selections import Selection
from domain.cases import OPEN_STAGES, Lamp, Risk, Stage
from texts import gettext as _
from texts import language
from texts.words import LAMP_SHAPES, word

FILTER_NAMES = ("place", "type", "source", "risk", "lamp", "mediator")
# Cases picked together elsewhere: a number in the address, not a field of the form.
SELECTION = "selection"
NOBODY = "none"
LONGEST_CODE = 32
_LONGEST_NUMBER = 15
# No mediator has this id: the filter of somebody who holds no open case here any more.
HOLDS_NOTHING = -1
_LAMPS = (Lamp.LATE, Lamp.PARKING_OVER, Lamp.SOON, Lamp.ON_TIME, Lamp.PAUSED)


@dataclass(frozen=True)
class Options:
    """For each filter: the values that may stand in an address, and their names."""

    names: dict[str, dict[str, str]]

    def name(self, filter_name: str, value: str) -> str:
        """The user's word for one value."""
        return self.names[filter_name][value]


def options(choices: Choices) -> Options:
    """The values of every filter, in the language in use."""
    chinese = language() == "zh"
    holders = {holder.code: holder.name for holder in choices.holders}
    asked = st.session_state.get("mediator")
    if asked and asked != NOBODY:
        known = st.session_state.get("known_holders", {})
        st.session_state["known_holders"] = known | holders
        holders.setdefault(asked, known.get(asked, asked))
    places = {
        place.code: f"{place.town} {place.name}" if place.town else place.name
        for place in choices.places
    }
    types = {one.code: one.name_zh if chinese else one.name_en for one in choices.types}
    return Options(
        {
            "place": places,
            "type": {
                code: name if len(code) == len("01") else f"{types[code[:2]]} · {name}"
                for code, name in types.items()
            },
            "source": {
                one.code: one.name_zh if chinese else one.name_en for one in choices.sources
            },
            "risk": {str(int(risk)): word(risk) for risk in Risk},
            "lamp": {lamp.value: f"{LAMP_SHAPES[lamp]} {word(lamp)}" for lamp in _LAMPS},
            "mediator": {NOBODY: _("未指派")} | holders,
        }
    )


def read_address(offered: Choices) -> None:
    """Take filters and stage from the address once per session; what is not offered is dropped."""
    if "queue_ready" in st.session_state:
        return
    st.session_state["queue_ready"] = True
    # A holder who has nothing left is still asked for: the list gets empty, never wider.
    st.session_state["mediator"] = st.query_params.get("mediator", "")[:LONGEST_CODE] or None
    names = options(offered).names
    for name in FILTER_NAMES:
        given = dict.fromkeys(st.query_params.get_all(name))
        known = [value for value in given if value in names[name]]
        st.session_state[name] = known if name == "lamp" else (known[0] if known else None)
    picked = st.query_params.get(SELECTION, "")
    is_number = picked.isascii() and picked.isdigit() and len(picked) <= _LONGEST_NUMBER
    st.session_state[SELECTION] = picked if is_number else None
    stage = st.query_params.get("stage")
    st.session_state["stage"] = stage if stage in set(OPEN_STAGES) else None
    st.session_state["cursors"] = []


def write_address() -> None:
    """Put filters and stage into the address; what is empty is left out."""
    wanted: dict[str, str | list[str]] = {
        name: st.session_state[name]
        for name in (*FILTER_NAMES, SELECTION, "stage")
        if st.session_state.get(name)
    }
    for name in (*FILTER_NAMES, SELECTION, "stage"):
        if name in wanted:
            st.query_params[name] = wanted[name]
        elif name in st.query_params:
            del st.query_params[name]


def restart() -> None:
    """Back to the first page: whenever what is asked for changes."""
    st.session_state["cursors"] = []


def choose_stage(stage: object) -> None:
    """Show one stage, or all of them for anything that is none."""
    st.session_state["stage"] = stage if stage in set(OPEN_STAGES) else None
    restart()
    write_address()


def drop(name: object) -> None:
    """Remove one filter; anything that is none is left alone."""
    if name not in {*FILTER_NAMES, SELECTION}:
        return
    st.session_state[name] = [] if name == "lamp" else None
    restart()
    write_address()


def turn(where: object) -> None:
    """To the next page, or back to the one before."""
    cursors = st.session_state["cursors"]
    following = st.session_state.get("next_cursor")
    if where == "back":
        st.session_state["cursors"] = cursors[:-1]
    elif following is not None:
        st.session_state["cursors"] = [*cursors, following]


def filters(choices: Choices) -> Filters:
    """The filters as the query wants them."""
    chosen = st.session_state
    place = next((p for p in choices.places if p.code == chosen["place"]), None)
    holder = next((h for h in choices.holders if h.code == chosen["mediator"]), None)
    nobody = UNASSIGNED if chosen["mediator"] == NOBODY else None
    gone = HOLDS_NOTHING if chosen["mediator"] else None
    return Filters(
        stage=Stage(chosen["stage"]) if chosen["stage"] else None,
        unit=(place.level, place.unit_id) if place else None,
        type_code=chosen["type"],
        source_code=chosen["source"],
        risk=Risk(int(chosen["risk"])) if chosen["risk"] else None,
        lamps=frozenset(Lamp(value) for value in chosen["lamp"]),
        mediator_id=holder.mediator_id if holder else (nobody if nobody is not None else gone),
        # One that is gone still narrows: the list gets empty, never wider.
        selection_id=selection_id(),
    )


def show_toolbar(offered: Options, on_change: Callable[[], None], *, parties: bool) -> None:
    """The search box, of `parties` too where their names may be seen, and the filters."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="toolbar"):
        st.text_input(
            _("搜索"),
            key="search",
            type="search",
            placeholder=search_hint(parties=parties),
            label_visibility="collapsed",
            on_change=on_change,
        )
        with st.popover(_("筛选"), icon=":material/filter_list:", key="filters"):
            show_filters(offered, on_change)


def show_filters(offered: Options, on_change: Callable[[], None]) -> None:
    """The filter widgets, in a popover beside the search."""
    labels = {
        "place": _("地点"),
        "type": _("纠纷类型"),
        "source": _("来源渠道"),
        "risk": _("风险等级"),
        "mediator": _("承办人"),
    }
    for name, label in labels.items():
        st.selectbox(
            label,
            list(offered.names[name]),
            format_func=offered.names[name].__getitem__,
            index=None,
            key=name,
            placeholder=_("全部"),
            on_change=on_change,
        )
    st.pills(
        _("灯号"),
        list(offered.names["lamp"]),
        format_func=offered.names["lamp"].__getitem__,
        selection_mode="multi",
        key="lamp",
        on_change=on_change,
    )


def chips(offered: Options, picked: Selection | None) -> list[dict[str, str]]:
    """The filters in force, as removable chips; `picked` is what was picked together."""
    labels = {
        "place": _("地点"),
        "type": _("类型"),
        "source": _("来源"),
        "risk": _("风险"),
        "lamp": _("灯"),
        "mediator": _("承办"),
    }
    found = []
    for name, label in labels.items():
        value = st.session_state[name]
        if value:
            values = value if isinstance(value, list) else [value]
            text = "+".join(offered.name(name, one) for one in values)
            found.append({"name": name, "text": f"{label}: {text}"})
    if st.session_state[SELECTION]:
        gone = _("选定的案件已不在这里")
        told = _("选定: {name}({count} 件)")
        text = told.format(name=picked.name, count=picked.count) if picked else gone
        found.append({"name": SELECTION, "text": text})
    return found


def selection_id() -> int | None:
    """The number of the selection in force."""
    picked = st.session_state[SELECTION]
    return int(picked) if picked else None


def search_hint(*, parties: bool) -> str:
    """What can be searched for: whether somebody has a dispute is for those who may see names."""
    return _("案号,或当事人姓名、电话(须完整)") if parties else _("案号")
