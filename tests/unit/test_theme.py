"""One look: tokens, style sheet, and what Streamlit is told, say the same and can be read."""

import re
import tomllib
from pathlib import Path

import pytest
from streamlit import config

from domain.cases import Lamp
from ui import map_look, theme

ROOT = Path(__file__).parents[2]
CONFIG = tomllib.loads((ROOT / ".streamlit/config.toml").read_text("utf-8"))


def luminance(colour: str) -> float:
    """Relative luminance of "#RRGGBB" (WCAG 2.2)."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_measured_as_the_standard_does():
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(("palette", "least"), [(theme.DESK, 4.5), (theme.WALL, 7)])
def test_everything_written_can_be_read(palette, least):
    for ground in (palette.ground, palette.surface):
        for ink in (palette.text, palette.second, palette.action):
            assert contrast(ink, ground) >= least, (ink, ground)
    for colours in palette.lamps.values():
        for ground in (palette.ground, palette.surface, colours.ground):
            assert contrast(colours.ink, ground) >= least, (colours.ink, ground)


@pytest.mark.parametrize("palette", [theme.DESK, theme.WALL])
def test_each_lamp_has_a_shape_of_its_own(palette):
    assert set(palette.lamps) == set(Lamp)
    assert len({colours.shape for colours in palette.lamps.values()}) == len(Lamp)


@pytest.mark.parametrize("palette", [theme.DESK, theme.WALL])
def test_sequence_runs_one_way(palette):
    run = [luminance(colour) for colour in palette.sequence]
    assert run in (sorted(run), sorted(run, reverse=True))


def test_style_sheet_is_what_the_tokens_say():
    assert theme.TOKENS_CSS.read_text("utf-8") == theme.style_sheet()


def test_streamlit_knows_every_setting():
    known = config.get_config_options()
    for section, settings in CONFIG.items():
        for name in settings:
            assert f"{section}.{name}" in known


def test_streamlit_is_told_the_same_colours():
    told, desk = CONFIG["theme"], theme.DESK
    assert told["primaryColor"] == told["linkColor"] == told["blueTextColor"] == desk.action
    assert (told["backgroundColor"], told["secondaryBackgroundColor"]) == (
        desk.ground,
        desk.surface,
    )
    assert (told["textColor"], told["borderColor"]) == (desk.text, desk.line)
    for name, lamp in {
        "green": Lamp.ON_TIME,
        "yellow": Lamp.SOON,
        "orange": Lamp.SOON,
        "red": Lamp.LATE,
        "gray": Lamp.PAUSED,
    }.items():
        ink, ground = told[f"{name}TextColor"], told[f"{name}BackgroundColor"]
        assert (ink, ground) == (desk.lamps[lamp].ink, desk.lamps[lamp].ground)
    assert told["baseFontSize"] == theme.DESK_SIZES.body
    assert told["baseRadius"] == f"{theme.RADIUS}px"


def test_streamlit_is_told_the_same_fonts():
    css = (ROOT / "ui/assets/fonts/wusong.css").read_text("utf-8")
    rules = re.findall(r'url\("([^"]+)"\).*?unicode-range: ([^;]+);', css, re.DOTALL)
    faces = CONFIG["theme"]["fontFaces"]
    assert [(face["url"], face["unicodeRange"]) for face in faces] == [
        (f"/assets/fonts/{file}", ranges) for file, ranges in rules
    ]
    assert {face["family"] for face in faces} == {"Wusong Sans"}
    # Claiming more weights than there are would keep browsers from drawing the bold.
    assert {face["weight"] for face in faces} == {"400"}
    assert CONFIG["theme"]["font"].split(", ")[0] == "Wusong Sans"


def test_streamlit_keeps_to_this_machine_and_to_itself():
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert CONFIG["runner"]["postScriptGC"] is False


@pytest.mark.parametrize("painted", ["desk", "wall"])
def test_on_the_map_areas_are_told_apart(painted):
    drawn = map_look.look(painted, "sequence")
    fills = drawn["fills"]
    assert len({*fills.values()}) == len(fills)
    assert contrast(fills["0"], fills["4"]) >= 4.5
    # Whatever has no colour of a class is hatched, or lies at the light end with words beside it.
    assert contrast(drawn["hatch"], fills[map_look.SUPPRESSED]) >= 2
    for scale in ("sequence", "diverging"):
        of_classes = map_look.fills(painted, scale)
        assert min(contrast(drawn["line"], of_classes[str(one)]) for one in range(5)) >= 1.1
    for ink in (drawn["text"], drawn["zone"]):
        assert contrast(ink, drawn["halo"]) >= 4.5
