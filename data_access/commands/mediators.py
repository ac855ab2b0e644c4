"""Mediators: added, what they may take and how much, in which seat they sit, the end of a post."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.queries.relations import namesakes
from data_access.scope import cases_within
from data_access.tables import (
    Case,
    CaseType,
    Committee,
    DutyRoster,
    Mediator,
    MediatorRelation,
    MediatorSpeciality,
    PartyObjection,
)
from data_access.tables.cases import IS_OPEN
from data_access.team_changes import (
    Kept,
    change_mediator,
    committee_for_change,
    keep_once,
    mediator_for_change,
    record,
    require_as_seen,
    require_open,
    told_of,
)
from data_access.vault import Indexed
from domain.cases import FieldProblem
from domain.clocks import day_of
from domain.eligibility import GENERAL
from domain.errors import Invalid, NotKeepable
from domain.identity import is_identity
from domain.people import Actor, Permission, Scope
from domain.privacy import normalise_identity_number
from domain.teams import (
    MOST_CAPACITY,
    NAME_LONGEST,
    MemberSeat,
    TeamObjection,
    TeamProblem,
    born_on,
    is_adult,
)

_SEXES = {"1", "2", "9"}
_NAMED_CASES = 5
_CODE_KEPT = 27


@dataclass(frozen=True, slots=True)
class NewMediator:
    """A mediator as entered. Of the identity number only a keyed hash and the age are kept.

    `formerly`: as whom else they serve or served, by ids; empty: somebody else who has the same
    name; None: that was not asked.
    """

    name: str
    sex: str = "9"
    seat: MemberSeat = MemberSeat.HIRED
    full_time: bool = False
    capacity: int = 10
    specialities: frozenset[str] = frozenset({GENERAL})
    minority: bool | None = None
    adult: bool | None = None
    identity: str = field(default="", repr=False)
    formerly: frozenset[int] | None = None


def add_mediator(
    db: Database,
    *,
    committee_id: int,
    new: NewMediator,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """Somebody new in a committee; gives their id.

    Who served before, by the identity number or by what is entered, must withdraw from all that
    they had to withdraw from then. Raises NotAllowed, TeamNotFound, NotKeepable, Invalid,
    KeyReused.
    """
    scope, today = actor.scope(Permission.TEAM_KEEP), day_of(now)
    identity = normalise_identity_number(new.identity)
    adult = new.adult
    if born := born_on(identity):
        adult = is_adult(born, today=today)
    _require_valid(new, identity, adult=adult)
    index = db.vault.index(identity, Indexed.IDENTITY) if identity else None

    def apply(session: Session, committee: Committee) -> dict[str, Any]:
        require_open(committee)
        _require_types(session, new.specialities)
        formerly, others = _served_as(session, new, index, county_id=actor.county_id)
        moved = _step_down(session, committee_id, by=new.seat)
        row = Mediator(
            code=_free_code(session, committee),
            name=" ".join(new.name.split()),
            sex=new.sex,
            committee_id=committee_id,
            member=new.seat is not MemberSeat.HIRED,
            chair=new.seat is MemberSeat.CHAIR,
            full_time=new.full_time,
            capacity=new.capacity,
            identity_index=index or _number_of(session, formerly),
            minority=new.minority,
            adult=adult,
            seat_from=today,
        )
        session.add(row)
        session.flush()
        _write_types(session, row.id, new.specialities)
        _bar_as_before(session, row.id, formerly)
        after: dict[str, Any] = {
            "seat": new.seat.value,
            "capacity": new.capacity,
            "full_time": new.full_time,
            "types": sorted(new.specialities),
        }
        if formerly:
            after["formerly"] = sorted(formerly)
        if others:
            after["not_formerly"] = sorted(others)
        deed = audit.Deed("mediator:add", f"mediator:{row.id}", {"after": after})
        kept = Kept(deed, committee_id, row.id, today)
        record(session, [*_stepped(moved, today), kept], actor=actor, now=now)
        return {"mediator_id": row.id}

    answer = keep_once(
        db,
        lambda session: committee_for_change(session, committee_id, scope=scope),
        apply,
        operation="add_mediator",
        # Keyed hashes: whoever reads the table of keys must not be able to try names.
        request={
            "committee": committee_id,
            "name": db.vault.index(new.name, Indexed.NAME).hex(),
            "identity": index.hex() if index else "",
            "sex": new.sex,
            "seat": new.seat.value,
            "full_time": new.full_time,
            "capacity": new.capacity,
            "types": sorted(new.specialities),
            "minority": new.minority,
            "adult": new.adult,
            "formerly": None if new.formerly is None else sorted(new.formerly),
        },
        actor=actor,
        now=now,
        key=key,
    )
    return int(answer["mediator_id"])


def set_specialities(
    db: Database,
    *,
    mediator_id: int,
    specialities: Collection[str],
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """Which types somebody may take: codes of GB/T 31000, or GENERAL; at least one.

    Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable, Invalid, KeyReused.
    """
    wanted = sorted(set(specialities))

    def apply(session: Session, mediator: Mediator) -> audit.Deed:
        _require_types(session, wanted)
        before = sorted(
            session.scalars(
                select(MediatorSpeciality.type_code).where(
                    MediatorSpeciality.mediator_id == mediator_id
                )
            )
        )
        session.execute(
            delete(MediatorSpeciality).where(MediatorSpeciality.mediator_id == mediator_id)
        )
        _write_types(session, mediator.id, wanted)
        told = told_of(mediator, {"types": before}, {"types": wanted})
        return audit.Deed("mediator:set_specialities", *told)

    change_mediator(
        db,
        apply,
        operation="mediator:set_specialities",
        request={"types": wanted},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def set_capacity(
    db: Database,
    *,
    mediator_id: int,
    capacity: int,
    full_time: bool,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """The most cases held at a time (0: none), and whether mediating is all that they do.

    Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable, Invalid, KeyReused.
    """
    if not 0 <= capacity <= MOST_CAPACITY:
        raise Invalid(capacity=FieldProblem.OUT_OF_RANGE)

    def apply(_session: Session, mediator: Mediator) -> audit.Deed:
        before = {"capacity": mediator.capacity, "full_time": mediator.full_time}
        mediator.capacity, mediator.full_time = capacity, full_time
        told = told_of(mediator, before, {"capacity": capacity, "full_time": full_time})
        return audit.Deed("mediator:set_capacity", *told)

    change_mediator(
        db,
        apply,
        operation="mediator:set_capacity",
        request={"capacity": capacity, "full_time": full_time},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def set_licence(
    db: Database,
    *,
    mediator_id: int,
    until: date | None,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """The last day on which somebody may mediate by their accreditation; None: without an end.

    After it they are given no case. Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable,
    Invalid, KeyReused.
    """
    if until is not None and until < day_of(now):
        raise Invalid(licence_until=TeamProblem.TOO_EARLY)

    def apply(_session: Session, mediator: Mediator) -> audit.Deed:
        days = [one.isoformat() if one else None for one in (mediator.licence_until, until)]
        before, after = ({"licence_until": one} for one in days)
        mediator.licence_until = until
        return audit.Deed("mediator:set_licence", *told_of(mediator, before, after))

    change_mediator(
        db,
        apply,
        operation="mediator:set_licence",
        request={"until": until.isoformat() if until else None},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def set_particulars(
    db: Database,
    *,
    mediator_id: int,
    sex: str,
    minority: bool | None,
    adult: bool | None,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """What the law's checks ask of a person: sex by GB/T 2261.1, of a minority, of age.

    Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable, Invalid, KeyReused.
    """
    if sex not in _SEXES:
        raise Invalid(sex=FieldProblem.NOT_A_CHOICE)

    def apply(_session: Session, mediator: Mediator) -> audit.Deed:
        before: dict[str, Any] = {"sex": mediator.sex, "adult": mediator.adult}
        after: dict[str, Any] = {"sex": sex, "adult": adult}
        if minority != mediator.minority:
            # That it changed is told for ever; of what nationality somebody is, nowhere.
            after["minority"] = "changed"
        mediator.sex, mediator.minority, mediator.adult = sex, minority, adult
        return audit.Deed("mediator:set_particulars", *told_of(mediator, before, after))

    change_mediator(
        db,
        apply,
        operation="mediator:set_particulars",
        request={"sex": sex, "minority": minority, "adult": adult},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def set_seat(
    db: Database,
    *,
    mediator_id: int,
    seat: MemberSeat,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """Chair, member or hired from today on; a former chair stays a member.

    A by-election does not begin a term anew: the seat ends with the committee's term. Raises
    NotAllowed, TeamNotFound, TeamChanged, NotKeepable, KeyReused.
    """
    scope, today = actor.scope(Permission.TEAM_KEEP), day_of(now)

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        require_as_seen(mediator, expected_version)
        before = _seat_of(mediator)
        if before is seat:
            raise NotKeepable([TeamObjection.UNCHANGED])
        moved = _step_down(session, mediator.committee_id, by=seat)
        mediator.member = seat is not MemberSeat.HIRED
        mediator.chair = seat is MemberSeat.CHAIR
        mediator.seat_from, mediator.seat_to = today, None
        mediator.version += 1
        payload = {"before": {"seat": before.value}, "after": {"seat": seat.value}}
        deed = audit.Deed("mediator:set_seat", f"mediator:{mediator_id}", payload)
        kept = Kept(deed, mediator.committee_id, mediator_id, today)
        record(session, [*_stepped(moved, today), kept], actor=actor, now=now)
        return {}

    def find(session: Session) -> Mediator:
        # The committee first, so that two who name two chairs at once see each other.
        mediator = mediator_for_change(session, mediator_id, scope=scope)
        committee_for_change(session, mediator.committee_id, scope=scope)
        return mediator

    keep_once(
        db,
        find,
        apply,
        operation="set_seat",
        request={"mediator": mediator_id, "seat": seat.value},
        actor=actor,
        now=now,
        key=key,
    )


def end_post(
    db: Database,
    *,
    mediator_id: int,
    actor: Actor,
    now: datetime,
    key: str,
    expected_version: int | None = None,
) -> None:
    """Somebody no longer mediates; their duties from today on are taken off the roster.

    Refused while they hold open cases. Raises NotAllowed, TeamNotFound, TeamChanged, NotKeepable
    with the cases that the asker may see, KeyReused.
    """

    def apply(session: Session, mediator: Mediator) -> audit.Deed:
        _require_no_cases(session, mediator_id, actor)
        seat = _seat_of(mediator)
        mediator.active = mediator.chair = mediator.member = False
        mediator.seat_to = day_of(now)
        session.execute(
            delete(DutyRoster).where(
                DutyRoster.mediator_id == mediator_id, DutyRoster.day >= day_of(now)
            )
        )
        told = told_of(mediator, {"active": True, "seat": seat.value}, {"active": False})
        return audit.Deed("mediator:end_post", *told)

    change_mediator(
        db,
        apply,
        operation="mediator:end_post",
        request={},
        mediator_id=mediator_id,
        expected_version=expected_version,
        actor=actor,
        now=now,
        key=key,
    )


def _require_valid(new: NewMediator, identity: str, *, adult: bool | None) -> None:
    problems: dict[str, Any] = {}
    name = " ".join(new.name.split())
    if not name or len(name) > NAME_LONGEST:
        problems["name"] = FieldProblem.TOO_LONG if name else FieldProblem.MISSING
    if new.sex not in _SEXES:
        problems["sex"] = FieldProblem.NOT_A_CHOICE
    if not 0 <= new.capacity <= MOST_CAPACITY:
        problems["capacity"] = FieldProblem.OUT_OF_RANGE
    if identity and not is_identity(identity):
        problems["identity_number"] = TeamProblem.IDENTITY_WRONG
    elif adult is False:
        problems["adult"] = TeamProblem.NOT_ADULT
    if problems:
        raise Invalid(**problems)


def _served_as(
    session: Session, new: NewMediator, index: bytes | None, *, county_id: int
) -> tuple[set[int], set[int]]:
    """Who is the same person, and who was said not to be; raises where that is not known.

    Anywhere in the county: a wall does not end where another committee's people begin.
    """
    same: set[int] = set()
    if index is not None:
        found = select(Mediator.id, Mediator.active).where(Mediator.identity_index == index)
        rows = session.execute(found).all()
        if any(one.active for one in rows):
            raise NotKeepable([TeamObjection.IN_POST_ALREADY])
        same = {one.id for one in rows}
    county = Scope(county_id, whole_county=True)
    named = namesakes(session, scope=county, name=new.name, identity=index)
    others = {one.mediator_id for one in named} - same
    said = new.formerly
    if said is None and others:
        raise NotKeepable([TeamObjection.SERVED_BEFORE])
    chosen = said or frozenset()
    if not chosen <= others | same:
        # Said of another name than the one that is there now.
        raise NotKeepable([TeamObjection.SERVED_BEFORE])
    return same | chosen, others - chosen


def _number_of(session: Session, formerly: Collection[int]) -> bytes | None:
    """The keyed hash of their number, if one is known: nobody mediates a dispute of their own."""
    known = select(Mediator.identity_index).where(
        Mediator.id.in_(formerly), Mediator.identity_index.is_not(None)
    )
    return session.scalars(known.order_by(Mediator.id.desc())).first()


def _bar_as_before(session: Session, mediator_id: int, formerly: Collection[int]) -> None:
    """Relations and objections of who served before are theirs again under the new number."""
    known = session.scalars(
        select(MediatorRelation)
        .where(MediatorRelation.mediator_id.in_(formerly))
        .order_by(MediatorRelation.id)
    ).all()
    rows: dict[bytes, MediatorRelation] = {}
    for one in known:
        kept = rows.setdefault(one.person_index, _relation(one, mediator_id, one.person_index))
        if one.name_index is not None and kept.name_index is None:
            kept.name_index = one.name_index
        elif one.name_index is not None and kept.name_index != one.name_index:
            # One number under two names: the second bars by itself.
            rows.setdefault(one.name_index, _relation(one, mediator_id, one.name_index))
    session.add_all(rows.values())
    objections = session.scalars(
        select(PartyObjection)
        .where(PartyObjection.mediator_id.in_(formerly), PartyObjection.lifted_at.is_(None))
        .order_by(PartyObjection.id)
    ).all()
    session.add_all(
        PartyObjection(
            county_id=said.county_id,
            case_id=said.case_id,
            mediator_id=mediator_id,
            side=said.side,
            raised_on=said.raised_on,
            recorded_by=said.recorded_by,
            recorded_at=said.recorded_at,
        )
        for said in {(one.county_id, one.case_id, one.side): one for one in objections}.values()
    )


def _relation(of: MediatorRelation, mediator_id: int, person: bytes) -> MediatorRelation:
    return MediatorRelation(
        mediator_id=mediator_id, person_index=person, kind=of.kind, disclosed_on=of.disclosed_on
    )


def _require_types(session: Session, wanted: Collection[str]) -> None:
    named = set(wanted) - {GENERAL}
    known = set(session.scalars(select(CaseType.code).where(CaseType.code.in_(named))))
    if not wanted or named != known:
        missing = FieldProblem.NOT_A_CHOICE if wanted else FieldProblem.MISSING
        raise Invalid(specialities=missing)


def _write_types(session: Session, mediator_id: int, codes: Collection[str]) -> None:
    rows = [{"mediator_id": mediator_id, "type_code": code} for code in sorted(codes)]
    session.execute(insert(MediatorSpeciality), rows)


def _seat_of(mediator: Mediator) -> MemberSeat:
    if mediator.chair:
        return MemberSeat.CHAIR
    return MemberSeat.MEMBER if mediator.member else MemberSeat.HIRED


def _step_down(session: Session, committee_id: int, *, by: MemberSeat) -> list[Mediator]:
    """The chairs who become plain members because there is a new one."""
    if by is not MemberSeat.CHAIR:
        return []
    chairs = session.scalars(
        select(Mediator)
        .where(Mediator.committee_id == committee_id, Mediator.active, Mediator.chair)
        .with_for_update(key_share=True)
    ).all()
    for one in chairs:
        one.chair = False
        one.version += 1
    return list(chairs)


def _stepped(moved: list[Mediator], today: date) -> list[Kept]:
    before = {"seat": MemberSeat.CHAIR.value}
    payload = {"before": before, "after": {"seat": MemberSeat.MEMBER.value}}
    return [
        Kept(
            audit.Deed("mediator:set_seat", f"mediator:{one.id}", payload),
            one.committee_id,
            one.id,
            today,
        )
        for one in moved
    ]


def _require_no_cases(session: Session, mediator_id: int, actor: Actor) -> None:
    held = (IS_OPEN, Case.county_id == actor.county_id, Case.mediator_id == mediator_id)
    count = session.scalar(select(func.count()).select_from(Case).where(*held)) or 0
    if not count:
        return
    seen: list[str] = []
    if actor.may(Permission.CASE_READ):
        within = cases_within(actor.scope(Permission.CASE_READ))
        found = select(Case.case_no).where(*held, within).order_by(Case.id).limit(_NAMED_CASES)
        seen = list(session.scalars(found))
    raise NotKeepable([TeamObjection.HOLDS_CASES], cases=seen, count=count)


def _free_code(session: Session, committee: Committee) -> str:
    stem = f"{committee.code[:_CODE_KEPT]}-"
    taken = set(
        session.scalars(
            select(Mediator.code).where(Mediator.code.startswith(stem, autoescape=True))
        )
    )
    number = len(taken) + 1
    while f"{stem}{number:02d}" in taken:
        number += 1
    return f"{stem}{number:02d}"
