"""What is free goes back to the machine, and the thread that sees to it ends with the server."""

import threading

import pytest

from server import memory


def names():
    return {one.name for one in threading.enumerate()}


def test_the_thread_lives_as_long_as_the_server():
    if memory._c_library() is None:
        pytest.skip("another C library than glibc")
    with memory.tidy_memory():
        assert "memory" in names()
    assert "memory" not in names()


def test_what_was_freed_is_given_back_again_and_again(monkeypatch):
    if memory._c_library() is None:
        pytest.skip("another C library than glibc")
    given, third = [], threading.Event()

    def give_back():
        given.append(True)
        if len(given) == 3:
            third.set()

    monkeypatch.setattr(memory, "_EVERY_SECONDS", 0.001)
    monkeypatch.setattr(memory, "give_back", give_back)
    with memory.tidy_memory():
        assert third.wait(10)


def test_another_c_library_is_left_alone(monkeypatch):
    monkeypatch.setattr(memory, "_c_library", lambda: None)
    with memory.tidy_memory():
        assert "memory" not in names()
    assert memory.give_back() is False
