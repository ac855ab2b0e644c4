"""A few threads at once, and whoever comes on top hears so at once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest

from domain.errors import SignInProblem, SignInRefused
from server.places import Places


def in_a_loop(work):
    """What `work` answers in an event loop of its own, whatever runs in this thread."""
    with ThreadPoolExecutor(1) as aside:
        return aside.submit(anyio.run, work).result(30)


def test_of_many_that_come_in_one_turn_no_more_get_in_than_there_are_places():
    go_on, inside, answers = threading.Event(), [], []

    def work():
        inside.append(1)
        go_on.wait(20)
        return "done"

    async def one(places):
        try:
            answers.append(await places.run(work))
        except SignInRefused as refused:
            answers.append(refused.problem)
            # All of the others have been told by then: nobody waits for a place.
            if answers.count(SignInProblem.BUSY) == 4:
                go_on.set()

    async def everybody():
        places = Places(2)
        async with anyio.create_task_group() as together:
            for _ in range(6):
                together.start_soon(one, places)
        assert await places.run(lambda: "free again") == "free again"

    in_a_loop(everybody)
    assert len(inside) == 2
    assert answers.count("done") == 2


def test_a_place_is_free_again_after_an_error():
    def broken():
        raise ZeroDivisionError

    async def twice():
        places = Places(1)
        with pytest.raises(ZeroDivisionError):
            await places.run(broken)
        return await places.run(lambda: 7)

    assert in_a_loop(twice) == 7
