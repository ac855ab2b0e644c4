"""How the header of a file is found, and what each of its cells is taken for."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from data_access.imports.codes import plain
from data_access.imports.columns import COLUMNS, NOT_KEPT, PROFILING, Column
from domain.imports import NOT_TAKEN, DroppedColumns, FileMapping, FileProblem, FileRefused, Profile
from domain.privacy import redact

# A title and a note may stand above the header.
HEADER_WITHIN = 20
_FEWEST_KNOWN = 2
_ABOUT_FULL = 0.8
# Of equal ones the first: who brings a file that tells nothing most likely brings a ledger.
_BY_LIKELIHOOD = (Profile.CASES, Profile.UNITS, Profile.COMMITTEES)
_LONGEST_NAME_SHOWN = 20

# What `rejects` adds to a file to mend; it comes back with the mended file.
ROW_NUMBER_HEADER, REASONS_HEADER = "行号", "退回原因"
_OWN = frozenset({ROW_NUMBER_HEADER, REASONS_HEADER})


class Fate(StrEnum):
    """What becomes of a column of the file."""

    TAKEN = "taken"
    PROFILING = "profiling"  # never read, whatever anybody says
    NOT_KEPT = "not_kept"
    UNKNOWN = "unknown"
    REPEATED = "repeated"  # stands for a column that an earlier one is taken for
    DECLINED = "declined"  # the mapping says so


@dataclass(frozen=True, slots=True)
class HeaderCell:
    """One cell of a header row: where it stands, counted from 0, and what is made of it."""

    place: int
    header: str
    column: Column | None
    fate: Fate


@dataclass(frozen=True)
class Header:
    """A recognised header row: which cell holds which column, and what is not taken."""

    profile: Profile
    row_number: int
    columns: tuple[tuple[int, Column, str], ...]
    dropped: DroppedColumns
    cells: tuple[HeaderCell, ...] = ()

    @property
    def missing(self) -> list[str]:
        """The required columns that the file does not have, by their own names."""
        present = {column.key for _, column, _ in self.columns}
        return [
            column.header
            for column in COLUMNS[self.profile]
            if column.required and column.key not in present
        ]


def recognise(
    rows: list[tuple[int, list[str]]], profile: Profile | None, mapping: FileMapping
) -> Header:
    """Find the header among the first rows, given as (row number, cells).

    The profile is told by the headers unless it is given; what `mapping` says of a header goes
    before what the product knows of it. Raises FileRefused where no row looks like a header, or
    required columns are not there.
    """
    found = _readings(rows, profile, mapping)
    if not found:
        raise FileRefused(FileProblem.EMPTY)
    best = _best(found)
    if len(best.columns) < _FEWEST_KNOWN:
        raise FileRefused(FileProblem.NO_HEADER)
    if best.missing:
        raise FileRefused(FileProblem.MISSING_COLUMNS, *best.missing)
    return best


def likeliest(
    rows: list[tuple[int, list[str]]],
    profile: Profile | None,
    mapping: FileMapping,
    *,
    row_number: int | None = None,
) -> Header | None:
    """The header as far as it can be told, for somebody who corrects it; None without any row.

    As `recognise`, but nothing is refused: where no row is known for a header, it is the first that
    is about as full as the fullest. `row_number` says which row it is.
    """
    named = [row for row in rows if row_number is None or row[0] == row_number]
    found = _readings(named, profile, mapping)
    if not found:
        return None
    best = _best(found)
    if len(best.columns) >= _FEWEST_KNOWN:
        return best
    filled = {number: sum(map(bool, map(_word, cells))) for number, cells in named}
    full = next(n for n, count in filled.items() if count >= _ABOUT_FULL * max(filled.values()))
    return _best([header for header in found if header.row_number == full])


def header_words(header: Header) -> list[tuple[str, str]]:
    """Each header that somebody can say the meaning of, with the key of what it is taken for."""
    fixed = {Fate.PROFILING, Fate.REPEATED}
    return [
        (one.header, one.column.key if one.column else NOT_TAKEN)
        for one in header.cells
        if one.fate not in fixed
    ]


def _readings(
    rows: list[tuple[int, list[str]]], profile: Profile | None, mapping: FileMapping
) -> list[Header]:
    wanted = (profile,) if profile else _BY_LIKELIHOOD
    return [_read_header(one, number, cells, mapping) for number, cells in rows for one in wanted]


def _best(found: list[Header]) -> Header:
    return max(found, key=lambda header: (not header.missing, len(header.columns)))


def _read_header(profile: Profile, number: int, cells: list[str], mapping: FileMapping) -> Header:
    found: list[HeaderCell] = []
    taken: set[str] = set()
    for cell in _header_cells(profile, cells, mapping):
        if cell.column is not None and cell.column.key in taken:
            found.append(HeaderCell(cell.place, cell.header, None, Fate.REPEATED))
            continue
        if cell.column is not None:
            taken.add(cell.column.key)
        found.append(cell)
    columns = tuple((one.place, one.column, one.header) for one in found if one.column is not None)

    def dropped(*fates: Fate) -> tuple[str, ...]:
        return tuple(_shown(one.header) for one in found if one.fate in fates)

    names = DroppedColumns(
        dropped(Fate.PROFILING),
        dropped(Fate.NOT_KEPT),
        dropped(Fate.UNKNOWN, Fate.DECLINED),
        dropped(Fate.REPEATED),
    )
    return Header(profile, number, columns, names, tuple(found))


def _header_cells(profile: Profile, cells: list[str], mapping: FileMapping) -> Iterator[HeaderCell]:
    """What each cell is taken for by itself; a column may be named twice."""
    known = _known_headers(profile)
    by_key = {column.key: column for column in COLUMNS[profile]}
    mapped = {_word(header): key for header, key in mapping.headers.items()}
    not_kept = frozenset(map(plain, NOT_KEPT[profile]))
    for place, cell in enumerate(cells):
        word, header = _word(cell), " ".join(cell.split())
        if not word or cell.strip() in _OWN:
            continue
        if any(mark in word for mark in PROFILING):
            yield HeaderCell(place, header, None, Fate.PROFILING)
        elif word in mapped:
            column = by_key.get(mapped[word])
            yield HeaderCell(place, header, column, Fate.TAKEN if column else Fate.DECLINED)
        elif word in known:
            yield HeaderCell(place, header, known[word], Fate.TAKEN)
        else:
            fate = Fate.NOT_KEPT if word in not_kept else Fate.UNKNOWN
            yield HeaderCell(place, header, None, fate)


def _known_headers(profile: Profile) -> dict[str, Column]:
    """Every word for a column. A column's own name goes before another's alias."""
    columns = COLUMNS[profile]
    by_alias = {plain(alias): column for column in columns for alias in column.aliases}
    return by_alias | {plain(column.header): column for column in columns}


def _word(cell: str) -> str:
    """A header without blanks, punctuation and hints such as (必填) or (元)."""
    word = plain(cell).strip("*")
    for hint in ("必填", "选填", "可多选", "yyyymmdd"):
        word = word.removesuffix(hint)
    return word if word.endswith("万元") else word.removesuffix("元")


def _shown(cell: str) -> str:
    """A header to show and keep: short, and without numbers that are somebody's."""
    return redact(" ".join(cell.split())[:_LONGEST_NAME_SHOWN], ())
