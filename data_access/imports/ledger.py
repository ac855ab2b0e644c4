"""Rows of a sheet that are no records: totals, heads repeated on each page, lines for signatures.

Nothing is left out that could have been taken: a row with all required cells is a record, unless it
is a head or a title once more. What is left out is counted, and the report says so.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

from data_access.imports.codes import plain
from data_access.imports.headers import Header, head_row
from data_access.imports.read import Row
from domain.imports import Note

_TOTAL = re.compile(
    "(?:本[页月季年周]|当[月页]|本季度|[全上下]半?年|全[县镇乡街区]|以上|第.{1,2}季度|.{2,8}[镇乡街道县])?"
    r"(?:合计|总计|小计|共计|累计|总数|总和)(?:数|量|件数)?[::]?\d*[件起人户元宗]?"
)
_QUANTITY = re.compile(r"[-+¥]?[\d,.]+(?:%|元|万元|件|起|人|户|宗|个|次)?|[-—/]+|0")
_FOOT = re.compile(
    "(?:填[表报写]|制[表单]|审[核批查]|复核|核对|统计|报送|上报|登记|经办|编制|主管|分管|单位|部门)"
    "(?:人员|人|者|单位|部门|机关|日期|时间|领导|负责人)?"
    r"(?:\((?:盖章|公章|签字|签名|签章)\)|盖章|签字|签名|签章)?(?:[::].*)?"
    r"|(?:盖章|签字|签名|公章|日期|联系电话|联系人|负责人|领导签字)(?:[::].*|\(.*\))?"
    r"|第\d+页.*|\(?续表\)?"
)
# Three labels with what was written behind each, and a date.
_MOST_SIGNATURES = 8
_REMARK = re.compile("(?:备注|说明|填表说明|填报说明|注)[::0-9].*", re.DOTALL)


def records(header: Header, rows: Iterable[Row], notes: Counter[Note]) -> Iterator[Row]:
    """The rows below the header that may be records; the others are counted in `notes`.

    Counted too are records with merged cells that were filled.
    """
    required = [place for place, column, _ in header.columns if column.required]
    first = required[0]
    heads = {row[first] for row in header.above if len(row) > first}
    for row in rows:
        cells, width = row.cells, len(row.cells)
        is_full = all(place < width and cells[place].strip() for place in required)
        is_record = is_full and plain(cells[first]) not in heads
        why = None if is_record else _no_record(header, cells, is_full=is_full)
        if why is not None:
            notes[why] += 1
            continue
        if row.filled:
            notes[Note.MERGED_FILLED] += 1
        yield row


def _no_record(header: Header, cells: list[str], *, is_full: bool) -> Note | None:
    """Why a row is no record, or None. A full row can only be a head."""
    if head_row(cells) in header.above:
        return Note.REPEATED_HEADS
    if is_full:
        return None
    said = [word for cell in cells if (word := _compact(cell))]
    if not said:
        return Note.NO_CONTENT
    if _TOTAL.fullmatch(said[0]) and all(map(_is_part_of_total, said[1:])):
        return Note.TOTAL_ROWS
    if _is_foot(said):
        return Note.FOOT_LINES
    width = len(cells)
    known = (cells[place] for place, _, _ in header.columns if place < width)
    return None if any(map(str.strip, known)) else Note.NO_CONTENT


def _is_part_of_total(word: str) -> bool:
    return bool(_QUANTITY.fullmatch(word) or _TOTAL.fullmatch(word))


def _is_foot(said: list[str]) -> bool:
    """A line for signatures has a label first, and little more than labels; a remark is alone."""
    if len(said) == 1 and _REMARK.match(said[0]):
        return True
    return _FOOT.fullmatch(said[0]) is not None and len(said) <= _MOST_SIGNATURES


def _compact(cell: str) -> str:
    return "".join(unicodedata.normalize("NFKC", cell).split())
