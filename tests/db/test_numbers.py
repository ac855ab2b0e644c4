"""Numbers handed out in order: none twice, none left out, a new series each year."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlalchemy import BigInteger, literal, select

from data_access import numbers
from data_access.tables import Counter
from domain.clocks import BEIJING
from tests.world import World

MIDNIGHT = datetime(2027, 1, 1, tzinfo=BEIJING)


def take(db, name="case", *, county_id=1, count=1):
    return list(
        db.write(lambda session: numbers.reserve(session, name, county_id=county_id, count=count))
    )


def test_numbers_begin_at_one_and_follow_each_other(db):
    assert [take(db), take(db, count=3), take(db)] == [[1], [2, 3, 4], [5]]


def test_each_kind_and_each_county_has_its_own_series(db):
    assert take(db, count=2) == [1, 2]
    assert take(db, "party") == [1]
    assert take(db, county_id=2) == [1]
    assert take(db) == [3]


def test_a_write_that_fails_gives_its_numbers_back(committed):
    def fails(session):
        numbers.reserve(session, "case", county_id=1, count=5)
        raise ZeroDivisionError

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            committed.write(fails)
    assert take(committed) == [1]


def test_eight_threads_get_every_number_once(committed):
    """The very first numbers of a series among them: all eight find no row."""
    gate = threading.Barrier(8)

    def taker(place):
        gate.wait()
        return [number for _ in range(20) for number in take(committed, count=1 + place % 3)]

    with ThreadPoolExecutor(8) as pool:
        taken = [number for mine in pool.map(taker, range(8)) for number in mine]
    assert sorted(taken) == list(range(1, len(taken) + 1))
    with committed.read() as session:
        assert session.scalars(select(Counter.last)).all() == [len(taken)]


def test_two_first_uses_at_once_wait_for_each_other(committed):
    first_has_reserved, results = threading.Event(), []

    def first(session):
        results.append(list(numbers.reserve(session, "party", county_id=1, count=2)))
        first_has_reserved.set()
        threading.Event().wait(0.2)  # the other is asking for the same row by now

    def second():
        first_has_reserved.wait(5)
        results.append(take(committed, "party", count=2))

    thread = threading.Thread(target=second)
    thread.start()
    committed.write(first)
    thread.join(10)
    assert results == [[1, 2], [3, 4]]


def test_the_first_that_fails_leaves_the_first_number_to_the_second(committed):
    first_has_reserved = threading.Event()

    def first(session):
        numbers.reserve(session, "party", county_id=1)
        first_has_reserved.set()
        threading.Event().wait(0.1)
        raise ZeroDivisionError

    def second():
        first_has_reserved.wait(5)
        return take(committed, "party")

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(second)
        with pytest.raises(ZeroDivisionError):
            committed.write(first)
        assert waiting.result(10) == [1]


@pytest.mark.parametrize(
    ("at", "ordinal", "number"),
    [
        (datetime(2026, 3, 2, tzinfo=UTC), 1, "D2026-00001"),
        (datetime(2026, 3, 2, tzinfo=UTC), 3187, "D2026-03187"),
        (datetime(2026, 3, 2, tzinfo=UTC), 123_456, "D2026-123456"),
        (MIDNIGHT - timedelta(microseconds=1), 9, "D2026-00009"),
        (MIDNIGHT.astimezone(UTC), 1, "D2027-00001"),
    ],
)
def test_a_case_number_has_the_year_of_beijing(at, ordinal, number):
    assert numbers.case_number(at, ordinal) == number


@settings(deadline=None)
@given(some.datetimes(timezones=some.just(UTC), min_value=datetime(1990, 1, 1)))  # noqa: DTZ001
def test_number_and_series_agree_on_the_year(at):
    year = numbers.case_number(at, 1)[1:5]
    assert numbers.case_counter(at) == f"case_no:{year}"


def test_a_new_year_begins_a_new_series_and_leaves_the_old_one(db):
    world = World(db)
    registered = [
        MIDNIGHT - timedelta(minutes=1),
        MIDNIGHT,
        MIDNIGHT + timedelta(minutes=1),
        MIDNIGHT - timedelta(hours=1),
    ]
    found = [world.case(registered_at=at.astimezone(UTC)).case_no for at in registered]
    assert found == ["D2026-00001", "D2027-00001", "D2027-00002", "D2026-00002"]


@pytest.mark.parametrize("ordinal", [1, 9_999, 10_000, 99_999, 100_000, 1_234_567])
def test_the_database_writes_a_case_number_as_we_do(db, ordinal):
    with db.read() as session:
        made = session.scalar(select(numbers.case_number_of(2027, literal(ordinal, BigInteger))))
    assert made == numbers.case_number(MIDNIGHT, ordinal)
