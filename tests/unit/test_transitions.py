"""Stages and transitions as data: nothing is reached that has no clock, no owner or no end."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.cases import OPEN_STAGES, FieldProblem, Stage
from domain.clocks import DEFAULT_LIMITS
from domain.errors import Invalid
from domain.people import GRANTS, Permission
from domain.transitions import (
    EXTENSIONS_A_STAGE,
    REOPENED_WITHIN,
    TRANSITIONS,
    Action,
    AgreementForm,
    Caution,
    Closed,
    Given,
    Need,
    Standing,
    caution,
    last_day_to_confirm,
    objections,
    parking_over,
    require_fitting,
)
from domain.work_calendar import WorkCalendar

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
# Assigning is a command of its own, with its own rules (domain/eligibility.py).
ASSIGNED = (Stage.ACCEPTED, Stage.IN_MEDIATION)


def ways():
    """(from, to) of everything that can happen to a case."""
    found = {
        (source, one.target) for one in TRANSITIONS.values() if one.target for source in one.sources
    }
    return found | {ASSIGNED}


def reached(start, pairs):
    seen, ahead = {start}, [start]
    while ahead:
        here = ahead.pop()
        new = {to for source, to in pairs if source is here} - seen
        seen |= new
        ahead += new
    return seen


def standing(stage=Stage.IN_MEDIATION, **over):
    return Standing(**{"stage": stage, "type_code": "0402", **over})


def against(action, case, *, may=True, now=NOW):
    return objections(TRANSITIONS[action], case, may=may, now=now)


def test_every_action_is_in_the_table_with_the_law_or_rule_it_rests_on():
    assert set(TRANSITIONS) == set(Action)
    assert all(one.basis and one.sources for one in TRANSITIONS.values())


def test_every_stage_is_reached_from_registration_and_reaches_the_archive():
    assert reached(Stage.REGISTERED, ways()) == set(Stage)
    backwards = {(to, source) for source, to in ways()}
    assert reached(Stage.CLOSED, backwards) == set(Stage)


def test_every_open_stage_has_a_limit_and_somebody_who_can_move_it_on():
    limited = {limit.stage for limit in DEFAULT_LIMITS}
    assert limited == set(OPEN_STAGES)
    granted = frozenset().union(*GRANTS.values())
    for stage in OPEN_STAGES:
        on = [
            one
            for one in TRANSITIONS.values()
            if stage in one.sources and one.target not in (None, stage)
        ]
        assert on
        assert {one.permission for one in on} <= granted


def test_what_ends_a_case_by_words_asks_for_them():
    for one in TRANSITIONS.values():
        if one.target in (Stage.CLOSED, Stage.FAILED):
            assert Need.NOTE in one.needs, one.action


def test_several_outcomes_are_chosen_from_and_one_is_not_asked_for():
    for one in TRANSITIONS.values():
        asked = Need.OUTCOME in one.needs or Need.FORM in one.needs
        assert asked is (len(one.outcomes) > 1), one.action
        assert (Need.ONWARD in one.needs) is (len(one.onward) > 1), one.action


@pytest.mark.parametrize("action", Action)
def test_a_case_that_is_elsewhere_is_told_so_and_nothing_more(action):
    elsewhere = next((stage for stage in Stage if stage not in TRANSITIONS[action].sources), None)
    if elsewhere is None:
        assert TRANSITIONS[action].sources == frozenset(Stage)
    else:
        assert against(action, standing(elsewhere)) == [Closed.WRONG_STAGE]


@pytest.mark.parametrize("action", Action)
def test_who_may_not_is_told_so_first(action):
    stage = min(TRANSITIONS[action].sources)
    assert against(action, standing(stage), may=False)[0] is Closed.NOT_YOURS


def test_a_parked_case_stands_still_until_it_is_resumed():
    parked = standing(parked=True)
    assert against(Action.SETTLE, parked) == [Closed.PARKED]
    assert against(Action.PARK, parked) == [Closed.PARKED]
    assert against(Action.RESUME, parked) == []
    assert against(Action.RESUME, standing()) == [Closed.NOT_PARKED]


def test_a_crime_does_not_wait_for_the_end_of_a_parking():
    """人民调解法 25: what may be a crime is reported promptly."""
    assert against(Action.REFER_TO_POLICE, standing(parked=True)) == []


def test_a_parking_is_over_on_the_day_after_its_last():
    assert not parking_over(None, now=NOW)
    assert not parking_over(date(2026, 3, 2), now=NOW)
    # At 23:59 and at 24:00 in Beijing.
    assert not parking_over(date(2026, 3, 2), now=datetime(2026, 3, 2, 15, 59, tzinfo=UTC))
    assert parking_over(date(2026, 3, 2), now=datetime(2026, 3, 2, 16, tzinfo=UTC))


def test_who_asked_for_more_time_does_not_answer_it():
    asked = standing(extension_asked=True, asked_by=7)
    for action in (Action.GRANT_EXTENSION, Action.REFUSE_EXTENSION):
        own = objections(TRANSITIONS[action], asked, may=True, now=NOW, who=7)
        assert own == [Closed.OWN_REQUEST]
        assert objections(TRANSITIONS[action], asked, may=True, now=NOW, who=8) == []
    # What the system asked for is nobody's own.
    nobody = standing(extension_asked=True)
    assert objections(TRANSITIONS[Action.GRANT_EXTENSION], nobody, may=True, now=NOW, who=0) == []


def test_what_is_over_is_not_made_longer_and_a_late_request_is_only_refused():
    late = standing(due_at=NOW)
    assert against(Action.ASK_EXTENSION, late) == [Closed.DEADLINE_PASSED]
    asked = standing(due_at=NOW, extension_asked=True)
    assert against(Action.GRANT_EXTENSION, asked) == [Closed.DEADLINE_PASSED]
    assert against(Action.REFUSE_EXTENSION, asked) == []
    in_time = standing(due_at=NOW + timedelta(seconds=1), extension_asked=True)
    assert against(Action.GRANT_EXTENSION, in_time) == []


def test_one_extension_a_stage_asked_for_before_it_is_granted():
    assert against(Action.ASK_EXTENSION, standing()) == []
    assert against(Action.GRANT_EXTENSION, standing()) == [Closed.NO_EXTENSION_ASKED]
    asked = standing(extension_asked=True)
    assert against(Action.ASK_EXTENSION, asked) == [Closed.EXTENSION_PENDING]
    assert against(Action.GRANT_EXTENSION, asked) == against(Action.REFUSE_EXTENSION, asked) == []
    had = standing(extensions=EXTENSIONS_A_STAGE)
    assert against(Action.ASK_EXTENSION, had) == [Closed.EXTENSIONS_USED_UP]


@pytest.mark.parametrize("type_code", ["0101", "0102", "0103", "0199", "0402", "0901", "0902"])
def test_a_court_confirms_written_agreements_and_no_type_alone_closes_the_way(type_code):
    written = standing(Stage.AGREEMENT, form=AgreementForm.WRITTEN, type_code=type_code)
    assert against(Action.APPLY_CONFIRMATION, written) == []
    oral = standing(Stage.AGREEMENT, form=AgreementForm.ORAL, type_code=type_code)
    assert against(Action.APPLY_CONFIRMATION, oral) == [Closed.NOT_WRITTEN]


@pytest.mark.parametrize(
    ("type_code", "found"),
    [
        ("01", Caution.IDENTITY),
        ("0101", Caution.IDENTITY),
        ("0102", Caution.IDENTITY),
        ("0103", Caution.TITLE),
        ("0201", None),
        ("0402", None),
        ("0403", Caution.TITLE),
        ("0902", Caution.TITLE),
        ("1001", Caution.TITLE),
        ("1099", None),
        ("99", None),
    ],
)
def test_where_a_court_may_find_identity_or_title_it_is_said(type_code, found):
    assert caution(type_code) is found


WINDOW = {"agreed_on": date(2026, 2, 3), "confirm_by": date(2026, 3, 5)}


@pytest.mark.parametrize(
    ("agreed_on", "last"),
    [
        (date(2026, 2, 3), date(2026, 3, 5)),
        # The thirtieth day is Saturday the 7th, Sunday the 8th: to Monday the 9th.
        (date(2026, 2, 5), date(2026, 3, 9)),
        (date(2026, 2, 6), date(2026, 3, 9)),
    ],
)
def test_the_window_ends_thirty_days_after_the_agreement_or_on_the_next_working_day(
    agreed_on, last
):
    assert last_day_to_confirm(agreed_on, WorkCalendar()) == last


@pytest.mark.parametrize(
    ("day", "problem"),
    [
        (date(2026, 2, 2), FieldProblem.BEFORE_AGREEMENT),
        (date(2026, 2, 3), None),
        (date(2026, 3, 5), None),
        (date(2026, 3, 6), FieldProblem.AFTER_WINDOW),
    ],
)
def test_an_application_lies_within_the_window_whenever_it_is_entered(day, problem):
    case = standing(Stage.AGREEMENT, form=AgreementForm.WRITTEN, **WINDOW)
    later = NOW + timedelta(days=20)
    assert against(Action.APPLY_CONFIRMATION, case, now=later) == []
    apply = TRANSITIONS[Action.APPLY_CONFIRMATION]
    if problem is None:
        require_fitting(apply, Given(day=day), case)
        return
    with pytest.raises(Invalid) as refused:
        require_fitting(apply, Given(day=day), case)
    assert refused.value.problems == {"day": problem}


def test_where_a_case_goes_on_to_is_no_outcome_of_its_mediation():
    """A refusal is lawful and an agreement was reached, whatever follows (人民调解法 17, 32)."""
    leaving = (Action.HAND_OVER, Action.REFER_TO_POLICE, Action.DEFAULTED)
    assert [TRANSITIONS[action].outcomes for action in leaving] == [(), (), ()]
    assert TRANSITIONS[Action.HAND_OVER].onward == ("O09", "O10", "O11")
    assert TRANSITIONS[Action.REFER_TO_POLICE].onward == ("O12",)


def test_a_closed_case_is_reopened_in_time_and_a_merged_one_is_not():
    closed = standing(Stage.CLOSED, closed_at=NOW - REOPENED_WITHIN, outcome_code="O04")
    assert against(Action.REOPEN, closed) == []
    late = standing(Stage.CLOSED, closed_at=NOW - REOPENED_WITHIN - timedelta(seconds=1))
    assert against(Action.REOPEN, late) == [Closed.TOO_LATE_TO_REOPEN]
    merged = standing(Stage.CLOSED, closed_at=NOW, outcome_code="O14")
    assert against(Action.REOPEN, merged) == [Closed.MERGED]


def test_the_rights_of_the_parties_are_told_before_a_failed_case_ends():
    """人民调解法 26: whoever ends a mediation that failed tells of the other ways."""
    ends = {
        one.action
        for one in TRANSITIONS.values()
        if Stage.FAILED in one.sources and one.target is Stage.CLOSED
    }
    assert ends == {Action.REFER_TO_POLICE}


def test_registering_is_granted_apart_from_accepting():
    assert Permission.CASE_REGISTER not in {one.permission for one in TRANSITIONS.values()}
