"""Whom to give one case to: who is scored, what of the past counts, and what stays unsaid."""

from datetime import timedelta

import pytest
from sqlalchemy import event, select

from data_access.commands.consents import (
    Given,
    approve_recusal_consent,
    record_recusal_consent,
)
from data_access.commands.reassign import reassign_case
from data_access.queries.suggestions import suggestions
from data_access.tables import AuditLine, CaseEvent
from domain.balancing.plan import NotChosen
from domain.balancing.suggesting import TermKind
from domain.cases import ReassignReason, Stage
from domain.eligibility import CommitteeKind, Objection
from domain.errors import NotFound
from domain.locks import Lock
from domain.people import Scope
from domain.recusal import ConsentForm
from tests.world import NOW
from texts.suggesting import left_out_said, why_suggested

KIN = "990129199001010011"
ANOTHER = "990129199002020022"
DAY = timedelta(days=1)


def asked(db, world, case, scope=None, **over):
    with db.read() as session:
        return suggestions(
            session,
            scope=scope or Scope(world.county, whole_county=True),
            case_no=case.case_no,
            now=NOW,
            **over,
        )


def ids(found):
    return [one.mediator_id for one in found.best]


def value(one, kind):
    return next(term.value for term in one.terms if term.kind is kind)


def over_and_done(world, mediator, outcome, **over):
    """A case that came to its end with somebody some weeks ago."""
    return world.case(
        mediator_id=mediator,
        stage=Stage.CLOSED,
        outcome_code=outcome,
        registered_at=NOW - 60 * DAY,
        closed_at=NOW - 30 * DAY,
        **over,
    )


def test_the_best_of_those_who_may_and_the_reasons_of_the_others(db, world):
    holder = world.mediator("原承办")
    free, full = world.mediator("有空"), world.mediator("已满", capacity=0)
    kin, away = world.mediator("近亲属"), world.mediator("请假")
    world.relation(kin, KIN)
    world.absence(away, NOW.date(), NOW.date() + 3 * DAY)
    elsewhere = world.mediator("外镇", committee_id=world.committee_b)
    found = asked(db, world, world.case(mediator_id=holder, identities=(KIN,)))
    assert ids(found) == [free]
    assert [(one.suggestion.mediator_id, one.why) for one in found.full] == [(full, NotChosen.FULL)]
    # Two of those next in reach are named, never the holder or who serves another town.
    assert [one.candidate.mediator_id for one in found.barred] == [kin]
    assert found.barred[0].objections == (Objection.KIN,)
    assert elsewhere not in found.names


def test_a_waiting_case_is_due_as_its_mediation_will_be(db, world):
    me = world.mediator("甲", full_time=True)
    # It should have been given to somebody long ago; whoever gets it has the whole limit.
    waiting = world.case(due_at=NOW - 3 * DAY, soon_at=NOW - 4 * DAY)
    (one,) = asked(db, world, waiting).best
    assert one.mediator_id == me
    assert value(one, TermKind.ON_TIME) > 0.5


@pytest.mark.parametrize(
    ("known", "counts"),
    [
        ({"identities": (KIN,)}, True),
        ({"parties": ("王小明",), "phones": ("13900000001",)}, True),
        ({"parties": ("王小明",), "phones": ("13900000002",)}, False),
        ({"parties": ("王小明",), "identities": (ANOTHER,)}, False),
    ],
)
def test_a_case_of_the_same_parties_counts_where_they_are_the_same(db, world, known, counts):
    before, other = world.mediator("甲"), world.mediator("乙")
    over_and_done(world, before, "O01", **known)
    case = world.case(parties=("王小明",), identities=(KIN,), phones=("13900000001",))
    if counts is False and "identities" not in known:
        case = world.case(parties=("王小明",), phones=("13900000001",))
    found = {one.mediator_id: one for one in asked(db, world, case).best}
    assert value(found[before], TermKind.KNOWN_TO_PARTIES) == float(counts)
    assert value(found[other], TermKind.KNOWN_TO_PARTIES) == 0.0
    assert ("曾为当事人调成过纠纷" in why_suggested(found[before])) is counts


def test_what_failed_or_lies_out_of_scope_is_not_known_of_the_parties(db, world):
    before = world.mediator("甲")
    over_and_done(world, before, "O04", identities=(KIN,))
    over_and_done(world, before, "O01", identities=(KIN,), town_id=world.town_b)
    case = world.case(identities=(KIN,))
    town = Scope(world.county, towns=frozenset({world.town_a}))
    (one,) = asked(db, world, case, town).best
    assert value(one, TermKind.KNOWN_TO_PARTIES) == 0.0
    (one,) = asked(db, world, case).best
    assert value(one, TermKind.KNOWN_TO_PARTIES) == 1.0


def test_a_rate_of_settling_is_drawn_towards_what_is_usual(db, world):
    lucky, usual = world.mediator("一件全成"), world.mediator("十件九成")
    over_and_done(world, lucky, "O01")
    for number in range(10):
        over_and_done(world, usual, "O04" if number == 0 else "O02")
    # A party's refusal, another type and another mediator's end say nothing.
    over_and_done(world, lucky, "O05")
    over_and_done(world, lucky, "O04", type_code="0601")
    found = {one.mediator_id: one for one in asked(db, world, world.case()).best}
    share = 10 / 11
    assert value(found[lucky], TermKind.SETTLES_TYPE) == pytest.approx((1 + 10 * share) / 11)
    assert value(found[usual], TermKind.SETTLES_TYPE) == pytest.approx((9 + 10 * share) / 20)


def test_a_case_that_cannot_be_moved_has_no_suggestions_and_a_locked_one_says_so(db, world):
    first, _second = world.mediator("甲"), world.mediator("乙")
    parked = world.case(paused=1)
    assert asked(db, world, parked).best == ()
    registered = world.case(stage=Stage.REGISTERED)
    assert asked(db, world, registered).best == ()
    drafting = world.case(mediator_id=first, stage=Stage.AGREEMENT)
    found = asked(db, world, drafting)
    assert Lock.AGREEMENT in found.locks
    assert found.best


def test_out_of_scope_it_does_not_exist(db, world):
    world.mediator("甲")
    with pytest.raises(NotFound):
        asked(db, world, world.case(), Scope(world.county, towns=frozenset({world.town_b})))


def test_no_name_of_a_party_is_in_what_is_answered(db, world):
    world.mediator("甲")
    assert "王小明" not in repr(asked(db, world, world.case(parties=("王小明",))))


def test_the_statements_are_as_many_for_many_people_and_cases(db, world):
    world.mediator("甲")
    case = world.case()

    def statements():
        seen = []

        def note(*call):
            seen.append(call[2])

        event.listen(db.bind, "before_cursor_execute", note)
        asked(db, world, case)
        event.remove(db.bind, "before_cursor_execute", note)
        return len(seen)

    few = statements()
    for number in range(8):
        one = world.mediator(f"乙{number}")
        world.case(mediator_id=one)
        over_and_done(world, one, "O01")
    assert statements() == few


def test_what_was_suggested_is_kept_with_the_choice(db, world):
    industry = world.committee("物业纠纷调委会", kind=CommitteeKind.INDUSTRY)
    people = [world.mediator(name) for name in ("甲", "乙")]
    people.append(world.mediator("物业专员", specialities=("0402",), committee_id=industry))
    case = world.case()
    shown = ids(asked(db, world, case))
    assert set(shown) == set(people)
    given = {
        "case_no": case.case_no,
        "to_mediator_id": shown[2],
        "reason": ReassignReason.FIRST_ASSIGNMENT,
        "note": "按专长指派",
        "expected_version": 1,
        "actor": world.actor("王值班"),
        "now": NOW,
        "key": "k1",
    }
    moved = reassign_case(db, **given, suggested=shown)
    # A retry is the same request, whatever is suggested by then.
    assert reassign_case(db, **given, suggested=shown[:1]) == moved
    with db.read() as session:
        data = session.scalars(select(CaseEvent.data).where(CaseEvent.seq == 2)).one()
        line = session.scalars(select(AuditLine).where(AuditLine.action == "case:assign")).one()
    assert data["suggested"] == shown
    assert shown.index(data["to"]) == 2
    assert line.payload["suggested"] == shown


def test_who_is_left_out_is_said_with_the_reason():
    assert left_out_said("甲", NotChosen.FULL) == "甲(在办已满)"
    said = left_out_said("乙", (Objection.KIN, Objection.ABSENT))
    assert said == "乙(须回避:当事人近亲属、请假中)"


def test_who_approved_the_consent_hears_that_somebody_else_has_to_give_the_case(db, world):
    holder, kin = world.mediator("原承办"), world.mediator("近亲属")
    world.relation(kin, KIN)
    case = world.case(mediator_id=holder, identities=(KIN, ANOTHER))
    head, boss = map(world.actor, ("主任", "站长"))
    given = Given(NOW.date(), ConsentForm.WRITTEN)
    of = {"case_no": case.case_no, "mediator_id": kin, "note": "当事人双方均同意", "now": NOW}
    record_recusal_consent(
        db, **of, applicant=given, respondent=given, expected_version=1, actor=head, key="r"
    )
    approve_recusal_consent(db, **of, expected_version=2, actor=boss, key="a")
    assert ids(asked(db, world, case, assigner=head.user_id)) == [kin]
    found = asked(db, world, case, assigner=boss.user_id)
    assert found.best == ()
    (barred,) = found.barred
    assert (barred.candidate.mediator_id, barred.objections) == (kin, (Objection.OWN_APPROVAL,))
