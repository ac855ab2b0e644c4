"""Towns whose open cases changed lately pulse once on the wall's map.

Towns and nothing below them: where one case is new, a community that pulses would tell of it.
"""

import streamlit as st

from data_access.queries.wall_map import LoadMap
from ui.county_map import Pulse
from ui.map_places import Places

_KEPT = "wall_pulses"
Counts = dict[str, int | None]


def pulses(found: LoadMap, places: Places, *, in_sight: bool) -> tuple[Pulse, ...]:
    """What has changed since the map was last in sight. A pulse that stands is drawn once.

    While the map is not `in_sight` nothing is taken as seen: it pulses when its scene comes.
    """
    now: Counts = {one.code: one.open.count for one in found.towns}
    before, turn, standing = st.session_state.get(_KEPT, (now, 0, ()))
    if not in_sight:
        st.session_state[_KEPT] = (before, turn, ())
        return ()
    changed = [code for code in sorted(now) if now[code] != before.get(code, now[code])]
    if changed:
        turn += 1
        areas = [places.by_code[code] for code in changed if code in places.by_code]
        standing = tuple(Pulse(f"{turn} {one.code}", one.lat, one.lon) for one in areas)
    st.session_state[_KEPT] = (now, turn, standing)
    kept: tuple[Pulse, ...] = standing
    return kept
