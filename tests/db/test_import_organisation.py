"""Units, committees and mediators from files."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import aliased

from data_access.commands.import_file import import_file, rehearse_file
from data_access.tables import (
    AuditHead,
    Committee,
    Mediator,
    MediatorSpeciality,
    OrganisationUnit,
    UnitSuccession,
)
from data_access.vault import Indexed
from domain.eligibility import CommitteeKind
from domain.identity import check_digit
from domain.imports import FileProblem, FileRefused, Profile, RejectReason
from domain.organisation import UnitLevel
from domain.people import Scope
from tests.world import NOW

IDENTITY = "29012919900101001X"


@pytest.fixture
def take(db, world):
    def run(text, **options):
        options = {"actor": world.system, "now": NOW, **options}
        return import_file(db, content=text.encode(), file_name="名册.csv", **options)

    return run


def unit(db, code) -> OrganisationUnit:
    with db.read() as session:
        return session.scalars(select(OrganisationUnit).where(OrganisationUnit.code == code)).one()


def successors(db, code) -> set[tuple[str, date]]:
    after = aliased(OrganisationUnit)
    with db.read() as session:
        rows = session.execute(
            select(after.code, UnitSuccession.day)
            .join(UnitSuccession, UnitSuccession.successor_id == after.id)
            .join(OrganisationUnit, OrganisationUnit.id == UnitSuccession.unit_id)
            .where(OrganisationUnit.code == code)
        )
        return {(row.code, row.day) for row in rows}


def problems(report) -> list[tuple[int, str, RejectReason]]:
    return [(one.row_number, one.column, one.reason) for one in report.first_problems]


# ------------------------------------------------------------------------------------------ units


def test_a_whole_town_comes_in_from_the_bottom_up(db, world, take):
    """Parts may stand above their parents in the file."""
    report = take(
        "编码,名称,户数,启用日期\n"
        "510129119001001,第1网格,120,2026-03-01\n"
        "510129119001,新源社区,,\n"
        "510129119000,鹤鸣镇,,2026-01-01\n"
        "510129119200,三坝村,,\n"
    )
    assert (report.profile, report.added, report.rejected) == (Profile.UNITS, 4, 0)
    town, community, grid = (
        unit(db, code) for code in ("510129119", "510129119001", "510129119001001")
    )
    assert (town.level, town.kind, town.parent_id) == (UnitLevel.TOWN, "镇", world.county)
    assert town.path == f"/{world.county}/{town.id}/"
    assert grid.path == f"/{world.county}/{town.id}/{community.id}/{grid.id}/"
    assert (grid.level, grid.kind, grid.households) == (UnitLevel.GRID, "网格", 120)
    assert (unit(db, "510129119200").kind, community.kind) == ("村", "社区")
    # Nothing stated: from today, in Beijing.
    assert (town.valid_from, community.valid_from) == (date(2026, 1, 1), date(2026, 3, 2))


@pytest.fixture
def town(take):
    take(
        "编码,名称,启用日期\n510129119,鹤鸣镇,2020-01-01\n510129119001,新源社区,2020-01-01\n"
        "510129119001001,第1网格,2020-01-01\n510129119001002,第2网格,2020-01-01\n"
    )


@pytest.mark.usefixtures("town")
def test_names_and_households_are_corrected_in_place(db, take):
    before = unit(db, "510129119001001")
    report = take("编码,名称,户数\n510129119001001,第一网格,88\n510129119001,新源社区,\n")
    after = unit(db, "510129119001001")
    assert (report.changed, report.unchanged) == (1, 1)
    assert (after.id, after.name, after.households) == (before.id, "第一网格", 88)
    again = take("编码,名称,户数\n510129119001,新源社区,\n510129119001001,第一网格,88\n")
    assert (again.unchanged, again.added) == (2, 0)


@pytest.mark.usefixtures("town")
def test_a_unit_ends_together_with_its_parts_and_names_its_successor(db, take):
    take("编码,名称\n510129119002,合并社区\n")
    report = take(
        "编码,名称,停用日期,继任编码\n"
        "510129119001,新源社区,2026-06-01,510129119002\n"
        "510129119001001,第1网格,2026-06-01,\n"
        "510129119001002,第2网格,2026-05-01,\n"
    )
    assert (report.changed, report.rejected) == (3, 0)
    ended = unit(db, "510129119001")
    assert ended.valid_to == date(2026, 6, 1)
    assert successors(db, "510129119001") == {("510129119002", date(2026, 6, 1))}
    assert unit(db, "510129119001002").valid_to == date(2026, 5, 1)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("several", ["510129119001003、510129119001004", "第3网格;第4网格"])
def test_a_split_unit_names_all_of_its_successors(db, take, several):
    file = (
        "编码,名称,停用日期,继任编码\n"
        "510129119001003,第3网格,,\n510129119001004,第4网格,,\n"
        f'510129119001001,第1网格,2026-06-01,"{several}"\n'
    )
    assert (take(file).changed, take(f"{file}\n").unchanged) == (1, 3)
    day = date(2026, 6, 1)
    assert successors(db, "510129119001001") == {
        ("510129119001003", day),
        ("510129119001004", day),
    }
    # What the file says last holds.
    take("编码,名称,停用日期,继任编码\n510129119001001,第1网格,2026-07-01,510129119001002\n")
    assert successors(db, "510129119001001") == {("510129119001002", date(2026, 7, 1))}


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    "who",
    ["510129119001001", "510129119001002、510129119001001", "510129119001002、无此"],
)
def test_no_unit_succeeds_itself_and_none_that_is_not_there(db, take, who):
    report = take(f"编码,名称,停用日期,继任编码\n510129119001001,第1网格,2026-06-01,{who}\n")
    assert problems(report) == [(2, "继任编码", RejectReason.UNKNOWN_UNIT)]
    assert (unit(db, "510129119001001").valid_to, successors(db, "510129119001001")) == (
        None,
        set(),
    )


@pytest.mark.usefixtures("town")
def test_a_successor_that_is_sent_back_sends_back_who_names_it(db, take):
    """The new grid ends before it began, which shows only after the old one has named it."""
    report = take(
        "编码,名称,启用日期,停用日期,继任编码\n"
        "510129119001001,第1网格,,2026-06-01,510129119001005\n"
        "510129119001005,第5网格,2026-06-01,2026-07-01,没有的网格\n"
    )
    assert problems(report) == [
        (2, "继任编码", RejectReason.UNKNOWN_UNIT),
        (3, "继任编码", RejectReason.UNKNOWN_UNIT),
    ]
    assert (unit(db, "510129119001001").valid_to, successors(db, "510129119001001")) == (
        None,
        set(),
    )


@pytest.mark.usefixtures("town")
def test_a_row_that_is_sent_back_changes_nothing_of_its_unit(db, take):
    report = take(
        "编码,名称,户数,停用日期\n"
        "510129119001,改了名字,500,2026-06-01\n"
        "510129119001001,第1网格,,2026-06-01\n"
    )
    assert problems(report) == [(2, "停用日期", RejectReason.STILL_HAS_PARTS)]
    assert (unit(db, "510129119001").name, unit(db, "510129119001").valid_to) == (
        "新源社区",
        None,
    )
    assert unit(db, "510129119001001").valid_to == date(2026, 6, 1)


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("510129119003,甲社区,网格,,", "层级", RejectReason.WRONG_LEVEL),
        ("5101291190,甲社区,,,", "层级", RejectReason.MISSING),
        ("51/0129,甲社区,社区,,", "编码", RejectReason.NOT_A_CODE),
        ("510129998001,甲社区,,,", "上级编码", RejectReason.MISSING),
        ("510129119003,甲社区,,没有的镇,", "上级编码", RejectReason.UNKNOWN_UNIT),
        ("510129119001,新源社区,,安仁镇,", "上级编码", RejectReason.MOVED_UNIT),
        ("510129119001,新源社区,,,2026-01-01", "启用日期", RejectReason.OTHER_START),
        ("510129119001,,,,", "名称", RejectReason.MISSING),
    ],
)
def test_a_unit_row_that_cannot_be_is_sent_back(take, row, column, reason):
    assert problems(take(f"编码,名称,层级,上级编码,启用日期\n{row}\n")) == [(2, column, reason)]


@pytest.mark.usefixtures("town")
def test_parts_of_a_row_sent_back_are_sent_back_too(db, world, take):
    scope = Scope(world.county, towns=frozenset({unit(db, "510129119").id}))
    report = take(
        "编码,名称\n510129120,别的镇\n510129120001,甲社区\n510129119005,乙社区\n"
        "510129119005001,第1网格\n510129119005,乙社区\n",
        actor=world.actor(scope=scope),
    )
    assert problems(report) == [
        (2, "编码", RejectReason.OUTSIDE_SCOPE),
        (3, "上级编码", RejectReason.MISSING),
        (6, "编码", RejectReason.DUPLICATE_IN_FILE),
    ]
    assert report.added == 2


def test_a_code_may_come_back_after_its_unit_ended(db, take):
    take("编码,名称,启用日期,停用日期\n510129119,旧镇,2010-01-01,2019-12-01\n")
    report = take("编码,名称,启用日期\n510129119,新镇,2019-12-01\n")
    assert report.added == 1
    with db.read() as session:
        units = session.scalars(
            select(OrganisationUnit)
            .where(OrganisationUnit.code == "510129119")
            .order_by(OrganisationUnit.valid_from)
        ).all()
    assert [(one.name, one.valid_to) for one in units] == [
        ("旧镇", date(2019, 12, 1)),
        ("新镇", None),
    ]


# ------------------------------------------------------------------------- committees, mediators

ROSTER = (
    "调委会编码,调委会名称,调委会类型,所属镇街,所属社区,任期开始,任期届满,姓名,性别,证件号码,"
    "政治面貌,是否主任,是否专职,专长,在办上限\n"
    f"K-T,大邑县旅游纠纷调委会,行业,,,2026-01-01,,周敏,女,{IDENTITY},党员,是,是,"
    "消费及服务、0503,12\n"
    "K-T,大邑县旅游纠纷调委会,,,,,,吴刚,男,,群众,,,,\n"
    ",安仁镇调委会,乡镇(街道)调委会,安仁镇,,2026-02-01,2029-01-31,,,,,,,,\n"
    ",和众社区调委会,,安仁镇,和众社区,,,郑爽,女,,,,是,综合;邻里纠纷,\n"
)  # fmt: skip


def people(db) -> dict[str, Mediator]:
    with db.read() as session:
        return {one.name: one for one in session.scalars(select(Mediator))}


def skills(db, mediator_id) -> set[str]:
    with db.read() as session:
        return set(
            session.scalars(
                select(MediatorSpeciality.type_code).where(
                    MediatorSpeciality.mediator_id == mediator_id
                )
            )
        )


def test_a_roster_brings_committees_and_their_people(db, world, take):
    report = take(ROSTER)
    assert (report.profile, report.added, report.rejected) == (Profile.COMMITTEES, 4, 0)
    assert report.dropped.profiling == ("政治面貌",)
    with db.read() as session:
        tourism = session.scalars(select(Committee).where(Committee.code == "K-T")).one()
        town = session.scalars(select(Committee).where(Committee.name == "安仁镇调委会")).one()
    assert (tourism.kind, tourism.unit_id, tourism.town_id) == (
        CommitteeKind.INDUSTRY,
        world.county,
        None,
    )
    # Three years (人民调解法 9) where no end is stated.
    assert (tourism.term_from, tourism.term_to) == (date(2026, 1, 1), date(2029, 1, 1))
    assert (town.kind, town.town_id, town.community_id) == (CommitteeKind.TOWN, world.town_a, None)
    found = people(db)
    chair, member, neighbour = found["周敏"], found["吴刚"], found["郑爽"]
    assert (chair.chair, chair.full_time, chair.capacity, chair.sex) == (True, True, 12, "2")
    assert (member.chair, member.full_time, member.capacity) == (False, False, 3)
    assert (neighbour.committee_id, neighbour.capacity) == (world.committee_a, 15)
    assert skills(db, chair.id) == {"0601", "0503"}
    assert skills(db, neighbour.id) == {"00", "02"}
    assert len({one.code for one in found.values()}) == 3


def test_of_an_identity_number_only_a_keyed_hash_is_kept(db, take):
    take(ROSTER)
    chair = people(db)["周敏"]
    assert chair.identity_index == db.vault.index(IDENTITY, Indexed.IDENTITY)
    with db.read() as session:
        for table in Mediator.metadata.sorted_tables:
            for row in session.execute(select(*table.columns)):
                assert IDENTITY not in repr(tuple(row))
                assert "党员" not in repr(tuple(row))


def test_the_same_roster_again_changes_nothing(db, take):
    take(ROSTER)
    with db.read() as session:
        watermark = session.scalar(select(AuditHead.data_seq))
    again = take(ROSTER, again=True, now=NOW + timedelta(days=9))
    assert (again.added, again.changed, again.unchanged) == (0, 0, 4)
    with db.read() as session:
        assert session.scalar(select(AuditHead.data_seq)) == watermark


def test_what_a_roster_says_anew_changes(db, take):
    take(ROSTER)
    before = people(db)
    report = take(
        "调委会名称,调委会编码,任期开始,姓名,专长,在办上限,是否在岗\n"
        "大邑县旅游纠纷调委会,K-T,2026-02-02,周敏,合同及相关纠纷,9,\n"
        "大邑县旅游纠纷调委会,K-T,,吴刚,,,否\n"
    )
    assert (report.changed, report.rejected) == (2, 0)
    after = people(db)
    assert (after["周敏"].capacity, after["周敏"].version) == (9, before["周敏"].version + 1)
    assert skills(db, after["周敏"].id) == {"06"}
    assert (after["吴刚"].active, skills(db, after["吴刚"].id)) == (False, {"00"})
    with db.read() as session:
        tourism = session.scalars(select(Committee).where(Committee.code == "K-T")).one()
    assert (tourism.term_from, tourism.term_to) == (date(2026, 2, 2), date(2029, 2, 2))


def test_a_mediator_moves_to_another_committee_by_code(db, world, take):
    mediator = world.mediator("张建国", code="M-77")
    report = take("调委会名称,调委会编码,姓名,调解员编码\n太平社区调委会,,张建国,M-77\n")
    assert report.changed == 1
    assert people(db)["张建国"].committee_id == world.committee_b
    assert people(db)["张建国"].id == mediator


def test_a_roster_makes_nobody_anew_who_is_barred_under_another_row(db, world, take):
    """The new row would have nothing of what bars them."""
    left = world.mediator("周敏", active=False)
    world.relation(left, "990129199001010011")
    world.mediator("吴刚", identity=_number(0))
    report = take(
        "调委会名称,姓名,证件号码\n"
        "太平社区调委会,周敏,\n"
        f"太平社区调委会,吴刚,{_number(0)}\n"
        f"和众社区调委会,吴刚,{_number(1)}\n"
    )
    assert problems(report) == [
        (2, "姓名", RejectReason.SERVED_BEFORE),
        (3, "证件号码", RejectReason.SERVED_BEFORE),
        (4, "证件号码", RejectReason.OTHER_NUMBER),
    ]
    with db.read() as session:
        assert len(session.scalars(select(Mediator)).all()) == 2


def _number(which):
    body = ("51012919900101123", "51012919880505432")[which]
    return body + check_digit(body)


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("新的行业调委会,N-1,行业,,,,,钱进,,", "任期开始", RejectReason.MISSING),
        ("新的行业调委会,,行业,,,2026-01-01,,钱进,,", "调委会编码", RejectReason.MISSING),
        ("新的调委会,N-1,村社区,安仁镇,,2026-01-01,,钱进,,", "所属社区", RejectReason.MISSING),
        ("新的调委会,N-1,镇街,安仁镇,和众社区,2026-01-01,,钱进,,", "所属镇街",
         RejectReason.WRONG_LEVEL),
        ("新的调委会,N-1,行业,,,2026-01-01,2025-01-01,钱进,,", "任期届满",
         RejectReason.WRONG_ORDER),
        ("和众社区调委会,,行业,,,,,钱进,,", "调委会类型", RejectReason.COMMITTEE_DIFFERS),
        ("和众社区调委会,,,,,,,别的人,M-77,", "调解员编码", RejectReason.CODE_TAKEN),
        ("和众社区调委会,,,,,,,,新编码,", "姓名", RejectReason.MISSING),
        ("和众社区调委会,,,,,,,钱进,,290129199001010012", "证件号码",
         RejectReason.BAD_IDENTITY_NUMBER),
        ("和众社区调委会,,,没有的镇,,,,钱进,,", "所属镇街", RejectReason.UNKNOWN_UNIT),
    ],
)  # fmt: skip
def test_a_roster_row_that_cannot_be_is_sent_back(world, take, row, column, reason):
    world.mediator("张建国", code="M-77")
    header = (
        "调委会名称,调委会编码,调委会类型,所属镇街,所属社区,任期开始,任期届满,"
        "姓名,调解员编码,证件号码"
    )
    report = take(f"{header}\n{row}\n和众社区调委会,,,,,,,孙好,,\n")
    assert problems(report) == [(2, column, reason)]
    assert report.added == 1


def test_one_committee_is_not_described_in_two_ways(take):
    report = take(
        "调委会名称,调委会编码,任期开始,姓名\n甲调委会,N-1,2026-01-01,钱进\n"
        "甲调委会,N-1,2026-02-01,孙好\n甲调委会,N-1,,钱进\n"
    )
    assert problems(report) == [
        (3, "任期开始", RejectReason.COMMITTEE_DIFFERS),
        (4, "姓名", RejectReason.DUPLICATE_IN_FILE),
    ]


def test_a_roster_stays_within_the_persons_scope(world, take):
    world.mediator("别镇的人", code="M-B", committee_id=world.committee_b)
    actor = world.actor(scope=Scope(world.county, towns=frozenset({world.town_a})))
    report = take(
        "调委会名称,调委会编码,任期开始,姓名,调解员编码\n和众社区调委会,,,钱进,\n"
        "太平社区调委会,,,孙好,\n县里的调委会,N-1,2026-01-01,李好,\n和众社区调委会,,,,M-B\n",
        actor=actor,
    )
    assert report.added == 1
    assert {(one[0], one[2]) for one in problems(report)} == {
        (row, RejectReason.OUTSIDE_SCOPE) for row in (3, 4, 5)
    }


def test_a_rehearsed_roster_leaves_everything_as_it_was(db, world):
    content = ROSTER.encode()
    report = rehearse_file(db, content=content, file_name="x", actor=world.system, now=NOW)
    assert (report.added, report.batch_id) == (4, None)
    assert people(db) == {}


def test_another_kind_of_file_than_was_said_is_refused(take):
    with pytest.raises(FileRefused) as refused:
        take(ROSTER, profile=Profile.CASES)
    assert refused.value.problem is FileProblem.MISSING_COLUMNS
