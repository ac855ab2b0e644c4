"""Stages and transitions as data: nothing is reached that has no clock, no owner or no end."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.cases import OPEN_STAGES, Stage
from domain.clocks import DEFAULT_LIMITS, day_of
from domain.people import GRANTS, Permission
from domain.transitions import (
    CONFIRMATION_WINDOW,
    EXTENSIONS_A_STAGE,
    REOPENED_WITHIN,
    TRANSITIONS,
    Action,
    AgreementForm,
    Closed,
    Need,
    Standing,
    objections,
)

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
        assert asked is (len(one.outcomes) > 1) or one.action is Action.DEFAULTED, one.action


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


def test_one_extension_a_stage_asked_for_before_it_is_granted():
    assert against(Action.ASK_EXTENSION, standing()) == []
    assert against(Action.GRANT_EXTENSION, standing()) == [Closed.NO_EXTENSION_ASKED]
    asked = standing(extension_asked=True)
    assert against(Action.ASK_EXTENSION, asked) == [Closed.EXTENSION_PENDING]
    assert against(Action.GRANT_EXTENSION, asked) == against(Action.REFUSE_EXTENSION, asked) == []
    had = standing(extensions=EXTENSIONS_A_STAGE)
    assert against(Action.ASK_EXTENSION, had) == [Closed.EXTENSIONS_USED_UP]


@pytest.mark.parametrize(
    ("over", "closed"),
    [
        ({"form": AgreementForm.WRITTEN}, []),
        ({"form": AgreementForm.ORAL}, [Closed.NOT_WRITTEN]),
        ({"form": AgreementForm.WRITTEN, "type_code": "0101"}, [Closed.NOT_CONFIRMABLE]),
        (
            {"form": AgreementForm.WRITTEN, "agreed_on": day_of(NOW) - CONFIRMATION_WINDOW},
            [],
        ),
        (
            {
                "form": AgreementForm.WRITTEN,
                "agreed_on": day_of(NOW) - CONFIRMATION_WINDOW - timedelta(days=1),
            },
            [Closed.WINDOW_OVER],
        ),
    ],
)
def test_a_court_confirms_written_agreements_of_its_kind_within_the_window(over, closed):
    assert against(Action.APPLY_CONFIRMATION, standing(Stage.AGREEMENT, **over)) == closed


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
