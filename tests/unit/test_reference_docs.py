"""The reference says what the code says, in the words of the glossary."""

import re
from pathlib import Path

import pytest

from data_access.imports.columns import COLUMNS
from data_access.settings import Settings
from docs.reference.import_columns import MEANINGS
from docs.reference.markdown import table
from docs.reference.pages import PAGES, written
from domain.imports import Profile
from domain.people import GRANTS, SEPARATED_GRANTS, Permission, Role
from texts import use
from texts.words import word

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/reference"
GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
# Names, addresses and standards are as they are typed; whatever else is written is Chinese.
AS_TYPED = re.compile(r"```.*?```|`[^`]*`|\]\([^)]*\)|https?://\S+", re.DOTALL)
ENGLISH = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){2,}")
# Where the glossary has a word, no other is used for the thing.
NOT_OUR_WORDS = {"角色": "岗位", "转派": "改派", "派单": "指派", "账户": "账号", "脱密": "脱敏"}


@pytest.fixture(scope="module")
def pages():
    return written()


@pytest.mark.parametrize("name", PAGES)
def test_page_is_what_the_code_says(pages, name):
    path = FOLDER / name
    assert path.exists(), "run `make docs`"
    assert path.read_text("utf-8") == pages[name], "run `make docs`"


def test_no_page_is_left_over():
    assert {path.name for path in FOLDER.glob("*.md")} == {*PAGES}


def test_pages_are_chinese_whoever_writes_them(pages):
    use("en")
    try:
        assert written() == pages
    finally:
        use("zh")


@pytest.mark.parametrize("name", PAGES)
def test_whatever_is_not_typed_is_said_in_chinese(pages, name):
    prose = AS_TYPED.sub("", pages[name])
    assert CHINESE.search(prose)
    assert ENGLISH.findall(prose) == []


@pytest.mark.parametrize("name", PAGES)
def test_pages_use_the_glossarys_words(pages, name):
    assert [said for said in NOT_OUR_WORDS if said in pages[name]] == []
    assert [ours for ours in NOT_OUR_WORDS.values() if ours not in GLOSSARY] == []


def row(page, first):
    """The cells of the rows that begin with this cell, in the order of the page."""
    found = [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in cells] for cells in found if cells[0] == first]


def matrix_row(page, section, role):
    part = page.split(f"## {section}\n")[1].split("\n## ")[0]
    line = next(line for line in part.splitlines() if line.startswith(f"| {word(role)} |"))
    return [cell.strip() for cell in line.strip("|").split("|")][1:]


@pytest.mark.parametrize("role", Role)
def test_matrix_marks_what_a_role_may_do(pages, role):
    usual = matrix_row(pages["roles.md"], "各岗位的权限", role)
    apart = matrix_row(pages["roles.md"], "三员分立时", role)
    assert [cell == "●" for cell in usual] == [one in GRANTS[role] for one in Permission]
    assert [cell == "●" for cell in apart] == [one in SEPARATED_GRANTS[role] for one in Permission]
    lost = GRANTS[role] - SEPARATED_GRANTS[role]
    assert [cell == "○" for cell in apart] == [one in lost for one in Permission]


def test_a_town_post_reaches_its_town_and_a_mediator_their_own_cases(pages):
    assert row(pages["roles.md"], word(Role.TOWN))[0][2] == "镇街(本镇街)"
    assert "本人(本人承办的)" in row(pages["roles.md"], word(Role.MEDIATOR))[0][2]
    head = row(pages["roles.md"], word(Role.COMMITTEE_HEAD))[0][2]
    assert "调委会(本调委会承办的和本社区(村))" in head


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_explained_in_chinese(pages, name):
    (_variable, default, meaning) = row(pages["settings.md"], f"`{name.upper()}`")[0]
    assert default
    assert CHINESE.search(meaning)


def test_meanings_are_of_columns_that_exist():
    for profile in Profile:
        assert set(MEANINGS[profile]) <= {column.key for column in COLUMNS[profile]}


def test_a_cell_is_plain_text():
    assert table(("a",), [["x|y <b>\nz"]]).splitlines()[2] == "| x\\|y &lt;b&gt; z |"
