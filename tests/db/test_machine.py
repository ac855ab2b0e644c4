"""Whatever people do to cases, in whatever order: they stand as a small model says, and hold."""

import os
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from domain.cases import Difficulty
from domain.transitions import Action
from tests.casework import BESIDE, OPEN, WAYS, Work

# The same walks each time, so that a change of the product is all that can change the outcome; for
# a longer search, MACHINE_WALKS=500: other walks each time, and one that fails is made short.
WALKS = int(os.environ.get("MACHINE_WALKS", "0"))
SETTINGS = settings(
    max_examples=WALKS or 10,
    stateful_step_count=60,
    derandomize=not WALKS,
    phases=(Phase.generate, Phase.shrink) if WALKS else (Phase.generate,),
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
AHEAD = [
    *([timedelta(), timedelta(minutes=7), timedelta(hours=5), timedelta(days=1)] * 2),
    timedelta(days=6),
    timedelta(days=33),
    # Two servers' clocks are never quite the same.
    timedelta(seconds=-2),
]
# Evenly spread, as no other draw of a search is: the rare ways are taken too.
CHANCE = st.randoms(use_true_random=True)
ACTIONS = [*WAYS, *BESIDE]
GIVEN = OPEN - {"registered"}
HAPPENS = [
    *(["step"] * 10),
    *(["give"] * 3),
    *("register", "any_step", "give_to_anybody", "take_back", "refused", "again"),
]


class Machine(RuleBasedStateMachine):
    """One walk: rules are drawn in any order, and after each the model is held against the tables.

    `ground` is a county without a case, in a transaction that is taken back after the walk.
    """

    ground = None
    taken: Counter

    def __init__(self):
        super().__init__()
        self.connection = self.ground.db.bind
        self.walk = self.connection.begin_nested()
        self.work = Work(self.ground, self._choose)
        self.chance = None

    def teardown(self):
        try:
            self.work.holds_together()
            self.taken.update(self.work.taken)
        finally:
            self.walk.rollback()

    def _choose(self, some):
        return self.chance.choice(some)

    def _case(self, which=None):
        fitting = [one for one in self.work.cases if which is None or which(one)]
        return self._choose(fitting) if fitting else None

    @initialize(chance=CHANCE)
    def begin(self, chance):
        self.chance = chance
        for place in ("a", "b", "a"):
            self.work.register(place)

    # One rule for everything: of several, a walk would be given only some, and get nowhere.
    @rule(chance=CHANCE)
    def happens(self, chance):
        self.chance = chance
        self.work.passes(self._choose(AHEAD))
        what = self._choose(HAPPENS)
        note(f"{self.work.now}: {what}")
        getattr(self, f"_{what}")()

    def _register(self):
        self.work.register(
            self._choose(list(self.work.places)),
            on_the_spot=self._choose([False, False, True]),
            type_code=self._choose(["0402", "0101"]),
            difficulty=self._choose(list(Difficulty)),
        )

    def _step(self):
        """One that is open: of all cases' those that were taken least, in this walk and before."""
        ways = [(one, *way) for one in self.work.cases for way in self.work.ways(one)]
        done = self.taken + Counter(self.work.taken)
        least = min((done[action] for _case, action, _given in ways), default=0)
        if rare := [one for one in ways if done[one[1]] <= least + 1]:
            self.work.step(*self._choose(rare))

    def _any_step(self):
        """One that mostly is not open: it is refused and changes nothing."""
        known, action = self._case(), self._choose(ACTIONS)
        self.work.step(known, action, self.work.given(known, action))

    def _give(self):
        known = self._case(lambda one: one.stage in GIVEN) or self._case()
        people = list(self.work.mediators)
        able = [one for one in people if self.work.against_giving(known, one) is None]
        self.work.give(known, self._choose(able or people), self._choose(self.work.heads))

    def _give_to_anybody(self):
        people = list(self.work.mediators)
        self.work.give(self._case(), self._choose(people), self._choose(self.work.heads))

    def _take_back(self):
        known = self._case(lambda one: one.undo) or self._case()
        self.work.take_back(known, self._choose(self.work.heads))

    def _refused(self):
        """From a stale screen, out of reach, badly filled in, or with another's key."""
        known, action = self._case(), self._choose(ACTIONS)
        given = self.work.given(known, action)
        match self._choose(["stale", "out of reach", "badly filled in", "same key"]):
            case "stale":
                self.work.stale(known, action, given)
            case "out of reach":
                self.work.out_of_reach(known, action, given)
            case "badly filled in":
                self.work.badly_filled_in(known, action)
            case _:
                self.work.same_key(known, action, given)

    def _again(self):
        self.work.again()

    @invariant()
    def stands_as_the_model_says(self):
        self.work.agrees()


@pytest.mark.timeout(0 if WALKS else 400)
def test_whatever_is_done_to_cases_they_hold_together(world):
    taken = Counter()
    machine = type("Walk", (Machine,), {"ground": world, "taken": taken})
    everything = {*Action, "assign", "reassign", "undo", "on_the_spot"}
    # The walks would prove nothing of what they never did. What is drawn depends on what else was
    # loaded; walks that come later go where none has been.
    for _more in range(3):
        run_state_machine_as_test(machine, settings=SETTINGS)
        if everything <= set(taken):
            break
    assert everything - set(taken) == set(), taken
