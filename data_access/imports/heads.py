"""Heads of several rows: 当事人 over 姓名 and 电话 is 当事人姓名 and 当事人电话.

A merged head leaves blank cells to its right, and one that is merged downwards leaves them below;
some offices break one long head over two rows. All of that reads the same way here: from top to
bottom, each part reaching to the right as far as the cells under it go.
"""

import re
from collections.abc import Callable

from data_access.imports.codes import plain

MOST_ROWS = 3

_MAIN = (
    *("主要当事人", "当事人", "申请人", "申请方", "申诉人", "投诉人", "甲方"),
    *("第一当事人", "当事人一", "当事人1", "当事人甲", "当事人甲方"),
)
_OTHER = (
    *("对方当事人", "对方", "另一方当事人", "被申请人", "被申请方", "被投诉人", "乙方"),
    *("第二当事人", "当事人二", "当事人2", "当事人乙", "当事人乙方"),
)
_WHAT = {
    "姓名": ("", "姓名", "名称", "姓名或名称", "姓名名称"),
    "联系电话": ("联系电话", "电话", "电话号码", "手机", "手机号", "手机号码", "联系方式"),
    "证件号码": ("证件号码", "证件号", "身份证", "身份证号", "身份证号码", "公民身份号码"),
    "居住详址": ("居住详址", "住址", "地址", "现住址", "居住地址", "家庭住址", "联系地址"),
    "证件代码": ("证件代码", "证件类型", "证件种类"),
    "性别": ("性别",),
}
_PARTY = re.compile(
    f"(?:(?P<main>{'|'.join(sorted(_MAIN, key=len, reverse=True))})"
    f"|(?P<other>{'|'.join(sorted(_OTHER, key=len, reverse=True))}))"
    "(?:基本)?(?:信息|情况|资料)?"
    f"(?P<what>{'|'.join(word for words in _WHAT.values() for word in words if word)}|)"
)
# What stands over columns and names nobody: a section of the sheet, or its title.
_SECTION = re.compile(
    "^(?:基本|基础|案件|纠纷|矛盾纠纷|事件|事项|案情)?(?:信息|情况|资料|内容)$"
    "|(?:台账|登记表|登记簿|汇总表|统计表|明细表|排查表|清单|一览表|花名册|名册|表)$"
)
_NAME_OF_WHAT = {word: name for name, words in _WHAT.items() for word in words}


def party_header(word: str) -> str:
    """The header that a word about a party means: 被申请人电话 is 对方当事人联系电话; else "".

    `word` has no blanks and no punctuation.
    """
    found = _PARTY.fullmatch(word)
    if found is None:
        return ""
    who = "主要当事人" if found["main"] else "对方当事人"
    return who + _NAME_OF_WHAT[found["what"]]


def joined(
    rows: list[list[str]], known: Callable[[str], bool], *, own: str = ""
) -> tuple[list[str], int]:
    """One head made of several rows, and how many of its words are joined ones that are known.

    Of the parts above a column, those are joined, from the last one upwards as far as possible,
    that make a known word; where none do, all of them. `own` is whom the rows are of, if anybody.
    """
    width = max(map(len, rows))
    spread = [_spread(rows, place, width) for place in range(len(rows))]
    words: list[str] = []
    count = 0
    for place in range(width):
        parts = [row[place] for row in spread if row[place]]
        word, length = _best_word(parts, known, own=own)
        words.append(word)
        count += length > 1 and known(word)
    return words, count


def _spread(rows: list[list[str]], place: int, width: int) -> list[str]:
    """A row whose blank cells say what the cell to their left says, where something is below."""
    below = rows[place + 1 :]
    spread: list[str] = []
    said = ""
    for column in range(width):
        cell = _at(rows[place], column)
        begins = any(_at(row, column) for row in rows[:place])
        said = cell if cell or begins else said
        is_over = any(_at(row, column) for row in below)
        spread.append(cell or (said if is_over else ""))
    return spread


def _at(row: list[str], column: int) -> str:
    return " ".join(row[column].split()) if column < len(row) else ""


def _best_word(parts: list[str], known: Callable[[str], bool], *, own: str) -> tuple[str, int]:
    """The word and of how many parts it is. A part that only repeats the one above is no part.

    A telephone under 调解员 is not a party's: what any person has is read alone only below a
    section of the sheet.
    """
    parts = [
        part
        for place, part in enumerate(parts)
        if not place or plain(part) != plain(parts[place - 1])
    ]
    for first in range(len(parts)):
        word, over = "".join(parts[first:]), plain("".join(parts[:first]))
        if plain(word) in _NAME_OF_WHAT and over and over != own and not _SECTION.search(over):
            break
        if known(word):
            return word, len(parts) - first
    return "".join(parts), len(parts)
