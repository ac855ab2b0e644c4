"""What the documents name is there: files, headings, `make` words, verbs, settings."""

import re
import shlex
from pathlib import Path

import pytest

from data_access.__main__ import command_line
from data_access.settings import Settings
from data_access.tables import Base
from docs.reference.verbs import verbs

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")], key=lambda path: path.as_posix()
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
MAKE = re.compile(r"(?<![\w-])make ((?:[a-z]+)(?: [A-Z]+=)?)")
CODE = re.compile(r"```([a-z]*)[^\n]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
VERB = re.compile(r"python -m data_access\s+([^\n`|;&#)]+)")
VARIABLE = re.compile(r"(?<![.\w])([A-Z][A-Z0-9]*_[A-Z0-9_]+|DEMO)=?")
# Set for `make`, or by a document for its own commands.
NOT_SETTINGS = {"DRILL_KILLS", "DRILL_SEED", "WUSONG_DB"}
# What a document writes where a person writes their own.
PLACEHOLDER = re.compile(r"[…<>\[\]{}]|VERB|命令")
_SAYS_ANYTHING = {"VERB", "命令"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def anchors(text: str) -> set[str]:
    """Headings as GitHub's addresses: small letters, blanks as dashes, no punctuation."""
    plain = (re.sub(r"[`*]|\[|\]\([^)]*\)", "", found) for found in HEADING.findall(text))
    return {re.sub(r"[^\w\- ]", "", one.strip().lower()).replace(" ", "-") for one in plain}


def broken_links(path: Path, text: str) -> list[str]:
    broken = []
    for link in LINK.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL)):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        is_there = target.exists() and ROOT in (target, *target.parents)
        if not is_there or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(link)
    return broken


def typed(text: str) -> list[str]:
    """What is set as code: blocks and spans; of a terminal's block what a person enters."""
    found = []
    for language, block, span in CODE.findall(text):
        entered = (
            re.findall(r"^\$ (.*)$", block, re.MULTILINE) if language == "console" else [block]
        )
        found.append(span or "\n".join(entered))
    return found


def unknown_words(text: str, words: set[str]) -> list[str]:
    said = [word.split()[0] for code in typed(text) for word in MAKE.findall(code)]
    return sorted({word for word in said if word not in words})


def unparsed(text: str) -> list[str]:
    """Commands of ours that the command line would not take as they are written."""
    wrong = []
    for code in typed(text):
        filled = re.sub(r'"?\$\([^)]*\)"?', "X", code.replace("\\\n", " "))
        for command in VERB.findall(filled):
            words = shlex.split(command, comments=True)
            if not words or words[0] in _SAYS_ANYTHING or PLACEHOLDER.search(command):
                continue
            if "-h" not in words and not parses(words):
                wrong.append(command.strip())
    return wrong


def parses(words: list[str]) -> bool:
    """Whether the verb exists; and, where anything stands behind it, whether it takes that."""
    if words[0] not in verbs(command_line()):
        return False
    if len(words) == 1:
        return True  # named, not called
    try:
        command_line().parse_args(words)
    except SystemExit:
        return False
    return True


def unknown_settings(text: str) -> list[str]:
    known = {name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    said = {name for code in typed(text) for name in VARIABLE.findall(code)}
    return sorted(said - known)


def make_words() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_what_is_wrong_is_seen(capsys):
    here = ROOT / "README.md"
    assert broken_links(
        here, "[a](docs/none.md) [b](docs/glossary.md#nowhere) [c](/etc/passwd)"
    ) == [
        "docs/none.md",
        "docs/glossary.md#nowhere",
        "/etc/passwd",
    ]
    assert broken_links(here, "[a](docs/glossary.md#a-case) [b](https://semver.org)") == []
    assert unknown_words("`make run` and ```sh\nmake nothing\n```", make_words()) == ["nothing"]
    assert unparsed("`python -m data_access import --nothing x` `python -m data_access fly`") == [
        "import --nothing x",
        "fly",
    ]
    assert unparsed("`python -m data_access import x.csv --dry-run`") == []
    assert unknown_settings("`DATA_DIRECTORY=/x` `DATA_DIR=/x`") == ["DATA_DIRECTORY"]
    capsys.readouterr()


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path):
    assert broken_links(path, path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_are_taken_as_they_are_written(path, capsys):
    text = path.read_text("utf-8")
    assert unknown_words(text, make_words()) == []
    assert unparsed(text) == [], capsys.readouterr().err


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_settings_exist(path):
    assert unknown_settings(path.read_text("utf-8")) == []


@pytest.mark.parametrize("folder", ["tutorial", "how-to", "reference", "explanation", "adr"])
def test_every_page_is_in_an_index(folder):
    index = "docs/adr/README.md" if folder == "adr" else "docs/README.md"
    listed = {
        (ROOT / index).parent / link
        for link in LINK.findall((ROOT / index).read_text("utf-8"))
        if not link.startswith("http")
    }
    named = {path.resolve() for path in listed}
    missing = [one.name for one in (ROOT / "docs" / folder).glob("*.md") if one not in named]
    assert [name for name in missing if name != "README.md"] == []


def test_every_setting_that_a_site_needs_first_is_in_the_readme():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "docs/reference/settings.md" in readme


def test_the_architecture_names_every_table():
    text = (ROOT / "docs/explanation/architecture.md").read_text("utf-8")
    assert [name for name in Base.metadata.tables if f"`{name}`" not in text] == []


@pytest.mark.parametrize("index", ["docs/README.md", "docs/adr/README.md"])
def test_no_page_is_listed_twice(index):
    links = LINK.findall((ROOT / index).read_text("utf-8"))
    assert sorted(links) == sorted(set(links))
