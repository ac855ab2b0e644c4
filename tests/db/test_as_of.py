"""Any past moment, asked of the intervals, is what telling all events anew comes to.

`Retold` knows no interval and no row of a case: only what happened, the table of transitions, and
the clock with the rules as they were when it happened.
"""

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, or_, select

from data_access.commands.import_file import import_file
from data_access.commands.risks import assess_risk
from data_access.commands.steps import take_step
from data_access.commands.work_calendar import change_calendar
from data_access.demo.load import load_demo
from data_access.engine import Database, open_engine
from data_access.queries import candidates, loads, queue
from data_access.queries.queue import Filters
from data_access.queries.rules import preview_days
from data_access.reference import load_clock
from data_access.tables import Case, CaseEvent, CaseSpan, Committee, Mediator, RuleChange
from domain.cases import WEIGHT, Difficulty, Risk, Stage
from domain.clocks import Clock, Limit, LimitUnit, Pause, Running, day_of, lamp
from domain.eligibility import level_of_committee
from domain.limits import amended
from domain.loads import WeightTable
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.transitions import LEVELS, TRANSITIONS, Action, Given, Need, Supervision
from domain.work_calendar import NamedDay
from tests import invariants
from tests.casework import Work
from tests.db.test_demo import DAY as DEMO_DAY
from tests.db.test_demo import NOW as DEMO_NOW
from tests.db.test_import_cases import GOOD, csv_file
from tests.world import NOW

MOMENTS = 200
PLACES = ("town_id", "community_id", "grid_id")
DAY = timedelta(days=1)


# --- the events, told anew ---------------------------------------------------------------------


@dataclass(frozen=True)
class Told:
    """A case as its events so far tell it."""

    places: tuple
    difficulty: Difficulty
    risk: int
    weight: int
    stage: Stage
    since: datetime
    stated: date | None = None
    limit_on: date | None = None
    level: UnitLevel | None = None
    extended: int = 0
    asked: int | None = None
    pauses: tuple = ()
    stopped_at: datetime | None = None
    supervised: int = 0
    mediator: int | None = None
    committee: int | None = None
    due: object = None

    def running(self):
        return Running(
            self.stage,
            self.difficulty,
            self.since,
            self.stated,
            self.pauses,
            self.extended,
            self.level,
            self.limit_on,
        )


def a_day(text):
    return None if text is None else date.fromisoformat(text)


def a_moment(text):
    return datetime.fromisoformat(text).astimezone(UTC)


class Retold:
    """A county as its events tell it. `first` is the clock before anybody changed the rules."""

    def __init__(self, session, county_id, first):
        self.levels = {
            row.id: level_of_committee(row.town_id, row.community_id)
            for row in session.scalars(select(Committee))
        }
        self.clocks = [(datetime.min.replace(tzinfo=UTC), first)]
        changes = select(RuleChange).where(RuleChange.county_id == county_id)
        for change in session.scalars(changes.order_by(RuleChange.id)):
            self.clocks.append((change.at, _changed(self.clocks[-1][1], change)))
        self.kinds = Counter()
        self.cases = defaultdict(list)
        events = select(CaseEvent).where(CaseEvent.county_id == county_id)
        for event in session.scalars(events.order_by(CaseEvent.case_id, CaseEvent.seq)):
            self.kinds[event.kind.value] += 1
            self.cases[event.case_id] += self._next(event, self.cases[event.case_id])

    def open_at(self, moment):
        """Every case that was open at a moment, as the view of one."""
        found = {}
        for case_id, told in self.cases.items():
            past = [one for since, _seq, one in told if since <= moment]
            if past and past[-1].stage is not Stage.CLOSED:
                found[case_id] = self._view(past[-1], moment)
        return found

    def turns(self):
        """The moments at which something happened."""
        return sorted({since for told in self.cases.values() for since, _seq, _one in told})

    def _view(self, one, moment):
        due_at, soon_at = (one.due.due_at, one.due.soon_at) if one.due else (None, None)
        paused = one.stopped_at is not None
        return View(
            one.stage,
            due_at,
            soon_at,
            lamp(now=moment, due_at=due_at, soon_at=soon_at, paused=paused),
            int(paused),
            one.risk,
            one.supervised,
            one.weight,
            *one.places,
            one.committee,
            one.mediator,
        )

    def _next(self, event, told):
        """What an event makes of a case, and from when on."""
        kind, data = event.kind.value, event.data
        if kind == "registered":
            return [(event.at, event.seq, self._registered(event))]
        if kind == "imported":
            return self._imported(event)
        if not told:
            # That an imported case had been settled is told before the case itself.
            assert (kind, event.seq) == ("settled", 1)
            return []
        before = told[-1][2]
        if kind == "updated":
            return [self._updated(event, before)]
        if kind == "undone":
            after = next(one for _at, seq, one in told if seq == data["undid"] - 1)
            after = self._due(replace(after, weight=before.weight), event.at)
        elif kind == "unmerged":
            after = self._unmerged(event, before, told)
        else:
            after = getattr(self, f"_{kind}", self._step)(event, before)
        # A stage may weigh more or less than the one before.
        weight = data.get("values", {}).get("weight", after.weight)
        return [(event.at, event.seq, replace(after, weight=weight))]

    def _clock(self, at):
        return next(clock for since, clock in reversed(self.clocks) if since <= at)

    def _due(self, one, at):
        return replace(one, due=self._clock(at).due(one.running()))

    def _begun(self, one, stage, at, *, stated=None, level=None):
        one = replace(one, stage=stage, since=at, stated=stated, level=level, limit_on=None)
        return self._due(replace(one, pauses=(), extended=0, asked=None), at)

    def _registered(self, event):
        values = event.data["values"]
        one = Told(stage=Stage.REGISTERED, since=event.at, **_facts(values))
        return self._due(one, event.at)

    def _on_the_spot(self, _event, before):
        return replace(before, stage=Stage.CLOSED, due=None)

    def _assigned(self, event, before):
        committee = event.data["committee"]
        one = replace(before, mediator=event.data["to"], committee=committee)
        level = self.levels[committee]
        return self._begun(one, Stage.IN_MEDIATION, event.at, level=level)

    def _reassigned(self, event, before):
        return replace(before, mediator=event.data["to"], committee=event.data["committee"])

    def _merged_into(self, _event, before):
        return before

    _unmerged_from = _red_acknowledged = _merged_into

    def _risk_assessed(self, event, before):
        assert event.data["old_risk"] == before.risk != event.data["values"]["risk"]
        return replace(before, risk=event.data["values"]["risk"])

    def _reweighed(self, event, before):
        assert event.data["old"] == before.weight != event.data["values"]["weight"]
        return before

    def _deadline_moved(self, event, before):
        one = self._due(replace(before, limit_on=a_day(event.data["limit_on"])), event.at)
        assert a_moment(event.data["old"]) == before.due.due_at
        assert a_moment(event.data["new"]) == one.due.due_at
        return one

    def _unmerged(self, event, before, told):
        """As it was before it was merged; the time in between stood still."""
        merged = max(seq for _at, seq, one in told if _closed_by_merging(one, seq, told))
        merged_at = next(at for at, seq, _one in told if seq == merged)
        was = next(one for _at, seq, one in reversed(told) if seq < merged)
        one = replace(
            was,
            **{name: getattr(before, name) for name in ("places", "difficulty", "risk", "weight")},
        )
        if one.stopped_at is None:
            one = replace(one, pauses=(*one.pauses, Pause(merged_at, event.at)))
        return self._due(one, event.at)

    def _step(self, event, before):
        data = event.data
        transition = _transition(event)
        assert before.stage is Stage(data["stage"])
        if transition.target is Stage.CLOSED:
            return replace(before, stage=Stage.CLOSED, due=None, stopped_at=None, supervised=0)
        if transition.target is None:
            return self._beside(event, transition, before)
        if event.kind.value in {"returned", "reopened"}:
            before = replace(before, mediator=None, committee=None)
        stated = a_day(data["until"]) if Need.UNTIL in transition.needs else None
        level = None if before.mediator is None else self.levels[before.committee]
        return self._begun(before, transition.target, event.at, stated=stated, level=level)

    def _beside(self, event, transition, before):
        if transition.pauses:
            return replace(before, stopped_at=event.at)
        if transition.pauses is False:
            pauses = (*before.pauses, Pause(before.stopped_at, event.at))
            return self._due(replace(before, pauses=pauses, stopped_at=None), event.at)
        kind, data = event.kind.value, event.data
        if kind == "extended":
            more = before.extended + before.asked
            return self._due(replace(before, extended=more, asked=None), event.at)
        level = LEVELS.index(data["level"]) + 1 if kind == "supervised" else 0
        said = {
            "extension_asked": {"asked": data.get("days")},
            "extension_refused": {"asked": None},
            "supervised": {"supervised": level},
            "unsupervised": {"supervised": level},
        }
        return replace(before, **said[kind])

    def _imported(self, event):
        """Where a file says that it stands, and what it was until then."""
        values, was = event.data["values"], event.data.get("was")
        registered_at = a_moment(event.data["registered_at"])
        one = Told(
            **_facts(values),
            stage=Stage(values["stage"]),
            since=a_moment(values["stage_since"]),
            stated=a_day(values.get("stated_due_on")),
            level=_level(values.get("limit_level")),
            mediator=values["mediator_id"],
            committee=values["committee_id"],
        )
        found = []
        if was:
            past = replace(
                one,
                stage=Stage(was["stage"]),
                since=registered_at,
                stated=a_day(was["stated_due_on"]),
                level=None,
            )
            found.append((registered_at, 0, self._due_if_limited(past, event.at)))
        closed = one.stage is Stage.CLOSED
        return [*found, (one.since, event.seq, one if closed else self._due(one, event.at))]

    def _due_if_limited(self, one, at):
        """Before the county had limits a stage had no deadline."""
        try:
            return self._due(one, at)
        except LookupError:
            return one

    def _updated(self, event, before):
        values = event.data["values"]
        facts = {name: getattr(before, name) for name in ("difficulty", "risk", "weight")}
        facts |= dict(zip(PLACES, before.places, strict=True))
        given = {
            "stage": ("stage", Stage),
            "stage_since": ("since", a_moment),
            "stated_due_on": ("stated", a_day),
            "limit_level": ("level", _level),
            "limit_on": ("limit_on", a_day),
            "mediator_id": ("mediator", int),
            "committee_id": ("committee", int),
        }
        said = {to: read(values[name]) for name, (to, read) in given.items() if name in values}
        one = replace(before, **_facts(facts | values), **said)
        # A settlement and an end were true before they were told.
        ends = "stage" in values and one.stage not in {Stage.ACCEPTED, Stage.IN_MEDIATION}
        turn = one.since if ends else event.at
        if one.stage is Stage.CLOSED:
            return turn, event.seq, replace(one, due=None)
        if {"stage", "stated_due_on", "difficulty"} & values.keys():
            one = self._due(one, event.at)
        return turn, event.seq, one


def _facts(values):
    return {
        "places": tuple(values[name] for name in PLACES),
        "difficulty": Difficulty(values["difficulty"]),
        "risk": values["risk"],
        "weight": values["weight"],
    }


def _level(text):
    return UnitLevel(text) if text else None


def _closed_by_merging(one, seq, told):
    """Whether a case was open before the event and closed after it."""
    earlier = [before for _at, other, before in told if other < seq]
    return one.stage is Stage.CLOSED and earlier and earlier[-1].stage is not Stage.CLOSED


def _transition(event):
    """The one way on that an event can have been."""
    source, target = (Stage(event.data[name]) for name in ("stage", "to_stage"))
    (found,) = (
        one
        for one in TRANSITIONS.values()
        if one.event is event.kind and source in one.sources and (one.target or source) is target
    )
    return found


def _changed(clock, change):
    """The clock after a change of the rules, by what the change itself says that it set."""
    data = change.data
    if "weights" in data:
        return clock
    if "list" in data:
        days = [NamedDay(a_day(day), halves, note) for day, halves, note in data["list"]]
        return Clock(clock.limits, clock.calendar.with_days(days))
    rule = Limit(
        Stage(data["stage"]),
        data["amount"],
        LimitUnit(data["unit"]),
        Difficulty(data["difficulty"]) if data["difficulty"] else None,
        a_day(data["valid_from"]),
        level=_level(data["unit_level"]),
    )
    return Clock(amended(clock.limits, rule), clock.calendar)


# --- the intervals, asked ------------------------------------------------------------------------


@dataclass(frozen=True)
class View:
    """What a screen shows and counts of an open case."""

    stage: Stage
    due_at: datetime | None
    soon_at: datetime | None
    lamp: object
    paused: int
    risk: int
    supervised: int
    weight: int
    town: int
    community: int | None
    grid: int | None
    committee: int | None
    mediator: int | None


def open_by_spans(session, county_id, moment):
    """Every case that was open at a moment, out of the one index that every past moment has."""
    spans = session.scalars(
        select(CaseSpan).where(
            CaseSpan.county_id == county_id,
            CaseSpan.starts_at <= moment,
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at > moment),
        )
    ).all()
    found = {
        one.case_id: View(
            one.stage,
            one.due_at,
            one.soon_at,
            lamp(now=moment, due_at=one.due_at, soon_at=one.soon_at, paused=bool(one.paused)),
            one.paused,
            one.risk,
            one.supervised,
            one.weight,
            one.town_id,
            one.community_id,
            one.grid_id,
            one.committee_id,
            one.mediator_id,
        )
        for one in spans
    }
    assert len(found) == len(spans), "two intervals of one case at one moment"
    return found


def load_by_spans(session, county_id, moment):
    """Cases, points and late cases of each mediator at a moment, as a database sums them."""
    late = (CaseSpan.paused == 0) & (CaseSpan.due_at <= moment)
    rows = session.execute(
        select(
            CaseSpan.mediator_id,
            func.count(),
            func.sum(CaseSpan.weight),
            func.count().filter(late),
        )
        .where(
            CaseSpan.county_id == county_id,
            CaseSpan.mediator_id.is_not(None),
            CaseSpan.starts_at <= moment,
            or_(CaseSpan.ends_at.is_(None), CaseSpan.ends_at > moment),
        )
        .group_by(CaseSpan.mediator_id)
    )
    return {row[0]: (row[1], int(row[2]), row[3]) for row in rows}


def load_of(views, moment):
    """The same, counted case by case."""
    found = defaultdict(lambda: (0, 0, 0))
    for one in views.values():
        if one.mediator is not None:
            late = not one.paused and one.due_at is not None and one.due_at <= moment
            cases, weight, late_cases = found[one.mediator]
            found[one.mediator] = (cases + 1, weight + one.weight, late_cases + late)
    return dict(found)


def in_queue(views):
    """The cases in the queue's order: what stands still last, then by deadline and risk."""
    far = datetime.max.replace(tzinfo=UTC)
    return sorted(views, key=lambda n: (views[n].paused, views[n].due_at or far, views[n].risk, n))


def past_moments(retold, until, chance):
    """Half of them anywhere, half at the very moment of a change or just beside one."""
    turns = retold.turns()
    first, beside = turns[0] - DAY, [timedelta(microseconds=n) for n in (-1, 0, 0, 1)]
    anywhere = [first + (until - first) * chance.random() for _ in range(MOMENTS // 2)]
    near = [chance.choice(turns) + chance.choice(beside) for _ in range(MOMENTS // 2)]
    return anywhere + near


def assert_same_past(db, county_id, *, first, until, chance):
    """At 200 moments queue and workload by the intervals are those of the events; and now."""
    seen = Counter()
    with db.read() as session:
        retold = Retold(session, county_id, first)
        moments = past_moments(retold, until, chance)
        for moment in moments:
            told, asked = retold.open_at(moment), open_by_spans(session, county_id, moment)
            for case_id in told.keys() | asked.keys():
                one, other = told.get(case_id), asked.get(case_id)
                assert one == other, f"case {case_id} at {moment}:\n{one}\n{other}"
                seen[one.lamp.value] += 1
                seen[one.stage.value] += 1
            assert in_queue(told) == in_queue(asked)
            assert load_of(told, moment) == load_by_spans(session, county_id, moment)
        for moment in moments[:: MOMENTS // 20]:
            assert_same_workload(session, county_id, retold, moment, until)
        assert_same_now(session, county_id, retold, until)
    return retold, seen


def assert_same_workload(session, county_id, retold, moment, now):
    """What the page of workloads shows of a past moment is what the events tell."""
    shown = loads.mediator_loads(
        session, scope=Scope(county_id, whole_county=True), now=now, at=moment
    )
    told, closed = load_of(retold.open_at(moment), moment), closings(retold, moment)
    assert {
        one.mediator_id: (one.count, one.points, one.late) for one in shown if one.count
    } == told
    # Who has left and holds nothing is not listed, whatever they closed before.
    left = closed.keys() - {one.mediator_id for one in shown}
    active = session.scalars(select(Mediator.id).where(Mediator.active, Mediator.id.in_(left)))
    assert active.all() == []
    assert {one.mediator_id: one.closed for one in shown if one.closed} == {
        one: count for one, count in closed.items() if one not in left
    }


def closings(retold, moment):
    """How many cases each mediator held when they were closed, in the 28 days before."""
    found = Counter()
    for told in retold.cases.values():
        for (_, _, before), (at, _, after) in pairwise(told):
            ends = before.stage is not Stage.CLOSED and after.stage is Stage.CLOSED
            if ends and before.mediator is not None and moment - 28 * DAY < at <= moment:
                found[before.mediator] += 1
    return dict(found)


def assert_same_now(session, county_id, retold, now):
    """The live queue and the loads that are offered beside mediators are the events' too."""
    told, scope = retold.open_at(now), Scope(county_id, whole_county=True)
    assert told == open_by_spans(session, county_id, now)
    rows, after = [], None
    while after is not None or not rows:
        page = queue.page(session, scope=scope, filters=Filters(), now=now, after=after)
        rows += page.rows
        after = page.next
        if after is None:
            break
    assert [row.case_id for row in rows] == in_queue(told)
    for row in rows:
        one = told[row.case_id]
        assert (row.stage, row.lamp, row.due_at, int(row.paused)) == (
            one.stage,
            one.lamp,
            one.due_at,
            one.paused,
        )
        assert (int(row.risk), row.supervised, row.mediator_id) == (
            one.risk,
            one.supervised,
            one.mediator,
        )
    loads, offered = load_of(told, now), {}
    for case in session.scalars(select(Case).where(Case.county_id == county_id)):
        if case.town_id not in offered:
            people = candidates.candidates(session, case, now=now)
            offered[case.town_id] = {
                one.mediator_id: (one.open_cases, one.open_weight, one.late_cases) for one in people
            }
    for people in offered.values():
        assert people == {one: loads.get(one, (0, 0, 0)) for one in people}
    assert loads.keys() <= set().union(*offered.values())


# --- a county at work --------------------------------------------------------------------------

AHEAD = [
    *[timedelta(minutes=50), timedelta(hours=7), timedelta(hours=15), DAY],
    timedelta(days=3),
    # Two servers' clocks are never quite the same.
    timedelta(minutes=-3),
]
SETTLING = {
    *("accept", "settle", "plan_performance", "apply_confirmation", "end_confirmation"),
    *("performed", "perform_at_once", "defaulted", "follow_up"),
}


class History:
    """Months of a county's work: every way on by chance, those least that were taken most."""

    def __init__(self, work, chance):
        self.work, self.chance = work, chance
        self.choose = work.choose

    def happens(self):
        self.work.passes(self.choose(AHEAD))
        what = self.choose([*["step"] * 9, *["give"] * 3, "register", "take_back"])
        getattr(self, f"_{what}")()

    def _register(self):
        self.work.register(
            self.choose(list(self.work.places)),
            on_the_spot=self.chance.random() < 0.2,
            difficulty=self.choose(list(Difficulty)),
        )

    def _step(self):
        """The less often the likelier, and likeliest what agreements lead to: few cases get there.

        What is merged is often unmerged, and who stands still goes on: neither ends a history.
        """
        ways = [(one, *way) for one in self.work.cases for way in self.work.ways(one)]
        done = Counter(self.work.taken)
        weights = [
            (40 if action in SETTLING and done[action] < 12 else 1) / (1 + done[action]) ** 2
            for _case, action, _given in ways
        ]
        self.work.step(*self.chance.choices(ways, weights)[0])

    def _give(self):
        pairs = [
            (known, mediator)
            for known in self.work.cases
            for mediator in self.work.mediators
            if self.work.against_giving(known, mediator) is None
        ]
        if pairs:
            self.work.give(*self.choose(pairs), self.choose(self.work.heads))

    def _take_back(self):
        if able := [one for one in self.work.cases if one.undo]:
            known = self.choose(able)
            (actor,) = (one for one in self.work.heads if one.user_id == known.undo[0])
            self.work.take_back(known, actor)

    def rules_change(self, turn):
        """A working day off, a make-up day, another limit for open cases or for new ones."""
        self.work.passes(timedelta(minutes=10))
        today = day_of(self.work.now)
        ahead = [today + n * DAY for n in range(2, 12)]
        working = [day for day in ahead if self.work.clock.calendar.is_working(day)]
        free = [day for day in ahead if day not in working]
        match turn % 4:
            case 0:
                self.work.set_days(*(NamedDay(day, 0, "停电放假") for day in working[:4]))
            case 1:
                self._limit(self._running_longest(), 9 + turn, today, open_cases=True)
            case 2:
                self.work.set_days(
                    NamedDay(free[0], 2, "调休上班"), NamedDay(working[0], 1, "半天班")
                )
            case _:
                self._limit((Stage.AGREEMENT, None), turn, today + DAY, open_cases=False)
        # Later than whatever a slow clock makes of the next deed.
        self.work.passes(timedelta(minutes=10))

    def weigh(self, turn):
        """Stages weigh more and more, and some less than others."""
        today = day_of(self.work.now)
        by_stage = {Stage.IN_MEDIATION: 100 + 10 * turn, Stage.FOLLOW_UP: 50, Stage.FAILED: 70}
        self.work.set_weights(WeightTable(2, today, WEIGHT, by_stage=by_stage))

    def _running_longest(self):
        """Stage and difficulty of a case that takes over a rule of today: it is not late."""
        today = day_of(self.work.now)
        able = [
            (one.since, Stage(one.stage), one.difficulty)
            for one in self.work.cases
            if one.stage != "closed"
            and one.stated is None
            and not one.parked
            and day_of(one.since) < today
            and self.work.clock.due(one.running()).due_at > self.work.now
        ]
        _since, stage, difficulty = min(able, default=(None, Stage.IN_MEDIATION, None))
        return stage, difficulty

    def _limit(self, of, amount, valid_from, *, open_cases):
        rule = Limit(of[0], amount, LimitUnit.WORKING_DAYS, of[1], valid_from, source="本县规定")
        self.work.set_limit(rule, open_cases=open_cases)


def test_the_intervals_tell_every_past_moment_as_the_events_do(world):
    chance = random.Random(20260302)
    work = Work(world, chance.choice)
    first = work.clock
    history = History(work, chance)
    for place in ("a", "b", "town", "a", "b"):
        work.register(place)
    for turn in range(400):
        history.happens()
        if turn % 20 == 19:
            history.rules_change(turn // 20)
        if turn % 100 == 99:
            history.weigh(turn // 20)
    work.agrees()
    invariants.assert_hold(world.db, county_id=world.county)
    done = Counter(work.taken)
    wanted = {*TRANSITIONS, "assign", "reassign", "undo", "on_the_spot"}
    wanted |= {"change_calendar", "add_limit", "add_weight_table"}  # and moved something
    assert wanted - set(done) == set(), done
    until = work.now + DAY
    retold, seen = assert_same_past(world.db, world.county, first=first, until=until, chance=chance)
    assert until - retold.turns()[0] > 90 * DAY
    assert seen.keys() >= {stage.value for stage in Stage} - {"closed"}
    assert seen.keys() >= {"on_time", "soon", "late", "paused"}
    assert retold.kinds["deadline_moved"] > 3
    assert retold.kinds["reweighed"] > 1


def test_what_is_taken_back_is_due_by_the_rules_of_now(world):
    """A day off that left the mediation alone moves the waiting that the case goes back to."""
    work = Work(world, random.Random(7).choice)
    head = work.heads[0]
    work.register("a")
    (known,) = work.cases
    work.step(known, "accept", Given())
    waiting = work.clock.due(known.running())
    work.give(known, next(iter(work.mediators)), head)
    work.passes(timedelta(minutes=10))
    work.set_days(NamedDay(day_of(work.now) + DAY, 0, "停电放假"))
    assert known.kinds[-1] == "assigned"
    work.take_back(known, head)
    work.agrees()
    assert work.clock.due(known.running()).due_at == waiting.due_at + DAY


# --- a county of files ---------------------------------------------------------------------------


def test_a_risk_that_was_judged_anew_is_told_by_its_event(world):
    work = Work(world, random.Random(7).choice)
    work.register("a")
    (known,) = work.cases
    for version, risk in enumerate((Risk.RED, Risk.YELLOW), start=1):
        work.passes(DAY)
        assess_risk(
            world.db,
            case_no=known.case_no,
            risk=risk,
            note="现场有人持械,已报警",
            expected_version=version,
            actor=work.heads[0],
            now=work.now,
            key=f"risk {version}",
        )
    until, chance = work.now + DAY, random.Random(7)
    first = work.clock
    retold, _seen = assert_same_past(
        world.db, world.county, first=first, until=until, chance=chance
    )
    assert retold.kinds["risk_assessed"] == 2


def said(number, **over):
    """A row of a file about the case of this number."""
    return {**GOOD, "外部编号": f"S-{number}", "事件名称": f"第{number}户漏水", **over}


HELD_BY = {"化解责任人姓名": "张建国"}
ENDED = {"化解是否成功": "是", "化解结果": "书面协议"}
FILES = (
    (
        said(1),
        said(2, 受理时间="2026-02-25 09:30"),
        said(3, 受理时间="2026-02-24 15:00", **HELD_BY, 难易程度="一般"),
        said(4, 受理时间="2026-02-24 15:00", **HELD_BY, 化解时限="2026-03-20"),
        said(5, 受理时间="2026-02-20 10:00", **HELD_BY, 化解是否成功="1", 当前环节="待履行"),
        said(6, 发生日期="2026-02-02", 化解日期="2026-02-26", **HELD_BY, **ENDED),
        # Before the county had any limit, and by nobody.
        said(7, 发生日期="2019-03-01", 化解日期="2019-05-06", **ENDED),
        said(8, 当前环节="待指派", 风险等级="橙", 所属社区="", 发生地点="安仁镇"),
    ),
    (
        said(1, 受理时间="2026-03-03 09:00", **HELD_BY),
        said(2, 受理时间="2026-02-25 09:30", 风险等级="红", 所属网格="第1网格"),
        said(3, 受理时间="2026-02-24 15:00", **HELD_BY, 难易程度="疑难"),
        said(4, 受理时间="2026-02-24 15:00", 化解责任人姓名="李秀英", 化解时限="2026-04-02"),
        said(5, 受理时间="2026-02-20 10:00", **HELD_BY, 化解是否成功="1", 当前环节="待确认"),
        said(6, 发生日期="2026-02-02", 风险等级="黄", **HELD_BY, **ENDED),
        said(8, 所属镇街="䢺江镇", 所属社区="太平社区", 发生地点="太平社区2栋"),
        said(9),
    ),
    (
        said(1, 化解日期="2026-03-06 10:00", **HELD_BY, 化解是否成功="1", 当前环节="待履行"),
        said(2, 化解结果="O04", 化解日期="2026-03-08 08:00", 风险等级="蓝"),
        said(3, 受理时间="2026-02-24 15:00", **HELD_BY, 难易程度="重大"),
        said(5, 受理时间="2026-02-20 10:00", **HELD_BY, **ENDED),
        # People here work on it, so the file changes no more than what it is about.
        said(4, 受理时间="2026-02-24 15:00", 化解责任人姓名="李秀英", 风险等级="红"),
        said(9, 难易程度="简易"),
    ),
)


class Files:
    """What comes by files, and what people do to it meanwhile."""

    def __init__(self, world):
        self.world, self.db, self.now = world, world.db, NOW
        self.head = world.actor("值班")
        for name in ("张建国", "李秀英"):
            world.mediator(name)

    def take(self, number, rows):
        return import_file(
            self.db,
            content=csv_file(*rows),
            file_name=f"{number}.csv",
            actor=self.world.system,
            now=self.now,
        )

    def supervise(self, external_no):
        with self.db.read() as session:
            query = select(Case.case_no, Case.version).where(Case.external_no == external_no)
            case_no, version = session.execute(query).one()
        take_step(
            self.db,
            case_no=case_no,
            action=Action.SUPERVISE,
            given=Given(note="群众多次反映", level=Supervision.YELLOW),
            expected_version=version,
            actor=self.head,
            now=self.now,
            key=f"supervise {external_no}",
        )

    def days_off(self):
        today, scope = day_of(self.now), Scope(self.world.county, whole_county=True)
        asked = {
            "days": [NamedDay(today + n * DAY, 0, "停电放假") for n in (3, 4, 5)],
            "official": False,
            "now": self.now,
        }
        with self.db.read() as session:
            seen = preview_days(session, scope=scope, **asked).moves.fingerprint
        said = {"reason": "全镇停电检修", "fingerprint": seen, "key": f"days {today}"}
        change_calendar(self.db, actor=self.head, **asked, **said)


def test_what_files_tell_of_the_past_is_in_the_events_too(world):
    """A settlement counts from its day though it was told later; all else from the file on."""
    files, first, came_of = Files(world), first_clock(world.db), []
    for number, rows in enumerate(FILES):
        report = files.take(number, rows)
        came_of.append((report.added, report.changed, report.rejected))
        files.now += DAY
        if number == 1:
            files.supervise("S-4")
        files.now += 3 * DAY
        files.days_off()
        files.now += DAY
    assert came_of == [(8, 0, 0), (1, 7, 0), (0, 6, 0)]
    invariants.assert_hold(world.db, county_id=world.county)
    retold, seen = assert_same_past(
        world.db,
        world.county,
        first=first,
        until=files.now + 30 * DAY,
        chance=random.Random(31000),
    )
    assert seen.keys() >= {"accepted", "in_mediation", "performance", "confirmation"}
    assert retold.kinds["deadline_moved"] > 0


def first_clock(db):
    """The limits and the work calendar that a county begins with."""
    with db.read() as session:
        return load_clock(session)


# --- the demonstration county --------------------------------------------------------------------


def test_the_demonstration_county_tells_its_past_by_its_events(new_database, vault):
    db = Database(open_engine(new_database()), vault)
    try:
        load_demo(db, today=DEMO_DAY, now=DEMO_NOW, scale=0.1)
        with db.read() as session:
            county_id = session.scalars(select(Case.county_id).limit(1)).one()
        chance = random.Random(510129)
        retold, seen = assert_same_past(
            db, county_id, first=first_clock(db), until=DEMO_NOW, chance=chance
        )
    finally:
        db.dispose()
    assert retold.kinds.keys() >= {"merged", "parked", "resumed", "extended", "supervised"}
    assert seen.keys() >= {stage.value for stage in Stage} - {"closed"}
