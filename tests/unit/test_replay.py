"""The past under other rules: no case is lost, the same seed tells the same, errors are said."""

from dataclasses import replace

import pytest

from domain.balancing import Cancelled, Mode, Person, replay, simulate
from domain.balancing.calibrating import calibrated
from domain.balancing.replay import (
    Arrival,
    Estimate,
    History,
    Line,
    Order,
    Policy,
    Rule,
    estimate,
    perturbed,
    policy_of,
)
from tests.county_pool import history
from texts.replaying import replay_table, verdict

BOTH = frozenset({1, 2})
PAIR = (Person(1, 10, 99, 0, 0, 10.0), Person(2, 10, 99, 0, 0, 10.0))


def cases(number, **given):
    """One standard case a day, which habit gives to the first."""
    return tuple(
        Arrival(**{"case_id": one, "day": one, "weight": 10, "effort": 20.0, "allowed": 5.0,
                   "habitual": 1, "eligible": BOTH} | given)
        for one in range(number)
    )  # fmt: skip


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("order", list(Order))
def test_no_case_is_lost_and_each_is_worked_on_for_its_effort(rule, order):
    lived = history(seed=3, use=0.8, days=90, people=12, committees=3, order=order)
    long = replace(lived, days=3000)
    # With time enough everything is done: what somebody lost on the way would be missed for ever.
    outcome = simulate(long, replace(policy_of(rule), budget=3), seed=1)
    assert outcome.cases == len(lived.arrivals)
    late = simulate(
        replace(
            long, arrivals=tuple(replace(one, allowed=2900.0 - one.day) for one in lived.arrivals)
        ),
        rule,
        seed=1,
    )
    assert late.cases == len(lived.arrivals)
    assert late.missed == 0.0


def test_habit_leaves_somebody_idle_and_other_rules_do_not():
    lived = History(PAIR, cases(40), days=60)
    habit, weighted = simulate(lived, Rule.HABIT), simulate(lived, Rule.WEIGHTED)
    # Two days of work come in each day for the first alone: the fifth is late, and all that follow.
    assert habit.missed > 0.8
    assert habit.max_mean == 2.0
    assert habit.moves == 0
    assert weighted.missed == 0.0
    assert weighted.max_mean < habit.max_mean


def test_whoever_is_never_there_works_on_nothing():
    away = (replace(PAIR[0], availability=0), PAIR[1])
    lived = History(away, cases(20), days=60)
    assert simulate(lived, Rule.HABIT).missed == 1.0
    assert simulate(lived, Rule.WEIGHTED).missed > 0.0
    assert simulate(History(away, cases(20, effort=5.0), days=60), Rule.WEIGHTED).missed == 0.0


def test_the_weekly_moves_take_from_who_is_late():
    # Nobody is given anything else at intake: only the moves can help.
    lived = History(PAIR, cases(30), days=60)
    moved = simulate(lived, Policy(Rule.HABIT, Mode.FEWEST_LATE, 20))
    assert moved.moves > 0
    assert moved.missed < simulate(lived, Rule.HABIT).missed


def test_the_same_history_and_seed_tell_the_same():
    lived = history(seed=2, use=0.9, days=120, people=20, committees=4, order=Order.CHANCE)
    again = history(seed=2, use=0.9, days=120, people=20, committees=4, order=Order.CHANCE)
    policy = Policy(Rule.HABIT, Mode.FEWEST_LATE, 5)
    assert simulate(lived, policy, seed=4) == simulate(again, policy, seed=4)
    assert simulate(lived, policy, seed=4) != simulate(lived, policy, seed=5)
    assert perturbed(lived, seed=1) == perturbed(lived, seed=1)
    assert perturbed(lived, seed=1) != perturbed(lived, seed=2)


def test_cases_of_the_warm_up_and_those_not_yet_due_are_not_judged():
    lived = History(PAIR, cases(40), days=40)
    assert simulate(lived, Rule.WEIGHTED).cases == 36
    assert simulate(lived, Rule.WEIGHTED, warm_up=10).cases == 26
    nothing = simulate(History(PAIR, (), days=40), Rule.ENGINE)
    assert (nothing.cases, nothing.missed, nothing.max_mean) == (0, 0.0, 0.0)


def test_a_perturbed_copy_keeps_the_cases_and_the_work_in_the_mean():
    lived = history(seed=1, use=0.8, days=400)
    other = perturbed(lived, seed=1)
    assert [one.habitual for one in other.arrivals] == [one.habitual for one in lived.arrivals]
    work = [sum(one.effort for one in each.arrivals) for each in (lived, other)]
    assert work[1] == pytest.approx(work[0], rel=0.03)
    assert other.people == lived.people
    assert other.believed != {one.mediator_id: one.speed for one in lived.people}


def test_several_runs_have_an_error_and_one_has_none():
    lived = history(seed=1, use=0.8, days=120, people=20, committees=4)
    rules = {rule.value: rule for rule in Rule}
    (one, *_others) = replay([lived], rules)
    assert one.missed.error is None
    lines = replay([perturbed(lived, seed=seed) for seed in range(3)], rules)
    assert [line.name for line in lines] == list(rules)
    assert lines[0].against == Estimate(0.0, 0.0)
    assert lines[1].against.mean == pytest.approx(lines[1].missed.mean - lines[0].missed.mean)
    assert all(line.missed.error > 0 for line in lines)
    # By hand: the mean of 1 and 3 is 2, and its error the root of 2 over the root of 2.
    assert estimate([1.0, 3.0]) == Estimate(2.0, pytest.approx(1.0))


@pytest.mark.parametrize("missed", [0.1, 0.3, 0.6])
def test_people_are_made_so_fast_that_habit_misses_what_was_missed(missed):
    lived = history(seed=1, use=0.8, days=300)
    own = calibrated(lived, missed=missed, warm_up=28)
    assert simulate(own, Rule.HABIT, warm_up=28).missed == pytest.approx(missed, abs=0.02)
    factors = {
        round(new.speed / old.speed, 6) for new, old in zip(own.people, lived.people, strict=True)
    }
    assert len(factors) == 1
    # Where nobody could be so slow or so fast, the nearest is taken.
    assert simulate(calibrated(lived, missed=1.0, warm_up=28), Rule.HABIT, warm_up=28).missed < 1


def test_it_says_how_far_it_is_and_stops_when_told():
    lived = history(seed=1, use=0.8, days=40, people=10, committees=2)
    shares = []
    replay([lived], {"a": Rule.HABIT, "b": Rule.ENGINE},
           tick=lambda share: shares.append(share) or True)  # fmt: skip
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    with pytest.raises(Cancelled):
        replay([lived], {"a": Rule.HABIT}, tick=lambda share: share < 0.5)


# ---------------------------------------------------------------------------------- what it says


def line(rule, against, error, missed=0.2):
    return Line(
        rule.value,
        Estimate(missed, 0.01),
        Estimate(against, error),
        Estimate(1.2, 0.1),
        Estimate(2.5, 0.02),
        Estimate(30.4, 1.5),
    )


def lines(against, error):
    return [line(Rule.HABIT, 0.0, 0.0), line(Rule.ENGINE, against, error)]


@pytest.mark.parametrize(
    ("against", "error", "found", "said"),
    [
        (-0.1, 0.02, 500, "会少 10.0 ± 2.0 个百分点:建议启用"),
        (0.1, 0.02, 500, "会多 10.0 ± 2.0 个百分点:不要启用"),
        (-0.01, 0.02, 500, "看不出差别"),
        (0.01, 0.02, 500, "看不出差别"),
        (-0.1, None, 500, "只重演了一次"),
        (-0.1, 0.02, 99, "只有 99 件"),
    ],
)
def test_the_verdict_follows_from_the_difference_and_its_error(against, error, found, said):
    assert said in verdict(lines(against, error), cases=found, missed=0.25)


def test_the_table_says_every_figure_with_its_error():
    head, habit, engine = replay_table(lines(-0.1, 0.02))
    assert head.split() == [
        "规则", "超期比例", "与照旧相差", "每周移动(件)", "最高/平均负荷", "九成办结天数",
    ]  # fmt: skip
    assert "20.0 ± 1.0 %" in habit
    assert "—" in habit
    for figure in ("-10.0 ± 2.0 %", "1.2 ± 0.1", "2.50 ± 0.02", "30.4 ± 1.5"):
        assert figure in engine


def test_a_replay_unlike_what_was_comes_to_no_verdict():
    told = verdict(lines(-0.1, 0.02), cases=500, missed=0.5)
    assert "相差 30 个百分点" in told
    assert "启用" not in told
