"""Committees: added, renamed, a new term begun, closed."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.tables import Committee, Mediator, OrganisationUnit
from data_access.team_changes import Kept, committee_for_change, keep_once, record, require_open
from domain.cases import FieldProblem
from domain.clocks import day_of
from domain.committees import latest_end
from domain.eligibility import CommitteeKind
from domain.errors import Invalid, NotKeepable, TeamNotFound
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Scope
from domain.teams import COMMITTEE_NAME_LONGEST, TeamObjection, TeamProblem

# A room or an industry's committee may stand at any place above the grid; the others have theirs.
_LEVELS = {
    CommitteeKind.COMMUNITY: {UnitLevel.COMMUNITY},
    CommitteeKind.TOWN: {UnitLevel.TOWN},
    CommitteeKind.INDUSTRY: {UnitLevel.COUNTY, UnitLevel.TOWN},
    CommitteeKind.BRAND_ROOM: {UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY},
}
_CODE_KEPT = 26


def add_committee(
    db: Database,
    *,
    name: str,
    kind: CommitteeKind,
    unit_id: int,
    term_from: date,
    term_to: date,
    minority_area: bool,
    actor: Actor,
    now: datetime,
    key: str,
) -> int:
    """A new committee at a unit of the asker's scope, with its first term; gives its id.

    `term_to` is the first day after the term. Raises NotAllowed, TeamNotFound, Invalid, KeyReused.
    """
    scope, name = actor.scope(Permission.TEAM_KEEP), _checked_name(name)
    _require_term(term_from, term_to, today=day_of(now))

    def apply(session: Session, unit: OrganisationUnit) -> dict[str, Any]:
        if unit.level not in _LEVELS[kind]:
            raise Invalid(kind=TeamProblem.KIND_UNFIT)
        row = Committee(
            code=_free_code(session, unit),
            name=name,
            kind=kind,
            unit_id=unit.id,
            town_id=_town_of(unit),
            community_id=unit.id if unit.level is UnitLevel.COMMUNITY else None,
            term_from=term_from,
            term_to=term_to,
            minority_area=minority_area,
        )
        session.add(row)
        session.flush()
        after = {"kind": kind.value, **_told_term(row), "minority_area": minority_area}
        deed = audit.Deed("committee:add", f"committee:{row.id}", {"after": after})
        record(session, [Kept(deed, row.id, None, day_of(now))], actor=actor, now=now)
        return {"committee_id": row.id}

    answer = keep_once(
        db,
        lambda session: _unit_for_change(session, unit_id, scope=scope),
        apply,
        operation="add_committee",
        request={
            "name": name,
            "kind": kind.value,
            "unit": unit_id,
            "from": term_from.isoformat(),
            "to": term_to.isoformat(),
            "minority_area": minority_area,
        },
        actor=actor,
        now=now,
        key=key,
    )
    return int(answer["committee_id"])


def change_committee(
    db: Database,
    *,
    committee_id: int,
    name: str,
    minority_area: bool,
    actor: Actor,
    now: datetime,
    key: str,
) -> None:
    """Another name, or whether it lies in an area of several nationalities.

    Raises NotAllowed, TeamNotFound, NotKeepable, Invalid, KeyReused.
    """
    scope, name = actor.scope(Permission.TEAM_KEEP), _checked_name(name)

    def apply(session: Session, committee: Committee) -> dict[str, Any]:
        require_open(committee)
        before = {"name": committee.name, "minority_area": committee.minority_area}
        after = {"name": name, "minority_area": minority_area}
        if before == after:
            raise NotKeepable([TeamObjection.UNCHANGED])
        committee.name, committee.minority_area = name, minority_area
        payload = {"before": before, "after": after}
        deed = audit.Deed("committee:change", f"committee:{committee_id}", payload)
        record(session, [Kept(deed, committee_id, None, day_of(now))], actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: committee_for_change(session, committee_id, scope=scope),
        apply,
        operation="change_committee",
        request={"committee": committee_id, "name": name, "minority_area": minority_area},
        actor=actor,
        now=now,
        key=key,
    )


def begin_term(
    db: Database,
    *,
    committee_id: int,
    term_from: date,
    term_to: date,
    members: Collection[int],
    chair_id: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> None:
    """A new term after an election, with who was elected; everybody else stays as hired.

    `members` are mediators of the committee, the chair among them; so the old ones are carried over
    or not. Whether the election keeps to the law the checks say: it is written down as it was.
    Raises NotAllowed, TeamNotFound, NotKeepable, Invalid, KeyReused.
    """
    scope, elected = actor.scope(Permission.TEAM_TERM), sorted(set(members))
    _require_term(term_from, term_to, today=day_of(now))

    def apply(session: Session, committee: Committee) -> dict[str, Any]:
        require_open(committee)
        if term_from <= committee.term_from:
            raise Invalid(term_from=TeamProblem.BEFORE_LAST_TERM)
        people = session.scalars(
            select(Mediator)
            .where(Mediator.committee_id == committee_id, Mediator.active)
            .order_by(Mediator.id)
            .with_for_update(key_share=True)
        ).all()
        if not set(elected) <= {one.id for one in people}:
            raise Invalid(members=TeamProblem.NOT_OF_COMMITTEE)
        if chair_id not in elected:
            raise Invalid(chair=TeamProblem.CHAIR_NOT_MEMBER)
        before = {**_told_term(committee), **_told_seats(people)}
        committee.term_from, committee.term_to = term_from, term_to
        for one in people:
            one.member, one.chair = one.id in elected, one.id == chair_id
            one.seat_from = one.seat_to = None
            one.version += 1
        payload = {"before": before, "after": {**_told_term(committee), **_told_seats(people)}}
        deed = audit.Deed("committee:begin_term", f"committee:{committee_id}", payload)
        record(session, [Kept(deed, committee_id, None, term_from)], actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: committee_for_change(session, committee_id, scope=scope),
        apply,
        operation="begin_term",
        request={
            "committee": committee_id,
            "from": term_from.isoformat(),
            "to": term_to.isoformat(),
            "members": elected,
            "chair": chair_id,
        },
        actor=actor,
        now=now,
        key=key,
    )


def close_committee(
    db: Database, *, committee_id: int, actor: Actor, now: datetime, key: str
) -> None:
    """Close a committee in which nobody is left; what it did stays.

    Raises NotAllowed, TeamNotFound, NotKeepable, KeyReused.
    """
    scope = actor.scope(Permission.TEAM_KEEP)

    def apply(session: Session, committee: Committee) -> dict[str, Any]:
        require_open(committee)
        left = session.scalar(
            select(func.count())
            .select_from(Mediator)
            .where(Mediator.committee_id == committee_id, Mediator.active)
        )
        if left:
            raise NotKeepable([TeamObjection.HAS_PEOPLE], count=left)
        committee.active = False
        payload = {"before": {"active": True}, "after": {"active": False}}
        deed = audit.Deed("committee:close", f"committee:{committee_id}", payload)
        record(session, [Kept(deed, committee_id, None, day_of(now))], actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: committee_for_change(session, committee_id, scope=scope),
        apply,
        operation="close_committee",
        request={"committee": committee_id},
        actor=actor,
        now=now,
        key=key,
    )


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise Invalid(name=FieldProblem.MISSING)
    if len(name) > COMMITTEE_NAME_LONGEST:
        raise Invalid(name=FieldProblem.TOO_LONG)
    return name


def _require_term(term_from: date, term_to: date, *, today: date) -> None:
    """Raise Invalid unless the days are in order, not to come, and no longer than the law has it.

    Each further term begins with an election, which is written down when it has been held.
    """
    if term_from > today:
        raise Invalid(term_from=TeamProblem.BEGINS_LATER)
    if term_to <= term_from:
        raise Invalid(term_to=TeamProblem.REVERSED)
    if term_to > latest_end(term_from):
        raise Invalid(term_to=TeamProblem.LONGER_THAN_TERM)


def _unit_for_change(session: Session, unit_id: int, *, scope: Scope) -> OrganisationUnit:
    """A unit of the scope where a committee may stand, held until commit."""
    unit = session.scalar(
        select(OrganisationUnit)
        .where(
            OrganisationUnit.id == unit_id,
            OrganisationUnit.path.startswith(f"/{scope.county_id}/", autoescape=True),
            OrganisationUnit.level != UnitLevel.GRID,
        )
        .with_for_update(key_share=True)
    )
    if unit is None or not (scope.whole_county or _is_within(unit, scope)):
        raise TeamNotFound(f"unit:{unit_id}")
    return unit


def _is_within(unit: OrganisationUnit, scope: Scope) -> bool:
    above = {int(part) for part in unit.path.split("/") if part}
    return bool(above & (scope.towns | scope.communities))


def _town_of(unit: OrganisationUnit) -> int | None:
    match unit.level:
        case UnitLevel.TOWN:
            return unit.id
        case UnitLevel.COMMUNITY:
            return unit.parent_id
        case _county:
            return None


def _free_code(session: Session, unit: OrganisationUnit) -> str:
    stem = f"{unit.code[:_CODE_KEPT]}-"
    taken = set(
        session.scalars(
            select(Committee.code).where(Committee.code.startswith(stem, autoescape=True))
        )
    )
    number = len(taken) + 1
    while f"{stem}{number}" in taken:
        number += 1
    return f"{stem}{number}"


def _told_term(committee: Committee) -> dict[str, Any]:
    return {
        "term_from": committee.term_from.isoformat(),
        "term_to": committee.term_to.isoformat(),
    }


def _told_seats(people: Collection[Mediator]) -> dict[str, Any]:
    return {
        "members": [one.id for one in people if one.member],
        "chairs": [one.id for one in people if one.chair],
    }
