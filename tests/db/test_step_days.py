"""The day that is given with a step lies in the order in which things happen."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from data_access.commands.steps import take_step
from data_access.tables import Case
from domain.cases import Stage
from domain.errors import Invalid
from domain.transitions import Action, AgreementForm, Decision, Given, Rating
from tests.world import NOW

WHY = "当事人已经当面说清"
DAY = timedelta(days=1)
# The case of these tests, in the days of March 2026.
OCCURRED, AGREED, PERFORMED = date(2026, 3, 1), date(2026, 3, 4), date(2026, 3, 6)
TODAY = date(2026, 3, 9)
PLANNED = Given(until=date(2026, 4, 5))
SETTLED = Given(form=AgreementForm.WRITTEN, day=AGREED)
APPLIED = date(2026, 3, 5)
SAID = {
    "note": WHY,
    "applicant_rating": Rating.SATISFIED,
    "respondent_rating": Rating.NO_ANSWER,
}
HEARD = {"note": WHY, "decision": Decision.VALID, "until": date(2026, 4, 5)}


@pytest.fixture
def walk(db, world):
    return Walk(db, world)


class Walk:
    """One case in mediation, all of whose steps are entered on one later day."""

    def __init__(self, db, world):
        self.db, self.actor, self.steps = db, world.actor(), 0
        case = world.case(
            mediator_id=world.mediator(),
            occurred_on=OCCURRED,
            due_at=NOW + 30 * DAY,
            soon_at=NOW + 25 * DAY,
        )
        self.case_no = case.case_no

    def __call__(self, action, given):
        self.steps += 1
        return take_step(
            self.db,
            case_no=self.case_no,
            action=action,
            given=given,
            expected_version=self.row().version,
            actor=self.actor,
            now=NOW + 7 * DAY,
            key=f"step {self.steps}",
        )

    def row(self):
        with self.db.read() as session:
            return session.scalars(select(Case).where(Case.case_no == self.case_no)).one()


TO_AGREEMENT = ((Action.SETTLE, SETTLED),)
TO_PERFORMANCE = (*TO_AGREEMENT, (Action.PLAN_PERFORMANCE, PLANNED))
TO_FOLLOW_UP = (*TO_PERFORMANCE, (Action.PERFORMED, Given(day=PERFORMED)))
AT_ONCE = (*TO_AGREEMENT, (Action.PERFORM_AT_ONCE, Given()))
TO_COURT = (*TO_AGREEMENT, (Action.APPLY_CONFIRMATION, Given(day=APPLIED)))
TO_DEFAULT = (*TO_PERFORMANCE, (Action.DEFAULTED, Given(note=WHY)))
REFUSED = ((Action.PARTY_REFUSES, Given(note=WHY)),)


@pytest.mark.parametrize(
    ("before", "action", "given", "first", "problem"),
    [
        ((), Action.SETTLE, {"form": AgreementForm.ORAL}, OCCURRED, "before_dispute"),
        (TO_AGREEMENT, Action.APPLY_CONFIRMATION, {}, AGREED, "before_agreement"),
        (TO_PERFORMANCE, Action.APPLY_CONFIRMATION, {}, AGREED, "before_agreement"),
        (TO_PERFORMANCE, Action.PERFORMED, {}, AGREED, "before_agreement"),
        (TO_COURT, Action.END_CONFIRMATION, HEARD, APPLIED, "before_application"),
        (TO_FOLLOW_UP, Action.FOLLOW_UP, SAID, PERFORMED, "before_performance"),
        (AT_ONCE, Action.FOLLOW_UP, SAID, AGREED, "before_agreement"),
        (REFUSED, Action.TELL_RIGHTS, {}, OCCURRED, "before_dispute"),
        (TO_DEFAULT, Action.TELL_RIGHTS, {}, AGREED, "before_agreement"),
    ],
)
def test_a_step_comes_no_day_before_what_it_follows(walk, before, action, given, first, problem):
    for earlier, with_what in before:
        walk(earlier, with_what)
    stands = walk.row()
    with pytest.raises(Invalid) as refused:
        walk(action, Given(**given, day=first - DAY))
    assert refused.value.problems == {"day": problem}
    assert (walk.row().version, walk.row().stage) == (stands.version, stands.stage)
    walk(action, Given(**given, day=first))
    assert walk.row().version == stands.version + 1


def test_a_case_whose_agreement_nobody_told_the_day_of_goes_by_the_dispute(walk):
    """As ledgers leave them: in follow-up, without the days of what went before."""
    walk.db.write(
        lambda session: session.execute(
            update(Case).where(Case.case_no == walk.case_no).values(stage=Stage.FOLLOW_UP)
        )
    )
    with pytest.raises(Invalid) as refused:
        walk(Action.FOLLOW_UP, Given(**SAID, day=OCCURRED - DAY))
    assert refused.value.problems == {"day": "before_dispute"}
    walk(Action.FOLLOW_UP, Given(**SAID, day=OCCURRED))
    assert walk.row().stage is Stage.CLOSED


def test_a_day_that_no_step_asks_for_holds_nothing_up(walk):
    walk(Action.WITHDRAW, Given(note=WHY, day=OCCURRED - DAY))
    assert walk.row().stage is Stage.CLOSED


def test_a_reopened_case_is_not_held_to_the_agreement_that_was_undone(walk, world):
    for action, given in (*TO_FOLLOW_UP, (Action.FOLLOW_UP, Given(**SAID, day=TODAY))):
        walk(action, given)
    walk(Action.REOPEN, Given(note=WHY))
    walk(Action.PARTY_REFUSES, Given(note=WHY))
    walk(Action.TELL_RIGHTS, Given(day=OCCURRED))
    assert walk.row().stage is Stage.RIGHTS_TOLD
