"""Everything that the code can say is said in English too."""

import ast
import re
import threading
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

from texts import gettext, language, ngettext, use

ROOT = Path(__file__).parents[2]
LOCALE = ROOT / "texts" / "locale"
FOLDERS = ("data_access", "pages", "server", "texts", "ui")
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
HEADER = {
    "Language": "en",
    "Plural-Forms": "nplurals=2; plural=(n != 1);",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=utf-8",
    "Content-Transfer-Encoding": "8bit",
}
# What an English reader has to enter or to recognise as it is.
CHINESE_AS_IT_IS = ("2026年11月2日", "大邑县", "是", "否")

Sentence = str | tuple[str, str]


def read_catalog() -> Catalog:
    with (LOCALE / "en" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale="en")


def extracted() -> Iterator[Sentence]:
    """What `make texts` finds: in the scripts, and in the server's own pages."""
    with (LOCALE / "sources.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    yield from (found[1] for found in extract_from_file("python", ROOT / "app.py", KEYWORDS))
    for folder in FOLDERS:
        found_here = extract_from_dir(ROOT / folder, methods, options, KEYWORDS)
        yield from (found[2] for found in found_here)


def called() -> Iterator[Sentence]:
    """What the scripts ask for, f-strings included: Python 3.11's tokens do not show those."""
    for path in chain([ROOT / "app.py"], *((ROOT / folder).rglob("*.py") for folder in FOLDERS)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [one.value for one in node.args if isinstance(one, ast.Constant)]
                if node.func.id in {"_", "gettext"} and given:
                    yield given[0]
                elif node.func.id == "ngettext" and given:
                    yield given[0], given[1]


def forms(message: Message) -> tuple[str, ...]:
    return tuple(message.string) if message.pluralizable else (message.string,)


def chinese(message: Message) -> str:
    return message.id[0] if message.pluralizable else message.id


def placeholders(sentence: str) -> list[str]:
    return sorted(name for _text, name, _spec, _conversion in Formatter().parse(sentence) if name)


CATALOG = read_catalog()
MESSAGES = {message.id: message for message in CATALOG if message.id}
SAYABLE = {one if isinstance(one, str) else tuple(one) for one in chain(extracted(), called())}


@pytest.fixture(autouse=True)
def _chinese_again() -> Iterator[None]:
    yield
    use("zh")


def test_the_sentences_are_found():
    assert "登录" in SAYABLE, "of a template"
    assert "无讼台命令行" in SAYABLE, "of the command line"
    assert ("已 {days} 天", "已 {days} 天") in SAYABLE, "with a count"


def test_every_sentence_has_an_english_one():
    said = {id_ for id_, message in MESSAGES.items() if all(map(str.strip, forms(message)))}
    assert SAYABLE - said == set()


def test_no_sentence_is_kept_that_nobody_says():
    assert set(MESSAGES) - SAYABLE == set()
    assert list(CATALOG.obsolete) == []


def test_no_translation_is_a_guess():
    assert [chinese(message) for message in CATALOG if message.fuzzy] == []


def test_placeholders_are_the_same():
    unlike = [
        (chinese(message), form)
        for message in MESSAGES.values()
        for form in forms(message)
        if placeholders(form) != placeholders(chinese(message))
    ]
    assert unlike == []


def test_english_is_written_with_english_signs():
    left = []
    for message in MESSAGES.values():
        for form in forms(message):
            rest = form
            for kept in CHINESE_AS_IT_IS:
                rest = rest.replace(kept, "") if kept in chinese(message) else rest
            if re.search("[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]", rest):
                left.append(form)
    assert left == []


def test_a_sentence_ends_where_the_chinese_ends():
    ends = [("。", "."), (":", ":"), ("\n", "\n")]
    unlike = [
        (chinese(message), form)
        for message in MESSAGES.values()
        for form in forms(message)
        for chinese_end, english_end in ends
        if chinese(message).endswith(chinese_end) != form.endswith(english_end)
    ]
    assert unlike == []


def test_the_header_says_how_to_read_it_and_changes_with_nothing():
    text = (LOCALE / "en" / "LC_MESSAGES" / "messages.po").read_text("utf-8")
    header = text.split('msgid ""\nmsgstr ""\n', 1)[1].split("\n\n", 1)[0]
    lines = dict(line.strip('"').removesuffix("\\n").split(": ", 1) for line in header.split("\n"))
    assert lines == HEADER


def test_a_sentence_in_both_languages():
    use("en")
    assert (language(), gettext("改派")) == ("en", "Reassign")
    use("zh")
    assert (language(), gettext("改派")) == ("zh", "改派")


@pytest.mark.parametrize(
    ("chosen", "spoken"),
    [
        ("zh", ["已 0 天", "已 1 天", "已 2 天"]),
        ("en", ["0 days", "1 day", "2 days"]),
    ],
)
def test_counts_in_both_languages(chosen, spoken):
    use(chosen)
    assert [
        ngettext("已 {days} 天", "已 {days} 天", days).format(days=days) for days in range(3)
    ] == spoken


def test_what_is_not_in_the_catalog_stays_as_it_is():
    use("en")
    assert gettext("目录里没有的话") == "目录里没有的话"
    assert ngettext("没有的话", "没有的话", 2) == "没有的话"


@pytest.mark.parametrize("chosen", ["fr", "EN", "../en", "", None])
def test_an_unknown_language_is_chinese(chosen):
    use("en")
    use(chosen)
    assert (language(), gettext("指派")) == ("zh", "指派")


def test_each_thread_speaks_its_own_language():
    both_have_chosen = threading.Barrier(2, timeout=5)
    heard = {}

    def speak(chosen: str) -> None:
        use(chosen)
        both_have_chosen.wait()
        heard[chosen] = gettext("查看")

    threads = [threading.Thread(target=speak, args=(chosen,)) for chosen in ("en", "zh")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == {"en": "View", "zh": "查看"}
    assert language() == "zh", "what others chose is not heard here"


def test_a_new_thread_begins_with_chinese():
    use("en")
    heard = []
    thread = threading.Thread(target=lambda: heard.append(language()))
    thread.start()
    thread.join()
    assert heard == ["zh"]
