"""What the live parts take is written down, and what is long ago is not told."""

import pytest

from ui import refreshes


@pytest.fixture(autouse=True)
def nothing_drawn(monkeypatch):
    monkeypatch.setattr(refreshes, "_drawn", refreshes.deque(maxlen=5))


def test_nothing_drawn_is_told_as_nothing():
    assert refreshes.lately() == refreshes.Refreshes(0, 0, 0.0, 0.0, 0.0)


def test_a_draw_is_counted_with_its_time(monkeypatch):
    at = iter([10.0, 10.25])
    monkeypatch.setattr(refreshes.time, "perf_counter", lambda: next(at))
    refreshes.timed(lambda: None)()
    found = refreshes.lately()
    assert (found.count, found.median, found.longest) == (1, 250.0, 250.0)


def test_a_draw_that_is_broken_off_is_not_counted():
    def broken():
        raise RuntimeError

    with pytest.raises(RuntimeError):
        refreshes.timed(broken)()
    assert refreshes.lately().count == 0


def test_screens_are_those_that_looked_lately(monkeypatch):
    refreshes._drawn.extend([(0.0, 5.0, "gone"), (50.0, 6.0, "here"), (58.0, 7.0, "here")])
    monkeypatch.setattr(refreshes.time, "monotonic", lambda: 59.0)
    found = refreshes.lately()
    assert (found.screens, found.count) == (1, 3)
    monkeypatch.setattr(refreshes.time, "monotonic", lambda: 200.0)
    assert refreshes.lately().count == 0


def test_the_tail_is_told_beside_the_middle(monkeypatch):
    monkeypatch.setattr(refreshes.time, "monotonic", lambda: 1.0)
    monkeypatch.setattr(
        refreshes, "_drawn", refreshes.deque([(1.0, float(one), "a") for one in range(1, 101)])
    )
    found = refreshes.lately()
    assert (found.median, found.ninety_fifth, found.longest) == (50.5, 96.0, 100.0)


def test_the_memory_of_this_process_is_told_in_bytes():
    found = refreshes.memory()
    assert found is None or found > 10_000_000
