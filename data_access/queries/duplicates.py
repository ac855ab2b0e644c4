"""Cases that may be the same dispute: the same persons, or the same kind at the same place."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.scope import cases_within
from data_access.tables import Case, CaseEvent, Party
from data_access.vault import Indexed
from domain.cases import EventKind, Likeness, Stage
from domain.errors import NotFound
from domain.people import Scope
from domain.privacy import mask_name

WITHIN = timedelta(days=60)
MOST = 8


_ORDER = tuple(Likeness)
_BY_INDEX = {
    Indexed.IDENTITY: Likeness.IDENTITY,
    Indexed.PHONE: Likeness.PHONE,
    Indexed.NAME: Likeness.NAME,
}


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known of the dispute: blind indexes of its persons, its place and its type."""

    occurred_on: date
    type_code: str
    grid_id: int | None
    names: frozenset[bytes] = frozenset()
    phones: frozenset[bytes] = frozenset()
    identities: frozenset[bytes] = frozenset()

    def of(self, kind: Indexed) -> frozenset[bytes]:
        """The blind indexes of one kind."""
        return {
            Indexed.NAME: self.names,
            Indexed.PHONE: self.phones,
            Indexed.IDENTITY: self.identities,
        }[kind]


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A case that may be the same, and why. `persons` are its parties' names, masked."""

    case_no: str
    stage: Stage
    type_code: str
    occurred_on: date
    likeness: tuple[Likeness, ...]
    persons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Related:
    """A case that was merged, or that one was merged into, and where it stands."""

    case_no: str
    stage: Stage


@dataclass(frozen=True, slots=True)
class Merging:
    """What merging did around one case; only what lies within the scope.

    `into` is the case that stays, None where this one was not merged; `merged` went into this one.
    """

    into: Related | None
    merged: tuple[Related, ...]


def sought(
    session: Session,
    *,
    occurred_on: date,
    type_code: str,
    grid_id: int | None,
    persons: Iterable[tuple[str, str, str]],
) -> Sought:
    """What to look for, from persons as they are typed: (name, phone, identity number)."""
    vault = vault_of(session)
    found: dict[Indexed, set[bytes]] = defaultdict(set)
    for name, phone, identity in persons:
        for kind, text in zip(
            (Indexed.NAME, Indexed.PHONE, Indexed.IDENTITY), (name, phone, identity), strict=True
        ):
            if text.strip():
                found[kind].add(vault.index(text, kind))
    return Sought(
        occurred_on,
        type_code,
        grid_id,
        frozenset(found[Indexed.NAME]),
        frozenset(found[Indexed.PHONE]),
        frozenset(found[Indexed.IDENTITY]),
    )


def likely_duplicates(session: Session, *, scope: Scope, like: Sought) -> list[Duplicate]:
    """The cases of the scope that may be the same dispute, the likest first; MOST at most.

    Of persons those within 60 days, of the same grid and type those within 60 days.
    """
    why: dict[int, set[Likeness]] = defaultdict(set)
    around = Case.occurred_on.between(like.occurred_on - WITHIN, like.occurred_on + WITHIN)
    for kind, likeness in _BY_INDEX.items():
        indexes = like.of(kind)
        if not indexes:
            continue
        column = getattr(Party, f"{kind}_index")
        rows = session.scalars(
            select(Case.id)
            .join(Party, and_(Party.county_id == Case.county_id, Party.case_id == Case.id))
            .where(
                Party.county_id == scope.county_id,
                column.in_(sorted(indexes)),
                around,
                cases_within(scope),
            )
            .limit(MOST * 4)
        )
        for case_id in rows:
            why[case_id].add(likeness)
    if like.grid_id is not None:
        here: ColumnElement[bool] = and_(
            Case.grid_id == like.grid_id, Case.type_code == like.type_code, Case.is_open == 1
        )
        rows = session.scalars(
            select(Case.id).where(here, around, cases_within(scope)).limit(MOST * 4)
        )
        for case_id in rows:
            why[case_id].add(Likeness.PLACE_AND_TYPE)
    return _described(session, scope, why)


def duplicates_of(session: Session, *, scope: Scope, case_no: str) -> list[Duplicate]:
    """The cases that may be the same dispute as one that is there. Raises NotFound."""
    case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if case is None:
        raise NotFound(case_no)
    parties = session.execute(
        select(Party.name_index, Party.phone_index, Party.identity_index).where(
            Party.county_id == case.county_id, Party.case_id == case.id
        )
    ).all()
    like = Sought(
        case.occurred_on,
        case.type_code,
        case.grid_id,
        frozenset(row.name_index for row in parties if row.name_index),
        frozenset(row.phone_index for row in parties if row.phone_index),
        frozenset(row.identity_index for row in parties if row.identity_index),
    )
    found = likely_duplicates(session, scope=scope, like=like)
    return [one for one in found if one.case_no != case_no]


def merging_of(session: Session, *, scope: Scope, case_no: str) -> Merging:
    """The cases that merging ties to one that is there. Raises NotFound."""
    case = session.execute(
        select(Case.id, Case.merged_into).where(Case.case_no == case_no, cases_within(scope))
    ).first()
    if case is None:
        raise NotFound(case_no)
    # By the histories, which have an index by case; of those that left again the row says so.
    told = session.scalars(
        select(CaseEvent.data).where(
            CaseEvent.county_id == scope.county_id,
            CaseEvent.case_id == case.id,
            CaseEvent.kind == EventKind.MERGED_INTO,
        )
    )
    numbers = sorted({data["merged"] for data in told})
    rows = session.execute(
        select(Case.id, Case.case_no, Case.stage, Case.merged_into)
        .where(
            or_(Case.id == case.merged_into, Case.case_no.in_(numbers)),
            Case.county_id == scope.county_id,
            cases_within(scope),
        )
        .order_by(Case.id)
    ).all()
    into = next(
        (Related(row.case_no, row.stage) for row in rows if row.id == case.merged_into), None
    )
    merged = (Related(row.case_no, row.stage) for row in rows if row.merged_into == case.id)
    return Merging(into, tuple(merged))


def _described(session: Session, scope: Scope, why: dict[int, set[Likeness]]) -> list[Duplicate]:
    """The likest of what was found; what is merged already is told by the case that stays."""
    if not why:
        return []
    rows = session.execute(
        select(Case.id, Case.case_no, Case.stage, Case.type_code, Case.occurred_on).where(
            Case.id.in_(sorted(why)), Case.merged_into.is_(None), cases_within(scope)
        )
    ).all()
    found = [
        (
            row.id,
            Duplicate(
                row.case_no,
                row.stage,
                row.type_code,
                row.occurred_on,
                tuple(sorted(why[row.id], key=_ORDER.index)),
            ),
        )
        for row in rows
    ]
    found.sort(key=lambda one: _rank(one[1]))
    del found[MOST:]
    persons = _masked_names(session, scope, [case_id for case_id, _duplicate in found])
    return [replace(one, persons=persons[case_id]) for case_id, one in found]


def _masked_names(
    session: Session, scope: Scope, case_ids: Iterable[int]
) -> dict[int, tuple[str, ...]]:
    vault = vault_of(session)
    found: dict[int, tuple[str, ...]] = defaultdict(tuple)
    rows = session.execute(
        select(Party.case_id, Party.id, Party.county_id, Party.kind, Party.name_encrypted)
        .where(Party.county_id == scope.county_id, Party.case_id.in_(sorted(case_ids)))
        .order_by(Party.id)
    )
    for row in rows:
        if row.name_encrypted is None:
            continue
        name = vault.decrypt(row.name_encrypted, place=f"party.name:{row.county_id}:{row.id}")
        found[row.case_id] += (mask_name(name, row.kind),)
    return found


def _rank(one: Duplicate) -> tuple[int, int, int]:
    strongest = _ORDER.index(one.likeness[0])
    return strongest, -len(one.likeness), -one.occurred_on.toordinal()
