"""Rows kept small: they come back as they were, whatever stands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from data_access.imports import lines
from data_access.imports.lines import Line, Lines, pack
from domain.imports import FileProblem, FileRefused

CELLS = some.text(some.characters(exclude_characters="\x1e\x1f"), max_size=12)
ROWS = some.lists(some.lists(CELLS, min_size=2, max_size=2), max_size=30)


@given(ROWS)
def test_rows_come_back_as_they_were_and_as_often_as_asked(rows):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "PORTION", 7)
        kept = Lines()
        for number, cells in enumerate(rows, start=5):
            kept.add(pack(number, cells))
    assert len(kept) == len(rows)
    for _ in range(2):
        portions = [*kept.portions()]
        assert all(len(portion) == 7 for portion in portions[:-1])
        found = [(line.number, line.cells) for portion in portions for line in portion]
        assert found == [*enumerate(rows, start=5)]


def test_marks_of_our_own_say_nothing_in_a_cell():
    assert pack(1, ["a\x1fb", "c\x1ed", "e"]) == Line(1, "ab\x1fcd\x1fe")
    assert pack(1, ["a\x1e", "b"]).cells == ["a", "b"]


def test_more_text_than_any_office_has_is_refused(monkeypatch):
    monkeypatch.setattr(lines, "MOST_CHARACTERS", 10)
    kept = Lines()
    kept.add(pack(1, ["abcd", "efgh"]))
    with pytest.raises(FileRefused) as refused:
        kept.add(pack(2, ["a", "b"]))
    assert refused.value.problem is FileProblem.TOO_HEAVY
