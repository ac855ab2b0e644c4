"""One cell of an OpenDocument spreadsheet: its value where it has one, else its paragraphs."""

import datetime as dt
import re
from typing import Any

_OASIS = "urn:oasis:names:tc:opendocument:xmlns:"
_OFFICE, _TABLE = f"{_OASIS}office:1.0 ", f"{_OASIS}table:1.0 "
_TEXT = f"{_OASIS}text:1.0 "
_NUMBERS = frozenset(("float", "percentage", "currency"))
_TIME = re.compile(r"PT(\d{1,5})H(\d{1,2})M(\d{1,2})(?:[.,]\d+)?S")
_MOST_TIMES = 1 << 21


class Cell:
    """A cell whose text comes in bits; what is longer than `longest` is let go."""

    def __init__(self, said: dict[str, str], longest: int) -> None:
        self.said = said
        self._room = longest
        self._bits: list[str] = []
        self._paragraphs = self._within = 0

    def start(self, name: str, said: dict[str, str]) -> None:
        """An element of text begins: a paragraph, blanks, a link."""
        if name in {"p", "h"}:
            if self._paragraphs:
                self._add("\n")
            self._paragraphs += 1
            self._within += 1
        elif name == "s":
            self._add(" " * min(times(said.get(f"{_TEXT}c")), self._room))
        elif name == "tab":
            self._add("\t")
        elif name == "line-break":
            self._add("\n")

    def end(self, name: str) -> None:
        """An element of text ends."""
        if name in {"p", "h"}:
            self._within -= 1

    def add(self, text: str) -> None:
        """Characters; those between paragraphs are nobody's."""
        if self._within:
            self._add(text)

    def _add(self, text: str) -> None:
        if self._room > 0:
            self._bits.append(text[: self._room])
            self._room -= len(text)

    def rows_spanned(self) -> int:
        """How many rows a merged cell covers."""
        return times(self.said.get(f"{_TABLE}number-rows-spanned"))

    def value(self) -> Any:
        """A number, a day, a moment, a truth, or text; blank where a formula failed."""
        said, kind = self.said, self.said.get(f"{_OFFICE}value-type", "")
        text = "".join(self._bits)
        try:
            if kind in _NUMBERS:
                return float(said[f"{_OFFICE}value"])
            if kind == "date":
                return dt.datetime.fromisoformat(said[f"{_OFFICE}date-value"])
            if kind == "boolean":
                return said[f"{_OFFICE}boolean-value"] == "true"
            if kind == "time" and (found := _TIME.fullmatch(said[f"{_OFFICE}time-value"])):
                return f"{int(found[1]):02}:{int(found[2]):02}:{int(found[3]):02}"
        except (KeyError, ValueError):
            return text
        return said.get(f"{_OFFICE}string-value", text) if kind == "string" else text


def times(said: str | None) -> int:
    """A number of repetitions: at least 1, and no more than any spreadsheet has rows."""
    return min(max(int(said), 1), _MOST_TIMES) if said and said.isdecimal() else 1


def repeated(said: dict[str, str], what: str) -> int:
    """How many rows, or columns, an element stands for."""
    return times(said.get(f"{_TABLE}number-{what}-repeated"))
