"""What cases came to, as SQL: one meaning for the map's figures and for the wall."""

from sqlalchemy import ColumnElement, and_, or_

from data_access.tables import Case
from domain.cases import Stage
from domain.kpi import NOT_TO_BE_SETTLED, SETTLED_OUTCOMES

_GONE_ON = (Stage.FAILED, Stage.RIGHTS_TOLD, Stage.HANDED_OVER)


def is_to_be_settled() -> ColumnElement[bool]:
    """Whether a case is in the base of a rate of settling.

    Of a case without an outcome nothing speaks against its being settled.
    """
    return or_(Case.outcome_code.is_(None), Case.outcome_code.not_in(sorted(NOT_TO_BE_SETTLED)))


def is_settled() -> ColumnElement[bool]:
    """Whether a case is settled by now, and stayed so."""
    return and_(
        Case.outcome_code.in_(sorted(SETTLED_OUTCOMES)),
        # An agreement that was not kept and went on to court, arbitration or elsewhere.
        Case.onward_code.is_(None),
        Case.stage.not_in(_GONE_ON),
    )
