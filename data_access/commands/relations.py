"""Relations of mediators to persons, disclosed and withdrawn: who they must not judge.

Of the person only the keyed hash is kept (of the identity number, or of the name where no number is
known), and nobody can read it back; so a relation is withdrawn by naming the person again.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database
from data_access.recusal import held_against
from data_access.scope import cases_within
from data_access.tables import Case, Mediator, MediatorRelation, User
from data_access.team_changes import (
    Kept,
    keep_once,
    mediator_for_change,
    record,
    require_as_seen,
)
from data_access.vault import Indexed
from domain.cases import FieldProblem
from domain.clocks import day_of
from domain.errors import Invalid, NotKeepable
from domain.identity import is_identity
from domain.organisation import RelationKind, WithdrawalReason
from domain.people import Actor, Permission
from domain.teams import TeamObjection, TeamProblem


@dataclass(frozen=True, slots=True)
class Disclosed:
    """A relation that was written down, and the open cases of the mediator that it speaks against.

    `cases` are those that the asker may see, whatever else the mediator must withdraw for.
    """

    relation_id: int
    cases: tuple[str, ...]


def disclose_relation(
    db: Database,
    *,
    mediator_id: int,
    kind: RelationKind,
    name: str = "",
    identity: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> Disclosed:
    """Bar a mediator from the cases of a person, named by identity number, by name, or by both.

    By name alone it bars from everybody of that name; beside a number, from those of that name of
    whom no number is known. Raises NotAllowed, TeamNotFound, NotKeepable where
    it is disclosed already, Invalid, KeyReused.
    """
    scope = actor.scope(Permission.TEAM_KEEP)
    index = _index(db, name=name, identity=identity)
    beside = db.vault.index(name, Indexed.NAME) if identity.strip() and name.strip() else None

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        require_as_seen(mediator, None)
        row = _known(session, mediator_id, index)
        if row is None:
            row = MediatorRelation(
                mediator_id=mediator_id,
                person_index=index,
                name_index=beside,
                kind=kind,
                disclosed_on=day_of(now),
            )
            session.add(row)
        elif beside is None or row.name_index is not None or row.kind is not kind:
            raise NotKeepable([TeamObjection.ALREADY_DISCLOSED])
        else:
            # Known by number: the name bars from now on as well.
            row.name_index = beside
        session.flush()
        cases = _cases_against(session, mediator_id, actor)
        told = {"after": {"relation": kind.value}}
        _record(session, "mediator:disclose", mediator, told, actor=actor, now=now)
        return asdict(Disclosed(row.id, cases))

    answer = keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        apply,
        operation="disclose_relation",
        request={
            "mediator": mediator_id,
            "person": index.hex(),
            "name": beside.hex() if beside else "",
            "kind": kind.value,
        },
        actor=actor,
        now=now,
        key=key,
    )
    return Disclosed(answer["relation_id"], tuple(answer["cases"]))


def ask_to_withdraw(
    db: Database,
    *,
    mediator_id: int,
    reason: WithdrawalReason,
    name: str = "",
    identity: str = "",
    actor: Actor,
    now: datetime,
    key: str,
) -> None:
    """Ask that a relation, disclosed of this very number or name, bar no longer.

    It bars until a second person agrees. Raises NotAllowed, TeamNotFound, NotKeepable where none
    was disclosed or it is asked already, Invalid, KeyReused.
    """
    scope = actor.scope(Permission.TEAM_KEEP)
    index = _index(db, name=name, identity=identity)

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        require_as_seen(mediator, None)
        row = _known(session, mediator_id, index)
        if row is None:
            raise NotKeepable([TeamObjection.NOT_DISCLOSED])
        if row.withdrawal_by is not None:
            raise NotKeepable([TeamObjection.WITHDRAWAL_ASKED])
        row.withdrawal_reason, row.withdrawal_by, row.withdrawal_at = reason, actor.user_id, now
        told = {"after": {"relation": row.kind.value, "withdrawal": reason.value}}
        _record(session, "mediator:ask_to_withdraw", mediator, told, actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        apply,
        operation="ask_to_withdraw",
        request={"mediator": mediator_id, "person": index.hex(), "reason": reason.value},
        actor=actor,
        now=now,
        key=key,
    )


def decide_withdrawal(
    db: Database,
    *,
    mediator_id: int,
    relation_id: int,
    agreed: bool,
    actor: Actor,
    now: datetime,
    key: str,
) -> None:
    """Decide what was asked: the relation goes, or it goes on barring and nothing is asked.

    Whoever asked may take it back, and not agree to it; the mediator whom it bars does neither.
    Raises NotAllowed, TeamNotFound, NotKeepable, KeyReused.
    """
    scope = actor.scope(Permission.TEAM_KEEP)

    def apply(session: Session, mediator: Mediator) -> dict[str, Any]:
        row = session.get(MediatorRelation, relation_id)
        if row is None or row.mediator_id != mediator.id or row.withdrawal_reason is None:
            raise NotKeepable([TeamObjection.NO_WITHDRAWAL])
        _require_second(session, row, agreed=agreed, actor=actor)
        told = {"before": {"relation": row.kind.value, "withdrawal": row.withdrawal_reason.value}}
        action = "mediator:withdraw_relation" if agreed else "mediator:keep_relation"
        if agreed:
            session.delete(row)
        else:
            row.withdrawal_reason = row.withdrawal_by = row.withdrawal_at = None
            told["after"] = {"relation": row.kind.value}
        _record(session, action, mediator, told, actor=actor, now=now)
        return {}

    keep_once(
        db,
        lambda session: mediator_for_change(session, mediator_id, scope=scope),
        apply,
        operation="decide_withdrawal",
        request={"mediator": mediator_id, "relation": relation_id, "agreed": agreed},
        actor=actor,
        now=now,
        key=key,
    )


def _require_second(session: Session, row: MediatorRelation, *, agreed: bool, actor: Actor) -> None:
    """Nobody takes a wall down alone, nor the one that stands before themselves."""
    asked_by_them = row.withdrawal_by == actor.user_id
    if agreed and asked_by_them:
        raise NotKeepable([TeamObjection.SAME_PERSON])
    own = session.scalar(select(User.mediator_id).where(User.id == actor.user_id))
    if own == row.mediator_id and not asked_by_them:
        raise NotKeepable([TeamObjection.OWN_RELATION])


def _record(
    session: Session,
    action: str,
    mediator: Mediator,
    told: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    mediator.version += 1
    deed = audit.Deed(action, f"mediator:{mediator.id}", told)
    kept = Kept(deed, mediator.committee_id, mediator.id, day_of(now))
    record(session, [kept], actor=actor, now=now)


def _index(db: Database, *, name: str, identity: str) -> bytes:
    """The keyed hash of whom it is about: of the number, which names one person, else the name."""
    if identity.strip():
        if not is_identity(identity):
            raise Invalid(identity_number=TeamProblem.IDENTITY_WRONG)
        return db.vault.index(identity, Indexed.IDENTITY)
    if not name.strip():
        raise Invalid(person=FieldProblem.MISSING)
    return db.vault.index(name, Indexed.NAME)


def _known(session: Session, mediator_id: int, index: bytes) -> MediatorRelation | None:
    return session.scalar(
        select(MediatorRelation).where(
            MediatorRelation.mediator_id == mediator_id, MediatorRelation.person_index == index
        )
    )


def _cases_against(session: Session, mediator_id: int, actor: Actor) -> tuple[str, ...]:
    """The open cases with the mediator from which they must withdraw, as far as the asker sees."""
    if not actor.may(Permission.CASE_READ):
        return ()
    within = cases_within(actor.scope(Permission.CASE_READ)) & (Case.mediator_id == mediator_id)
    barred = held_against(session, county_id=actor.county_id, where=within)
    found = select(Case.case_no).where(Case.county_id == actor.county_id, Case.id.in_(barred))
    return tuple(session.scalars(found.order_by(Case.id)))
