"""The look as data: colours, sizes and the lamps, for the desk (light) and for the wall (dark).

`.streamlit/config.toml` repeats what Streamlit needs. Pages that Streamlit does not draw, sign-in
first of all, link to `/assets/tokens.css`, which `python -m ui.theme` writes from here. Tests hold
the three together and measure the contrasts.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.cases import Lamp
from texts.words import LAMP_SHAPES

FONT = '"Wusong Sans", sans-serif'
TOKENS_CSS = Path(__file__).parent / "assets" / "tokens.css"


@dataclass(frozen=True, slots=True)
class LampColours:
    """A lamp's text and shape in `ink`, on `ground`. Its word is `texts.words.word(lamp)`."""

    shape: str
    ink: str
    ground: str


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as "#RRGGBB".

    `action` is for actions, links and the selection; `sequence` runs from little to much,
    `diverging` from less through unchanged to more.
    """

    ground: str
    surface: str
    line: str
    text: str
    second: str
    action: str
    lamps: dict[Lamp, LampColours]
    sequence: tuple[str, str, str, str, str]
    diverging: tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Sizes:
    """Type sizes in px; the wall's are those at 1080p, at 4K everything is twice that."""

    body: int
    second: int
    title: int
    figure: int


def _lamps(**colours: tuple[str, str]) -> dict[Lamp, LampColours]:
    return {
        Lamp(name): LampColours(LAMP_SHAPES[Lamp(name)], ink, ground)
        for name, (ink, ground) in colours.items()
    }


DESK = Palette(
    ground="#F6F7F9",
    surface="#FFFFFF",
    line="#E2E6EB",
    text="#1A1F26",
    second="#56616D",
    action="#1E5AA8",
    lamps=_lamps(
        on_time=("#1B7A48", "#E4F4EB"),
        soon=("#8F5200", "#FFF1D6"),
        parking_over=("#8F5200", "#FFF1D6"),
        late=("#A8201A", "#FDE8E6"),
        paused=("#56616D", "#ECEFF2"),
        closed=("#56616D", "#FFFFFF"),
    ),
    sequence=("#EAF2FB", "#C5DCF2", "#8FBCE4", "#4F90CC", "#1E5AA8"),
    diverging=("#2B6CB0", "#90B8DE", "#EEF1F4", "#EFB48A", "#C05621"),
)

# On the wall a lamp is a bright sign on the tile itself, without a ground of its own.
_TILE = "#12212F"
WALL = Palette(
    ground="#0B1622",
    surface=_TILE,
    line="#24384B",
    text="#F3F7FB",
    second="#A4B6C7",
    action="#7AB8FF",
    lamps=_lamps(
        on_time=("#4CC38A", _TILE),
        soon=("#F6BC45", _TILE),
        parking_over=("#F6BC45", _TILE),
        late=("#FF8880", _TILE),
        paused=("#A4B6C7", _TILE),
        closed=("#A4B6C7", _TILE),
    ),
    sequence=("#1A3350", "#245180", "#3276B5", "#5AA2E3", "#A9D3FF"),
    # The desk's hues with the ends lighter, since here the eye goes to what is bright.
    diverging=("#7FB6EC", "#3E719F", "#2A3B4C", "#A5683C", "#F2A06B"),
)

DESK_SIZES = Sizes(body=16, second=14, title=24, figure=40)
WALL_SIZES = Sizes(body=28, second=22, title=32, figure=104)
STEP = 8  # px: spacing comes in steps of this
RADIUS = 8  # px


def css_properties(palette: Palette, sizes: Sizes) -> str:
    """The tokens as CSS custom properties, one `--wusong-…: …;` a line."""
    return "\n".join(f"  --wusong-{name}: {value};" for name, value in _tokens(palette, sizes))


def style_sheet() -> str:
    """What tokens.css holds: the desk for every page, the wall inside `.wusong-wall`."""
    return (
        "/* Written by `python -m ui.theme`: change ui/theme.py, not this file. */\n"
        f":root {{\n{css_properties(DESK, DESK_SIZES)}\n}}\n"
        f".wusong-wall {{\n{css_properties(WALL, WALL_SIZES)}\n}}\n"
    )


def _tokens(palette: Palette, sizes: Sizes) -> Iterator[tuple[str, str]]:
    yield "font", FONT
    yield "step", f"{STEP}px"
    yield "radius", f"{RADIUS}px"
    for name in ("body", "second", "title", "figure"):
        yield f"size-{name}", f"{getattr(sizes, name)}px"
    for name in ("ground", "surface", "line", "text", "second", "action"):
        yield name, getattr(palette, name)
    for lamp, colours in palette.lamps.items():
        yield f"lamp-{lamp.replace('_', '-')}", colours.ink
        yield f"lamp-{lamp.replace('_', '-')}-ground", colours.ground
    for scale in ("sequence", "diverging"):
        for number, colour in enumerate(getattr(palette, scale), start=1):
            yield f"{scale}-{number}", colour


if __name__ == "__main__":
    TOKENS_CSS.write_text(style_sheet(), "utf-8")
