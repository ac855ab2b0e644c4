"""One cell of an OpenDocument spreadsheet: its value where it has one, else its paragraphs."""

import datetime as dt
import re
from typing import Any

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE = f"{_OASIS}office:1.0 ", f"{_OASIS}table:1.0 "
_TEXT = f"{_OASIS}text:1.0 "
PARAGRAPHS = frozenset((f"{_TEXT}p", f"{_TEXT}h"))
_VALUE_TYPE, _STRING_VALUE = f"{_OFFICE}value-type", f"{_OFFICE}string-value"
_NUMBERS = frozenset(("float", "percentage", "currency"))
_TIME = re.compile(r"PT(\d{1,5})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")
_MOST_TIMES, _LONGEST_NUMBER = 1 << 21, 12


class Cell:
    """A cell whose text comes in bits; what is longer than `longest` is let go.

    `within` is above 0 inside a paragraph: characters elsewhere are nobody's.
    """

    __slots__ = ("_bits", "_paragraphs", "_room", "said", "within")

    def __init__(self, said: dict[str, str], longest: int) -> None:
        self.said = said
        self.within = 0
        self._room = longest
        self._bits: list[str] = []
        self._paragraphs = 0

    def begin(self) -> None:
        """A paragraph begins."""
        if self._paragraphs:
            self.add("\n")
        self._paragraphs += 1
        self.within += 1

    def start(self, name: str, said: dict[str, str]) -> None:
        """Another element of text begins: blanks, a line break, a link."""
        if name == f"{_TEXT}s":
            self.add(" " * min(times(said.get(f"{_TEXT}c")), self._room))
        elif name == f"{_TEXT}tab":
            self.add("\t")
        elif name == f"{_TEXT}line-break":
            self.add("\n")

    def add(self, text: str) -> None:
        """Some more of the text."""
        if self._room > 0:
            self._bits.append(text[: self._room])
            self._room -= len(text)

    def rows_spanned(self) -> int:
        """How many rows a merged cell covers."""
        return times(self.said.get(f"{_TABLE}number-rows-spanned"))

    def value(self) -> Any:
        """A number, a day, a moment, a truth, or text; blank where a formula failed."""
        said, text = self.said, "".join(self._bits)
        kind = said.get(_VALUE_TYPE)
        if kind is None:
            return text
        if kind == "string":
            return said.get(_STRING_VALUE, text)
        try:
            return _typed(kind, said)
        except (KeyError, ValueError):
            return text


def _typed(kind: str, said: dict[str, str]) -> Any:
    """The value beside the text. Raises KeyError or ValueError where there is none."""
    if kind in _NUMBERS:
        return float(said[f"{_OFFICE}value"])
    if kind == "date":
        return dt.datetime.fromisoformat(said[f"{_OFFICE}date-value"])
    if kind == "boolean":
        return said[f"{_OFFICE}boolean-value"] == "true"
    if kind == "time" and (found := _TIME.fullmatch(said[f"{_OFFICE}time-value"])):
        return f"{int(found[1]):02}:{int(found[2]):02}:{int(found[3]):02}"
    raise ValueError(kind)


def times(said: str | None) -> int:
    """A number of repetitions: at least 1, and no more than any spreadsheet has rows."""
    if said is None or not said.isdecimal():
        return 1
    return min(max(int(said[:_LONGEST_NUMBER]), 1), _MOST_TIMES)


def repeated(said: dict[str, str], what: str) -> int:
    """How many rows, or columns, an element stands for."""
    return times(said.get(f"{_TABLE}number-{what}-repeated"))
