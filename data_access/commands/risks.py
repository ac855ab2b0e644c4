"""How dangerous a dispute is (风险评定): raised or lowered by whoever answers for the place."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from data_access import history
from data_access.engine import Database
from data_access.recording import Errand, Recorded, checked_note, record
from data_access.tables import Case
from domain.cases import EventKind, Risk
from domain.errors import NotPossible
from domain.people import Actor, Permission
from domain.red_events import RedObjection


def assess_risk(
    db: Database,
    *,
    case_no: str,
    risk: Risk,
    note: str,
    expected_version: int,
    actor: Actor,
    now: datetime,
    key: str,
) -> Recorded:
    """Give a case another risk, for the reason in the note.

    By those who decide on its acceptance: the town's station and the centre. To R1 it raises the
    alarm of a red event, and away from R1 it ends one. Its grade of difficulty, its deadlines and
    its points stay: those were judged for themselves. Raises NotAllowed, NotFound, Conflict,
    NotPossible, Invalid or KeyReused.
    """
    note = checked_note(note)

    def work(_session: Session, case: Case) -> history.Change:
        if case.risk == risk:
            raise NotPossible([RedObjection.SAME_RISK])
        values: dict[str, Any] = {"risk": risk.value}
        said = {"old_risk": case.risk, "risk": risk.value, "values": history.told(values)}
        return history.Change(EventKind.RISK_ASSESSED, "case:assess_risk", values, said, note)

    return record(
        db,
        Errand(case_no, expected_version, actor, now, key),
        permission=Permission.CASE_ACCEPT,
        operation="assess_risk",
        request={"risk": risk.value, "note": note},
        work=work,
    )
