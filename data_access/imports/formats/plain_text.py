"""Plain text with separators: which encoding, which separator, which rows."""

import csv
import io
import re
from collections.abc import Iterable, Iterator

from data_access.imports.formats.opened import Opened, Refused

_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1 << 20
_SAMPLE = 50_000
_HEAD_LINES = 20
_LONGEST_FIELD = 1 << 20
# Of so many characters one at least is a separator, a digit or a line break.
_ONE_IN = 50
_MARKUP = re.compile(r"<(?:html|table|\?xml|!doctype|workbook|meta|style)\b|^mime-version:")
_SHOWN = {"utf-8-sig": "utf-8", "utf-16-le": "utf-16", "utf-16-be": "utf-16"}
_CONTROLS = "".join(chr(code) for code in range(32) if chr(code) not in "\t\r\n\f\v")

# GB 2312 holds the 3,755 most frequent characters in its first level; of any Chinese text they are
# nine tenths. Bytes of another encoding, read as GB 18030, are rare characters for the most part.
_FIRST_LEVEL = range(0xB0, 0xD8)
_FEWEST_HAN, _LEAST_FREQUENT, _SURELY_FREQUENT = 12, 0.5, 0.9
# A line in GB 18030 that is UTF-8 too, with this many characters of three bytes, is no coincidence.
_MIXED = re.compile("[\u0800-\uffff]{4}")


def open_plain_text(content: bytes) -> Opened:
    """Open CSV and its like. Refuses what is no text, or text in no encoding that is known."""
    encoding = _encoding(content)
    csv.field_size_limit(_LONGEST_FIELD)
    lines = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    head = lines.read(_SAMPLE).lstrip("\ufeff \r\n\t")
    if _MARKUP.search(head[:2_000].casefold()):
        raise Refused("web_page")
    lines.seek(0)
    reader = csv.reader(lines, delimiter=_delimiter(head), strict=True)
    return Opened("csv", _rows(reader), encoding=_SHOWN.get(encoding, encoding))


def _rows(reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from enumerate(reader, start=1)
    except csv.Error:
        raise Refused("damaged") from None


def _delimiter(head: str) -> str:
    """What separates the cells: the one that most lines have most of."""
    lines = [line for line in head.splitlines() if line.strip()][:_HEAD_LINES]

    def usual(delimiter: str) -> int:
        return sorted(line.count(delimiter) for line in lines)[len(lines) // 2] if lines else 0

    return max(",\t;", key=usual)


# ------------------------------------------------------------------------------------ encodings


def _encoding(content: bytes) -> str:
    """UTF-8, or UTF-16, or GB18030: the first that fits without a single error and makes sense."""
    if content.startswith(_UTF16):
        candidates: tuple[str, ...] = ("utf-16",)
    elif b"\x00" in content:
        candidates = (_byte_order(content),)
    else:
        candidates = ("utf-8-sig", "gb18030")
    for encoding in candidates:
        try:
            _require_text(content, encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8-sig" and _is_rather_chinese(content):
            continue
        if encoding == "gb18030":
            _require_one_encoding(content)
        return encoding
    raise Refused("wrong_encoding")


def _byte_order(content: bytes) -> str:
    """UTF-16 without a mark: separators and digits leave every NUL on the same side of its pair.

    Refuses what has NULs for another reason.
    """
    low_side, high_side = content[0::2].count(0), content[1::2].count(0)
    enough = len(content) // 2 // _ONE_IN
    if len(content) % 2 or (low_side and high_side) or low_side + high_side < enough:
        raise Refused("not_a_table")
    return "utf-16-le" if high_side else "utf-16-be"


def _require_text(content: bytes, encoding: str) -> None:
    """Refuse a NUL, or more than one control character in a thousand: no table somebody typed."""
    controls = length = 0
    stream = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    while chunk := stream.read(_CHUNK):
        length += len(chunk)
        controls += sum(map(chunk.count, _CONTROLS))
        if "\x00" in chunk:
            raise Refused("not_a_table")
    if controls * 1000 > length:
        raise Refused("not_a_table")


def _is_rather_chinese(content: bytes) -> bool:
    """Whether UTF-8 fits by coincidence: 联通 in GB 18030 is also two Cyrillic letters."""
    sample = content[:_SAMPLE].decode("utf-8-sig", "ignore")
    others = [sign for sign in sample if sign > "\x7f"]
    if not others or max(others) >= "\u0800":
        return False
    return _frequent(content[:_SAMPLE].decode("gb18030", "replace")) >= _SURELY_FREQUENT


def _require_one_encoding(content: bytes) -> None:
    """Refuse what GB 18030 fits by coincidence: Big5, or lines of UTF-8 among others."""
    if _frequent(content[:_SAMPLE].decode("gb18030", "ignore"), _FEWEST_HAN) < _LEAST_FREQUENT:
        raise Refused("wrong_encoding")
    for line in io.BytesIO(content):
        try:
            if not line.isascii() and _MIXED.search(line.decode("utf-8")):
                raise Refused("wrong_encoding")
        except UnicodeDecodeError:
            continue


def _frequent(text: str, fewest: int = 1) -> float:
    """The share of frequent characters among those that are neither ASCII nor punctuation."""
    signs = [one for one in text if one > "\x7f" and not "\u2000" <= one <= "\u303f"]
    signs = [one for one in signs if not "\uff00" <= one <= "\uffef"]
    if len(signs) < fewest:
        return 1.0
    return sum(one.encode("gb2312", "replace")[0] in _FIRST_LEVEL for one in signs) / len(signs)
