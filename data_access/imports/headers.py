"""How the header of a file is found, and what each of its cells is taken for."""

from dataclasses import dataclass

from data_access.imports.codes import plain
from data_access.imports.columns import COLUMNS, NOT_KEPT, PROFILING, Column
from domain.imports import DroppedColumns, FileMapping, FileProblem, FileRefused, Profile
from domain.privacy import redact

# A title and a note may stand above the header.
HEADER_WITHIN = 20
_FEWEST_KNOWN = 2
_LONGEST_NAME_SHOWN = 20

# What `rejects` adds to a file to mend; it comes back with the mended file.
ROW_NUMBER_HEADER, REASONS_HEADER = "行号", "退回原因"
_OWN = frozenset({ROW_NUMBER_HEADER, REASONS_HEADER})


@dataclass(frozen=True)
class Header:
    """A recognised header row: which cell holds which column, and what is not taken."""

    profile: Profile
    row_number: int
    columns: tuple[tuple[int, Column, str], ...]
    dropped: DroppedColumns


def recognise(
    rows: list[tuple[int, list[str]]], profile: Profile | None, mapping: FileMapping
) -> Header:
    """Find the header among the first rows, given as (row number, cells).

    The profile is told by the headers unless it is given; what `mapping` says of a header goes
    before what the product knows of it. Raises FileRefused where no row looks like a header, or
    required columns are not there.
    """
    wanted = (profile,) if profile else tuple(Profile)
    found = [_read_header(one, number, cells, mapping) for number, cells in rows for one in wanted]
    if not found:
        raise FileRefused(FileProblem.EMPTY)
    best = max(found, key=lambda header: (not _missing(header), len(header.columns)))
    if len(best.columns) < _FEWEST_KNOWN:
        raise FileRefused(FileProblem.NO_HEADER)
    if missing := _missing(best):
        raise FileRefused(FileProblem.MISSING_COLUMNS, *missing)
    return best


def _missing(header: Header) -> list[str]:
    present = {column.key for _, column, _ in header.columns}
    return [
        column.header
        for column in COLUMNS[header.profile]
        if column.required and column.key not in present
    ]


def _read_header(profile: Profile, number: int, cells: list[str], mapping: FileMapping) -> Header:
    known = _known_headers(profile)
    by_key = {column.key: column for column in COLUMNS[profile]}
    mapped = {_word(header): key for header, key in mapping.headers.items()}
    not_kept = frozenset(map(plain, NOT_KEPT[profile]))
    taken: dict[str, tuple[int, Column, str]] = {}
    profiling: list[str] = []
    useless: list[str] = []
    unknown: list[str] = []
    repeated: list[str] = []
    for place, cell in enumerate(cells):
        word, shown = _word(cell), _shown(cell)
        if not word or cell.strip() in _OWN:
            continue
        profiles = any(mark in word for mark in PROFILING)
        is_mapped = word in mapped and not profiles
        column = by_key.get(mapped[word]) if is_mapped else known.get(word)
        if column is not None and column.key in taken:
            repeated.append(shown)
        elif column is not None:
            taken[column.key] = (place, column, " ".join(cell.split()))
        elif profiles:
            profiling.append(shown)
        else:
            (useless if word in not_kept else unknown).append(shown)
    dropped = DroppedColumns(tuple(profiling), tuple(useless), tuple(unknown), tuple(repeated))
    return Header(profile, number, tuple(sorted(taken.values(), key=lambda one: one[0])), dropped)


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
