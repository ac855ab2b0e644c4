"""Steps of a case: checked, recorded, refused without a trace."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from data_access import audit
from data_access.commands.steps import take_step
from data_access.queries.clocks import why
from data_access.queries.steps import step_view
from data_access.reference import load_clock
from data_access.tables import Assignment, Case, CaseEvent, CaseSpan, Mediator
from domain.cases import Difficulty, FieldProblem, Stage
from domain.clocks import Count
from domain.errors import Conflict, Invalid, NotAllowed, NotFound, NotPossible
from domain.people import Permission, Scope
from domain.transitions import (
    Action,
    AgreementForm,
    Closed,
    Decision,
    Given,
    Rating,
    Supervision,
)
from tests.world import NOW

WHY = "当事人已经当面说清"
DAY = timedelta(days=1)


@pytest.fixture
def walk(db, world):
    return Walk(db, world)


class Walk:
    """One case, walked step by step, a day each."""

    def __init__(self, db, world):
        self.db, self.world = db, world
        self.actor = world.actor()
        # Who asks for more time is not who grants it.
        self.approver = world.actor("李站长")
        self.mediator = world.mediator()
        with db.read() as session:
            clock = load_clock(session)
        due = clock.deadline(Stage.IN_MEDIATION, Difficulty.ORDINARY, start=NOW - DAY)
        case = world.case(mediator_id=self.mediator, due_at=due.due_at, soon_at=due.soon_at)
        self.case_no = case.case_no
        self.now = NOW
        self.steps = 0

    def __call__(self, action, *, later=DAY, actor=None, version=None, key=None, **given):
        self.now += later
        self.steps += 1
        return take_step(
            self.db,
            case_no=self.case_no,
            action=action,
            given=Given(**given),
            expected_version=version or self.row().version,
            actor=actor or self.actor,
            now=self.now,
            key=key or f"step {self.steps}",
        )

    def row(self):
        with self.db.read() as session:
            return session.scalars(select(Case).where(Case.case_no == self.case_no)).one()

    def all(self, entity):
        with self.db.read() as session:
            return session.scalars(
                select(entity).where(entity.case_id == self.row().id).order_by(entity.seq)
            ).all()

    def deadline_explained(self):
        scope = self.actor.scope(Permission.CASE_READ)
        with self.db.read() as session:
            return why(session, scope=scope, case_no=self.case_no)

    def holds_together(self):
        """What must be true of every case after every step."""
        row, events, spans = self.row(), self.all(CaseEvent), self.all(CaseSpan)
        assert [event.seq for event in events] == list(range(1, row.version + 1))
        opened = [span for span in spans if span.ends_at is None]
        assert len(opened) == row.is_open
        for before, after in pairwise(spans):
            assert before.ends_at <= after.starts_at
        held = [one for one in self.all(Assignment) if one.ends_at is None]
        expected = [row.mediator_id] if row.mediator_id else []
        assert [one.mediator_id for one in held] == expected
        if row.is_open:
            (span,) = opened
            names = ("stage", "due_at", "soon_at", "paused", "supervised", "mediator_id")
            assert [getattr(span, name) for name in names] == [getattr(row, name) for name in names]
            if not row.paused:
                assert self.deadline_explained().deadline.due_at == row.due_at
        with self.db.read() as session:
            assert audit.verify(session, county_id=self.world.county).broken_at is None


def test_from_an_agreement_over_performance_and_a_visit_to_the_archive(walk):
    walk(Action.SETTLE, form=AgreementForm.WRITTEN, day=date(2026, 3, 3))
    assert (walk.row().stage, walk.row().outcome_code) == (Stage.AGREEMENT, "O01")
    walk.holds_together()
    walk(Action.PLAN_PERFORMANCE, until=date(2026, 4, 5))
    assert walk.row().stated_due_on == date(2026, 4, 5)
    walk.holds_together()
    walk(Action.PERFORMED, day=date(2026, 3, 5))
    said = {"applicant_rating": Rating.FAIRLY, "respondent_rating": Rating.DISSATISFIED}
    for missing in said:
        asked = said | {missing: None}
        with pytest.raises(Invalid) as refused:
            walk(Action.FOLLOW_UP, note=WHY, day=date(2026, 3, 6), **asked)
        assert refused.value.problems == {missing: "missing"}
    walk(Action.FOLLOW_UP, note=WHY, day=date(2026, 3, 6), **said)
    row = walk.row()
    assert (row.applicant_rating, row.respondent_rating) == (Rating.FAIRLY, Rating.DISSATISFIED)
    assert (row.stage, row.is_open, row.closed_at, row.due_at) == (Stage.CLOSED, 0, walk.now, None)
    assert (row.outcome_code, row.mediator_id) == ("O01", walk.mediator)
    walk.holds_together()


@pytest.mark.parametrize("decision", Decision)
def test_what_the_court_said_stays_with_the_case_until_it_is_asked_again(walk, decision):
    """民事诉讼法 206: after a rejection the parties may mediate anew, or apply anew in time."""
    walk(Action.SETTLE, form=AgreementForm.WRITTEN, day=date(2026, 3, 3))
    walk(Action.APPLY_CONFIRMATION, day=date(2026, 3, 4))
    heard = {"note": WHY, "day": date(2026, 3, 5), "until": date(2026, 4, 5)}
    with pytest.raises(Invalid) as refused:
        walk(Action.END_CONFIRMATION, **heard)
    assert refused.value.problems == {"decision": "missing"}
    walk(Action.END_CONFIRMATION, **heard, decision=decision)
    row = walk.row()
    assert (row.stage, row.court_decision) == (Stage.PERFORMANCE, decision)
    if decision is Decision.VALID:
        with pytest.raises(NotPossible) as closed:
            walk(Action.APPLY_CONFIRMATION, day=date(2026, 3, 6))
        assert closed.value.reasons == (Closed.CONFIRMED,)
    else:
        walk(Action.APPLY_CONFIRMATION, day=date(2026, 3, 6))
        assert walk.row().court_decision is None
    walk.holds_together()


def test_a_reopened_case_has_no_answers_and_no_decision_of_before(walk):
    walk(Action.SETTLE, form=AgreementForm.ORAL, day=date(2026, 3, 3))
    walk(Action.PERFORM_AT_ONCE)
    said = {"applicant_rating": Rating.SATISFIED, "respondent_rating": Rating.NOT_ASKED}
    walk(Action.FOLLOW_UP, note=WHY, day=date(2026, 3, 4), **said)
    walk(Action.REOPEN, note=WHY)
    row = walk.row()
    assert (row.applicant_rating, row.respondent_rating, row.court_decision) == (None, None, None)


def test_a_failed_mediation_ends_with_the_parties_rights_told(walk):
    walk(Action.FAIL, outcome="O04", note=WHY)
    with pytest.raises(NotPossible) as refused:
        walk(Action.ARCHIVE, note=WHY)
    assert refused.value.reasons == (Closed.WRONG_STAGE,)
    walk(Action.TELL_RIGHTS, day=date(2026, 3, 4))
    walk(Action.HAND_OVER, onward="O09", note=WHY)
    walk(Action.ARCHIVE, note=WHY)
    assert (walk.row().outcome_code, walk.row().onward_code) == ("O04", "O09")
    assert [event.data.get("onward") for event in walk.all(CaseEvent)][-2:] == ["O09", None]
    walk.holds_together()


def test_a_refusal_stays_a_refusal_wherever_the_case_goes_on_to(walk):
    """人民调解法 17: it is lawful, and does not count against the mediator."""
    walk(Action.PARTY_REFUSES, note=WHY)
    walk(Action.TELL_RIGHTS, day=date(2026, 3, 3))
    walk(Action.HAND_OVER, onward="O11", note=WHY)
    walk(Action.REFER_TO_POLICE, note=WHY)
    assert (walk.row().outcome_code, walk.row().onward_code) == ("O05", "O12")


@pytest.mark.parametrize(
    ("form", "outcome"), [(AgreementForm.WRITTEN, "O01"), (AgreementForm.ORAL, "O02")]
)
def test_an_agreement_that_is_not_kept_was_reached_all_the_same(walk, form, outcome):
    walk(Action.SETTLE, form=form, day=date(2026, 3, 3))
    walk(Action.PLAN_PERFORMANCE, until=date(2026, 4, 5))
    walk(Action.DEFAULTED, note=WHY)
    row = walk.row()
    assert (row.stage, row.outcome_code, row.onward_code) == (Stage.FAILED, outcome, None)
    walk(Action.TELL_RIGHTS, day=date(2026, 3, 3))
    walk(Action.HAND_OVER, onward="O09", note=WHY)
    walk(Action.ARCHIVE, note=WHY)
    row = walk.row()
    assert (row.outcome_code, row.onward_code) == (outcome, "O09")
    walk(Action.REOPEN, note=WHY)
    row = walk.row()
    assert (row.outcome_code, row.onward_code) == (None, None)
    walk.holds_together()


@pytest.mark.parametrize("parked", [False, True])
def test_what_may_be_a_crime_goes_to_the_police_and_is_the_outcome_where_there_is_no_other(
    walk, parked
):
    if parked:
        walk(Action.PARK, note=WHY, until=date(2026, 3, 20))
    walk(Action.REFER_TO_POLICE, note=WHY)
    row = walk.row()
    assert (row.stage, row.outcome_code, row.onward_code) == (Stage.CLOSED, "O12", "O12")
    assert (row.paused, row.parked_until) == (0, None)
    walk.holds_together()


def test_what_is_found_out_after_an_agreement_does_not_undo_it(walk):
    walk(Action.SETTLE, form=AgreementForm.WRITTEN, day=date(2026, 3, 3))
    walk(Action.PERFORM_AT_ONCE)
    walk(Action.REFER_TO_POLICE, note=WHY)
    assert (walk.row().outcome_code, walk.row().onward_code) == ("O01", "O12")


def test_confirmation_is_applied_for_within_the_window_and_may_be_entered_later(walk):
    walk(Action.SETTLE, form=AgreementForm.WRITTEN, day=date(2026, 3, 2))
    walk.db.write(
        lambda session: session.execute(
            update(Case)
            .where(Case.case_no == walk.case_no)
            .values(agreed_on=date(2026, 3, 5), due_at=NOW + 90 * DAY)
        )
    )
    scope = walk.actor.scope(Permission.CASE_READ)
    with walk.db.read() as session:
        stands = step_view(session, scope=scope, case_no=walk.case_no).standing
    # The thirtieth day is Saturday 4 April; Qingming ends on Monday the 6th.
    assert stands.confirm_by == date(2026, 4, 7)
    walk.now = NOW + 50 * DAY
    for day, problem in (
        (date(2026, 3, 4), FieldProblem.BEFORE_AGREEMENT),
        (date(2026, 4, 8), FieldProblem.AFTER_WINDOW),
    ):
        with pytest.raises(Invalid) as refused:
            walk(Action.APPLY_CONFIRMATION, day=day)
        assert refused.value.problems == {"day": problem}
    assert walk.row().stage is Stage.AGREEMENT
    walk(Action.APPLY_CONFIRMATION, day=date(2026, 4, 7))
    assert walk.row().stage is Stage.CONFIRMATION


def test_who_asked_for_more_time_does_not_answer_it(walk):
    walk(Action.ASK_EXTENSION, days=3, note=WHY)
    for action, note in ((Action.GRANT_EXTENSION, ""), (Action.REFUSE_EXTENSION, WHY)):
        with pytest.raises(NotPossible) as refused:
            walk(action, note=note)
        assert refused.value.reasons == (Closed.OWN_REQUEST,)
    assert walk.row().version == 2
    # Asked again by the other one, it is the first who may answer.
    walk(Action.REFUSE_EXTENSION, note=WHY, actor=walk.approver, later=timedelta(0))
    walk(Action.ASK_EXTENSION, days=1, note=WHY, actor=walk.approver, later=timedelta(0))
    with pytest.raises(NotPossible):
        walk(Action.GRANT_EXTENSION, actor=walk.approver, later=timedelta(0))
    walk(Action.GRANT_EXTENSION, later=timedelta(0))
    assert walk.row().extended == 1


def test_a_request_that_nobody_answered_in_time_has_lapsed(walk):
    walk(Action.ASK_EXTENSION, days=3, note=WHY)
    walk.now = walk.row().due_at - DAY
    with pytest.raises(NotPossible) as refused:
        walk(Action.GRANT_EXTENSION, actor=walk.approver)
    assert refused.value.reasons == (Closed.DEADLINE_PASSED,)
    walk(Action.REFUSE_EXTENSION, note=WHY, actor=walk.approver, later=timedelta(0))
    with pytest.raises(NotPossible) as refused:
        walk(Action.ASK_EXTENSION, days=1, note=WHY)
    assert refused.value.reasons == (Closed.DEADLINE_PASSED,)


def test_a_pause_stands_still_and_its_days_are_given_back(walk):
    before = walk.row().due_at
    walk(Action.PARK, note=WHY, until=date(2026, 3, 20))
    assert walk.row().paused == 1
    walk.holds_together()
    walk(Action.RESUME, note=WHY, later=timedelta(days=4))
    row = walk.row()
    assert (row.paused, row.parked_until) == (0, None)
    # Four more days from the 8th, a Sunday that had moved to Monday the 9th: Thursday the 12th.
    assert row.due_at - before == timedelta(days=3)
    counts = [one.count for one in walk.deadline_explained().days]
    assert counts.count(Count.PAUSED) == 4
    walk.holds_together()


def test_an_extension_is_asked_granted_and_used_up(walk):
    walk(Action.ASK_EXTENSION, days=3, note=WHY)
    assert walk.row().extension_asked == 3
    walk(Action.GRANT_EXTENSION, actor=walk.approver)
    assert (walk.row().extended, walk.row().extensions) == (3, 1)
    walk.holds_together()
    with pytest.raises(NotPossible) as refused:
        walk(Action.ASK_EXTENSION, days=1, note=WHY)
    assert refused.value.reasons == (Closed.EXTENSIONS_USED_UP,)
    # The next stage has its own clock and its own quota.
    walk(Action.SETTLE, form=AgreementForm.ORAL, day=date(2026, 3, 3))
    walk(Action.ASK_EXTENSION, days=1, note=WHY)
    walk(Action.REFUSE_EXTENSION, note=WHY, actor=walk.approver)
    assert (walk.row().extended, walk.row().extension_asked) == (0, None)
    walk.holds_together()


def test_more_than_the_limit_itself_is_no_extension(walk):
    with pytest.raises(Invalid) as refused:
        walk(Action.ASK_EXTENSION, days=100, note=WHY)
    assert refused.value.problems == {"days": FieldProblem.OUT_OF_RANGE}
    assert walk.row().version == 1


def test_a_case_sent_back_is_nobodys_and_waits_for_assignment(walk):
    walk(Action.SEND_BACK, note=WHY)
    row = walk.row()
    assert (row.stage, row.mediator_id, row.committee_id) == (Stage.ACCEPTED, None, None)
    walk.holds_together()


def test_supervision_has_levels_and_an_end(walk):
    walk(Action.SUPERVISE, level=Supervision.RED, note=WHY)
    assert walk.row().supervised == 3
    walk(Action.END_SUPERVISION, note=WHY)
    assert walk.row().supervised == 0
    walk.holds_together()


def test_a_closed_case_is_taken_up_again(walk):
    walk(Action.WITHDRAW, note=WHY)
    assert walk.row().outcome_code == "O03"
    walk(Action.REOPEN, note=WHY)
    row = walk.row()
    assert (row.stage, row.is_open, row.closed_at, row.outcome_code) == (
        Stage.ACCEPTED,
        1,
        None,
        None,
    )
    walk.holds_together()


def test_a_merged_case_ends_and_the_one_that_stays_knows_it(walk):
    stays = walk.world.case(mediator_id=walk.mediator)
    walk(Action.MERGE, other_case=stays.case_no, note=WHY)
    assert (walk.row().outcome_code, walk.row().merged_into) == ("O14", stays.id)
    walk.holds_together()
    with walk.db.read() as session:
        last = session.scalars(
            select(CaseEvent).where(CaseEvent.case_id == stays.id).order_by(CaseEvent.seq.desc())
        ).first()
    assert last.data["merged"] == walk.case_no


@pytest.mark.parametrize("other", ["self", "D2026-99999", "closed", ""])
def test_a_case_is_merged_only_into_another_open_one_that_one_may_see(walk, other):
    closed = walk.world.case(stage=Stage.CLOSED, outcome_code="O02").case_no
    number = {"self": walk.case_no, "closed": closed}.get(other, other)
    with pytest.raises(Invalid):
        walk(Action.MERGE, other_case=number, note=WHY)
    assert walk.row().version == 1


@pytest.mark.parametrize(
    ("action", "given", "problems"),
    [
        (Action.SETTLE, {}, {"form": "missing", "day": "missing"}),
        (
            Action.SETTLE,
            {"form": AgreementForm.ORAL, "day": date(2026, 3, 9)},
            {"day": "in_future"},
        ),
        (Action.FAIL, {"outcome": "O01", "note": WHY}, {"outcome": "not_a_choice"}),
        (Action.FAIL, {"outcome": "O04", "note": "短"}, {"note": "too_short"}),
        (Action.PARK, {"note": WHY, "until": date(2026, 3, 1)}, {"until": "in_past"}),
        (Action.PARK, {"note": WHY, "until": date(2028, 3, 1)}, {"until": "out_of_range"}),
        (Action.WITHDRAW, {"note": "长" * 501}, {"note": "too_long"}),
    ],
)
def test_what_is_missing_or_wrong_is_said_by_field_and_nothing_changes(
    walk, action, given, problems
):
    with pytest.raises(Invalid) as refused:
        walk(action, **given)
    assert refused.value.problems == problems
    assert walk.row().version == 1


def test_a_retry_gives_the_first_answer_and_takes_no_second_step(walk):
    first = walk(Action.WITHDRAW, note=WHY, key="same", version=1)
    again = walk(Action.WITHDRAW, note=WHY, key="same", version=1)
    assert first == again
    assert walk.row().version == 2


def test_who_comes_second_hears_it(walk):
    walk(Action.SUPERVISE, level=Supervision.ORDINARY, note=WHY)
    with pytest.raises(Conflict):
        walk(Action.WITHDRAW, note=WHY, version=1)


def test_a_step_needs_its_permission_and_the_case_within_its_scope(walk):
    reader = walk.world.actor("只读", permissions=(Permission.CASE_READ,))
    with pytest.raises(NotAllowed):
        walk(Action.WITHDRAW, note=WHY, actor=reader)
    elsewhere = Scope(walk.world.county, towns=frozenset({walk.world.town_b}))
    with pytest.raises(NotFound):
        walk(Action.WITHDRAW, note=WHY, actor=walk.world.actor("外镇", scope=elsewhere))
    assert walk.row().version == 1


def merged(walk, *, parked=False):
    """The walk's case with a day asked for, two days of a pause behind it, merged away."""
    walk(Action.ASK_EXTENSION, days=2, note=WHY)
    walk(Action.GRANT_EXTENSION, actor=walk.approver)
    walk(Action.PARK, note=WHY, until=date(2026, 3, 20))
    if not parked:
        walk(Action.RESUME, note=WHY)
    walk(Action.SUPERVISE, level=Supervision.YELLOW, note=WHY)
    before = walk.row()
    stays = walk.world.case(mediator_id=walk.mediator)
    walk(Action.MERGE, other_case=stays.case_no, note=WHY)
    walk.holds_together()
    return before, stays


@pytest.mark.parametrize("parked", [False, True])
def test_an_undone_merging_brings_the_case_back_as_it_was_and_the_time_between_is_no_time(
    walk, parked
):
    before, stays = merged(walk, parked=parked)
    walk(Action.UNMERGE, note=WHY, later=10 * DAY)
    row = walk.row()
    beside = ("paused", "parked_until", "supervised", "extended", "extensions", "extension_asked")
    held = ("mediator_id", "committee_id", "held_since")
    clock = ("stage", "stage_since", "limit_level", "stated_due_on", "outcome_code", "is_open")
    same = (*beside, *held, *clock)
    assert {name: getattr(row, name) for name in same} == {
        name: getattr(before, name) for name in same
    }
    assert (row.closed_at, row.merged_into) == (None, None)
    walk.holds_together()
    events = walk.all(CaseEvent)
    assert [event.kind for event in events[-2:]] == ["merged", "unmerged"]
    with walk.db.read() as session:
        told = session.scalars(
            select(CaseEvent).where(CaseEvent.case_id == stays.id).order_by(CaseEvent.seq)
        ).all()
    assert [(one.kind, one.data.get("merged")) for one in told[1:]] == [
        ("merged_into", walk.case_no),
        ("unmerged_from", walk.case_no),
    ]
    if parked:
        assert row.due_at == before.due_at
        walk(Action.RESUME, note=WHY)
        walk.holds_together()
        # From the parking on the third day to the resuming: one pause, without a seam.
        (pause,) = walk.deadline_explained().pauses
        assert (pause.starts_at, pause.ends_at) == (NOW + 3 * DAY, walk.now)
    else:
        assert row.due_at > before.due_at
        assert len(walk.deadline_explained().pauses) == 2
    assert walk.row().due_at == walk.deadline_explained().deadline.due_at


def test_a_merging_is_undone_once_and_only_a_merging(walk):
    with pytest.raises(NotPossible) as refused:
        walk(Action.UNMERGE, note=WHY)
    assert refused.value.reasons == (Closed.WRONG_STAGE,)
    merged(walk)
    walk(Action.UNMERGE, note=WHY)
    walk(Action.WITHDRAW, note=WHY)
    with pytest.raises(NotPossible) as refused:
        walk(Action.UNMERGE, note=WHY)
    assert refused.value.reasons == (Closed.NOT_MERGED,)


def test_what_left_a_case_that_is_merged_itself_starts_no_clock_of_it(walk):
    before, stays = merged(walk)
    third = walk.world.case(mediator_id=walk.mediator)
    inner = walk.case_no
    walk.case_no = stays.case_no
    due = walk.row().due_at
    walk(Action.MERGE, other_case=third.case_no, note=WHY)
    walk.case_no = inner
    walk(Action.UNMERGE, note=WHY)
    assert walk.row().stage is before.stage
    walk.case_no = stays.case_no
    walk(Action.UNMERGE, note=WHY, later=5 * DAY)
    walk.holds_together()
    (pause,) = walk.deadline_explained().pauses
    assert pause.ends_at - pause.starts_at == 6 * DAY
    assert walk.row().due_at != due


def test_a_merging_is_undone_by_whoever_may_change_both(walk):
    _before, stays = merged(walk)
    walk.db.write(
        lambda session: session.execute(
            update(Case).where(Case.id == stays.id).values(town_id=walk.world.town_b)
        )
    )
    town = Scope(walk.world.county, towns=frozenset({walk.world.town_a}))
    version = walk.row().version
    with pytest.raises(NotAllowed):
        walk(Action.UNMERGE, note=WHY, actor=walk.world.actor("本镇", scope=town))
    assert walk.row().version == version


def test_a_case_that_comes_back_from_a_merging_goes_to_nobody_who_left_meanwhile(walk):
    _before, _stays = merged(walk)
    who = walk.row().mediator_id

    def leave(session):
        session.get_one(Mediator, who).active = False

    walk.db.write(leave)
    walk(Action.UNMERGE, note=WHY, later=DAY)
    row = walk.row()
    assert (row.mediator_id, row.committee_id, row.stage) == (None, None, Stage.ACCEPTED)
    walk.holds_together()
