"""The flow of two years: its stock, its endings, and that no rule was ever broken on the way."""

import csv
from collections import Counter, defaultdict
from datetime import date
from itertools import pairwise

import pytest

from data_access.demo.alarms import alarms
from data_access.demo.arrivals import DAY, HOUR
from data_access.demo.load import DAYS, plan_demo
from data_access.reference import _FOLDER, _NEEDS_SPECIALIST
from domain.cases import HELD_STAGES, EventKind, ReassignReason, Risk, Stage
from domain.clocks import DEFAULT_LIMITS, Clock, Pause, Running
from domain.eligibility import Candidate, CaseFacts, objections
from domain.transitions import LEVELS, TRANSITIONS
from domain.work_calendar import WorkCalendar

TODAY = date(2026, 3, 20)
END = DAYS * DAY
OPEN_STAGES = [stage for stage in Stage if stage is not Stage.CLOSED]


@pytest.fixture(scope="module")
def clock():
    with (_FOLDER / "work_day.csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    days = {date.fromisoformat(row["day"]): row["working"] == "1" for row in rows}
    return Clock(DEFAULT_LIMITS, WorkCalendar(days))


@pytest.fixture(scope="module")
def plan(clock):
    # A seed by which people leave with cases in their hands: few leave, and of some counties none.
    return plan_demo(clock, today=TODAY, seed=1, specialist_types=_NEEDS_SPECIALIST)


@pytest.fixture(scope="module")
def stories(plan):
    return plan.history.stories


@pytest.fixture(scope="module")
def open_stories(stories):
    return [story for story in stories if story.is_open]


def stays(stories):
    """Each stay in a stage: (stage, entered, left or None)."""
    for story in stories:
        entered = story.steps[0].at
        for before, after in pairwise([*story.steps, None]):
            stage = before.after.stage
            if after is None:
                if stage is not Stage.CLOSED:
                    yield stage, entered, None
            elif after.after.stage is not stage:
                if stage is not Stage.CLOSED:
                    yield stage, entered, after.at
                entered = after.at


@pytest.mark.parametrize("stage", OPEN_STAGES)
def test_littles_law_holds(stories, stage):
    """L = λW per stage over the last year: the stock is what the flow leaves, nothing was placed.

    L is counted at moments, λ and W are measured from entries, so that the three are independent.
    """
    begin = END - 365 * DAY
    found = [(entered, left) for kind, entered, left in stays(stories) if kind is stage]
    moments = range(begin, END, DAY // 4)
    edges = sorted(
        [(entered, 1) for entered, _ in found] + [(left, -1) for _, left in found if left]
    )
    stock, level, place = [], 0, 0
    for moment in moments:
        while place < len(edges) and edges[place][0] <= moment:
            level += edges[place][1]
            place += 1
        stock.append(level)
    mean_stock = sum(stock) / len(stock)
    waits = [left - entered for entered, left in found if entered >= begin and left]
    entered_in_year = sum(entered >= begin for entered, _ in found)
    expected = entered_in_year / (END - begin) * (sum(waits) / len(waits))
    assert mean_stock == pytest.approx(expected, rel=0.1)
    if stage in {Stage.IN_MEDIATION, Stage.PERFORMANCE}:
        assert 0.5 * mean_stock < stock[-1] < 1.7 * mean_stock


def test_about_a_tenth_of_the_open_stock_is_late(plan, open_stories):
    now = plan.time.moment(END)
    assert 220 < len(open_stories) < 400
    running = [story for story in open_stories if not story.now.paused]
    late = sum(story.now.deadline.due_at <= now for story in running) / len(open_stories)
    assert 0.04 <= late <= 0.15


def stood_still(story, plan):
    """The pauses of a story's present stage, out of its steps."""
    since = None
    for step in story.steps:
        if step.at >= story.now.stage_since and step.kind in {"parked", "merged"}:
            since = step.at
        elif since is not None and step.kind in {"resumed", "unmerged"}:
            yield Pause(plan.time.moment(since), plan.time.moment(step.at))
            since = None


def test_deadlines_are_the_products_own(plan, open_stories, clock):
    """Of all that is open, day by day: a parked case keeps the deadline that it had."""
    for story in open_stories:
        now = story.now
        running = Running(
            now.stage,
            story.dispute.difficulty,
            plan.time.moment(now.stage_since),
            now.stated_due_on,
            tuple(stood_still(story, plan)),
            now.extended,
            now.limit_level,
        )
        assert clock.explain(running).deadline == now.deadline


def ways(event, stage):
    return [t for t in TRANSITIONS.values() if t.event is event and stage in t.sources]


def test_every_step_is_one_of_the_table(stories):
    """Replayed: from a stage that the table names, to where it leads; what is told by another case,
    and what gives a case to somebody, moves nothing but by assigning it."""
    taken = Counter()
    for story in stories:
        assert story.steps[0].kind is EventKind.REGISTERED
        for before, step in pairwise(story.steps):
            source, target = before.after.stage, step.after.stage
            taken[step.kind] += 1
            match step.kind:
                case EventKind.ON_THE_SPOT:
                    assert (source, target) == (Stage.REGISTERED, Stage.CLOSED)
                case EventKind.ASSIGNED:
                    assert (source, target) == (Stage.ACCEPTED, Stage.IN_MEDIATION)
                case EventKind.REASSIGNED:
                    assert source is target
                    assert source in HELD_STAGES
                case EventKind.MERGED_INTO | EventKind.UNMERGED_FROM | EventKind.RED_ACKNOWLEDGED:
                    assert before.after == step.after
                case EventKind.UNMERGED:
                    assert ways(step.kind, source)
                case _:
                    leads = {t.target or source for t in ways(step.kind, source)}
                    assert target in leads, (step.kind, source)
    everything = {transition.event for transition in TRANSITIONS.values()}
    assert set(taken) >= everything | {EventKind.ON_THE_SPOT, EventKind.ASSIGNED}


def test_all_that_the_table_takes_back_and_refuses_is_there(stories):
    """Codes of all outcomes; both forms; each level; answers to extensions of both kinds."""
    ended = {story.now.outcome for story in stories if not story.is_open}
    onward = {"O09", "O10", "O11", "O12"}
    # Nothing but the police comes of a case without that something came of its mediation before.
    assert ended == {f"O{code:02}" for code in range(1, 15)} - onward | {"O12"}
    assert {story.now.onward for story in stories if not story.is_open} == onward | {None}
    refused_or_agreed = {"O01", "O02", "O05"}
    assert refused_or_agreed <= {story.now.outcome for story in stories if story.now.onward}
    forms = {step.after.form for story in stories for step in story.steps}
    assert len(forms) == 3
    merged = [story for story in stories if story.now.merged_into is not None]
    for story in merged:
        into = stories[story.now.merged_into]
        told = [s for s in into.steps if s.kind is EventKind.MERGED_INTO]
        assert any(s.data["merged"] == story.place for s in told)
        assert into.dispute.parties == story.dispute.parties
        assert story.now.outcome == "O14"
    assert len(merged) > 20


def share(stories, *kinds):
    """Of all cases that were accepted, those to which one of these ever happened."""
    accepted = [s for s in stories if any(step.kind is EventKind.ACCEPTED for step in s.steps)]
    return sum(any(step.kind in kinds for step in s.steps) for s in accepted) / len(accepted)


@pytest.mark.parametrize(
    ("kinds", "low", "high"),
    [
        ((EventKind.EXTENSION_ASKED,), 0.05, 0.15),
        ((EventKind.EXTENSION_REFUSED,), 0.01, 0.04),
        ((EventKind.PARKED,), 0.01, 0.03),
        ((EventKind.SUPERVISED,), 0.03, 0.12),
        ((EventKind.RETURNED,), 0.005, 0.02),
        ((EventKind.REFUSED,), 0.015, 0.04),
        ((EventKind.REFERRED,), 0.002, 0.01),
        ((EventKind.DEFAULTED,), 0.01, 0.04),
        ((EventKind.REOPENED,), 0.003, 0.015),
        ((EventKind.CONFIRMATION_ASKED,), 0.03, 0.1),
    ],
)
def test_what_happens_seldom_happens_as_seldom_as_it_should(stories, kinds, low, high):
    assert low <= share(stories, *kinds) <= high


def states(story, plan):
    """What of the stages and side states an open case shows."""
    now = story.now
    yield now.stage
    if now.paused:
        yield "parked"
    if now.extension_asked is not None:
        yield "asked"
    if now.extended:
        yield "extended"
    if now.supervised:
        yield LEVELS[now.supervised - 1]
    if any(step.kind is EventKind.REOPENED for step in story.steps):
        yield "reopened"


EVERYTHING = {*OPEN_STAGES, "parked", "asked", "extended", *LEVELS, "reopened"}


def test_every_stage_and_side_state_is_to_be_seen(plan, open_stories):
    assert {state for story in open_stories for state in states(story, plan)} == EVERYTHING


@pytest.mark.parametrize(
    ("today", "seed"),
    [(date(2025, 2, 10), 510129), (date(2025, 10, 9), 510129), (date(2026, 11, 22), 510129),
     (date(2026, 5, 6), 3)],
)  # fmt: skip
def test_on_other_days_too(clock, today, seed):
    """After the Spring Festival, after the October holidays, on a Sunday, in another county."""
    plan = plan_demo(clock, today=today, seed=seed, specialist_types=_NEEDS_SPECIALIST)
    shown = [one for one in plan.history.stories if one.is_open]
    assert {state for story in shown for state in states(story, plan)} == EVERYTHING
    placed = [s for story in shown for s in story.steps if s.at == END - 3 * 3600]
    assert len(placed) <= 6


def test_endings_are_those_of_the_field(stories):
    ended = Counter(story.now.outcome for story in stories if not story.is_open)
    settled = ended["O01"] + ended["O02"]
    failed = sum(ended[code] for code in ("O04", "O06", "O07", "O08", "O09", "O10", "O11"))
    assert 0.92 <= settled / (settled + failed) <= 0.98
    assert 0.6 <= ended["O02"] / settled <= 0.8
    asked = sum(any(s.after.stage is Stage.CONFIRMATION for s in one.steps) for one in stories)
    assert 0.05 <= asked / ended["O01"] <= 0.30


def test_on_the_spot_is_one_step_from_registration_to_settled(stories):
    spot = [story for story in stories if story.dispute.on_the_spot]
    for story in spot:
        registered, settled = story.steps[:2]
        assert (settled.kind, settled.at) == (EventKind.ON_THE_SPOT, registered.at)
        assert (settled.after.stage, settled.after.outcome) == (Stage.CLOSED, "O02")
    assert 0.1 < len(spot) / len(stories) < 0.3


def test_steps_are_in_order_and_in_the_past(stories):
    for story in stories:
        times = [step.at for step in story.steps]
        assert times == sorted(times)
        assert times[-1] < END
        assert story.steps[0].kind is EventKind.REGISTERED
        for step in story.steps:
            after = step.after
            assert (after.stage in HELD_STAGES) <= (after.mediator is not None)


def test_confirmation_never_outlasts_its_window(stories):
    """人民调解法 33: thirty days, after which there is nothing to confirm."""
    for stage, entered, left in stays(stories):
        if stage is Stage.CONFIRMATION and left is not None:
            assert left - entered <= 31 * DAY


def test_cases_change_hands_for_every_reason(stories):
    reasons = Counter(
        step.reason for s in stories for step in s.steps if step.kind is EventKind.REASSIGNED
    )
    assert set(reasons) == set(ReassignReason) - {
        ReassignReason.FIRST_ASSIGNMENT,
        ReassignReason.OTHER,
    }
    assigned = sum(step.kind is EventKind.ASSIGNED for s in stories for step in s.steps)
    assert 0.03 <= reasons.total() / assigned <= 0.12


def test_full_time_people_carry_most_and_unevenly(plan, open_stories):
    held = Counter(story.now.mediator for story in open_stories if story.now.mediator is not None)
    people = plan.workforce.mediators
    full_time = {one: count for one, count in held.items() if people[one].full_time}
    part_time = {one: count for one, count in held.items() if not people[one].full_time}
    assert sum(full_time.values()) > 0.75 * held.total()
    assert max(part_time.values()) <= 2
    assert max(full_time.values()) >= 10
    assert sum(one.full_time for one in people) - len(full_time) >= 20


def test_a_few_are_above_their_new_capacity(plan, open_stories):
    held = Counter(story.now.mediator for story in open_stories if story.now.mediator is not None)
    above = [one for one, count in held.items() if count > plan.workforce.mediators[one].capacity]
    assert 1 <= len(above) <= 8


def test_nobody_was_ever_given_a_case_against_the_rules(plan, stories):
    """Replays every assignment with loads of its own counting, and asks the domain each time.

    What is given up and what is taken in one second is told in no order: given up goes first.
    """
    county, workforce = plan.county, plan.workforce
    moves = []
    for story in stories:
        for told, step in pairwise(story.steps):
            held, holds = (
                None if one.after.stage is Stage.CLOSED else one.after.mediator
                for one in (told, step)
            )
            if held != holds:
                moves.append((step.at, 0, story.place, held, None, story, told.after))
                moves.append((step.at, 1, story.place, None, holds, story, told.after))
    load, checked = Counter(), 0
    for at, _, _, held, holds, story, before in sorted(moves, key=lambda move: move[:3]):
        if held is not None:
            load[held] -= 1
        if holds is None:
            continue
        dispute, plan_of = story.dispute, workforce.mediators[holds]
        committee, day = workforce.committees[plan_of.committee], plan.time.day(at)
        capacity = plan_of.capacity if day >= plan_of.reviewed_on else plan_of.earlier_capacity
        candidate = Candidate(
            holds,
            plan_of.name,
            plan_of.committee,
            committee.name,
            committee.kind,
            committee.town,
            committee.community,
            frozenset(plan_of.specialities),
            capacity,
            load[holds],
            0,
            active=plan_of.left_on is None or day < plan_of.left_on,
            absent=any(absence.covers(day) for absence in plan_of.absences),
        )
        facts = CaseFacts(
            county.town_of(dispute.community),
            dispute.community,
            dispute.type.code,
            dispute.type.code in _NEEDS_SPECIALIST,
            before.mediator,
            story.weight,
        )
        assert objections(candidate, facts) == []
        load[holds] += 1
        checked += 1
    assert checked > 7000


def test_the_related_do_not_hold_the_case(plan, stories):
    related = defaultdict(set)
    for mediator, identity, _kind, _day in plan.history.relations:
        related[identity].add(mediator)
    touched = 0
    for story in stories:
        for _, person in story.dispute.parties:
            if person.identity in related:
                touched += story.is_open
                assert story.now.mediator not in related[person.identity]
    assert touched >= 5


def test_same_seed_and_day_same_flow(clock):
    def told(seed):
        plan = plan_demo(
            clock, today=TODAY, seed=seed, scale=0.04, specialist_types=_NEEDS_SPECIALIST
        )
        return [(story.dispute, story.steps) for story in plan.history.stories]

    assert told(3) == told(3)
    assert told(3) != told(4)


def test_red_events_are_acknowledged_within_minutes_but_for_the_youngest(stories):
    found = [(story, alarm) for story in stories for alarm in alarms(story)]
    assert len(found) > 20
    assert all(story.dispute.risk is Risk.RED for story, _alarm in found)
    going_on = [alarm for _story, alarm in found if alarm.ended_at is None]
    left = [alarm for alarm in going_on if alarm.acknowledged_at is None]
    assert [alarm.at for alarm in left] == [max(alarm.at for alarm in going_on)]
    known = [alarm for _story, alarm in found if alarm.acknowledged_at is not None]
    assert len(known) > 0.9 * len(found)
    assert all(60 <= alarm.acknowledged_at - alarm.at <= 2 * HOUR for alarm in known)


def test_every_red_dispute_that_was_open_had_its_alarm_and_no_other_dispute_any(stories):
    for story in stories:
        was_open = story.steps[2 if story.dispute.on_the_spot else 0 :]
        red = story.dispute.risk is Risk.RED and any(
            step.after.stage is not Stage.CLOSED for step in was_open
        )
        told = list(alarms(story))
        assert bool(told) is red
        going_on = [alarm for alarm in told if alarm.ended_at is None]
        assert len(going_on) == (red and story.is_open)


def test_steps_stay_in_order_of_time(stories):
    assert all(one.at <= two.at for story in stories for one, two in pairwise(story.steps))
