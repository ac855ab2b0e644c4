"""What the pulse sets out to do: which cases each errand is for, and how soon it comes to them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, and_, exists, or_

from data_access.tables import Case, EmergencyResponse, RedEvent
from data_access.tables.cases import IS_OPEN
from domain.cases import Stage
from domain.transitions import LEVELS, MERGED_OUTCOME, REOPENED_WITHIN


class BeatKind(StrEnum):
    """What a beat sets out to do."""

    ARRIVAL = "arrival"
    ACCEPTANCE = "acceptance"
    ASSIGNMENT = "assignment"
    MEDIATION = "mediation"
    ARRANGEMENT = "arrangement"
    CONFIRMATION = "confirmation"
    PERFORMANCE = "performance"
    FOLLOW_UP = "follow_up"
    TELLING = "telling"
    HANDING_OVER = "handing_over"
    ARCHIVING = "archiving"
    REASSIGNMENT = "reassignment"
    SENDING_BACK = "sending_back"
    PARKING = "parking"
    RESUMING = "resuming"
    ASKING = "asking"
    ANSWERING = "answering"
    SUPERVISION = "supervision"
    RELEASE = "release"
    REOPENING = "reopening"
    UNMERGING = "unmerging"
    ACKNOWLEDGEMENT = "acknowledgement"
    RESPONSE = "response"


@dataclass(frozen=True, slots=True)
class Errand:
    """One errand. `days` is its mean wait: of n cases it comes to n / days of them in a day."""

    kind: BeatKind
    of: ColumnElement[bool]
    days: float


def errands(now: datetime) -> tuple[Errand, ...]:
    """All errands with open and closed cases, as the flow leaves their rates."""
    running = and_(IS_OPEN, Case.paused == 0)
    late = and_(running, Case.due_at <= now)
    in_mediation = _in(Stage.IN_MEDIATION)
    may_ask = and_(Case.extension_asked.is_(None), Case.extensions == 0, Case.due_at > now)
    closed = and_(Case.is_open == 0, Case.closed_at > now - REOPENED_WITHIN)
    merged = Case.outcome_code == MERGED_OUTCOME
    return (
        Errand(BeatKind.ACCEPTANCE, _in(Stage.REGISTERED), 0.8),
        Errand(BeatKind.ASSIGNMENT, _in(Stage.ACCEPTED), 0.5),
        Errand(BeatKind.MEDIATION, in_mediation, 9),
        Errand(BeatKind.ARRANGEMENT, _in(Stage.AGREEMENT), 0.8),
        Errand(BeatKind.CONFIRMATION, _in(Stage.CONFIRMATION), 14),
        Errand(BeatKind.PERFORMANCE, _in(Stage.PERFORMANCE), 17),
        Errand(BeatKind.FOLLOW_UP, _in(Stage.FOLLOW_UP), 3.7),
        Errand(BeatKind.TELLING, _in(Stage.FAILED), 1.5),
        Errand(BeatKind.HANDING_OVER, _in(Stage.RIGHTS_TOLD), 3),
        Errand(BeatKind.ARCHIVING, _in(Stage.HANDED_OVER), 6),
        Errand(BeatKind.REASSIGNMENT, in_mediation, 120),
        Errand(BeatKind.SENDING_BACK, in_mediation, 600),
        Errand(BeatKind.PARKING, in_mediation, 500),
        Errand(BeatKind.RESUMING, and_(IS_OPEN, Case.paused == 1), 45),
        Errand(BeatKind.ASKING, and_(in_mediation, may_ask), 110),
        Errand(BeatKind.ANSWERING, and_(running, Case.extension_asked.is_not(None)), 1.2),
        Errand(BeatKind.SUPERVISION, and_(late, Case.supervised < len(LEVELS)), 7),
        Errand(
            BeatKind.RELEASE,
            and_(running, Case.due_at > now, Case.supervised > 0),
            3,
        ),
        Errand(
            BeatKind.REOPENING,
            and_(closed, or_(Case.outcome_code.is_(None), ~merged)),
            20_000,
        ),
        Errand(BeatKind.UNMERGING, and_(closed, merged, Case.merged_into.is_not(None)), 800),
        # Within minutes, as alarms are.
        Errand(BeatKind.ACKNOWLEDGEMENT, _alarm(RedEvent.acknowledged_at.is_(None)), 0.006),
        Errand(BeatKind.RESPONSE, _alarm(RedEvent.acknowledged_at.is_not(None), ~_answered), 0.03),
    )


_answered = exists().where(
    EmergencyResponse.county_id == RedEvent.county_id,
    EmergencyResponse.case_id == RedEvent.case_id,
    EmergencyResponse.red_seq == RedEvent.seq,
)


def _alarm(*further: ColumnElement[bool]) -> ColumnElement[bool]:
    """Cases with a red event that goes on."""
    theirs = exists().where(
        RedEvent.county_id == Case.county_id,
        RedEvent.case_id == Case.id,
        RedEvent.ended_at.is_(None),
        *further,
    )
    return and_(IS_OPEN, theirs)


def _in(stage: Stage) -> ColumnElement[bool]:
    return and_(IS_OPEN, Case.stage == stage, Case.paused == 0)
