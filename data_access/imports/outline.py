"""What a file looks like before it is taken in: for somebody who says what its columns mean."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from string import ascii_uppercase

from data_access.imports.columns import Column
from data_access.imports.headers import HEADER_WITHIN, Fate, header_words, likeliest
from data_access.imports.values import clean
from data_access.queries.import_mappings import SavedMapping
from domain.imports import NOT_TAKEN, FileMapping, Profile
from domain.organisation import PartyKind
from domain.privacy import HIDDEN, mask_identity_number, mask_name, mask_phone, redact

_LONGEST_EXAMPLE = 16
# A mapping that shares fewer of its headers with a file was made for another kind of file.
_ALIKE = 0.6
# What may stand where columns have slipped: an identity number of today's form, a mobile phone.
_SOMEBODYS = re.compile(r"(?<![0-9])(?:[0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9])")
# How a column of persons is shown, by the end of its key; any other not at all.
_MASKS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("identity", mask_identity_number),
    ("phone", mask_phone),
    ("name", mask_name),
    ("organisation", partial(mask_name, kind=PartyKind.ORGANISATION)),
)

Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class FileColumn:
    """One column of the file: where it stands (A, B, …), its header, what it is taken for.

    `key` is of the known column, or NOT_TAKEN. `example` is from the first row that has something
    there, masked: a person's name, number or text is never shown in clear.
    """

    letter: str
    header: str
    fate: Fate
    key: str
    example: str


@dataclass(frozen=True, slots=True)
class Outline:
    """What is made of a file's header. `missing` are required columns by their own names."""

    profile: Profile
    header_row: int
    columns: tuple[FileColumn, ...]
    missing: tuple[str, ...]

    @property
    def readable(self) -> bool:
        """Whether rows can be read with it."""
        return not self.missing


def outline(
    rows: Rows, *, profile: Profile | None, mapping: FileMapping, header_row: int | None = None
) -> Outline | None:
    """The columns of the file as they would be read; None for a file without rows.

    What is None is told by the rows themselves.
    """
    header = likeliest(rows[:HEADER_WITHIN], profile, mapping, row_number=header_row)
    if header is None:
        return None
    below = [cells for number, cells in rows if number > header.row_number]
    columns = tuple(
        FileColumn(
            letter(cell.place),
            cell.header,
            cell.fate,
            cell.column.key if cell.column else NOT_TAKEN,
            "" if cell.fate is Fate.PROFILING else _example(below, cell.place, cell.column),
        )
        for cell in header.cells
    )
    return Outline(header.profile, header.row_number, columns, tuple(header.missing))


def needed(rows: Rows, profile: Profile, mapping: FileMapping) -> FileMapping:
    """The mapping without headers that mean the same to everybody: one file, one way to read it."""
    header = likeliest(rows[:HEADER_WITHIN], profile, mapping)
    if header is None:
        return mapping
    own = likeliest(rows, profile, FileMapping(), row_number=header.row_number)
    by_itself = dict(header_words(own)) if own else {}
    headers = {
        word: key for word, key in mapping.headers.items() if by_itself.get(word, NOT_TAKEN) != key
    }
    return FileMapping(headers, mapping.codes, mapping.places)


def headers_of(outlined: Outline) -> dict[str, str]:
    """Every header with what it means, to be saved: so the next file is known by all of them."""
    fixed = {Fate.PROFILING, Fate.REPEATED}
    return {one.header: one.key for one in outlined.columns if one.fate not in fixed}


def best_saved(rows: Rows, saved: Iterable[SavedMapping]) -> SavedMapping | None:
    """The saved mapping whose headers are most like the file's; None where none is alike."""
    alike = [(likeness, one) for one in saved if (likeness := _likeness(rows, one)) >= _ALIKE]
    if not alike:
        return None
    return max(alike, key=lambda pair: (pair[0], pair[1].updated_at))[1]


def letter(place: int) -> str:
    """What spreadsheets call a column, counted from 0: A, Z, AA."""
    first, last = divmod(place, len(ascii_uppercase))
    return (ascii_uppercase[first - 1] if first else "") + ascii_uppercase[last]


def _likeness(rows: Rows, saved: SavedMapping) -> float:
    """Of all headers of the two, how many they share; 0 to 1."""
    header = likeliest(rows[:HEADER_WITHIN], saved.profile, saved.mapping)
    if header is None or not saved.mapping.headers:
        return 0.0
    theirs = {word for word, _ in header_words(header)}
    known = set(saved.mapping.headers)
    return len(known & theirs) / len(known | theirs)


def _example(below: list[list[str]], place: int, column: Column | None) -> str:
    cells = (cells[place] for cells in below if place < len(cells))
    text = next(filter(None, map(clean, cells)), "")
    return masked(text, column)


def masked(text: str, column: Column | None) -> str:
    """A cell as anybody may see it: what is of a person only in its shape."""
    if not text:
        return ""
    if column is None or not column.personal:
        plain = " ".join(text.split())
        shown = _SOMEBODYS.sub(HIDDEN, plain) if column else redact(plain, ())
        return shown if len(shown) <= _LONGEST_EXAMPLE else f"{shown[:_LONGEST_EXAMPLE]}…"
    mask = next((mask for end, mask in _MASKS if column.key.endswith(end)), None)
    return mask(text) if mask else HIDDEN
