"""What people type into cells, read as dates, numbers and numbers of persons.

Every reader takes the text of one cell that is not blank and gives the value, or raises BadValue
with the reason. Full-width digits, stray blanks and Chinese units are the rule, not the exception.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from domain.clocks import BEIJING
from domain.identity import check_digit
from domain.imports import RejectReason
from domain.points import DIGITS

# Line breaks and tabs may stand in a long text; what else controls a terminal or hides may not.
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000e-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060\ufeff]"
)
# A guard that exports put before what a spreadsheet would run as a formula; see rejects.py.
_GUARDED = re.compile("^'(?='*[\\s\u00a0]*[=+\\-@\uff1d\uff0b\uff0d\uff20\t\r\n])")

_EARLIEST, _LATEST = date(1949, 10, 1), date(2199, 12, 31)
# What systems write, and most files hold: read at once, where the rest is looked at word by word.
_USUAL_MOMENT = re.compile(
    r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})"
    r"(?:[ T]([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?)?"
)
# Of two digits a year is one only with its word: 26/11/2 may be any of the three.
_DATE = re.compile(r"(\d{4}|\d{2}(?=年))[年\-/.](\d{1,2})[月\-/.](\d{1,2})[日号]?")
_CENTURY, _OLDEST_SHORT_YEAR = 100, 50
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"(\d{1,2})[:时点](\d{1,2})?[分:]?(?:(\d{1,2})秒?(?:\.\d+)?)?分?")
_WEEKDAY = re.compile(r"^\s*\(?(?:星期|周|礼拜)[一二三四五六日天]\)?")
# Not 凌晨, 晚上: at twelve o'clock nobody knows of which day.
_HALF_DAY = re.compile(r"^(上午|早上|中午|下午)")
_NOON = 12
_COMPACT_TIME = re.compile(r"(\d{2})(\d{2})(\d{2})?")
# Excel counts days from here; five digits cannot be read as any other kind of date.
_EXCEL_ZERO = date(1899, 12, 30)
_EXCEL_SERIAL = re.compile(r"(\d{5})(\.\d+)?")
_HAN_DIGITS = str.maketrans("〇○零一二三四五六七八九", "000123456789")
_HAN_DATE = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,3})月"
    r"([一二三四五六七八九十]{1,3})[日号]?"
)

_NEGATIVE = re.compile(r"-\d+")
_EXPONENT = re.compile(r"-?\d(?:\.\d+)?[eE]\+?\d{2}")
_UNITS_OF_MONEY = {"": 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_MONEY = re.compile(r"[¥$]?(-?\d+(?:\.\d+)?)(百万|[千万亿])?(?:元|圆|块)?(?:整|人民币)?")
_MOST_YUAN = 10**12
# So many digits are less than that.
_SURELY_IN_RANGE = 12
_DEGREES = re.compile(r"(?:东经|北纬|[EN])?(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)(?:°|度)?[EN]?")
_COUNTED = re.compile(r"(\d+)(?:\.0+)?[人户个件名位]?")

_YES = frozenset(
    (
        *("1", "是", "有", "y", "yes", "true", "t", "对", "√", "✓", "✔"),
        *("在岗", "专职", "成功", "已化解", "化解成功"),
    )
)
_NO = frozenset(
    (
        *("0", "2", "否", "无", "没有", "n", "no", "false", "f", "不", "×", "x"),
        *("离岗", "兼职", "不成功", "未成功", "未化解", "化解不成功"),
    )
)

_IDENTITY_18 = re.compile(r"[0-9]{17}[0-9X]")
_IDENTITY_15 = re.compile(r"[0-9]{15}")


class BadValue(Exception):
    """A cell cannot be read; `reason` says why."""

    def __init__(self, reason: RejectReason) -> None:
        super().__init__(reason)
        self.reason = reason


def clean(cell: str) -> str:
    """The text of a cell without blanks around it, hidden characters and an export's guard."""
    text = cell.strip()
    if not text.isprintable():
        text = _HIDDEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return _GUARDED.sub("", text).strip() if text.startswith("'") else text


def compact(text: str) -> str:
    """The form in which codes, numbers and names are compared: NFKC, no blanks."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def day(text: str) -> date:
    """2026年11月2日, 26年11月2日, 2026-11-2, 2026.11.2, 20261102, 二〇二六年十一月二日, 46328."""
    return moment(text).date()


@lru_cache(maxsize=4096)
def moment(text: str) -> datetime:
    """A day, with or without a time of day, in Beijing time; midnight where none is stated."""
    if match := _USUAL_MOMENT.fullmatch(text):
        year, _, month, number, *of_day = match.groups()
        return datetime.combine(_date(year, month, number), _time_of(of_day), BEIJING)
    found, rest = _day_and_rest(text)
    return datetime.combine(found, _time(rest), BEIJING)


def _day_and_rest(text: str) -> tuple[date, str]:
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u25ef", "〇")
    if match := _HAN_DATE.match(plain):
        numbers = (_han_number(match[1]), _han_number(match[2]), _han_number(match[3]))
        return _date(*numbers), plain[match.end() :]
    # "2026 年 11 月 2 日" has blanks inside; between date and time one stays.
    plain = re.sub(r"\s*([年月\-/.])\s*", r"\1", plain)
    plain = re.sub(r"(\d)\s+([日号])", r"\1\2", plain)
    if match := _DATE.match(plain) or _COMPACT_DATE.match(plain):
        return _date(match[1], match[2], match[3]), plain[match.end() :]
    if match := _EXCEL_SERIAL.fullmatch(plain):
        seconds = round(float(match[2] or 0) * 86_400)
        of_day = "" if seconds in {0, 86_400} else str(timedelta(seconds=seconds))
        return _in_range(_EXCEL_ZERO + timedelta(days=int(match[1]))), of_day
    raise BadValue(RejectReason.NOT_A_DATE)


def _date(year: str, month: str, number: str) -> date:
    full = int(year)
    if full < _CENTURY:
        full += 2000 if full < _OLDEST_SHORT_YEAR else 1900
    try:
        return _in_range(date(full, int(month), int(number)))
    except ValueError:
        raise BadValue(RejectReason.NOT_A_DATE) from None


def _in_range(found: date) -> date:
    if not _EARLIEST <= found <= _LATEST:
        raise BadValue(RejectReason.OUT_OF_RANGE)
    return found


def _han_number(text: str) -> str:
    """二〇二六, 一 .. 三十一, as digits. What is no number stays none, and no date."""
    tens, ten, ones = text.partition("十")
    if not ten:
        return text.translate(_HAN_DIGITS)
    return ((tens or "一") + (ones or "零")).translate(_HAN_DIGITS)


def _time(rest: str) -> time:
    """The time of day behind a date. Raises BadValue for anything else that stands there."""
    rest = _WEEKDAY.sub("", rest).strip().removeprefix("T").strip()
    if not rest:
        return time.min
    half = _HALF_DAY.match(rest)
    plain = rest[half.end() if half else 0 :].replace(" ", "")
    match = _TIME.fullmatch(plain) or _COMPACT_TIME.fullmatch(plain)
    if match is None:
        raise BadValue(RejectReason.NOT_A_DATE)
    return _time_of(match.groups(), afternoon=bool(half and half[1] == "下午"))


def _time_of(parts: Sequence[str | None], *, afternoon: bool = False) -> time:
    """Hour, minute and second; what is not stated is nought."""
    hour, minute, second = (int(part or 0) for part in parts)
    if afternoon and hour < _NOON:
        hour += _NOON
    try:
        return time(hour, minute, second)
    except ValueError:
        raise BadValue(RejectReason.NOT_A_DATE) from None


def count(text: str) -> int:
    """A whole number that is not negative: 12, １２, 12人, 1,200, 12.0."""
    plain = compact(text).replace(",", "")
    match = _COUNTED.fullmatch(plain)
    if match is None:
        negative = _NEGATIVE.fullmatch(plain) is not None
        raise BadValue(RejectReason.OUT_OF_RANGE if negative else RejectReason.NOT_A_NUMBER)
    return int(match[1])


def yuan(text: str) -> int:
    """An amount in whole yuan, rounded half up: 3.5万元, ¥1,200.50, 35000."""
    if len(text) <= _SURELY_IN_RANGE and text.isascii() and text.isdigit():
        return int(text)
    plain = compact(text).replace(",", "").removeprefix("约").removeprefix("人民币")
    match = _MONEY.fullmatch(plain)
    if match is None:
        raise BadValue(RejectReason.NOT_A_NUMBER)
    amount = Decimal(match[1]) * _UNITS_OF_MONEY[match[2] or ""]
    if not 0 <= amount <= _MOST_YUAN:
        raise BadValue(RejectReason.OUT_OF_RANGE)
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def degrees(text: str) -> float:
    """Decimal degrees of a longitude or a latitude: 103.52147, 103.52147°, 东经103.52147."""
    match = _DEGREES.fullmatch(compact(text).upper())
    if match is None:
        raise BadValue(RejectReason.NOT_A_NUMBER)
    return float(round(Decimal(match[1]), DIGITS))


def yes(text: str) -> bool:
    """是 or 否, in the usual ways of writing them."""
    plain = compact(text).casefold()
    if plain in _YES or plain in _NO:
        return plain in _YES
    raise BadValue(RejectReason.NOT_YES_OR_NO)


def number_text(text: str) -> str:
    """A number that is a name (identity, phone, case number): as typed, without blanks.

    Raises BadValue where a spreadsheet took it for a quantity and lost its last digits.
    """
    plain = compact(text)
    if _EXPONENT.fullmatch(plain):
        raise BadValue(RejectReason.DAMAGED_NUMBER)
    return plain


def resident_identity(text: str) -> str:
    """A resident identity number (GB 11643): 18 with a right check digit, or the old 15."""
    plain = number_text(text).upper()
    if _IDENTITY_15.fullmatch(plain):
        return plain
    if _IDENTITY_18.fullmatch(plain) and check_digit(plain[:-1]) == plain[-1]:
        return plain
    raise BadValue(RejectReason.BAD_IDENTITY_NUMBER)
