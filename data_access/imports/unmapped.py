"""Words of a file that were not understood: what an importer can say the meaning of, once for all.

Only coded columns and columns of places, never one of a person; and of these no word that holds
a number which could be somebody's: in a file whose columns have slipped, anything stands anywhere.
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from data_access.imports import values
from data_access.imports.codes import CodeLists
from data_access.imports.columns import Column, Kind
from data_access.imports.headers import Header
from data_access.imports.rows import Entry, cells_of, split_codes
from data_access.imports.values import BadValue
from domain.imports import Profile, RejectReason, UnknownWord
from domain.organisation import UnitLevel
from domain.privacy import redact

MOST_WORDS = 200
_LONGEST_WORD = 30
_PLACES = {"town": UnitLevel.TOWN, "community": UnitLevel.COMMUNITY, "grid": UnitLevel.GRID}
# The files whose places `FileMapping.places` is asked for: of units themselves it is not.
_OF_PLACES = frozenset({Profile.CASES, Profile.COMMITTEES})
_REASONS = frozenset(
    {RejectReason.NOT_A_CODE, RejectReason.UNKNOWN_UNIT, RejectReason.AMBIGUOUS_UNIT}
)


def unknown_words(
    header: Header, entries: Iterable[Entry], lists: CodeLists
) -> tuple[UnknownWord, ...]:
    """The words that rows were sent back for, the most frequent first, at most MOST_WORDS."""
    columns = {
        column.key: (column, shown)
        for _, column, shown in header.columns
        if _can_be_mapped(column, header.profile)
    }
    counted: Counter[tuple[str, str]] = Counter()
    for entry in entries:
        wanted = [key for key, reason in entry.problems if reason in _REASONS and key in columns]
        if wanted:
            cells = cells_of(header, entry)
            for key in wanted:
                column, shown = columns[key]
                counted.update({(key, word) for word in _words(column, cells[shown], lists)})
    return tuple(
        UnknownWord(columns[key][1], word, rows, columns[key][0].codes, _PLACES.get(key))
        for (key, word), rows in counted.most_common(MOST_WORDS)
    )


def _can_be_mapped(column: Column, profile: Profile) -> bool:
    if column.personal:
        return False
    return bool(column.codes) or (column.key in _PLACES and profile in _OF_PLACES)


def _words(column: Column, cell: str, lists: CodeLists) -> Iterator[str]:
    text = values.clean(cell)
    parts = split_codes(text) if column.kind is Kind.CODES else [text]
    for word in parts:
        nobody = word and len(word) <= _LONGEST_WORD and redact(word, ()) == word
        if nobody and not (column.codes and _is_known(column.codes, word, lists)):
            yield word


def _is_known(codes: str, word: str, lists: CodeLists) -> bool:
    try:
        lists.code(codes, word)
    except BadValue:
        return False
    return True
