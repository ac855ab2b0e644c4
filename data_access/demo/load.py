"""Load the demonstration county into an empty database, as it stood when a given day began."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import audit, numbers, reference
from data_access.demo.agenda import Agenda
from data_access.demo.alarms import acknowledge
from data_access.demo.arrivals import DAY, arrival_times, daily_rates
from data_access.demo.assigning import Desk
from data_access.demo.casebook import CaseBook
from data_access.demo.county import CODE, County, plan_county, redrawn_on
from data_access.demo.disputes import Dispute, Intake
from data_access.demo.establish import add_relations, establish
from data_access.demo.flow import Flow
from data_access.demo.office import History
from data_access.demo.people import Workforce, plan_workforce
from data_access.demo.points import Points
from data_access.demo.rows import Ids, Numbered, Row, Rows
from data_access.demo.shapes import add_shapes, grid_features
from data_access.demo.worktime import WorkTime
from data_access.engine import Database, vault_of
from data_access.recusal import held_against
from data_access.tables import Base, CaseType
from domain.clocks import Clock
from domain.eligibility import level_of_committee
from domain.errors import NotEligible
from domain.organisation import UnitLevel
from domain.people import system_actor

SEED = 510129
DAYS = 730
CASES_A_YEAR = 5_000


class NotEmptyError(Exception):
    """The database already has a county: demonstration data is never mixed with another's."""


@dataclass(frozen=True, slots=True)
class DemoSummary:
    """How many rows of each kind were written."""

    units: int
    committees: int
    mediators: int
    cases: int
    open_cases: int
    parties: int
    events: int
    spans: int
    assignments: int


@dataclass(frozen=True)
class Plan:
    """The whole demonstration county before it has any row."""

    county: County
    workforce: Workforce
    history: History
    time: WorkTime


def load_demo(
    db: Database, *, today: date, now: datetime, seed: int = SEED, scale: float = 1.0
) -> DemoSummary:
    """Fill an empty, migrated database with the county as of midnight (Beijing) before `today`.

    The same seed and day give the same rows; only the ciphertexts differ, by their nonces. `scale`
    thins out the disputes, for tests. Raises NotEmptyError where there is a county already.
    """
    clock, specialist_types = db.write(_prepare)
    plan = plan_demo(clock, today=today, seed=seed, scale=scale, specialist_types=specialist_types)

    def work(session: Session) -> DemoSummary:
        _require_empty(session)
        ids = establish(session, plan.county, plan.workforce, today=today)
        add_relations(session, ids, plan.history.relations)
        add_shapes(session, plan.county, ids, today=today)
        reference.set_site_fact(session, "demo_since", now.isoformat())
        reference.set_site_fact(session, "demo_seed", str(seed))
        written = _write_cases(session, plan, ids, now=now, seed=seed, today=today)
        _require_nobody_recused(session, ids.county)
        return DemoSummary(
            units=1 + len(ids.towns) + len(ids.communities) + len(ids.grids) + len(ids.ended),
            committees=len(plan.workforce.committees),
            mediators=len(plan.workforce.mediators),
            cases=len(plan.history.stories),
            open_cases=sum(story.is_open for story in plan.history.stories),
            parties=written["party"],
            events=written["case_event"],
            spans=written["case_span"],
            assignments=written["assignment"],
        )

    return db.write(work)


def plan_demo(
    clock: Clock,
    *,
    today: date,
    seed: int,
    scale: float = 1.0,
    specialist_types: frozenset[str],
) -> Plan:
    """County, people and two years of disputes, made from the seed alone."""
    first_day = today - timedelta(days=DAYS)
    county = plan_county(seed=seed)
    workforce = plan_workforce(county, today=today, first_day=first_day, seed=seed)
    time = WorkTime(clock.calendar, first_day=first_day)
    rng = np.random.default_rng([seed, 7])
    flow = Flow(
        _disputes(county, clock, time, seed=seed, scale=scale),
        workforce,
        Desk(county, workforce, rng, specialist_types=specialist_types),
        Agenda(time, rng),
        CaseBook(clock, time, _levels(workforce)),
        rng=rng,
    )
    history, until = flow.run(until=DAYS * DAY), DAYS * DAY
    acknowledge(history.stories, np.random.default_rng([seed, 14]), until=until)
    return Plan(county, workforce, history, time)


def _levels(workforce: Workforce) -> list[UnitLevel]:
    """The level of each mediator's committee, which some limits ask for."""
    committees = [level_of_committee(one.town, one.community) for one in workforce.committees]
    return [committees[mediator.committee] for mediator in workforce.mediators]


def _disputes(
    county: County, clock: Clock, time: WorkTime, *, seed: int, scale: float
) -> list[Dispute]:
    intake = Intake(county, seed=[seed, 5])
    rates = daily_rates(
        tuple(kind.stream for kind in intake.types),
        clock.calendar,
        first_day=time.first_day,
        days=DAYS,
        cases_a_year=CASES_A_YEAR * scale,
    )
    times = arrival_times(
        rates, clock.calendar, np.random.default_rng([seed, 6]), first_day=time.first_day
    )
    return [
        intake.dispute(at, intake.types[kind], office_open=time.is_open(at)) for at, kind in times
    ]


def _require_nobody_recused(session: Session, county_id: int) -> None:
    """Raise NotEligible where an open case is in the hands of somebody who must withdraw from it.

    The story keeps them apart as it is told; this asks the rows, as any later look would.
    """
    for grounds in held_against(session, county_id=county_id).values():
        raise NotEligible(sorted(grounds))


def _prepare(session: Session) -> tuple[Clock, frozenset[str]]:
    _require_empty(session)
    reference.seed_reference(session)
    special = session.scalars(select(CaseType.code).where(CaseType.needs_specialist)).all()
    return reference.load_clock(session), frozenset(special)


def _require_empty(session: Session) -> None:
    if reference.county_id(session) is not None:
        raise NotEmptyError


def _write_cases(
    session: Session, plan: Plan, ids: Ids, *, now: datetime, seed: int, today: date
) -> Counter[str]:
    """All cases with their history, under one audit line. Returns the rows by table."""
    told = list(_numbered(session, plan, county_id=ids.county))
    vault, day = vault_of(session), redrawn_on(today)
    points = Points(grid_features(plan.county, ids))
    rows = Rows(plan.county, ids, vault, plan.time, told, points=points, redrawn_on=day)
    written: Counter[str] = Counter()

    def write(name: str, found: list[Row]) -> None:
        # Into the plain table: the ORM's bulk insert would send 20,000 groups of equal NULLs.
        if found:
            session.connection().execute(insert(Base.metadata.tables[name]), found)
        written[name] += len(found)

    write("cases", [rows.case(one) for one in told])
    write("party", [row for one in told for row in rows.parties(one)])
    write("case_event", [row for one in told for row in rows.events(one)])
    write("assignment", [row for one in told for row in rows.assignments(one)])
    write("red_event", [row for one in told for row in rows.red_events(one)])
    stamp = audit.append(
        session,
        [
            audit.Deed(
                "demo:load",
                f"county:{CODE}",
                {"cases": len(told), "seed": seed, "day": today.isoformat()},
            )
        ],
        actor=system_actor(ids.county),
        at=now,
        changes_data=True,
    )
    write(
        "case_span",
        [row for one in told for row in rows.spans(one, recorded_seq=stamp.data_seq)],
    )
    return written


def _numbered(session: Session, plan: Plan, *, county_id: int) -> Iterator[Numbered]:
    """The stories with their numbers, reserved for all of them at once."""
    stories = plan.history.stories
    case_ids = numbers.reserve(session, "case", county_id=county_id, count=len(stories))
    parties = sum(len(story.dispute.parties) for story in stories)
    party_ids = numbers.reserve(session, "party", county_id=county_id, count=parties)
    moments = [plan.time.moment(story.dispute.at) for story in stories]
    counters = Counter(numbers.case_counter(moment) for moment in moments)
    ordinals = {
        name: iter(numbers.reserve(session, name, county_id=county_id, count=count))
        for name, count in sorted(counters.items())
    }
    first = party_ids.start
    for story, case_id, moment in zip(stories, case_ids, moments, strict=True):
        number = numbers.case_number(moment, next(ordinals[numbers.case_counter(moment)]))
        last = first + len(story.dispute.parties)
        yield Numbered(story, case_id, number, range(first, last))
        first = last
