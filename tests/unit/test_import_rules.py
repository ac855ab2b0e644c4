"""What a stated case means."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import data_access
import domain.imports
from domain.cases import Difficulty, Risk, Stage, difficulty_of
from domain.clocks import day_of, deadline, stated_limit
from domain.imports import (
    FileProblem,
    FileRefused,
    Note,
    RejectReason,
    StatedEnd,
    contradiction,
    outcome_by_method,
    risk_by_facts,
    stage_of,
)
from domain.work_calendar import WorkCalendar
from texts import use
from texts.imports import file_refused, note_sentence, reason_sentence

NOTHING = StatedEnd(None, None, None)


def test_a_row_that_says_nothing_waits_for_acceptance():
    assert stage_of(NOTHING, accepted=False, has_mediator=False) is Stage.REGISTERED
    assert stage_of(NOTHING, accepted=True, has_mediator=False) is Stage.ACCEPTED
    assert stage_of(NOTHING, accepted=False, has_mediator=True) is Stage.IN_MEDIATION


def test_success_closes_unless_performance_or_confirmation_is_open():
    settled = StatedEnd(None, settled=True, outcome_code=None)
    assert stage_of(settled, accepted=True, has_mediator=True) is Stage.CLOSED
    for stage in (Stage.PERFORMANCE, Stage.CONFIRMATION):
        stated = StatedEnd(stage, settled=True, outcome_code=None)
        assert stage_of(stated, accepted=True, has_mediator=True) is stage


def test_not_settled_yet_is_open():
    stated = StatedEnd(None, settled=False, outcome_code=None)
    assert stage_of(stated, accepted=True, has_mediator=False) is Stage.ACCEPTED


def test_a_stage_without_a_mediator_who_may_take_it_waits_for_one():
    stated = StatedEnd(Stage.IN_MEDIATION, None, None)
    assert stage_of(stated, accepted=False, has_mediator=False) is Stage.ACCEPTED


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        (StatedEnd(Stage.CLOSED, None, None), RejectReason.STAGE_WITHOUT_OUTCOME),
        (StatedEnd(Stage.CLOSED, settled=False, outcome_code=None),
         RejectReason.STAGE_WITHOUT_OUTCOME),
        (StatedEnd(Stage.CLOSED, settled=False, outcome_code="O04"), None),
        (StatedEnd(Stage.IN_MEDIATION, settled=True, outcome_code=None),
         RejectReason.OUTCOME_WITHOUT_END),
        (StatedEnd(Stage.REGISTERED, None, "O01"), RejectReason.OUTCOME_WITHOUT_END),
        (StatedEnd(Stage.PERFORMANCE, settled=True, outcome_code="O01"), None),
        (NOTHING, None),
    ],
)  # fmt: skip
def test_contradictions_are_seen(stated, reason):
    assert contradiction(stated) is reason


moments = st.datetimes(datetime(2020, 1, 2), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def stated_deadline(start, last):
    return deadline(start, stated_limit(Stage.IN_MEDIATION, start, last), WorkCalendar())


@given(moments, st.integers(0, 400))
def test_a_stated_last_day_ends_at_midnight_also_on_a_day_off(start, days):
    last = day_of(start) + timedelta(days=days)
    due = stated_deadline(start, last)
    assert day_of(due.due_at - timedelta(seconds=1)) == last
    assert day_of(due.due_at) == last + timedelta(days=1)
    assert start <= due.soon_at <= due.due_at


@given(moments, st.integers(1, 400))
def test_a_last_day_before_the_start_is_no_deadline(start, days):
    with pytest.raises(ValueError, match="before the start"):
        stated_deadline(start, day_of(start) - timedelta(days=days))


def test_yellow_comes_after_seven_tenths_of_the_stated_days():
    due = stated_deadline(datetime(2026, 3, 2, 1, tzinfo=UTC), date(2026, 3, 12))
    assert day_of(due.soon_at - timedelta(seconds=1)) == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("people", "amount", "risk", "scale", "difficulty"),
    [
        (2, None, Risk.BLUE, "01", Difficulty.ORDINARY),
        (9, 49_999, Risk.ORANGE, "02", Difficulty.ORDINARY),
        (10, None, Risk.BLUE, "02", Difficulty.COMPLEX),
        (2, 50_000, Risk.BLUE, "01", Difficulty.COMPLEX),
        (100, None, Risk.BLUE, "01", Difficulty.MAJOR),
        (2, None, Risk.RED, "01", Difficulty.MAJOR),
        (2, None, Risk.BLUE, "03", Difficulty.MAJOR),
    ],
)
def test_difficulty_by_what_can_be_counted(people, amount, risk, scale, difficulty):
    found = difficulty_of(people, amount_yuan=amount, risk=risk, scale_code=scale)
    assert found is difficulty


def test_what_nobody_counted_makes_nothing_difficult():
    assert difficulty_of(2, amount_yuan=None) is Difficulty.ORDINARY
    assert difficulty_of(10, amount_yuan=None) is Difficulty.COMPLEX


def test_every_refusal_of_a_row_or_file_is_given_somewhere():
    """A reason that nothing gives is a sentence that nobody reads."""
    code = "".join(
        path.read_text() for path in Path(data_access.__file__).parent.glob("imports/**/*.py")
    )
    rules = Path(domain.imports.__file__).read_text()
    for kind in (RejectReason, FileProblem):
        for one in kind:
            told = (f"{kind.__name__}.{one.name}", f'"{one.value}"')
            assert any(word in code for word in told) or told[0] in rules, one


def test_risk_follows_the_scale():
    assert [risk_by_facts(code) for code in ("01", "02", "03", "??")] == [
        Risk.BLUE, Risk.YELLOW, Risk.ORANGE, Risk.BLUE,
    ]  # fmt: skip


def test_no_written_agreement_is_ever_assumed():
    methods = [None, "01", "0103", "02", "0203", "03", "04", "05", "06"]
    assert [outcome_by_method(method) for method in methods] == [
        "O02", "O02", "O02", "O10", "O10", "O11", "O11", "O09", "O03",
    ]  # fmt: skip


def test_every_reason_has_its_own_sentence():
    use("zh")
    sentences = [reason_sentence(reason) for reason in RejectReason]
    assert len(set(sentences)) == len(sentences)
    assert all(sentence and not sentence.isascii() for sentence in sentences)


def test_every_refused_file_and_note_has_its_own_sentence():
    use("zh")
    files = [file_refused(FileRefused(problem, "甲", "乙")) for problem in FileProblem]
    notes = [note_sentence(note, 3) for note in Note]
    assert len(set(files + notes)) == len(files + notes)
    assert all("{" not in sentence for sentence in files + notes)
    assert all("3" in sentence for sentence in notes)
