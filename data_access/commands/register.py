"""Register a dispute: at the window, on the way through a grid, or settled on the spot."""

import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, or_, select
from sqlalchemy.orm import Session

from data_access import audit, idempotency, numbers
from data_access.engine import Database, vault_of
from data_access.history import FACT_FIELDS, SPAN_FIELDS, UNTOUCHED, note_place, told
from data_access.red_events import raise_alarm
from data_access.reference import load_clock
from data_access.scope import places_to_register
from data_access.tables import Case, CaseEvent, CaseSpan, CaseType, Code, OrganisationUnit, Party
from data_access.vault import Indexed
from data_access.weighing import points_of, table_now
from domain.cases import Difficulty, EventKind, FieldProblem, Risk, Stage, difficulty_of
from domain.clocks import day_of
from domain.errors import Invalid, NotAllowed
from domain.identity import is_identity
from domain.organisation import PartyKind, PartyRole, UnitLevel
from domain.people import Actor, Permission
from domain.red_events import is_red
from domain.transitions import AgreementForm

TITLE_LONGEST, TEXT_LONGEST, NAME_LONGEST, PLACE_LONGEST = 100, 4000, 80, 200
NOTE_SHORTEST, NOTE_LONGEST = 4, 500
PARTIES_MOST = 20
PEOPLE_MOST = 99_999
YUAN_MOST = 10**12
_EARLIEST = date(1949, 10, 1)
_PHONE = re.compile(r"\+?[0-9][0-9 \-]{5,19}")
# 达成口头调解协议: what is settled on the spot is settled by word (人民调解法 28, 30).
_ON_THE_SPOT = "O02"


@dataclass(frozen=True, slots=True)
class NewParty:
    """A party as the window took it down. Identity number, phone and address may be missing."""

    role: PartyRole
    name: str
    kind: PartyKind = PartyKind.PERSON
    identity: str = ""
    phone: str = ""
    address: str = ""
    sex: str = "9"


@dataclass(frozen=True, slots=True)
class NewCase:
    """A dispute as it is registered. `difficulty` None: told by people, amount and risk.

    `settled` is how it was settled on the spot (随手调), or empty where it goes on. `cross_town`:
    parties or matter lie in more than one town; `repeated`: the same matter came before.
    """

    unit_id: int
    type_code: str
    source_code: str
    occurred_on: date
    title: str
    parties: tuple[NewParty, ...]
    place: str = ""
    summary: str = ""
    people_count: int = 2
    amount_yuan: int | None = None
    risk: Risk = Risk.BLUE
    scale_code: str = "01"
    difficulty: Difficulty | None = None
    settled: str = ""
    cross_town: bool = False
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Registered:
    """The case that came of it."""

    case_no: str
    version: int
    stage: Stage


def register_case(
    db: Database, *, new: NewCase, actor: Actor, now: datetime, key: str
) -> Registered:
    """Register a dispute; its clock of acceptance starts, or it is closed at once where settled.

    `key` makes a retry safe. Raises NotAllowed where the place is not the person's, Invalid,
    KeyReused.
    """
    actor.scope(Permission.CASE_REGISTER)
    new = _checked(new, today=day_of(now))
    request = _json(new)

    def work(session: Session) -> Registered:
        # The counter's row is the lock: of two equal requests the second finds the first's answer,
        # and takes no number.
        numbers.reserve(session, "case", county_id=actor.county_id, count=0)

        def register() -> dict[str, Any]:
            _require_codes(session, new)
            (case_id,) = numbers.reserve(session, "case", county_id=actor.county_id)
            row = _row(session, case_id, new, actor=actor, now=now)
            _write(session, row, new, actor=actor, now=now)
            return {"case_no": row["case_no"], "version": row["version"], "stage": row["stage"]}

        answer = idempotency.once(
            session,
            key,
            register,
            actor=actor,
            operation="register",
            request=request,
            now=now,
        )
        return Registered(answer["case_no"], answer["version"], Stage(answer["stage"]))

    return db.write(work)


# ------------------------------------------------------------------------------ what was entered


def _checked(new: NewCase, *, today: date) -> NewCase:
    """What was entered, tidied. Raises Invalid with the problem of each field."""
    parties = tuple(_tidied(party) for party in new.parties)
    new = replace(
        new,
        title=new.title.strip(),
        place=new.place.strip(),
        summary=new.summary.strip(),
        settled=new.settled.strip(),
        parties=parties,
    )
    problems = dict(_problems(new, today))
    for place, party in enumerate(parties):
        problems |= {f"party{place}.{name}": why for name, why in _party_problems(party)}
    if problems:
        raise Invalid(**problems)
    return new


def _tidied(party: NewParty) -> NewParty:
    texts = ("name", "identity", "phone", "address")
    return replace(party, **{name: getattr(party, name).strip() for name in texts})


def _problems(new: NewCase, today: date) -> Iterator[tuple[str, FieldProblem]]:
    texts = (
        ("title", new.title, TITLE_LONGEST),
        ("place", new.place, PLACE_LONGEST),
        ("summary", new.summary, TEXT_LONGEST),
        ("settled", new.settled, NOTE_LONGEST),
    )
    yield from ((name, FieldProblem.TOO_LONG) for name, text, most in texts if len(text) > most)
    if not new.title:
        yield "title", FieldProblem.MISSING
    if new.settled and len(new.settled) < NOTE_SHORTEST:
        yield "settled", FieldProblem.TOO_SHORT
    if new.occurred_on > today:
        yield "occurred_on", FieldProblem.IN_FUTURE
    if new.occurred_on < _EARLIEST:
        yield "occurred_on", FieldProblem.OUT_OF_RANGE
    if not 1 <= new.people_count <= PEOPLE_MOST:
        yield "people_count", FieldProblem.OUT_OF_RANGE
    if new.amount_yuan is not None and not 0 <= new.amount_yuan <= YUAN_MOST:
        yield "amount_yuan", FieldProblem.OUT_OF_RANGE
    if not new.parties:
        yield "parties", FieldProblem.MISSING
    if len(new.parties) > PARTIES_MOST:
        yield "parties", FieldProblem.TOO_LONG


def _party_problems(party: NewParty) -> Iterator[tuple[str, FieldProblem]]:
    if not party.name:
        yield "name", FieldProblem.MISSING
    if len(party.name) > NAME_LONGEST:
        yield "name", FieldProblem.TOO_LONG
    if len(party.address) > PLACE_LONGEST:
        yield "address", FieldProblem.TOO_LONG
    if party.phone and not _PHONE.fullmatch(party.phone):
        yield "phone", FieldProblem.WRONG_FORM
    # A wrong number finds no relation to a mediator, and recusal would be blind to it.
    if party.identity and party.kind is PartyKind.PERSON and not is_identity(party.identity):
        yield "identity", FieldProblem.WRONG_FORM


def _require_codes(session: Session, new: NewCase) -> None:
    problems = {}
    if session.get(CaseType, new.type_code) is None:
        problems["type_code"] = FieldProblem.NOT_A_CHOICE
    for name, kind in (("source_code", "source_channel"), ("scale_code", "event_scale")):
        if session.get(Code, (kind, getattr(new, name))) is None:
            problems[name] = FieldProblem.NOT_A_CHOICE
    if problems:
        raise Invalid(**problems)


# ------------------------------------------------------------------------------ what comes of it


def _row(
    session: Session, case_id: int, new: NewCase, *, actor: Actor, now: datetime
) -> dict[str, Any]:
    """The case's row: registered and under its clock, or settled and closed."""
    (ordinal,) = numbers.reserve(session, numbers.case_counter(now), county_id=actor.county_id)
    difficulty = new.difficulty or difficulty_of(
        new.people_count,
        amount_yuan=new.amount_yuan,
        risk=new.risk,
        scale_code=new.scale_code,
    )
    vault, key = vault_of(session), f"{actor.county_id}:{case_id}"
    texts = {
        f"{name}_encrypted": vault.encrypt(text, place=f"case.{name}:{key}") if text else None
        for name, text in (("title", new.title), ("place", new.place), ("summary", new.summary))
    }
    row: dict[str, Any] = {
        "county_id": actor.county_id,
        "id": case_id,
        "case_no": numbers.case_number(now, ordinal),
        "type_code": new.type_code,
        "source_code": new.source_code,
        "scale_code": new.scale_code,
        "difficulty": difficulty,
        "risk": new.risk.value,
        **UNTOUCHED,
        "occurred_on": new.occurred_on,
        "registered_at": now,
        "stage_since": now,
        "people_count": new.people_count,
        "amount_yuan": new.amount_yuan,
        "cross_town": new.cross_town,
        "repeated": new.repeated,
        "committee_id": None,
        "mediator_id": None,
        "updated_at": now,
        **_units(session, new.unit_id, actor, today=day_of(now)),
        **texts,
    }
    stage = Stage.CLOSED if new.settled else Stage.REGISTERED
    table = table_now(session, county_id=actor.county_id, now=now)
    row["weight"] = points_of(row | {"stage": stage}, table)
    if new.settled:
        return row | {
            "stage": Stage.CLOSED,
            "is_open": 0,
            "closed_at": now,
            "outcome_code": _ON_THE_SPOT,
            "agreement_form": AgreementForm.ORAL,
            "agreed_on": day_of(now),
            "version": 2,
        }
    due = load_clock(session).deadline(Stage.REGISTERED, difficulty, start=now)
    open_row = {"stage": stage, "is_open": 1, "version": 1}
    return row | open_row | {"due_at": due.due_at, "soon_at": due.soon_at}


def _units(session: Session, unit_id: int, actor: Actor, *, today: date) -> dict[str, int | None]:
    """Town, community and grid of the place. Raises NotAllowed where it is not the person's.

    A unit that has ended, while the form stood open or long ago, is no choice.
    """
    unit = OrganisationUnit
    path = session.scalar(
        select(unit.path).where(
            unit.id == unit_id, or_(unit.valid_to.is_(None), unit.valid_to > today)
        )
    )
    ids = [int(part) for part in (path or "").split("/") if part]
    found = session.execute(
        select(unit.level, unit.id).where(
            unit.id.in_(ids), unit.path.startswith(f"/{actor.county_id}/")
        )
    )
    by_level = {row.level: row.id for row in found}
    if UnitLevel.TOWN not in by_level:
        raise Invalid(unit=FieldProblem.NOT_A_CHOICE)
    town, community = by_level[UnitLevel.TOWN], by_level.get(UnitLevel.COMMUNITY)
    grid = by_level.get(UnitLevel.GRID)
    scope = places_to_register(session, scope=actor.scope(Permission.CASE_REGISTER))
    theirs = town in scope.towns or community in scope.communities or grid in scope.grids
    if not (scope.whole_county or theirs):
        raise NotAllowed(Permission.CASE_REGISTER)
    return {"town_id": town, "community_id": community, "grid_id": grid}


def _write(
    session: Session, row: dict[str, Any], new: NewCase, *, actor: Actor, now: datetime
) -> None:
    """Case, parties, events, audit line, span: all of it in the caller's transaction."""
    session.execute(insert(Case).values(row))
    for party in new.parties:
        session.execute(insert(Party).values(_party(session, row, party)))
    session.execute(insert(CaseEvent), _events(session, row, new, actor=actor, now=now))
    # What was settled where it arose is over: there is nothing left to raise an alarm for.
    if is_red(row["risk"], is_open=bool(row["is_open"])):
        raise_alarm(
            session,
            row["county_id"],
            row["id"],
            version=row["version"],
            actor_id=actor.user_id,
            at=now,
        )
    payload = {"stage": row["stage"], "version": row["version"], "unit": new.unit_id}
    stamp = audit.append(
        session,
        [audit.Deed("case:register", f"case:{row['case_no']}", payload)],
        actor=actor,
        at=now,
        changes_data=True,
    )
    if row["is_open"]:
        values = {name: row[name] for name in SPAN_FIELDS}
        session.execute(
            insert(CaseSpan).values(
                county_id=row["county_id"],
                case_id=row["id"],
                seq=1,
                starts_at=now,
                recorded_seq=stamp.data_seq,
                **values,
            )
        )


def _party(session: Session, row: dict[str, Any], party: NewParty) -> dict[str, Any]:
    (party_id,) = numbers.reserve(session, "party", county_id=row["county_id"])
    vault = vault_of(session)
    values: dict[str, Any] = {
        "county_id": row["county_id"],
        "id": party_id,
        "case_id": row["id"],
        "role": party.role,
        "kind": party.kind,
        "sex": party.sex,
    }
    for name in ("name", "identity", "phone", "address"):
        text = getattr(party, name)
        place = f"party.{name}:{row['county_id']}:{party_id}"
        values[f"{name}_encrypted"] = vault.encrypt(text, place=place) if text else None
    for kind in Indexed:
        text = getattr(party, kind)
        values[f"{kind}_index"] = vault.index(text, kind) if text else None
    return values


def _events(
    session: Session, row: dict[str, Any], new: NewCase, *, actor: Actor, now: datetime
) -> list[dict[str, Any]]:
    registered = {
        "county_id": row["county_id"],
        "case_id": row["id"],
        "seq": 1,
        "kind": EventKind.REGISTERED,
        "at": now,
        "actor_id": actor.user_id,
        "data": {"to_stage": Stage.REGISTERED, "values": told(row, FACT_FIELDS)},
        "note_encrypted": None,
    }
    if not new.settled:
        return [registered]
    place = note_place("case_event.note", row["county_id"], row["id"], 2)
    settled = {
        "seq": 2,
        "kind": EventKind.ON_THE_SPOT,
        "data": {"stage": Stage.REGISTERED, "to_stage": Stage.CLOSED, "outcome": _ON_THE_SPOT},
        "note_encrypted": vault_of(session).encrypt(new.settled, place=place),
    }
    return [registered, registered | settled]


def _json(new: NewCase) -> dict[str, Any]:
    """What was entered, as JSON, for the key of a retry."""
    return asdict(new) | {"occurred_on": new.occurred_on.isoformat()}
