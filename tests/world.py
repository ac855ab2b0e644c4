"""A small county of two towns for the tests; say only what a test is about."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert, select

from data_access import audit, numbers, reference
from data_access.history import SPAN_FIELDS
from data_access.reach import reach, seen
from data_access.tables import (
    Assignment,
    Case,
    CaseEvent,
    CaseSpan,
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
    OrganisationUnit,
    Party,
    RedEvent,
    User,
    UserRole,
)
from data_access.vault import Indexed
from domain.cases import HELD_STAGES, WEIGHT, Difficulty, EventKind, ReassignReason, Risk, Stage
from domain.eligibility import GENERAL, CommitteeKind
from domain.organisation import AbsenceKind, PartyKind, PartyRole, RelationKind, UnitLevel
from domain.people import Actor, Permission, Role, Scope, system_actor
from domain.points import point_text

# A Monday morning in Beijing.
NOW = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


class World:
    """Two towns, 安仁镇 and 䢺江镇, each with a community, a grid and a committee."""

    def __init__(self, db) -> None:
        self.db = db
        self._serial = 0
        self.county = db.write(self._county)
        self.system = system_actor(self.county)
        self.town_a = self.unit(UnitLevel.TOWN, "安仁镇", self.county)
        self.town_b = self.unit(UnitLevel.TOWN, "䢺江镇", self.county)
        self.community_a = self.unit(UnitLevel.COMMUNITY, "和众社区", self.town_a)
        self.community_b = self.unit(UnitLevel.COMMUNITY, "太平社区", self.town_b)
        self.grid_a = self.unit(UnitLevel.GRID, "第1网格", self.community_a)
        self.grid_b = self.unit(UnitLevel.GRID, "第1网格", self.community_b)
        self.committee_a = self.committee(
            "和众社区调委会", town=self.town_a, community=self.community_a
        )
        self.committee_b = self.committee(
            "太平社区调委会", town=self.town_b, community=self.community_b
        )

    def _county(self, session):
        reference.seed_reference(session)
        return reference.create_county(session, code="510129", name="大邑县")

    def next(self) -> int:
        self._serial += 1
        return self._serial

    def add(self, thing):
        def work(session):
            session.add(thing)
            session.flush()
            session.expunge(thing)
            return thing

        return self.db.write(work)

    def unit(self, level, name, parent_id, **over) -> int:
        with self.db.read() as session:
            parent = session.get(OrganisationUnit, parent_id)
            path = parent.path
        kinds = {UnitLevel.TOWN: "镇", UnitLevel.COMMUNITY: "社区", UnitLevel.GRID: "网格"}
        unit = self.add(
            OrganisationUnit(
                **{
                    "code": f"5101290{self.next():08d}"[:15],
                    "level": level,
                    "parent_id": parent_id,
                    "path": "",
                    "name": name,
                    "kind": kinds[level],
                    "valid_from": date(2020, 1, 1),
                    **over,
                }
            )
        )

        def finish(session):
            session.get(OrganisationUnit, unit.id).path = f"{path}{unit.id}/"

        self.db.write(finish)
        return unit.id

    def committee(self, name, *, kind=CommitteeKind.COMMUNITY, town=None, community=None) -> int:
        return self.add(
            Committee(
                code=f"K{self.next():04d}",
                name=name,
                kind=kind,
                unit_id=community or town or self.county,
                town_id=town,
                community_id=community,
                term_from=date(2024, 6, 1),
                term_to=date(2027, 6, 1),
            )
        ).id

    def mediator(self, name="张建国", *, specialities=(GENERAL,), identity=None, **over) -> int:
        mediator = self.add(
            Mediator(
                **{
                    "code": f"M{self.next():05d}",
                    "name": name,
                    "sex": "1",
                    "committee_id": self.committee_a,
                    "capacity": 10,
                    "identity_index": (
                        self.db.vault.index(identity, Indexed.IDENTITY) if identity else None
                    ),
                    **over,
                }
            )
        )
        for code in specialities:
            self.add(MediatorSpeciality(mediator_id=mediator.id, type_code=code))
        return mediator.id

    def absence(self, mediator_id, first, last, kind=AbsenceKind.LEAVE):
        return self.add(
            MediatorAbsence(mediator_id=mediator_id, first_day=first, last_day=last, kind=kind)
        )

    def relation(self, mediator_id, identity, kind=RelationKind.KIN):
        index = self.db.vault.index(identity, Indexed.IDENTITY)
        return self.add(
            MediatorRelation(
                mediator_id=mediator_id, person_index=index, kind=kind, disclosed_on=NOW.date()
            )
        )

    def seen(self, *mediators):
        """What a preview of now has of these people."""
        with self.db.read() as session:
            found = reach(session, Mediator.id.in_(mediators), county_id=self.county, now=NOW)
        return tuple(seen(one) for one in found)

    def case(self, *, parties=("王小明", "李大华"), identities=(), phones=(), **over) -> Case:
        """A case with the history that a registration and an assignment leave."""
        return self.db.write(lambda session: self._case(session, parties, identities, phones, over))

    def _case(self, session, parties, identities, phones, over):
        vault = self.db.vault
        at = over.get("registered_at", NOW - timedelta(days=1))
        (case_id,) = numbers.reserve(session, "case", county_id=self.county)
        (ordinal,) = numbers.reserve(session, numbers.case_counter(at), county_id=self.county)
        title = over.pop("title", "楼上漏水")
        summary, point = over.pop("summary", None), over.pop("point", None)
        stage = over.get("stage", Stage.IN_MEDIATION if "mediator_id" in over else Stage.ACCEPTED)
        is_open = stage is not Stage.CLOSED
        difficulty = over.get("difficulty", Difficulty.ORDINARY)
        held = over.get("mediator_id") is not None
        row = {
            "county_id": self.county,
            "id": case_id,
            "case_no": numbers.case_number(at, ordinal),
            "external_no": None,
            "town_id": self.town_a,
            "community_id": self.community_a,
            "grid_id": self.grid_a,
            "type_code": "0402",
            "source_code": "S02",
            "difficulty": difficulty,
            "risk": 4,
            "stage": stage,
            "is_open": int(is_open),
            "paused": 0,
            "supervised": 0,
            "occurred_on": date(2026, 3, 1),
            "registered_at": at,
            "stage_since": at,
            "due_at": NOW + timedelta(days=3) if is_open else None,
            "soon_at": NOW + timedelta(days=2) if is_open else None,
            "closed_at": None if is_open else NOW,
            "committee_id": None,
            "mediator_id": None,
            "held_since": at if held else None,
            "weight": WEIGHT[difficulty],
            "title_encrypted": vault.encrypt(title, place=f"case.title:{self.county}:{case_id}"),
            "version": 1,
            "updated_at": at,
            **over,
        }
        if held and row["committee_id"] is None:
            row["committee_id"] = session.scalar(
                select(Mediator.committee_id).where(Mediator.id == row["mediator_id"])
            )
        if summary is not None:
            row["summary_encrypted"] = vault.encrypt(
                summary, place=f"case.summary:{self.county}:{case_id}"
            )
        if point is not None:
            row["point_encrypted"] = vault.encrypt(
                point_text(*point), place=f"case.point:{self.county}:{case_id}"
            )
        if stage not in HELD_STAGES and not held:
            row["held_since"] = None
        session.execute(insert(Case).values(row))
        key = {"county_id": self.county, "case_id": case_id, "seq": 1}
        session.execute(
            insert(CaseEvent).values(**key, kind=EventKind.REGISTERED, at=at, actor_id=0, data={})
        )
        if is_open and row["risk"] == Risk.RED:
            session.execute(insert(RedEvent).values(**key, raised_at=at, raised_by=0))
        if held:
            session.execute(
                insert(Assignment).values(
                    **key,
                    mediator_id=row["mediator_id"],
                    committee_id=row["committee_id"],
                    starts_at=at,
                    reason=ReassignReason.FIRST_ASSIGNMENT,
                    actor_id=0,
                )
            )
        self._parties(session, case_id, parties, identities, phones)
        stamp = audit.append(
            session,
            [audit.Deed("case:register", f"case:{row['case_no']}")],
            actor=self.system,
            at=at,
            changes_data=True,
        )
        if is_open:
            session.execute(
                insert(CaseSpan).values(
                    **key,
                    starts_at=at,
                    recorded_seq=stamp.data_seq,
                    **{name: row[name] for name in SPAN_FIELDS},
                )
            )
        return session.scalars(select(Case).where(Case.id == case_id)).one()

    def _parties(self, session, case_id, parties, identities, phones):
        vault = self.db.vault
        for place, name in enumerate(parties):
            (party_id,) = numbers.reserve(session, "party", county_id=self.county)
            values = {"name": name}
            values["identity"] = identities[place] if place < len(identities) else None
            values["phone"] = phones[place] if place < len(phones) else None
            row = {"county_id": self.county, "id": party_id, "case_id": case_id}
            for field, value in values.items():
                if value is None:
                    continue
                where = f"party.{field}:{self.county}:{party_id}"
                row[f"{field}_encrypted"] = vault.encrypt(value, place=where)
                row[f"{field}_index"] = vault.index(value, Indexed(field))
            role = PartyRole.APPLICANT if place == 0 else PartyRole.RESPONDENT
            session.execute(insert(Party).values(**row, role=role, kind=PartyKind.PERSON))

    def user(self, name="值班员", *, role=Role.DUTY, unit="county", **over) -> User:
        user = self.add(
            User(
                **{
                    "county_id": self.county,
                    "login": f"user{self.next()}",
                    "name": name,
                    "password_hash": "!",
                    "created_at": NOW,
                    **over,
                }
            )
        )
        place = self.county if unit == "county" else unit
        self.add(UserRole(user_id=user.id, role=role, unit_id=place, valid_from=date(2020, 1, 1)))
        return user

    def actor(
        self, name="值班员", *, scope=None, permissions=tuple(Permission), role=Role.DUTY
    ) -> Actor:
        """A signed-in person with these permissions in one scope; the whole county by default.

        `role` is the post that the database knows of, for what asks it again.
        """
        user = self.user(name, role=role)
        part = scope or Scope(self.county, whole_county=True)
        return Actor(user.id, name, self.county, dict.fromkeys(permissions, part))
