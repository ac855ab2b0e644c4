"""The county's own past as a history: whose case it was, who could have had it, and the verb."""

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update

from data_access.__main__ import main
from data_access.engine import Database, open_engine
from data_access.replay_verbs import WARM_UP_DAYS, months_before, replayed, said
from data_access.replaying import lived
from data_access.tables import Case, CaseSpan
from data_access.vault import open_vault
from domain.balancing.replay import Rule
from domain.cases import Stage
from domain.eligibility import CommitteeKind
from tests.world import NOW, World

DAY = timedelta(days=1)
FIRST = NOW - 60 * DAY
KIN = "990129199001010011"


def of_span(session, case_id):
    """The first interval of a case as a row."""
    one = session.scalars(select(CaseSpan).filter_by(case_id=case_id, seq=1)).one()
    return {name: getattr(one, name) for name in CaseSpan.__table__.columns.keys()}  # noqa: SIM118


def mediated(world, mediator, *, began, due=10, days=None, **over):
    """A case that came to somebody on a day of the sixty, and how long its mediation took."""
    at = FIRST + began * DAY
    case = world.case(
        mediator_id=mediator, registered_at=at, due_at=at + due * DAY, soon_at=at, **over
    )
    if days is not None:
        ends = at + days * DAY

        def close(session):
            key = (CaseSpan.case_id == case.id, CaseSpan.seq == 1)
            session.execute(update(CaseSpan).where(*key).values(ends_at=ends))
            agreed = of_span(session, case.id) | {
                "seq": 2,
                "stage": Stage.AGREEMENT,
                "starts_at": ends,
                "ends_at": ends + DAY,
            }
            session.execute(insert(CaseSpan).values(agreed))
            closed = {"stage": Stage.CLOSED, "is_open": 0, "due_at": None, "soon_at": None}
            session.execute(
                update(Case).where(Case.id == case.id).values(**closed, closed_at=ends + DAY)
            )

        world.db.write(close)
    return case


def lived_through(db, world, **over):
    with db.read() as session:
        return lived(
            session,
            **{"county_id": world.county, "first": FIRST, "last": NOW, "warm_up": 5} | over,
        )


def test_what_was_is_read_as_it_was(db, world):
    first, second = world.mediator("甲", full_time=True), world.mediator("乙", full_time=False)
    other = world.mediator("丙", committee_id=world.committee_b)
    mediated(world, first, began=10, days=4)
    mediated(world, first, began=20, days=15)
    mediated(world, second, began=55)
    past = lived_through(db, world)
    arrivals = past.history.arrivals
    assert [(one.day, one.weight, one.allowed, one.habitual) for one in arrivals] == [
        (10, 10, 10.0, first),
        (20, 10, 10.0, first),
        (55, 10, 10.0, second),
    ]
    # The other town's mediator could never have had them.
    assert {one.eligible for one in arrivals} == {frozenset({first, second})}
    assert other in {one.mediator_id for one in past.history.people}
    posts = {one.mediator_id: one.availability for one in past.history.people}
    assert posts[first] > posts[second] > 0
    assert past.history.days == 60
    # Of the two that were due by now, one was over in time.
    assert (past.cases, past.missed) == (2, 0.5)


def test_who_had_a_case_could_have_it_also_after_leaving(db, world):
    gone, here = world.mediator("已离岗", active=False), world.mediator("在岗")
    kin = world.mediator("近亲属")
    world.relation(kin, KIN)
    mediated(world, gone, began=10, days=4, parties=("王小明",), identities=(KIN,))
    (arrival,) = lived_through(db, world).history.arrivals
    assert arrival.eligible == {gone, here}
    (person,) = [one for one in lived_through(db, world).history.people if one.mediator_id == gone]
    assert person.availability > 0
    assert person.speed > 0


def test_what_was_under_way_at_the_beginning_stays_where_it_was(db, world):
    first, second = world.mediator("甲"), world.mediator("乙")
    mediated(world, first, began=-10, due=20, days=20)
    mediated(world, first, began=-30, due=20, days=20)
    (arrival,) = lived_through(db, world).history.arrivals
    assert (arrival.day, arrival.allowed, arrival.eligible) == (0, 10.0, frozenset({first}))
    # Half of its time was over, so half of it was still to do.
    assert arrival.effort == pytest.approx(5.0)
    assert second in {one.mediator_id for one in lived_through(db, world).history.people}


def test_a_case_that_came_back_into_mediation_is_two(db, world):
    me = world.mediator("甲")
    case = mediated(world, me, began=10, days=4)
    with db.read() as session:
        row = of_span(session, case.id)
    later = row["ends_at"] + 5 * DAY
    again = row | {"seq": 3, "starts_at": later, "ends_at": later + 2 * DAY, "due_at": later + DAY}
    db.write(lambda session: session.execute(insert(CaseSpan).values(again)))
    past = lived_through(db, world)
    assert [one.day for one in past.history.arrivals] == [10, 19]
    assert (past.cases, past.missed) == (2, 0.5)


def test_leave_and_specialities_count(db, world):
    away, there = world.mediator("请假", full_time=True), world.mediator("在岗", full_time=True)
    world.absence(away, (FIRST + 10 * DAY).date(), (FIRST + 40 * DAY).date())
    industry = world.committee("物业纠纷调委会", kind=CommitteeKind.INDUSTRY)
    expert = world.mediator("物业专员", specialities=("0402",), committee_id=industry)
    stranger = world.mediator("劳动专员", specialities=("0601",), committee_id=industry)
    mediated(world, there, began=10, days=4)
    past = lived_through(db, world)
    posts = {one.mediator_id: one.availability for one in past.history.people}
    assert 0 < posts[away] < posts[there]
    (arrival,) = past.history.arrivals
    assert expert in arrival.eligible
    assert stranger not in arrival.eligible


def test_the_words_name_every_rule_and_come_to_a_verdict(db, world):
    first, _second = world.mediator("甲"), world.mediator("乙")
    for number in range(40):
        mediated(world, first, began=number, days=12 + number % 9)
    past = lived_through(db, world, warm_up=WARM_UP_DAYS)
    told = said(past, replayed(past, runs=2))
    assert told[0].startswith("实际:12 件进入调解并已到期,超期 100.0 %")
    assert len([line for line in told if "±" in line]) == len(Rule)
    assert "只有 12 件可以判断" in told[-1]
    assert not any(name in line for line in told for name in ("甲", "乙"))
    assert said(past, replayed(past, runs=2)) == told


def test_months_are_counted_back_to_a_day_that_there_is():
    assert months_before(NOW, 6).date() == date(2025, 9, 2)
    assert months_before(NOW.replace(month=8, day=31), 6).date() == date(2026, 2, 28)
    assert months_before(NOW.replace(month=1), 1).date() == date(2025, 12, 2)


@pytest.fixture
def run(tmp_path, new_database, monkeypatch, capsys):
    """Runs the verb on a database of its own. Returns its status and what it said."""
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    vault = open_vault(tmp_path / "secret.key", create=True)

    def verb(*words):
        try:
            status = main(["replay", *words])
        except SystemExit as end:
            status = end.code
        heard = capsys.readouterr()
        return status, heard.out + heard.err

    verb.db = Database(open_engine(url), vault)
    yield verb
    verb.db.dispose()


def test_the_verb_replays_what_there_is_and_says_where_there_is_nothing(run):
    assert run() == (0, "站点还没有建立,没有案件可以重演。\n")
    world = World(run.db)
    assert run() == (0, "这段时间里没有进入调解并已到期的案件,没有什么可以重演。\n")
    world.mediator("乙")
    me = world.mediator("甲")
    for number in range(20):
        mediated(world, me, began=20 + number, days=5)
    status, told = run("--months", "60", "--runs", "2")
    assert status == 0
    assert "实际:20 件" in told
    assert "负荷最轻者,每周按最少超期调整" in told


@pytest.mark.parametrize("words", [("--months", "0"), ("--months", "x"), ("--runs", "51")])
def test_the_verb_refuses_what_is_no_number_of_months(run, words):
    status, told = run(*words)
    assert status == 2
    assert "须为 1 到" in told
