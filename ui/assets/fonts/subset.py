"""Cut Noto Sans SC into the web fonts "Wusong Sans": a page fetches only the parts that it shows.

    .venv/bin/pip download --no-deps --dest /tmp pylopdf-fonts-zh-cn==0.1.1
    .venv/bin/python ui/assets/fonts/subset.py /tmp/pylopdf_fonts_zh_cn-0.1.1-py3-none-any.whl

The wheel (17 MB, SIL Open Font License 1.1) carries the source and is not kept here. Writes
`wusong-*.woff2` and `wusong.css` beside this file, the same bytes each time. Takes about a minute.

The parts are the three levels of 通用规范汉字表 (tgh-2013.txt), then all the other Han characters
of the source by code point: CJK Extension A included, from which place names come.

Their ranges overlap on purpose. Within a family a browser asks the face defined last first, and
goes on to an earlier one only when the glyph is missing, so a range need only say where a part's
characters lie, not list them: 8,105 characters that follow no order would need 50 kB of ranges,
and Streamlit repeats its theme in every session's messages.
"""

import hashlib
import io
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
FAMILY = "Wusong Sans"
SOURCE = "pylopdf_fonts_zh_cn/NotoSansSC-Regular.otf"
SOURCE_SHA256 = "faa6c9df652116dde789d351359f3d7e5d2285a2b2a1f04a2d7244df706d5ea9"

# What every page needs: letters with pinyin tones, punctuation, arrows, circled numbers, blocks and
# shapes, units, full-width forms.
LATIN = (
    (0x20, 0x24F),
    (0x2000, 0x27BF),
    (0x3000, 0x303F),
    (0x3220, 0x3229),
    (0x3380, 0x33DF),
    (0xFF01, 0xFF5E),
    (0xFFE0, 0xFFE6),
)
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xA960, 0xD7FF), (0xFFA0, 0xFFDC))
# The Han characters outside the table, in pieces of about 500 kB.
RARE = (
    (0x3400, 0x3FFF),
    (0x4000, 0x4DBF),
    (0x4E00, 0x5FFF),
    (0x6000, 0x73FF),
    (0x7400, 0x87FF),
    (0x8800, 0x9FFF),
)
BASIC = (0x4E00, 0x9FFF)
HAN = (0x3400, 0x9FFF)
SUPPLEMENT = (0x20000, 0x3FFFF)


@dataclass(frozen=True, slots=True)
class Part:
    """One font file: the characters in it, and the ranges in which a browser should look there."""

    name: str
    characters: frozenset[int]
    ranges: tuple[tuple[int, int], ...]
    features: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        return f"wusong-{self.name}.woff2"

    @property
    def unicode_range(self) -> str:
        """As CSS writes it, e.g. "U+3400-3FFF, U+20000-3FFFF"."""
        return ", ".join(f"U+{first:X}-{last:X}" for first, last in self.ranges)


def table_levels() -> list[frozenset[int]]:
    """The levels of 通用规范汉字表: 3,500, 3,000 and 1,605 characters."""
    levels: list[set[int]] = []
    for line in (HERE / "tgh-2013.txt").read_text("utf-8").splitlines():
        if line.startswith("# level"):
            levels.append(set())
        elif not line.startswith("#"):
            levels[-1].update(map(ord, line))
    return [frozenset(level) for level in levels]


def parts(available: Iterable[int]) -> list[Part]:
    """Cut what the source has into parts, the rarest first: the order of the style sheet."""
    have = frozenset(available) - _between(HANGUL)
    level_1, level_2, level_3 = table_levels()
    in_table = level_1 | level_2 | level_3
    han = have & _between((HAN, SUPPLEMENT))
    latin = have & _between(LATIN)
    other = have - han - latin
    # Eleven characters of the second level lie outside the basic block. They go with the third, so
    # that no place name fetches the second for nothing.
    outside = level_2 - _between([BASIC])
    cut = [
        Part("other", other, _span(other)),
        *(
            Part(f"rare-{first:x}", (han & _between([(first, last)])) - in_table, ((first, last),))
            for first, last in RARE
        ),
        Part(
            "level-3",
            level_3 | outside | (han & _between([SUPPLEMENT])) - level_2,
            (HAN, SUPPLEMENT),
        ),
        Part("level-2", level_2 - outside, (BASIC,)),
        Part("level-1", level_1, (BASIC,)),
        # halt and palt let a browser close the gap between two full-width marks.
        Part("latin", latin, LATIN, ("ccmp", "halt", "kern", "palt")),
    ]
    if missing := in_table - have:
        raise SystemExit(f"the source lacks {len(missing)} characters of the table")
    return cut


def style_sheet(cut: Iterable[Part]) -> str:
    """The @font-face rules, in the order that the overlapping ranges need."""
    rules = [
        f'@font-face {{ font-family: "{FAMILY}"; font-weight: 400; font-display: swap;\n'
        f'  src: url("{part.file}") format("woff2");\n'
        f"  unicode-range: {part.unicode_range}; }}\n"
        for part in cut
    ]
    return (
        "/* Made by subset.py. The order matters: for a character in two ranges a browser asks\n"
        "   the last face first. One weight: browsers draw the bold themselves. */\n"
        + "".join(rules)
    )


def make(part: Part, source: bytes) -> bytes:
    """The part as WOFF2, under our own name and with the source's notices."""
    options = subset.Options(
        flavor="woff2",
        layout_features=list(part.features),
        hinting=False,
        desubroutinize=True,  # brotli finds the repetition better than the font's own subroutines
        notdef_outline=True,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14],
        recalc_timestamp=False,
    )
    # Nothing is set vertically.
    options.drop_tables += ["DSIG", "VORG", "vhea", "vmtx"]
    font = TTFont(io.BytesIO(source), lazy=True, recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=part.characters)
    subsetter.subset(font)
    _rename(font)
    out = io.BytesIO()
    subset.save_font(font, out, options)
    return out.getvalue()


def _rename(font: TTFont) -> None:
    compact = f"{FAMILY.replace(' ', '')}-Regular"
    ours = {1: FAMILY, 3: f"{compact}; from Noto Sans SC 2.004", 4: FAMILY, 6: compact}
    font["CFF "].cff.fontNames = [compact]
    for record in font["name"].names:
        if record.nameID in ours:
            record.string = ours[record.nameID]


def _between(ranges: Iterable[tuple[int, int]]) -> frozenset[int]:
    return frozenset(code for first, last in ranges for code in range(first, last + 1))


def _span(codes: Iterable[int]) -> tuple[tuple[int, int], ...]:
    """Ranges of whole 256-blocks that hold the codes."""
    spans: list[tuple[int, int]] = []
    for block in sorted({code >> 8 for code in codes}):
        first, last = block << 8, (block << 8) + 0xFF
        if spans and spans[-1][1] == first - 1:
            spans[-1] = (spans[-1][0], last)
        else:
            spans.append((first, last))
    return tuple(spans)


def main() -> None:
    """Read the wheel named on the command line, write the font files and the style sheet."""
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        source = wheel.read(SOURCE)
    if hashlib.sha256(source).hexdigest() != SOURCE_SHA256:
        raise SystemExit(f"{SOURCE} is not the one that these fonts were cut from")
    cut = parts(TTFont(io.BytesIO(source), lazy=True).getBestCmap())
    for stale in HERE.glob("wusong-*.woff2"):
        stale.unlink()
    for part in cut:
        made = make(part, source)
        (HERE / part.file).write_bytes(made)
        sys.stdout.write(
            f"{part.file:22} {len(part.characters):5,} characters {len(made):8,} bytes\n"
        )
    (HERE / "wusong.css").write_text(style_sheet(cut), "utf-8")


if __name__ == "__main__":
    main()
