"""The fonts that we ship draw everything, and a page fetches only what it shows."""

import importlib.util
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

from texts.words import LAMP_SHAPES

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "ui/assets/fonts"
WRITTEN = {".css", ".csv", ".html", ".js", ".json", ".po", ".py"}
EXTENSION_A = range(0x3400, 0x4DC0)


def _subset_script():
    spec = importlib.util.spec_from_file_location("subset", FOLDER / "subset.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SUBSET = _subset_script()


@pytest.fixture(scope="module")
def characters() -> dict[str, frozenset[int]]:
    """What each shipped file can draw."""
    drawn = {}
    for path in FOLDER.glob("*.woff2"):
        with TTFont(path, lazy=True) as font:
            drawn[path.name] = frozenset(font.getBestCmap())
    return drawn


@pytest.fixture(scope="module")
def faces() -> list[tuple[str, list[range]]]:
    """File and unicode-range of each rule, in the order in which a browser asks: the last first."""
    css = (FOLDER / "wusong.css").read_text("utf-8")
    rules = re.findall(r'url\("([^"]+)"\).*?unicode-range: ([^;]+);', css, re.DOTALL)
    assert len(rules) == css.count("@font-face") > 0
    return [
        (file, [_range(piece) for piece in ranges.split(", ")]) for file, ranges in reversed(rules)
    ]


def _range(written: str) -> range:
    first, last = written.removeprefix("U+").split("-")
    return range(int(first, 16), int(last, 16) + 1)


def fetched(code: int, faces, characters) -> list[str]:
    """The files that a browser fetches to draw this character, the one that has it last."""
    asked = []
    for file, ranges in faces:
        if any(code in one for one in ranges):
            asked.append(file)
            if code in characters[file]:
                return asked
    return [*asked, "none"]


def test_whole_table_of_standard_characters_is_drawn(characters):
    levels = SUBSET.table_levels()
    assert [len(level) for level in levels] == [3500, 3000, 1605]
    shipped = [characters[f"wusong-level-{number}.woff2"] for number in (1, 2, 3)]
    assert levels[0] == shipped[0]
    assert levels[1] <= shipped[1] | shipped[2]
    assert levels[2] <= shipped[2]


def test_rare_characters_of_place_names_are_drawn(faces, characters):
    drawn = frozenset().union(*characters.values())
    assert len(drawn & set(EXTENSION_A)) == 6582
    assert len(drawn & set(range(0x4E00, 0xA000))) == 20976
    assert fetched(ord("䢺"), faces, characters) == ["wusong-level-3.woff2"]  # 䢺江镇
    assert fetched(ord("𬀩"), faces, characters) == ["wusong-level-3.woff2"]


def test_common_text_fetches_two_files(faces, characters):
    text = "无讼台 大邑县综治中心: 待办 1,234 件,已超 1 天。(较上周 +8%)"
    asked = {file for letter in text for file in fetched(ord(letter), faces, characters)}
    assert asked == {"wusong-latin.woff2", "wusong-level-1.woff2"}
    assert sum((FOLDER / file).stat().st_size for file in asked) < 650_000


def test_every_character_is_found_where_its_range_says(faces, characters):
    assert {file for file, _ in faces} == set(characters)
    for file, own in characters.items():
        strays = [code for code in own if fetched(code, faces, characters)[-1] != file]
        assert strays == [], file


def test_a_character_that_no_part_has_would_be_noticed(faces, characters):
    assert fetched(ord("✕"), faces, characters)[-1] == "none"


@pytest.mark.parametrize("letter", [*LAMP_SHAPES.values(), *"▼△□→←↑↓✓×·〇①⑳㎡℃—…“”▇"])
def test_signs_come_with_the_letters(letter, faces, characters):
    assert fetched(ord(letter), faces, characters) == ["wusong-latin.woff2"]


def test_figures_are_tabular():
    with TTFont(FOLDER / "wusong-latin.woff2") as font:
        names = font.getBestCmap()
        assert len({font["hmtx"][names[ord(digit)]][0] for digit in "0123456789"}) == 1


def test_everything_that_the_product_says_can_be_drawn(characters):
    drawn = frozenset().union(*characters.values())
    shown = [
        path
        for folder in ("data_access", "pages", "server", "texts", "ui")
        for path in (ROOT / folder).rglob("*")
        # What an import understands (✔) need not be what the screens say.
        if path.suffix in ({".csv", ".json"} if folder == "data_access" else WRITTEN)
        and "leaflet" not in str(path)
    ]
    undrawn = {
        str(path.relative_to(ROOT)): missing
        for path in shown
        if (missing := set(path.read_text("utf-8-sig")) - set(map(chr, drawn)) - {"\n"})
    }
    assert undrawn == {}


def test_script_would_make_the_same_parts_and_style_sheet(characters):
    cut = SUBSET.parts(frozenset().union(*characters.values()))
    assert {part.file: part.characters for part in cut} == characters
    assert SUBSET.style_sheet(cut) == (FOLDER / "wusong.css").read_text("utf-8")


def test_licence_travels_with_the_fonts(characters):
    assert "SIL OPEN FONT LICENSE Version 1.1" in (FOLDER / "OFL.txt").read_text("utf-8")
    assert (FOLDER / "OFL.txt").read_bytes() == (ROOT / "LICENSES/OFL-1.1.txt").read_bytes()
    for file in characters:
        with TTFont(FOLDER / file, lazy=True) as font:
            assert font["name"].getDebugName(1) == SUBSET.FAMILY
            assert "SIL Open Font License" in font["name"].getDebugName(13)
