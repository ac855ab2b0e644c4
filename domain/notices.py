"""The yearly notice on holidays (国务院办公厅 部分节假日安排的通知), read as days."""

import re
import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta

from domain.work_calendar import FULL_DAY, NamedDay

# 二、春节:2月15日(农历腊月二十八、周日)至23日(…)放假调休,共9天。2月14日(周六)、2月28日(周六)上班。
_PARAGRAPH = re.compile(r"[一二三四五六七八九十]+、")
_NAME = re.compile(r"^([^:。]{2,12}):")
_ASIDE = re.compile(r"\([^()]*\)")
_RANGE = re.compile(
    r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日(?:至(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日)?"
)
_OFF, _WORKED = "放假", "上班"
# 现将2026年元旦、春节…放假调休日期的具体安排通知如下: what is to come, not a day of it.
_ANNOUNCED = "通知如下"
_LONGEST = timedelta(days=15)


_TITLE = re.compile(r"(\d{4})年(?:部分)?节假日")


class NoticeUnreadable(ValueError):
    """The text has a passage that is not understood: nothing of it is taken."""


def year_of(text: str) -> int | None:
    """The year that the notice says it is for; None where it does not say."""
    found = _TITLE.search("".join(unicodedata.normalize("NFKC", text).split()))
    return int(found[1]) if found else None


def read_notice(text: str, *, year: int) -> list[NamedDay]:
    """The days of a notice, in order. Days that the plain week says already are among them.

    Raises NoticeUnreadable with the passage that is not understood: a holiday that is overlooked
    would make every deadline around it wrong.
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    # What stands in brackets tells the day of the week and of the moon, with 、 after a numeral.
    plain = _ASIDE.sub("", plain)
    found: dict[date, NamedDay] = {}
    for paragraph in filter(None, _PARAGRAPH.split(plain)):
        name = _NAME.match(paragraph)
        if name is None:
            _require_no_days(paragraph)
            continue
        for one in _days(paragraph[name.end() :], name[1], year):
            known = found.setdefault(one.day, one)
            if known.halves != one.halves:
                raise NoticeUnreadable(f"{one.day.isoformat()} {known.note} {one.note}")
    if not found:
        raise NoticeUnreadable(plain[:40])
    return sorted(found.values(), key=lambda one: one.day)


def _require_no_days(paragraph: str) -> None:
    """Raise NoticeUnreadable where a paragraph without a holiday's name speaks of days."""
    for sentence in paragraph.split("。"):
        if (_OFF in sentence or _WORKED in sentence) and not _announces(sentence):
            raise NoticeUnreadable(sentence)


def _announces(sentence: str) -> bool:
    return _ANNOUNCED in sentence and _RANGE.search(sentence) is None


def _days(paragraph: str, name: str, year: int) -> Iterator[NamedDay]:
    for sentence in filter(None, paragraph.split("。")):
        off, worked = _OFF in sentence, _WORKED in sentence
        ranges = list(_RANGE.finditer(sentence))
        if _announces(sentence):
            continue
        if off and worked:
            raise NoticeUnreadable(sentence)
        if not ranges or not (off or worked):
            if off or worked:
                raise NoticeUnreadable(sentence)
            continue
        for one in ranges:
            first, last = _ends(one, year)
            if not first <= last <= first + _LONGEST:
                raise NoticeUnreadable(sentence)
            for ahead in range((last - first).days + 1):
                note = f"{name}调休上班" if worked else name
                yield NamedDay(first + timedelta(days=ahead), FULL_DAY if worked else 0, note)


def _ends(found: re.Match[str], year: int) -> tuple[date, date]:
    first_year, month, day, last_year, last_month, last_day = found.groups()
    try:
        first = date(int(first_year or year), int(month), int(day))
        if last_day is None:
            return first, first
        last = date(int(last_year or first.year), int(last_month or month), int(last_day))
    except ValueError:
        raise NoticeUnreadable(found[0]) from None
    return first, last
