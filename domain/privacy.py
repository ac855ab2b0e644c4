"""What a person's data looks like to those who may not see it."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import chain

from domain.organisation import PartyKind

HIDDEN = "***"
_COMPOUND_SURNAMES = frozenset(
    re.findall(
        "..",
        "欧阳太史端木上官司马东方独孤南宫万俟闻人夏侯诸葛尉迟公羊赫连澹台"
        "皇甫宗政濮阳公冶太叔申屠公孙慕容仲孙钟离长孙宇文司徒鲜于司空令狐",
    )
)
# What people put into the middle of a name of another language: 阿卜杜拉·买买提.
_MIDDLE_DOTS = frozenset("·•・‧∙⋅．.")
_DASHES = frozenset("‐‑‒–—―−－﹣")
_FEWEST_HIDDEN = 4
# What most names are; nothing of it changes in the form that an index is made of.
_NORMAL_NAME = re.compile("[0-9a-z\u4e00-\u9fff]*")
_HAN = re.compile("[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Letters that make words with blanks between them; a name of these is hidden as a whole word.
_LETTER = "a-z\u00df-\u052f"

# --- what a number in a text can be; all of it is looked for in the folded text -----------------

# One way to read each, or a long row of blanks and digits would be tried in every way.
_JOINT = "(?: ?- ?| {1,2})?"
# Digits of one number: side by side, or with a blank or dash, or a dot between groups of three and
# more (138.1234.5678, but neither 12.50 nor 11.22).
_NEXT_DIGIT = rf"(?:{_JOINT}|(?<=[0-9]{{3}})\.(?=[0-9]{{3}}))[0-9]"
_MONTH_DAY = "(?:0?[1-9]|1[0-2])[-./](?:0?[1-9]|[12][0-9]|3[01])"
_DATE = f"(?:19|20)[0-9]{{2}}[-./](?:{_MONTH_DAY}|(?:0?[1-9]|1[0-2]))"
_DATES = rf"{_DATE}(?: ?[-~/] ?(?:{_DATE}|{_MONTH_DAY}))?(?![-./]?[0-9])"
_TIME = "[0-2]?[0-9]:[0-5][0-9](?![0-9])"
_YEARS = f"(?:19|20)[0-9]{{2}}(?:[ -](?:19|20)[0-9]{{2}})+(?!{_JOINT}[0-9])"
_MONEY = r"[1-9][0-9]{0,9}(?:\.[0-9]{1,2})?"
# 元旦 and 元月 are no money: 88221234元旦期间打不通.
_UNIT = "(?: ?(?:元(?![旦月宵])|圆|块|人民币|rmb|cny|yuan|平方|㎡|m[2²]|亩|公斤|吨))"
_AMOUNT = (
    rf"{_MONEY}(?={_UNIT})|[1-9][0-9]{{0,6}} ?[-~] ?[1-9][0-9]{{0,6}}(?={_UNIT})"
    rf"|(?:(?<=[¥$])|(?<=[¥$] )|(?<=人民币)|(?<=rmb)|(?<=cny)){_MONEY}(?![0-9])"
)
# The product's own case numbers are no secret.
_CASE_NUMBER = "d20[0-9]{2}-[0-9]{5,7}(?![0-9])"
# A run of 7 digits or more could be a phone, a landline, a bank card or an identity number. Letters
# may stand before it (wx138…). It ends before a date or a time.
_LONG_NUMBER = rf"\+?[0-9](?:(?! (?:{_DATES}|{_TIME})){_NEXT_DIGIT}){{6,}}(?:{_JOINT}x(?![a-z]))?"
_NUMBER = re.compile(
    rf"(?<![0-9])(?:{_DATES}|{_TIME}|{_YEARS}|{_AMOUNT}|{_CASE_NUMBER}|(?P<secret>{_LONG_NUMBER}))"
)
# Spelt out: 一三八一二三四五六七八. Kept apart from the digits above: …5678一直打不通.
_SPELT_NUMBER = re.compile("[〇零○一二三四五六七八九幺](?:[ .-]?[〇零○一二三四五六七八九幺]){6,}")
_SHORTEST = {"name": 2, "address": 4, "number": 5}


def mask_name(name: str, kind: PartyKind = PartyKind.PERSON) -> str:
    """张三丰 -> 张某某, 欧阳锋 -> 欧阳某, 买买提阿布都拉 -> 买某某, John Smith -> J***.

    A person keeps the surname, and never more than two hidden characters show how long the rest is.
    Of a name with a middle dot only the first character stays, as in published judgments
    (最高人民法院 法释〔2016〕19号 第九条). An organisation keeps two characters at each end.
    """
    name = name.strip()
    if not name:
        return ""
    if kind is PartyKind.ORGANISATION:
        return f"{name[:2]}{HIDDEN}{name[-2:]}" if len(name) > 4 else f"{name[0]}{HIDDEN}"  # noqa: PLR2004
    if not _HAN.search(name):
        return f"{name[0]}{HIDDEN}"
    if len(name) > 4 or _MIDDLE_DOTS & set(name):  # noqa: PLR2004 - longer than any Han personal name
        return f"{name[0]}某某"
    surname = name[:2] if name[:2] in _COMPOUND_SURNAMES and len(name) > 2 else name[:1]  # noqa: PLR2004
    return surname + "某" * min(2, max(1, len(name) - len(surname)))


def mask_number(number: str, *, keep_start: int, keep_end: int) -> str:
    """Keep the ends and hide the middle; all of it where too little would be hidden."""
    hidden = len(number) - keep_start - keep_end
    if hidden < _FEWEST_HIDDEN:
        return HIDDEN if number else ""
    return number[:keep_start] + "*" * hidden + number[len(number) - keep_end :]


def mask_phone(phone: str) -> str:
    """13812345678 -> 138****5678."""
    return mask_number(phone, keep_start=3, keep_end=4)


def mask_identity_number(number: str) -> str:
    """510129199001011234 -> 5101**********1234."""
    return mask_number(number, keep_start=4, keep_end=4)


def mask_address(address: str) -> str:
    """An address below the community is nobody's business: only that there is one."""
    return HIDDEN if address else ""


def redact(
    text: str,
    names: Iterable[str],
    *,
    organisations: Iterable[str] = (),
    addresses: Iterable[str] = (),
    numbers: Iterable[str] = (),
) -> str:
    """Free text without what is known of the parties, and without any long number.

    People type names into descriptions. `names` of persons and `organisations` are masked;
    `addresses` (also without their administrative part) and `numbers` (phones, identity papers) are
    hidden, whatever case, width, blanks or dots they are written with. Beyond these every number
    that could be a phone, a bank card or an identity number is hidden, in digits or spelt out;
    dates, times, years, amounts of money and case numbers stay.
    """
    masks = {
        **{_value_pattern(one, "number"): HIDDEN for one in numbers},
        **{
            _value_pattern(part, "address"): HIDDEN
            for one in addresses
            for part in _parts_of_address(one)
        },
        **{_name_pattern(one): mask_name(one, PartyKind.ORGANISATION) for one in organisations},
        **{_name_pattern(one): mask_name(one) for one in names},
    }
    known = sorted(masks.keys() - {""}, key=len, reverse=True)
    if known:
        pattern = re.compile("|".join(f"({one})" for one in known))
        text = _replaced(text, pattern, lambda found: masks[known[(found.lastindex or 1) - 1]])
    text = _replaced(text, _NUMBER, lambda found: HIDDEN if found["secret"] else None)
    return _replaced(text, _SPELT_NUMBER, lambda _found: HIDDEN)


def _replaced(
    text: str, pattern: re.Pattern[str], mask: Callable[[re.Match[str]], str | None]
) -> str:
    """What `pattern` finds in the folded text, replaced in the text itself; None leaves it."""
    pieces = [(folded, place) for place, one in enumerate(text) for folded in _folded(one)]
    places = [*(place for _, place in pieces), len(text)]
    parts, done = [], 0
    for found in pattern.finditer("".join(folded for folded, _ in pieces)):
        shown = mask(found)
        if shown is not None:
            first, last = places[found.start()], places[found.end() - 1]
            parts += [text[done:first], shown]
            # A mark upon the last character goes with it.
            done = max(last + 1, places[found.end()])
    return "".join(chain(parts, [text[done:]]))


@lru_cache(maxsize=16384)
def _folded(character: str) -> str:
    """What a character counts as: one case, one width, no accent, plain digits, dashes and dots."""
    if character in _DASHES:
        return "-"
    if character in _MIDDLE_DOTS:
        return "."
    if character.isspace():
        return "\n" if character in "\n\r\v\f\u2028\u2029" else " "
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = [
        one
        for one in unicodedata.normalize("NFKD", character)
        if unicodedata.category(one) not in {"Mn", "Cf"}
    ]
    # Of ² or ① no digit is made: it would lengthen the number beside it.
    alone = len(plain) == 1 and not plain[0].isdigit()
    return plain[0].casefold() if alone else character.casefold() if plain else ""


def _words(value: str) -> list[str]:
    folded = "".join(map(_folded, value))
    return [word for word in re.split(r"[ .\-\n]+", folded) if word]


def _name_pattern(name: str) -> str:
    """A name as people write it: blanks between characters, any middle dot or none."""
    words = _words(name)
    if sum(map(len, words)) < _SHORTEST["name"]:
        return ""
    pattern = "[ .-]{0,2}".join(" ?".join(map(re.escape, word)) for word in words)
    before = f"(?<![{_LETTER}])" if re.match(f"[{_LETTER}]", words[0]) else ""
    after = f"(?![{_LETTER}])" if re.match(f"[{_LETTER}]", words[-1][-1]) else ""
    return f"{before}{pattern}{after}"


def _value_pattern(value: str, what: str) -> str:
    """A number or an address, whatever blanks, dashes and dots stand between its characters."""
    plain = "".join(_words(value))
    if what == "number":
        plain = "".join(filter(str.isalnum, plain))
    if len(plain) < _SHORTEST[what]:
        return ""
    pattern = "(?: ?[.-] ?| {1,2})?".join(map(re.escape, plain))
    return f"(?<![0-9]){pattern}(?![0-9])" if what == "number" else pattern


def _parts_of_address(address: str) -> Iterable[str]:
    """The address, and what of it is left without county, town or village: 稻香路147号."""
    yield address
    for border in re.finditer("自治区|[省市州县区镇乡村]|街道|社区", address):
        rest = address[border.end() :]
        if len(rest) > _SHORTEST["address"] and re.search(r"\d", rest):
            yield rest


def normalise_name(name: str) -> str:
    """The form of a name that its blind index is made of: NFKC, no blanks, no dots, no case."""
    if _NORMAL_NAME.fullmatch(name):
        return name
    return _joined(one for one in _nfkc(name).casefold() if one not in _MIDDLE_DOTS)


def normalise_phone(phone: str) -> str:
    """Digits only, without the country code: +86 138-1234-5678 -> 13812345678."""
    plain = phone.isascii() and phone.isdigit()
    digits = phone if plain else "".join(c for c in _nfkc(phone) if c.isdigit())
    mobile = digits.removeprefix("00").removeprefix("86")
    return mobile if len(mobile) == 11 and mobile.startswith("1") else digits  # noqa: PLR2004


def normalise_identity_number(number: str) -> str:
    """NFKC, no blanks, the check letter X upper case."""
    return _joined(_nfkc(number).upper())


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _joined(characters: Iterable[str]) -> str:
    """Without blanks; again in NFKC, because what stood apart may compose now."""
    return _nfkc("".join("".join(characters).split()))
