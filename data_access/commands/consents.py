"""The only way through the wall of recusal: both sides consent, and a second person approves.

特邀调解规定 15: a mediator with a relation to a party withdraws unless both parties agree to them.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import history
from data_access.engine import Database
from data_access.recording import (
    Errand,
    Recorded,
    checked_note,
    record,
    require_mediator,
    require_not_own,
    require_past,
    require_side,
)
from data_access.recusal import grounds_and_basis, rests_on
from data_access.tables import Case, RecusalConsent
from domain.cases import EventKind
from domain.eligibility import CONSENTABLE, GROUNDS
from domain.errors import NotPossible
from domain.people import Actor, Permission
from domain.recusal import SIDES, ConsentForm, RecordObjection


@dataclass(frozen=True, slots=True)
class Given:
    """A side's consent: the day, and whether in writing or orally with a record."""

    day: date
    form: ConsentForm


def record_recusal_consent(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    applicant: Given,
    respondent: Given,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Record that both sides want this mediator in spite of what speaks against them.

    It holds for the grounds and the parties of now, and for nothing before another person has
    approved it. An earlier record that waits for approval is replaced. Raises NotAllowed, NotFound,
    Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)
    said = {
        "mediator": mediator_id,
        "applicant": [applicant.day.isoformat(), applicant.form.value],
        "respondent": [respondent.day.isoformat(), respondent.form.value],
    }

    def work(session: Session, case: Case) -> history.Change:
        require_mediator(session, case, mediator_id)
        require_not_own(session, mediator_id, actor=actor)
        for side, given in zip(SIDES, (applicant, respondent), strict=True):
            require_side(session, case, side)
            require_past(given.day, case=case, now=now, field=side.value)
        grounds, basis = grounds_and_basis(session, case, mediator_id)
        if not grounds:
            raise NotPossible([RecordObjection.NO_GROUND])
        if not grounds <= CONSENTABLE:
            raise NotPossible([RecordObjection.NOT_CONSENTABLE])
        for waiting in _standing(session, case, mediator_id):
            if waiting.approved_by is None:
                waiting.revoked_by, waiting.revoked_at = actor.user_id, now
        session.flush()
        codes = [ground.value for ground in GROUNDS if ground in grounds]
        session.execute(
            insert(RecusalConsent).values(
                county_id=case.county_id,
                case_id=case.id,
                mediator_id=mediator_id,
                grounds=",".join(codes),
                basis=basis,
                applicant_on=applicant.day,
                applicant_form=applicant.form,
                respondent_on=respondent.day,
                respondent_form=respondent.form,
                recorded_by=actor.user_id,
                recorded_at=now,
            )
        )
        data = said | {"grounds": codes}
        return history.Change(EventKind.CONSENTED, "case:consent", {}, data, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_REASSIGN,
        operation="consent",
        request=said | {"note": note},
        work=work,
    )


def approve_recusal_consent(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Approve the recorded consent: another person than who recorded it, and not the mediator.

    Who approves cannot give the case to this mediator themselves. Raises NotAllowed, NotFound,
    Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)
    said = {"mediator": mediator_id}

    def work(session: Session, case: Case) -> history.Change:
        waiting = [one for one in _standing(session, case, mediator_id) if one.approved_by is None]
        if not waiting:
            raise NotPossible([RecordObjection.NOTHING_TO_APPROVE])
        (consent,) = waiting
        require_not_own(session, mediator_id, actor=actor)
        if consent.recorded_by == actor.user_id:
            raise NotPossible([RecordObjection.SAME_PERSON])
        _grounds, basis = grounds_and_basis(session, case, mediator_id)
        if not rests_on(basis, consent.basis):
            raise NotPossible([RecordObjection.GROUNDS_CHANGED])
        consent.approved_by, consent.approved_at = actor.user_id, now
        session.flush()
        data = said | {"grounds": consent.grounds.split(",")}
        return history.Change(EventKind.CONSENT_APPROVED, "case:approve_consent", {}, data, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_APPROVE,
        operation="approve_consent",
        request=said | {"note": note},
        work=work,
    )


def revoke_recusal_consent(
    db: Database,
    *,
    case_no: str,
    mediator_id: int,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Take the consent back, approved or not: a party no longer agrees, or it was a mistake.

    A case that the mediator holds stays with them until somebody moves it, and is listed as one to
    resolve. Raises NotAllowed, NotFound, Conflict, NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)
    said = {"mediator": mediator_id}

    def work(session: Session, case: Case) -> history.Change:
        standing = _standing(session, case, mediator_id)
        if not standing:
            raise NotPossible([RecordObjection.NOTHING_TO_REVOKE])
        for consent in standing:
            consent.revoked_by, consent.revoked_at = actor.user_id, now
        session.flush()
        return history.Change(EventKind.CONSENT_REVOKED, "case:revoke_consent", {}, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_REASSIGN,
        operation="revoke_consent",
        request=said | {"note": note},
        work=work,
    )


def _standing(session: Session, case: Case, mediator_id: int) -> list[RecusalConsent]:
    """The consents to this mediator that nobody took back, the oldest first."""
    return list(
        session.scalars(
            select(RecusalConsent)
            .where(
                RecusalConsent.county_id == case.county_id,
                RecusalConsent.case_id == case.id,
                RecusalConsent.mediator_id == mediator_id,
                RecusalConsent.revoked_at.is_(None),
            )
            .order_by(RecusalConsent.id)
        )
    )
