"""Who must withdraw from which case, and whether the two records that overlook it are there.

The one place that every path asks: `data_access.history.change` before a case goes to anybody or
comes back to its holder, the lists of who could take a case, imports and the demonstration county.
A case carries the disputes that were merged into it, so their parties count as its own.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Select,
    String,
    and_,
    literal,
    select,
    true,
    type_coerce,
    union_all,
)
from sqlalchemy.orm import Session

from data_access.tables import (
    Case,
    Mediator,
    MediatorRelation,
    Party,
    PartyObjection,
    RecusalConsent,
)
from data_access.tables.cases import IS_OPEN
from domain.eligibility import CONSENTABLE, GROUND_OF_RELATION, GROUNDS, Objection
from domain.errors import NotEligible
from domain.organisation import RelationKind

Grounds = frozenset[Objection]
_MARK = 16  # bytes of each hash in a basis


def rests_on(now: bytes, then: bytes) -> bool:
    """Whether there is nothing `now` that was not `then`: bases of `grounds_and_basis`.

    Who left, or what no longer speaks against the mediator, takes nothing from a consent; whoever
    joins was not asked, and to what is new nobody consented.
    """
    return _marks(now) <= _marks(then)


def _marks(basis: bytes) -> set[bytes]:
    return {basis[start : start + _MARK] for start in range(0, len(basis), _MARK)}


@dataclass(frozen=True, slots=True)
class _Consent:
    mediator_id: int
    basis: bytes
    approved_by: int


@dataclass(slots=True)
class _Dossier:
    """Of one case: why whom, who its parties are, and which approved consents stand."""

    causes: dict[int, set[tuple[str, int]]] = field(default_factory=lambda: defaultdict(set))
    parties: list[tuple[int, str, str]] = field(default_factory=list)
    consents: list[_Consent] = field(default_factory=list)

    def grounds(self, mediator_id: int) -> Grounds:
        return frozenset(Objection(ground) for ground, _of in self.causes.get(mediator_id, ()))

    def basis(self, mediator_id: int) -> bytes:
        """A short hash for each party and each thing that speaks against this mediator."""
        told = [*self.parties, *self.causes.get(mediator_id, ())]
        marks = {blake2b(json.dumps(one).encode(), digest_size=_MARK).digest() for one in told}
        return b"".join(sorted(marks))

    def standing(self, mediator_id: int, assigner: int | None) -> Grounds:
        """The grounds that no consent lifts, for an assignment by this person."""
        grounds = self.grounds(mediator_id)
        if not grounds or not grounds <= CONSENTABLE:
            return grounds
        basis = self.basis(mediator_id)
        approvers = {
            one.approved_by
            for one in self.consents
            if one.mediator_id == mediator_id and rests_on(basis, one.basis)
        }
        if not approvers:
            return grounds
        own = approvers == {assigner}
        return frozenset({Objection.OWN_APPROVAL}) if own else frozenset()


def standing_grounds(
    session: Session, case_ids: Collection[int], *, county_id: int, assigner: int | None = None
) -> dict[int, dict[int, Grounds]]:
    """By case and mediator why the mediator must withdraw, where no consent overlooks it.

    In three queries whatever the number of cases. `assigner` is who would give the case to the
    mediator: what that person approved lets nobody pass for them.
    """
    dossiers = _dossiers(session, Case.id.in_(sorted(case_ids)), county_id=county_id)
    return {
        case_id: {
            mediator_id: grounds
            for mediator_id in one.causes
            if (grounds := one.standing(mediator_id, assigner))
        }
        for case_id, one in dossiers.items()
    }


def require_no_recusal(
    session: Session, case: Case, mediator_id: int, *, assigner: int | None
) -> None:
    """Raise NotEligible, with the grounds, unless this mediator may hold the case.

    Who must withdraw may hold it by the recorded consent of both sides that a second person
    approved: another one than who recorded it and than the `assigner`.
    """
    of_case = standing_grounds(session, [case.id], county_id=case.county_id, assigner=assigner)
    if grounds := of_case.get(case.id, {}).get(mediator_id):
        raise NotEligible([ground for ground in Objection if ground in grounds])


def grounds_and_basis(session: Session, case: Case, mediator_id: int) -> tuple[Grounds, bytes]:
    """All grounds against this mediator, consent or not, and what a consent would rest on."""
    dossiers = _dossiers(session, Case.id == case.id, county_id=case.county_id)
    one = dossiers.get(case.id, _Dossier())
    return one.grounds(mediator_id), one.basis(mediator_id)


def held_against(
    session: Session, *, county_id: int, where: ColumnElement[bool] | None = None
) -> dict[int, Grounds]:
    """The open cases whose holder must withdraw and has no consent, with the grounds."""
    held = and_(IS_OPEN, Case.mediator_id.is_not(None), true() if where is None else where)
    dossiers = _dossiers(session, held, county_id=county_id, holders_only=True)
    if not dossiers:
        return {}
    holders: Mapping[int, int | None] = {
        row.id: row.mediator_id
        for row in session.execute(
            select(Case.id, Case.mediator_id).where(Case.county_id == county_id, held)
        )
    }
    found = {}
    for case_id, one in dossiers.items():
        holder = holders[case_id]
        if holder is not None and (grounds := one.standing(holder, None)):
            found[case_id] = grounds
    return found


# ------------------------------------------------------------------------------------ three queries


def _dossiers(
    session: Session, which: ColumnElement[bool], *, county_id: int, holders_only: bool = False
) -> dict[int, _Dossier]:
    group = _group(which, county_id)
    found: dict[int, _Dossier] = defaultdict(_Dossier)
    causes = _causes(group, county_id, holders_only=holders_only)
    for root, mediator_id, ground, of in session.execute(causes):
        found[root].causes[mediator_id].add((_told(ground), of))
    if not found and holders_only:
        return {}
    for root, mediator_id, basis, approved_by in session.execute(_consents(group, county_id)):
        found[root].consents.append(_Consent(mediator_id, basis, approved_by))
    for root, party, name, identity in session.execute(_parties(group, county_id)):
        if party is not None:
            known = identity.hex() if identity else ""
            found[root].parties.append((party, name.hex(), known))
    return dict(found)


def _group(which: ColumnElement[bool], county_id: int) -> CTE:
    """Each case with all that was merged into it, one step after the other: (root, case_id)."""
    own = select(Case.id.label("root"), Case.id.label("case_id"), Case.mediator_id).where(
        Case.county_id == county_id, which
    )
    group = own.cte("dispute_group", recursive=True)
    merged = select(group.c.root, Case.id, group.c.mediator_id).where(
        Case.county_id == county_id, Case.merged_into == group.c.case_id
    )
    return group.union(merged)


def _causes(
    group: CTE, county_id: int, *, holders_only: bool
) -> CompoundSelect[int, int, str, int]:
    """(root, mediator, ground or kind of relation, party; for an objection its negative id)."""
    of_case = and_(Party.county_id == county_id, Party.case_id == group.c.case_id)
    objects = and_(
        PartyObjection.county_id == county_id,
        PartyObjection.case_id == group.c.case_id,
        PartyObjection.lifted_at.is_(None),
    )

    def told(who: Any, ground: ColumnElement[str], of: Any) -> Select[int, int, str, int]:
        asked = select(group.c.root, who, ground, of).select_from(group)
        return asked.where(who == group.c.mediator_id) if holders_only else asked

    def related(same: ColumnElement[bool]) -> Select[int, int, str, int]:
        kind = type_coerce(MediatorRelation.kind, String)
        asked = told(MediatorRelation.mediator_id, kind, Party.id)
        return asked.join(Party, of_case).join(MediatorRelation, same)

    unnumbered = and_(
        Party.identity_index.is_(None), MediatorRelation.name_index == Party.name_index
    )

    return union_all(
        told(Mediator.id, literal(Objection.IS_PARTY.value, String), Party.id)
        .join(Party, of_case)
        .join(Mediator, Mediator.identity_index == Party.identity_index),
        related(MediatorRelation.person_index == Party.identity_index),
        related(MediatorRelation.person_index == Party.name_index),
        related(unnumbered),
        told(
            PartyObjection.mediator_id,
            literal(Objection.PARTY_OBJECTS.value, String),
            -PartyObjection.id,
        ).join(PartyObjection, objects),
    )


def _consents(group: CTE, county_id: int) -> Select[int, int, bytes, int]:
    """The approved consents of each case itself: (case, mediator, basis, approver)."""
    return (
        select(
            group.c.root,
            RecusalConsent.mediator_id,
            RecusalConsent.basis,
            RecusalConsent.approved_by,
        )
        .join(
            RecusalConsent,
            and_(
                RecusalConsent.county_id == county_id,
                RecusalConsent.case_id == group.c.root,
            ),
        )
        .where(
            group.c.case_id == group.c.root,
            RecusalConsent.approved_by.is_not(None),
            RecusalConsent.revoked_at.is_(None),
        )
    )


def _parties(group: CTE, county_id: int) -> Select[int, int | None, bytes, bytes | None]:
    """Everybody whose dispute it is: (case, party, blind indexes); no party where there is none.

    An outer join, so that every engine begins with the few cases and not with all the parties.
    """
    return (
        select(group.c.root, Party.id, Party.name_index, Party.identity_index)
        .select_from(group)
        .outerjoin(Party, and_(Party.county_id == county_id, Party.case_id == group.c.case_id))
    )


def _told(ground: str) -> str:
    """The ground's code; a relation is read by its own kind."""
    if ground in set(GROUNDS):
        return ground
    return str(GROUND_OF_RELATION[RelationKind(ground)])
