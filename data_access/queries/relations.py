"""Relations that somebody asks to withdraw, and whom of one name something bars."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, exists, or_, select, true
from sqlalchemy.orm import Session

from data_access.scope import committees_within
from data_access.tables import Committee, Mediator, MediatorRelation, PartyObjection, User
from domain.organisation import RelationKind, WithdrawalReason
from domain.people import Scope


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A relation that somebody asks to withdraw. Of whom it is nobody can tell.

    `barred_users` are the accounts of the mediator whom it bars: they have no say in it.
    """

    relation_id: int
    mediator_id: int
    mediator_name: str
    kind: RelationKind
    disclosed_on: date
    reason: WithdrawalReason
    asked_by: int
    asked_by_name: str
    asked_at: datetime
    barred_users: frozenset[int]

    def may_be_decided_by(self, user_id: int) -> bool:
        """Whether this account's word can take the relation away: another's, and not the barred."""
        return user_id != self.asked_by and user_id not in self.barred_users


@dataclass(frozen=True, slots=True)
class Namesake:
    """Somebody who serves or served, and whom something bars; `left_on`: None while in post."""

    mediator_id: int
    name: str
    committee: str
    left_on: date | None


def namesakes(
    session: Session, *, scope: Scope, name: str, identity: bytes | None = None
) -> tuple[Namesake, ...]:
    """Those of this name, the youngest first: whoever is taken on anew may be one of them.

    Whom nothing barred is none of them: nothing of theirs could be lost. Nor is whose number is
    known to be another than `identity`, a keyed hash.
    """
    related = exists().where(MediatorRelation.mediator_id == Mediator.id)
    objected = exists().where(
        PartyObjection.mediator_id == Mediator.id, PartyObjection.lifted_at.is_(None)
    )
    number = Mediator.identity_index
    rows = session.execute(
        select(
            Mediator.id,
            Mediator.name,
            Committee.name.label("committee"),
            case((~Mediator.active, Mediator.seat_to)),
        )
        .join(Committee, Committee.id == Mediator.committee_id)
        .where(
            Mediator.name == " ".join(name.split()),
            committees_within(scope),
            or_(related, objected, number.is_not(None)),
            true() if identity is None else or_(number.is_(None), number == identity),
        )
        .order_by(Mediator.id.desc())
    )
    return tuple(Namesake(*row) for row in rows)


def withdrawals(
    session: Session, *, scope: Scope, mediator_id: int | None = None
) -> tuple[Withdrawal, ...]:
    """Those of a scope, or of one mediator in it, the oldest first: one query, or two.

    Of whoever left their post nothing is asked any more.
    """
    one = MediatorRelation
    rows = session.execute(
        select(
            one.id,
            one.mediator_id,
            Mediator.name.label("mediator_name"),
            one.kind,
            one.disclosed_on,
            one.withdrawal_reason,
            one.withdrawal_by,
            User.name.label("asked_by_name"),
            one.withdrawal_at,
        )
        .join(Mediator, Mediator.id == one.mediator_id)
        .join(Committee, Committee.id == Mediator.committee_id)
        .join(User, User.id == one.withdrawal_by)
        .where(
            one.withdrawal_by.is_not(None),
            Mediator.active,
            committees_within(scope),
            true() if mediator_id is None else one.mediator_id == mediator_id,
        )
        .order_by(one.withdrawal_at, one.id)
    ).all()
    if not rows:
        return ()
    barred = _accounts_of(session, {row.mediator_id for row in rows})
    return tuple(
        Withdrawal(
            relation_id=row.id,
            mediator_id=row.mediator_id,
            mediator_name=row.mediator_name,
            kind=row.kind,
            disclosed_on=row.disclosed_on,
            reason=row.withdrawal_reason,
            asked_by=row.withdrawal_by,
            asked_by_name=row.asked_by_name,
            asked_at=row.withdrawal_at,
            barred_users=frozenset(barred[row.mediator_id]),
        )
        for row in rows
    )


def _accounts_of(session: Session, mediators: Collection[int]) -> dict[int, list[int]]:
    rows = session.execute(
        select(Mediator.id, User.id)
        .join(User, User.mediator_id == Mediator.id)
        .where(Mediator.id.in_(mediators))
    )
    found: dict[int, list[int]] = defaultdict(list)
    for mediator_id, user_id in rows:
        found[mediator_id].append(user_id)
    return found
