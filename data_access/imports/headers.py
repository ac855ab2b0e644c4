"""How the header of a file is found, and what each of its cells is taken for."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from data_access.imports.codes import plain
from data_access.imports.columns import COLUMNS, NOT_KEPT, PROFILING, Column
from data_access.imports.heads import MOST_ROWS, joined, party_header
from domain.imports import NOT_TAKEN, DroppedColumns, FileMapping, FileProblem, FileRefused, Profile
from domain.privacy import redact

# A title and a note may stand above the header.
HEADER_WITHIN = 20
_FEWEST_KNOWN = 2
_ABOUT_FULL = 0.8
# Of equal ones the first: who brings a file that tells nothing most likely brings a ledger.
_BY_LIKELIHOOD = (Profile.CASES, Profile.UNITS, Profile.COMMITTEES)
_LONGEST_NAME_SHOWN = 20
# In a list of mediators, a number under 调解员 is of the row's own person.
_OWN_PERSON = {Profile.COMMITTEES: "调解员"}

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
    """A recognised header: which cell holds which column, and what is not taken.

    It may be of several rows; `row_number` is the last of them. `joined` counts the columns whose
    word is put together from more than one row. `above` are its rows and those over it, without
    blanks and punctuation, as `head_row` gives them.
    """

    profile: Profile
    row_number: int
    columns: tuple[tuple[int, Column, str], ...]
    dropped: DroppedColumns
    cells: tuple[HeaderCell, ...] = ()
    joined: int = 0
    above: frozenset[tuple[str, ...]] = frozenset()

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
    readings = _readings(rows, profile, mapping)
    found = [one for one in readings if row_number is None or one.row_number == row_number]
    if not found:
        return None
    best = _best(found)
    if len(best.columns) >= _FEWEST_KNOWN:
        return best
    last = {header.row_number for header in found}
    filled = {n: sum(map(bool, map(_word, cells))) for n, cells in rows if n in last}
    most = max(filled.values())
    full = next(n for n, count in filled.items() if count >= _ABOUT_FULL * most)
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
    """Every way to read one to three rows as a header.

    Where rows together say what the last of them alone does not (被申请人 over 姓名 is not the
    first party's name), it is not read alone.
    """
    found: list[Header] = []
    for end in range(1, len(rows) + 1):
        above = frozenset(head_row(cells) for _, cells in rows[:end])
        for one in (profile,) if profile else _BY_LIKELIHOOD:
            heads = [
                _read_head(one, rows[start:end], mapping)
                for start in range(end - 1, max(-1, end - 1 - MOST_ROWS), -1)
                if rows[end - 1][0] - rows[start][0] == end - 1 - start
            ]
            together = [head for head in heads if head.joined]
            found += [replace(head, above=above) for head in together or heads]
    return found


def head_row(cells: list[str]) -> tuple[str, ...]:
    """A row as it is compared with another: a head is repeated on each page."""
    words = [plain(cell) for cell in cells]
    while words and not words[-1]:
        words.pop()
    return tuple(words)


def _best(found: list[Header]) -> Header:
    """The one with most columns; of equal ones the first, and of it as few rows as needed."""
    return max(found, key=lambda one: (not one.missing, len(one.columns), one.joined))


def _read_head(profile: Profile, rows: list[tuple[int, list[str]]], mapping: FileMapping) -> Header:
    number = rows[-1][0]
    if len(rows) == 1:
        return _read_header(profile, number, rows[0][1], mapping)
    known = _known_headers(profile)
    mapped = {_word(header) for header in mapping.headers}

    def is_known(text: str) -> bool:
        word = _word(text)
        return word in mapped or _column_of(word, known) is not None

    cells, count = joined([cells for _, cells in rows], is_known, own=_OWN_PERSON.get(profile, ""))
    return replace(_read_header(profile, number, cells, mapping), joined=count)


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
        elif column := _column_of(word, known):
            yield HeaderCell(place, header, column, Fate.TAKEN)
        else:
            fate = Fate.NOT_KEPT if word in not_kept else Fate.UNKNOWN
            yield HeaderCell(place, header, None, fate)


def _known_headers(profile: Profile) -> dict[str, Column]:
    """Every word for a column. A column's own name goes before another's alias."""
    columns = COLUMNS[profile]
    by_alias = {plain(alias): column for column in columns for alias in column.aliases}
    return by_alias | {plain(column.header): column for column in columns}


def _column_of(word: str, known: dict[str, Column]) -> Column | None:
    return known.get(word) or known.get(party_header(word))


def _word(cell: str) -> str:
    """A header without blanks, punctuation and hints such as (必填) or (元)."""
    word = plain(cell).strip("*")
    for hint in ("必填", "选填", "可多选", "yyyymmdd"):
        word = word.removesuffix(hint)
    return word if word.endswith("万元") else word.removesuffix("元")


def _shown(cell: str) -> str:
    """A header to show and keep: short, and without numbers that are somebody's."""
    return redact(" ".join(cell.split())[:_LONGEST_NAME_SHOWN], ())
