"""What the queue can be narrowed to: the places, types, sources and holders that are in reach."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select, true
from sqlalchemy.orm import Session, aliased

from data_access.scope import cases_within
from data_access.tables import Case, CaseType, Code, Committee, Mediator, OrganisationUnit
from data_access.tables.cases import IS_OPEN
from domain.organisation import UnitLevel
from domain.people import Scope
from texts import gettext as _


@dataclass(frozen=True, slots=True)
class Place:
    """A town or community, with its statistics code (stable in links) and its town's name."""

    unit_id: int
    code: str
    level: UnitLevel
    name: str
    town: str


@dataclass(frozen=True, slots=True)
class Named:
    """A code with its two names."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A mediator who holds open cases here."""

    mediator_id: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Choices:
    """Everything the filters offer to one scope."""

    places: tuple[Place, ...]
    types: tuple[Named, ...]
    sources: tuple[Named, ...]
    holders: tuple[Holder, ...]


def choices(session: Session, *, scope: Scope) -> Choices:
    """What the filters offer: four queries, whatever the size of the county."""
    sources = (
        select(Code.code, Code.name_zh, Code.name_en)
        .where(Code.kind == "source_channel")
        .order_by(Code.code)
    )
    return Choices(
        _places(session, scope),
        case_types(session),
        tuple(Named(*row) for row in session.execute(sources)),
        _holders(session, scope),
    )


def case_types(session: Session) -> tuple[Named, ...]:
    """The types of dispute by code, groups of two digits among them."""
    types = select(CaseType.code, CaseType.name_zh, CaseType.name_en).order_by(CaseType.code)
    return tuple(Named(*row) for row in session.execute(types))


def _places(session: Session, scope: Scope) -> tuple[Place, ...]:
    town = aliased(OrganisationUnit)
    unit = OrganisationUnit
    part = (
        true()
        if scope.whole_county
        else or_(
            unit.id.in_(scope.towns | scope.communities),
            unit.parent_id.in_(scope.towns),
        )
    )
    rows = session.execute(
        select(unit.id, unit.code, unit.level, unit.name, town.name)
        .join(town, town.id == unit.parent_id)
        .where(unit.level.in_([UnitLevel.TOWN, UnitLevel.COMMUNITY]), unit.valid_to.is_(None), part)
        .order_by(unit.code)
    )
    return tuple(
        Place(unit_id, code, level, name, "" if level is UnitLevel.TOWN else parent)
        for unit_id, code, level, name, parent in rows
    )


def _holders(session: Session, scope: Scope) -> tuple[Holder, ...]:
    held = (IS_OPEN, cases_within(scope), Case.mediator_id.is_not(None))
    if scope.whole_county:
        # One look into the index for each mediator; a part of the county has fewer cases than that.
        one = select(Case.id).where(*held, Case.mediator_id == Mediator.id)
        holds: ColumnElement[bool] = one.exists()
    else:
        holds = Mediator.id.in_(select(Case.mediator_id).where(*held).distinct())
    rows = session.execute(
        select(Mediator.id, Mediator.code, Mediator.name)
        .where(holds)
        .order_by(Mediator.name, Mediator.id)
    )
    return tuple(Holder(*row) for row in rows)


def scope_name(session: Session, *, scope: Scope) -> str:
    """What a scope is called: its units and committees by name, in the county's order."""
    if scope.whole_county:
        ids: frozenset[int] = frozenset({scope.county_id})
    else:
        ids = scope.towns | scope.communities | scope.grids
    units = session.scalars(
        select(OrganisationUnit.name)
        .where(OrganisationUnit.id.in_(ids))
        .order_by(OrganisationUnit.code)
    )
    committees = session.scalars(
        select(Committee.name).where(Committee.id.in_(scope.committees)).order_by(Committee.id)
    )
    return _("、").join([*units, *committees])
