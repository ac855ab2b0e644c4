"""What decides which steps are open to a case, for the screens that offer them."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.scope import cases_within
from data_access.stepping import standing
from data_access.tables import Case, Code
from domain.errors import NotFound
from domain.people import Scope
from domain.transitions import Standing


@dataclass(frozen=True, slots=True)
class StepView:
    """A case as its next steps see it. `extension_asked` is in the unit of the stage's limit."""

    standing: Standing
    version: int
    extension_asked: int | None


def step_view(session: Session, *, scope: Scope, case_no: str) -> StepView:
    """What decides on the steps of one case. Raises NotFound outside the scope."""
    case = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if case is None:
        raise NotFound(case_no)
    return StepView(standing(session, case), case.version, case.extension_asked)


def outcome_names(session: Session) -> dict[str, tuple[str, str]]:
    """The outcomes (调解结果) by code: Chinese and English name."""
    rows = session.execute(
        select(Code.code, Code.name_zh, Code.name_en).where(Code.kind == "outcome")
    )
    return {row.code: (row.name_zh, row.name_en) for row in rows}
