"""The map's colours, for the desk and for the wall: what the map draws and what a legend shows."""

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, TypeAlias

from domain.cases import Lamp
from ui.theme import DESK, DESK_SIZES, FONT, WALL, WALL_SIZES, Palette

Theme: TypeAlias = Literal["desk", "wall"]
Scale: TypeAlias = Literal["sequence", "diverging"]
SUPPRESSED, NO_DATA, OUTSIDE = "s", "-", "x"
# The worst first: so they stand in a marker, and so they win where two markers want one place.
_WORST_FIRST = (
    Lamp.LATE,
    Lamp.SOON,
    Lamp.PARKING_OVER,
    Lamp.PAUSED,
    Lamp.ON_TIME,
    Lamp.CLOSED,
)


@dataclass(frozen=True, slots=True)
class _Ground:
    """What the tokens do not name: colours as "#RRGGBB", contrasts measured in the tests."""

    no_data: str
    suppressed: str
    hatch: str
    line: str
    edge: str
    zone: str


_GROUNDS = {
    # A line that the lightest class and the darkest both stand out from.
    "desk": _Ground("#E2E6EB", "#FBF6E9", "#9AA4AE", "#44566A", "#9AA4AE", "#6B3FA0"),
    "wall": _Ground("#24303B", "#2B2A22", "#6F8294", "#0B1622", "#56697C", "#D7B8FF"),
}
_BORDERS = {"county": 1.6, "town": 1.1, "community": 0.8, "grid": 0.5}  # px


def fills(theme: Theme, scale: Scale) -> dict[str, str]:
    """The colour of each class: "0" to "4", SUPPRESSED (hatched), NO_DATA, OUTSIDE."""
    palette, ground = _palette(theme), _GROUNDS[theme]
    classes = {str(number): colour for number, colour in enumerate(getattr(palette, scale))}
    return classes | {
        SUPPRESSED: ground.suppressed,
        NO_DATA: ground.no_data,
        OUTSIDE: palette.ground,
    }


@cache
def look(theme: Theme, scale: Scale) -> dict[str, Any]:
    """Everything that the script of the map needs in order to draw, as JSON. Not to be changed."""
    palette, ground = _palette(theme), _GROUNDS[theme]
    sizes = DESK_SIZES if theme == "desk" else WALL_SIZES
    return {
        "theme": theme,
        "fills": fills(theme, scale),
        "hatched": SUPPRESSED,
        "hatch": ground.hatch,
        "line": ground.line,
        "borders": _BORDERS,
        "text": palette.text,
        "halo": palette.surface,
        "action": palette.action,
        "zone": ground.zone,
        "font": FONT,
        "size": sizes.second,
        "lampOrder": [lamp.value for lamp in _WORST_FIRST],
        "lamps": {
            lamp.value: {"shape": one.shape, "ink": one.ink, "ground": one.ground}
            for lamp, one in palette.lamps.items()
        },
        "css": {
            "ground": palette.ground,
            "surface": palette.surface,
            "text": palette.text,
            "second": palette.second,
            "action": palette.action,
            "edge": ground.edge,
            "size": f"{sizes.second}px",
        },
    }


def _palette(theme: Theme) -> Palette:
    return DESK if theme == "desk" else WALL
