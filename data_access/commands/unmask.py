"""Show a case's persons in the clear, to a role, for a written reason, with an audit line."""

from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.engine import Database, vault_of
from data_access.queries.cases import OpenText, open_text
from data_access.scope import cases_within
from data_access.tables import Case, UnmaskReason
from domain.cases import FieldProblem
from domain.errors import Invalid, NotFound
from domain.people import Actor, Permission

REASON_SHORTEST = 4
REASON_LONGEST = 200


def unmask_case(
    db: Database, *, case_no: str, reason: str, actor: Actor, now: datetime
) -> OpenText:
    """The case's text and parties in the clear; the reading itself is recorded first.

    The audit line holds the reason's fingerprint; its words are encrypted beside the chain, where
    they can be erased: people write names into them. Raises NotAllowed, NotFound or Invalid.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(reason=FieldProblem.MISSING)
    if len(reason) < REASON_SHORTEST:
        raise Invalid(reason=FieldProblem.TOO_SHORT)
    if len(reason) > REASON_LONGEST:
        raise Invalid(reason=FieldProblem.TOO_LONG)

    def work(session: Session) -> OpenText:
        scope = actor.scope(Permission.CASE_UNMASK)
        case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
        if case is None:
            raise NotFound(case_no)
        clear = open_text(session, case)
        fingerprint = vault_of(session).fingerprint(reason)
        stamp = audit.append(
            session,
            [
                audit.Deed(
                    "case:unmask",
                    f"case:{case_no}",
                    {"reason": fingerprint, "parties": len(clear.parties)},
                )
            ],
            actor=actor,
            at=now,
            changes_data=False,
        )
        _keep_reason(session, reason, county_id=actor.county_id, seq=stamp.seq)
        return clear

    return db.write(work)


def _keep_reason(session: Session, reason: str, *, county_id: int, seq: int) -> None:
    """Written after the audit line, since its number is the key and the place of the words."""
    sealed = vault_of(session).encrypt(reason, place=f"unmask_reason:{county_id}:{seq}")
    session.execute(
        insert(UnmaskReason).values(county_id=county_id, seq=seq, reason_encrypted=sealed)
    )
