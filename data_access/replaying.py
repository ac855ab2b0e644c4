"""The mediations of some months as a history that can be lived through again under other rules.

What is known of the past is taken: when a case entered mediation, with how many points, whom it
came to, when it was due and when its mediation ended. What is not known is kept simple, and the
replay of what was is held against what was: who may have a case is as of today but for those who
have left, and everybody works as many hours a day as in the mean of these months.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from statistics import quantiles
from typing import Any

from sqlalchemy import and_, select, true
from sqlalchemy.orm import Session

from data_access import workload_rows
from data_access.paces import paces_of
from data_access.queries.planning import Fitting
from data_access.reach import reach
from data_access.recusal import standing_grounds
from data_access.reference import load_calendar
from data_access.tables import Case, CaseSpan, CaseType
from data_access.workload_rows import lived_since
from domain.balancing.pool import Person
from domain.balancing.replay import Arrival, History
from domain.cases import Stage
from domain.clocks import day_of
from domain.eligibility import Candidate, CaseFacts, distance
from domain.loads import availability
from domain.people import Scope

_DAY = timedelta(days=1)
# So that no statement names more values than an engine takes.
_AT_ONCE = 5000
# Of a case that was open on the first day; something is always left of it.
_MOST_PASSED = 0.9


@dataclass(frozen=True, slots=True)
class Lived:
    """A history and what came of it in fact, over the mediations that a replay judges too.

    `cases` began after the warm-up and were due before the end; `missed`: the share that was not
    over when due; `p90_days`: days from the beginning to the end, for nine in ten of those over.
    """

    history: History
    cases: int
    missed: float
    p90_days: float


@dataclass(frozen=True, slots=True)
class _Mediation:
    """One time that a case was in mediation; `ended_at` None while it is, `due_at` at the end."""

    case_id: int
    facts: CaseFacts
    began_at: datetime
    due_at: datetime
    ended_at: datetime | None


def lived(
    session: Session, *, county_id: int, first: datetime, last: datetime, warm_up: int
) -> Lived:
    """What the county lived through in [first, last); `warm_up`: days whose cases are not judged.

    What was in mediation at the beginning is there on the first day, with whom it was with.
    """
    mediations = list(_mediations(session, county_id, first, last))
    people = {one.mediator_id: one for one in reach(session, true(), county_id=county_id, now=last)}
    persons = _persons(session, people, mediations, county_id, first, last)
    eligible = _eligible(session, people, mediations, county_id)
    arrivals, steps = [], {}
    for number, (one, able) in enumerate(zip(mediations, eligible, strict=True)):
        arrivals.append(_arrival(number, one, able, first))
        for mediator_id in able:
            steps[number, mediator_id] = float(distance(people[mediator_id], one.facts))
    days = (last - first) // _DAY
    history = History(persons, tuple(arrivals), days, steps)
    return _judged(history, mediations, first, warm_up)


def _mediations(
    session: Session, county_id: int, first: datetime, last: datetime
) -> Iterator[_Mediation]:
    special = set(session.scalars(select(CaseType.code).where(CaseType.needs_specialist)))
    rows = session.execute(
        select(
            CaseSpan.case_id,
            CaseSpan.starts_at,
            CaseSpan.ends_at,
            CaseSpan.stage,
            CaseSpan.due_at,
            CaseSpan.weight,
            CaseSpan.town_id,
            CaseSpan.community_id,
            CaseSpan.mediator_id,
            Case.type_code,
        )
        .join(Case, and_(Case.county_id == CaseSpan.county_id, Case.id == CaseSpan.case_id))
        .where(
            CaseSpan.county_id == county_id,
            CaseSpan.case_id.in_(lived_since(county_id, first)),
        )
        .order_by(CaseSpan.case_id, CaseSpan.seq)
    )
    alike = groupby(rows, lambda row: (row.case_id, row.stage is Stage.IN_MEDIATION))
    for (case_id, in_mediation), spans in alike:
        if not in_mediation:
            continue
        found = _mediation(case_id, list(spans), special)
        if found and found.began_at < last and (found.ended_at is None or found.ended_at >= first):
            yield found


def _mediation(case_id: int, spans: list[Any], special: set[str]) -> _Mediation | None:
    """From the intervals of one mediation, in order; None where nobody can say when it was due."""
    begin, end = spans[0], spans[-1]
    if end.due_at is None:
        return None
    facts = CaseFacts(
        begin.town_id,
        begin.community_id,
        begin.type_code,
        begin.type_code in special,
        begin.mediator_id,
        begin.weight,
    )
    return _Mediation(case_id, facts, begin.starts_at, end.due_at, end.ends_at)


def _arrival(number: int, one: _Mediation, able: frozenset[int], first: datetime) -> Arrival:
    day = max((one.began_at - first) // _DAY, 0)
    passed = 0.0
    if one.began_at < first:
        # As much is left of it as of its time: nobody wrote down how far it was.
        whole = (one.ended_at or one.due_at) - one.began_at
        done = (first - one.began_at) / whole if whole > timedelta() else 1.0
        passed = min(done, _MOST_PASSED)
    return Arrival(
        case_id=number,
        day=day,
        weight=one.facts.weight,
        effort=one.facts.weight * (1 - passed),
        allowed=(one.due_at - first) / _DAY - day,
        habitual=one.facts.mediator_id or 0,
        eligible=able if one.began_at >= first else frozenset({one.facts.mediator_id or 0}),
        passed=passed,
    )


def _eligible(
    session: Session,
    people: Mapping[int, Candidate],
    mediations: list[_Mediation],
    county_id: int,
) -> Iterator[frozenset[int]]:
    """Who may have each: by place, type and recusal, and who had it in fact."""
    fitting = Fitting(one for one in people.values() if one.active and not one.licence_over)
    recused: dict[int, frozenset[int]] = {}
    case_ids = sorted({one.case_id for one in mediations})
    for start in range(0, len(case_ids), _AT_ONCE):
        some = case_ids[start : start + _AT_ONCE]
        found = standing_grounds(session, some, county_id=county_id)
        recused |= {case_id: frozenset(grounds) for case_id, grounds in found.items()}
    for one in mediations:
        able = fitting.of(one.facts) - recused.get(one.case_id, frozenset())
        yield able | {one.facts.mediator_id or 0}


def _persons(
    session: Session,
    people: Mapping[int, Candidate],
    mediations: Iterable[_Mediation],
    county_id: int,
    first: datetime,
    last: datetime,
) -> tuple[Person, ...]:
    """Everybody as in the mean of these months; who had a case was there for it."""
    scope = Scope(county_id, whole_county=True)
    begin, days = day_of(first), max((last - first) // _DAY, 1)
    rows = workload_rows.people_rows(session, scope=scope)
    times = workload_rows.working_times(session, rows, scope=scope, day=begin)
    duties = workload_rows.duties(session, scope=scope, day=begin)
    leaves = workload_rows.leaves(session, scope=scope, day=begin)
    roster = workload_rows.duty_days(session, scope=scope, day=begin, days=days)
    calendar = load_calendar(session)
    had = {one.facts.mediator_id for one in mediations}
    tenths = {
        one.id: availability(
            times[one.id],
            away=[(leave.first_day, leave.last_day) for leave in leaves.get(one.id, [])],
            duty=roster.get(one.id, set()),
            first_day=begin,
            days=days,
            calendar=calendar,
        )
        or int(one.id in had)
        for one in rows
    }
    paces = paces_of(session, tenths, county_id=county_id, now=last, since=first)
    return tuple(
        Person(
            mediator_id,
            availability=tenths.get(mediator_id, 0),
            capacity=one.capacity,
            fixed_weight=duties.get(mediator_id, 0),
            fixed_cases=0,
            speed=paces.get(mediator_id, 0.0),
        )
        for mediator_id, one in sorted(people.items())
        if one.active or mediator_id in had
    )


def _judged(
    history: History, mediations: Iterable[_Mediation], first: datetime, warm_up: int
) -> Lived:
    judged = [
        one
        for one in mediations
        if one.began_at >= first + warm_up * _DAY and one.due_at <= first + history.days * _DAY
    ]
    missed = sum(one.ended_at is None or one.ended_at > one.due_at for one in judged)
    spans = [(one.ended_at - one.began_at) / _DAY for one in judged if one.ended_at]
    return Lived(
        history,
        cases=len(judged),
        missed=missed / len(judged) if judged else 0.0,
        p90_days=quantiles(spans, n=10)[-1] if len(spans) > 1 else 0.0,
    )
