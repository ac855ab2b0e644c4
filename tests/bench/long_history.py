"""A county of real shape with a history as long as asked.

The organisation is the demonstration county's; its cases are too few, so more come in bulk, with
one party each: as rows that the tables accept, not as lives. The open ones are the newest.
"""

import os
import random
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate

from sqlalchemy import String, cast, func, insert, select, text

from data_access.demo.load import load_demo
from data_access.history import UNTOUCHED
from data_access.reference import county_id
from data_access.tables import Case, CaseType, Code, Mediator, OrganisationUnit, Party
from data_access.tables.cases import IS_OPEN
from data_access.vault import Indexed
from domain.cases import HELD_STAGES, WEIGHT, Difficulty, Stage
from domain.clocks import day_of
from domain.organisation import PartyKind, PartyRole, UnitLevel

# Ids of this bench's own, far above those of the demonstration county.
FIRST_ID = 10_000_000
# The most frequent full name: 290,000 people of 1.4 billion have it.
COMMON_NAME = "王伟"
_ONE_IN = 4_800
_STEP = 20_000
# As long as a short text is when it is encrypted; nothing here decrypts it.
_SEALED = bytes(60)
_STAGES = {
    Stage.REGISTERED: 4,
    Stage.ACCEPTED: 6,
    Stage.IN_MEDIATION: 50,
    Stage.PERFORMANCE: 30,
    Stage.CONFIRMATION: 10,
}
_DIFFICULTY = {
    Difficulty.SIMPLE: 60,
    Difficulty.ORDINARY: 30,
    Difficulty.COMPLEX: 9,
    Difficulty.MAJOR: 1,
}


class LongHistory:
    """Fills `db`, which must be migrated and empty; `now` is the moment that it is asked at."""

    def __init__(self, db, *, now: datetime) -> None:
        self.db, self.now = db, now
        self._chance = random.Random(510129)
        load_demo(db, today=day_of(now), now=now, scale=0.02)
        # Without statistics PostgreSQL takes one county of one for a narrow choice, and would check
        # each party's case by reading all cases.
        self._settle()
        with db.read() as session:
            self.county = county_id(session)
            places = session.execute(
                select(OrganisationUnit.id, OrganisationUnit.parent_id, OrganisationUnit.level)
            ).all()
            people = session.execute(
                select(Mediator.id, Mediator.committee_id, Mediator.full_time)
                .where(Mediator.active)
                .order_by(Mediator.id)
            ).all()
            # Types that name a matter, not a group of them.
            self._types = session.scalars(
                select(CaseType.code).where(CaseType.parent_code.is_not(None))
            ).all()
            self._sources = session.scalars(
                select(Code.code).where(Code.kind == "source_channel")
            ).all()
        parent = {unit_id: above for unit_id, above, _level in places}
        # A few places have most of the disputes, and the full-time people most of the work.
        self._grids = [unit_id for unit_id, _above, level in places if level is UnitLevel.GRID]
        self._shares = [*accumulate(self._chance.paretovariate(1.2) for _ in self._grids)]
        self._above = {grid: (parent[parent[grid]], parent[grid]) for grid in self._grids}
        self._people = [(one.id, one.committee_id) for one in people]
        self._busy = [*accumulate(6 if one.full_time else 1 for one in people)]
        self._closed = range(0)
        self._next = FIRST_ID

    def begin(self, cases: int, *, open_cases: int) -> None:
        """Write so many cases, the last `open_cases` of them open."""
        self._closed = range(FIRST_ID, FIRST_ID + cases - open_cases)
        self._next = FIRST_ID + cases
        for start in range(FIRST_ID, self._next, _STEP):
            numbers = range(start, min(start + _STEP, self._next))
            rows = [self._case(number, is_open=number not in self._closed) for number in numbers]
            self._write(Case, rows)
            self._write(Party, [self._party(number) for number in numbers])
        self._settle()

    def grow(self, cases: int) -> None:
        """So many closed cases more, as copies of those there are: history alone grows."""
        end = self._next + cases
        while self._next < end:
            part = self._closed[: end - self._next]
            shift = self._next - part.start
            self.db.write(partial(_copy_cases, part, shift))
            self._next += len(part)
        self._settle()

    def busiest(self, column, *, among: int) -> list[int]:
        """The values of a column of the cases with most open ones, the busiest first."""
        query = (
            select(column)
            .where(IS_OPEN, column.is_not(None))
            .group_by(column)
            .order_by(func.count().desc(), column)
            .limit(among)
        )
        with self.db.read() as session:
            return list(session.scalars(query))

    def _case(self, number, *, is_open):
        chance = self._chance
        (grid,) = chance.choices(self._grids, cum_weights=self._shares)
        town, community = self._above[grid]
        stage = chance.choices([*_STAGES], _STAGES.values())[0] if is_open else Stage.CLOSED
        difficulty = chance.choices([*_DIFFICULTY], _DIFFICULTY.values())[0]
        # Ten minutes from one registration to the next, back from now for as long as it takes.
        registered = self.now - timedelta(minutes=10 * (self._next - number))
        held = stage in HELD_STAGES or not is_open
        ((mediator, committee),) = (
            chance.choices(self._people, cum_weights=self._busy) if held else ((None, None),)
        )
        due = self.now + timedelta(minutes=chance.randint(-6_000, 60_000)) if is_open else None
        return UNTOUCHED | {
            "county_id": self.county,
            "id": number,
            "case_no": f"B{number}",
            "external_no": None,
            "town_id": town,
            "community_id": community,
            "grid_id": grid,
            "type_code": chance.choice(self._types),
            "source_code": chance.choice(self._sources),
            "scale_code": "01",
            "difficulty": difficulty,
            "risk": chance.choices((1, 2, 3, 4), (1, 4, 15, 80))[0],
            "stage": stage,
            "is_open": int(is_open),
            "paused": int(is_open and chance.random() < 0.02),
            "occurred_on": registered.date(),
            "registered_at": registered,
            "stage_since": registered,
            "due_at": due,
            "soon_at": due - timedelta(hours=50) if due else None,
            "closed_at": None if is_open else registered + timedelta(days=9),
            "outcome_code": None,
            "committee_id": committee,
            "mediator_id": mediator,
            "held_since": registered if held else None,
            "people_count": 2,
            "amount_yuan": None,
            "weight": WEIGHT[difficulty],
            "title_encrypted": _SEALED,
            "place_encrypted": _SEALED,
            "summary_encrypted": _SEALED * 3,
            "batch_id": None,
            "version": 3,
            "updated_at": registered,
        }

    def _party(self, number):
        common = number % _ONE_IN == 0
        name_index = self.db.vault.index(COMMON_NAME, Indexed.NAME) if common else os.urandom(16)
        return {
            "county_id": self.county,
            "id": number,
            "case_id": number,
            "role": PartyRole.APPLICANT,
            "kind": PartyKind.PERSON,
            "sex": "9",
            "name_encrypted": _SEALED,
            "name_index": name_index,
            "identity_encrypted": None,
            "identity_index": None,
            "phone_encrypted": _SEALED,
            "phone_index": os.urandom(16),
            "address_encrypted": None,
        }

    def _write(self, table, rows):
        if self.db.is_sqlite:
            plain = insert(table.__table__)
            self.db.write(lambda session: session.connection().execute(plain, rows))
            return
        names = ", ".join(rows[0])
        with self.db.bind.begin() as connection:
            cursor = connection.connection.driver_connection.cursor()
            with cursor.copy(f"COPY {table.__tablename__} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([getattr(value, "value", value) for value in row.values()])

    def _settle(self):
        """What autovacuum does within minutes: statistics, and pages known to be all visible.

        SQLite has no such thing, and the product asks for none: its plans need no statistics.
        """
        if self.db.is_sqlite:
            return
        with self.db.bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _copy_cases(part, shift, session):
    """Copies of the closed cases of these ids and of their parties, under ids moved by `shift`."""
    number = Case.id + shift
    moved = {"id": number, "case_no": "B" + cast(number, String)}
    _copy(session, Case.__table__, Case.id, part, moved)
    _copy(
        session,
        Party.__table__,
        Party.case_id,
        part,
        {"id": Party.id + shift, "case_id": Party.case_id + shift},
    )


def _copy(session, table, key, part, moved):
    columns = [moved.get(column.name, column) for column in table.columns]
    rows = select(*columns).where(key >= part.start, key < part.stop)
    session.execute(insert(table).from_select([*table.columns.keys()], rows))
