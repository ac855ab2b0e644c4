"""Kills in the middle of work: what was answered is there, what was refused is not.

Workers reassign, take back, look behind masks, bring in files, make accounts and posts, as fast as
they can, and are killed with SIGKILL at random moments; on PostgreSQL also the backends that serve
them, and the whole server. Every so many kills the county is looked at while the others go on.
"""

import os
import time
from collections import Counter

from tests.drill.conftest import Workers

KILLS = int(os.environ.get("DRILL_KILLS", "200"))
WORKERS = 4
ROUND = 20
# Between two kills there is some work, and then a moment that falls anywhere in the next.
ANSWERS_BETWEEN, LONGEST_MOMENT = 10, 0.03
# Out of a hundred on PostgreSQL.
WAYS = {"client": 55, "terminate": 15, "backend": 20, "restart": 10}


def test_writers_are_killed(county, chance, say):
    done, started = Counter(), time.monotonic()
    with Workers(county.place, WORKERS, chance) as workers:
        workers.wait_until_at_work()
        while done.total() < KILLS:
            workers.wait_for_answers(chance.randrange(1, ANSWERS_BETWEEN))
            time.sleep(chance.uniform(0, LONGEST_MOMENT))
            way = kill(county, workers, chance)
            if way is None:
                continue
            done[way] += 1
            if done.total() % ROUND == 0:
                county.check()
    again = county.settle()
    answers, reckoning = county.check()
    told = Counter(answers.tried[one]["operation"] for one in answers.done)
    say(f"{done.total()} kills ({words(done)}) in {time.monotonic() - started:.0f} s")
    say(f"{len(answers.done)} answered ({words(told)}), {len(answers.refused)} refused")
    say(f"{len(answers.unanswered)} never answered, {reckoning.late} of them done all the same")
    say(f"{again} of these were answered when asked again")
    say(f"{answers.lost.total()} times the database gave no answer")
    say("0 answered and lost, 0 refused and done, 0 done twice, 0 invariants broken")
    assert done.total() >= KILLS
    assert len(answers.done) > KILLS
    assert answers.unanswered, "no kill came between a request and its answer"


def kill(county, workers, chance):
    """One kill, in one of the ways that the database has. Returns which, or None for none."""
    server = county.postgres
    way = "client" if server is None else chance.choices([*WAYS], [*WAYS.values()])[0]
    if way == "client":
        return way if workers.kill_one() else None
    if way == "restart":
        server.restart()
        return way
    backends = server.backends(county.db.bind.url.database)
    if not backends:
        return None
    (server.terminate if way == "terminate" else server.kill_backend)(chance.choice(backends))
    return way


def words(counter):
    """Counts in words: `12 reassign, 3 undo`."""
    return ", ".join(f"{count} {name}" for name, count in counter.most_common())
