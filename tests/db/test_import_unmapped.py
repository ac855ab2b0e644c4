"""Words that a file says and the product does not know: listed once, to be given a meaning."""

import pytest

from data_access.commands.import_file import import_file, rehearse_file
from data_access.tables import OrganisationUnit
from domain.imports import FileMapping, Profile, UnknownWord
from domain.organisation import UnitLevel
from tests.world import NOW

HEADER = "案件编号,案件名称,发生日期,纠纷类型,姓名,事件规模,镇街,社区"


def file_of(*lines):
    return "\n".join([HEADER, *lines]).encode()


@pytest.fixture
def rehearse(db, world):
    def run(content, **options):
        options = {"actor": world.system, "now": NOW, "file_name": "台账.csv", **options}
        return rehearse_file(db, content=content, **options)

    return run


FILE = file_of(
    "1,漏水,2026-02-20,扯皮,王小明,01,老安仁镇,和众社区",
    "2,噪声,2026-02-20,扯皮,李大华,01,安仁镇,和众社区",
    "3,噪声,2026-02-20,天气,李大华,01,安仁镇,没有的社区",
    "4,噪声,2026-02-31,0201,李大华,01,安仁镇,和众社区",
    "5,噪声,2026-02-20,0201,李大华,01,安仁镇,和众社区",
)


def test_unknown_words_are_counted_by_column_the_most_frequent_first(rehearse):
    report = rehearse(FILE)
    assert (report.rows, report.rejected) == (5, 4)
    assert report.unmapped[0] == UnknownWord("纠纷类型", "扯皮", 2, codes="case_type")
    assert set(report.unmapped[1:]) == {
        UnknownWord("纠纷类型", "天气", 1, codes="case_type"),
        UnknownWord("镇街", "老安仁镇", 1, level=UnitLevel.TOWN),
        UnknownWord("社区", "没有的社区", 1, level=UnitLevel.COMMUNITY),
    }


def test_a_word_that_was_given_a_meaning_is_no_longer_listed(rehearse, world, db):
    with db.read() as session:
        code = session.get(OrganisationUnit, world.town_a).code
    mapping = FileMapping(codes={"case_type": {"扯皮": "0402"}}, places={"老安仁镇": code})
    report = rehearse(FILE, mapping=mapping)
    assert {one.word for one in report.unmapped} == {"天气", "没有的社区"}
    assert report.added == 3


def test_an_import_lists_them_too(db, world):
    report = import_file(db, content=FILE, file_name="台账.csv", actor=world.system, now=NOW)
    assert report.unmapped[0].word == "扯皮"


def test_nothing_that_could_be_a_persons_is_listed(rehearse):
    slipped = file_of(
        "1,漏水,2026-02-20,13812345678,王小明,01,安仁镇,和众社区",
        "2,漏水,2026-02-20,0201,王小明,01,510129199001011234,和众社区",
        f"3,漏水,2026-02-20,{'很' * 31},王小明,01,安仁镇,和众社区",
        f"4,漏水,2026-02-20,0201,{'王' * 81},01,安仁镇,和众社区",
    )
    report = rehearse(slipped)
    assert (report.rejected, report.unmapped) == (4, ())


def test_only_the_unknown_ones_of_several_words_are_listed(rehearse):
    content = (
        "调委会名称,姓名,专长,镇街,社区,任期开始\n"
        "和众社区调委会,张三,邻里、打酱油;0402,安仁镇,和众社区,2026-01-01\n"
    ).encode()
    report = rehearse(content, profile=Profile.COMMITTEES)
    assert [(one.word, one.codes) for one in report.unmapped] == [("打酱油", "speciality")]


def test_at_most_two_hundred_are_listed(rehearse):
    lines = [f"{n},漏水,2026-02-20,词{n}个,王小明,01,安仁镇,和众社区" for n in range(230)]
    report = rehearse(file_of(*lines))
    assert (report.rejected, len(report.unmapped)) == (230, 200)
