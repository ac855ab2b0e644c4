"""Masks, redacted text, and the normal forms that values are found by."""

import re
from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as some

from domain.organisation import PartyKind
from domain.privacy import (
    HIDDEN,
    mask_address,
    mask_identity_number,
    mask_name,
    mask_number,
    mask_phone,
    normalise_identity_number,
    normalise_name,
    normalise_phone,
    redact,
)


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("张三", "张某"),
        ("张三丰", "张某某"),
        ("欧阳锋", "欧阳某"),
        ("诸葛孔明", "诸葛某某"),
        ("欧阳", "欧某"),  # two characters: a surname and a given name, not a bare compound surname
        ("阳", "阳某"),
        (" 张三 ", "张某"),
        ("", ""),
        ("   ", ""),
        # Of a name with a middle dot only the first character stays (法释〔2016〕19号 第九条).
        ("买买提·玉", "买某某"),
        ("阿卜杜拉·买买提", "阿某某"),
        ("约翰•史密斯", "约某某"),
        ("John Smith", "J***"),
        ("J", "J***"),
        ("José García", "J***"),
        ("Ольга", "О***"),
        # However long the name of a person is: the surname, and not how much is hidden.
        ("买买提阿布都拉", "买某某"),
        ("尼玛次仁旺堆", "尼某某"),
        ("张三四五", "张某某"),
    ],
)
def test_a_masked_name_keeps_the_surname(name, shown):
    assert mask_name(name) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("大邑县青禾物业服务有限公司", "大邑***公司"),
        ("ACME Trading Ltd", "AC***td"),
        # Both ends of a short name would be all of it.
        ("青禾公司", "青***"),
        ("青", "青***"),
        (" ", ""),
    ],
)
def test_a_masked_organisation_keeps_both_ends(name, shown):
    assert mask_name(name, PartyKind.ORGANISATION) == shown


@given(some.text(max_size=30), some.sampled_from(PartyKind))
def test_a_mask_shows_no_more_of_a_name_than_it_says(name, kind):
    shown = mask_name(name, kind).replace("某", "").replace("*", "")
    assert len(shown) <= (4 if kind is PartyKind.ORGANISATION else 2)


@pytest.mark.parametrize(
    ("mask", "number", "shown"),
    [
        (mask_phone, "13812345678", "138****5678"),
        (mask_phone, "028-88221234", "028*****1234"),
        # Where the kept ends leave less than four characters to hide, all of it is hidden.
        (mask_phone, "88221234", HIDDEN),
        (mask_phone, "8822123", HIDDEN),
        (mask_phone, "110", HIDDEN),
        (mask_phone, "", ""),
        (mask_identity_number, "510129199001011234", "5101**********1234"),
        (mask_identity_number, "510129900101123", "5101*******1123"),
        (mask_identity_number, "E12345678", HIDDEN),
        (mask_identity_number, "", ""),
        (mask_address, "安仁镇和众社区稻香路147号", HIDDEN),
        (mask_address, "", ""),
    ],
)
def test_a_masked_number_keeps_its_ends_only_where_enough_is_hidden(mask, number, shown):
    assert mask(number) == shown


@given(some.text("0123456789X", max_size=24), some.integers(0, 5), some.integers(0, 5))
def test_no_mask_of_a_number_shows_more_than_its_ends(number, start, end):
    shown = mask_number(number, keep_start=start, keep_end=end)
    assert sum(character != "*" for character in shown) <= start + end
    assert not number or shown.count("*") >= 3


PHONE, IDENTITY = "13812345678", "51012919900101123X"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("电话13812345678。", "电话***。"),
        ("电话 138 1234 5678。", "电话 ***。"),
        ("138-1234-5678", "***"),
        ("+86 138-1234-5678", "***"),
        ("１３８１２３４５６７８", "***"),
        ("138－1234—5678", "***"),
        ("（０２８）88221234，", "（０２８）***，"),
        # People put letters before a number.
        ("微信wx13812345678", "微信wx***"),
        ("QQ12345678,tel88221234", "QQ***,tel***"),
        ("身份证51012919900101123x", "身份证***"),
        ("身份证５１０１２９１９９００１０１１２３Ｘ", "身份证***"),
        # Two numbers run together are hidden to the end.
        (IDENTITY[:17] + "1" + IDENTITY, "***"),
        (PHONE + "13912345678", "***"),
        ("6222 0202 0001 2345 678", "***"),
        ("138.1234.5678或138·1234·5678", "***或***"),
        ("1.13812345678,2.139.1234.5678", "1.***,2.***"),
        ("138 - 1234 - 5678", "***"),
        ("１３８．１２３４．５６７８", "***"),
        ("138\u200b1234\u200b5678", "***"),
        ("١٣٨١٢٣٤٥٦٧٨", "***"),
        ("028-88221234", "***"),
        ("13812345678元旦打不通,88221234元月停机", "***元旦打不通,***元月停机"),
        ("510129 19900101 123 X", "***"),
        ("510129-1990-01-01-1234", "***"),
        ("电话一三八一二三四五六七八。", "电话***。"),
        ("电话幺三八 一二三四 五六七八", "电话***"),
        ("幺三九〇零○〇零〇零〇", "***"),
        ("13812345678一直打不通", "***一直打不通"),
        ("2026-11-22 08:30 13812345678 2026-11-23", "2026-11-22 08:30 *** 2026-11-23"),
        # What is no number of a person stays readable.
        ("2026-11-22 起请假", "2026-11-22 起请假"),
        ("2026-11-22一早", "2026-11-22一早"),
        ("2026-11-22 08:30:15", "2026-11-22 08:30:15"),
        ("2026-11-22T08:30:15+08:00", "2026-11-22T08:30:15+08:00"),
        ("2026.11.22-2026.11.25", "2026.11.22-2026.11.25"),
        ("2026.11.22-11.25", "2026.11.22-11.25"),
        ("2026-11-22/2026-11-25", "2026-11-22/2026-11-25"),
        ("2026-11 2026-12", "2026-11 2026-12"),
        ("11.22-11.25", "11.22-11.25"),
        ("2025-2026学年", "2025-2026学年"),
        ("二〇二六年十一月二十二日", "二〇二六年十一月二十二日"),
        ("赔偿1234567元", "赔偿1234567元"),
        ("赔偿1234567.89 元", "赔偿1234567.89 元"),
        ("赔偿12,345,678", "赔偿12,345,678"),
        ("赔偿5000-6000元,￥12345678", "赔偿5000-6000元,￥12345678"),
        ("面积80㎡ 123456元,1234567m²", "面积80㎡ 123456元,1234567m²"),
        ("漏水3次,索赔50000元", "漏水3次,索赔50000元"),
        ("见案件D2026-03187", "见案件D2026-03187"),
        ("2026年3月2日", "2026年3月2日"),
        ("(2026)川0129民初1234号", "(2026)川0129民初1234号"),
    ],
)
def test_long_numbers_are_hidden_in_free_text(text, shown):
    assert redact(text, ()) == shown


@pytest.mark.parametrize(
    ("text", "names", "shown"),
    [
        ("王小明称李大华漏水", ("王小明", "李大华"), "王某某称李某某漏水"),
        # The longer name first: 王小 is somebody else.
        ("王小明与王小", ("王小", "王小明"), "王某某与王某"),
        # In documents a name of two characters is often spread with a blank.
        ("张　三与王 小 明", ("张三", "王小明"), "张某与王某某"),
        ("阿卜杜拉•买买提反映", ("阿卜杜拉·买买提",), "阿某某反映"),
        ("张三", (" 张三 ",), "张某"),
        ("明天再谈", ("明", "", " "), "明天再谈"),
        ("John Smith said", ("John Smith",), "J*** said"),
        ("JOHN  SMITH, john-smith和ｊｏｈｎ　Ｓｍｉｔｈ", ("John Smith",), "J***, J***和J***"),
        ("STRASSE 与 Josephine", ("Straße", "José"), "S*** 与 Josephine"),
        ("JOSE\u0301来访", ("José",), "J***来访"),
        ("police", ("Li",), "police"),
        ("阿卜杜拉买买提反映", ("阿卜杜拉·买买提",), "阿某某反映"),
        ("(王五)", ("(王五)",), "(某某"),
    ],
)
def test_the_parties_names_are_masked_in_free_text(text, names, shown):
    assert redact(text, names) == shown


def test_what_is_known_of_the_parties_is_hidden_however_it_is_written():
    shown = redact(
        "青禾物业服务公司与王小明(家住安仁镇和众社区稻香路 147 号,又说稻香路147号)约在稻香路,"
        "证件e12345678,电话8822-123、８８２２１２３元",
        ("王小明",),
        organisations=("青禾物业服务公司",),
        addresses=("大邑县安仁镇和众社区稻香路147号", "安仁镇和众社区稻香路147号", "", "路"),
        numbers=("E12345678", "(0)8822123", "8822123", "", "1"),
    )
    assert shown == "青禾***公司与王某某(家住***,又说***)约在稻香路,证件***,电话***、***元"


def test_a_long_row_of_digits_is_read_in_time():
    row = "1 " * 5000
    assert redact(row, (), numbers=("1" * 17 + "2",)) == "*** "


han = some.text(some.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=20)
names = some.text(some.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2)
numbers = some.text("0123456789", min_size=7, max_size=40)


@given(han, names, han, numbers)
def test_neither_name_nor_number_is_left_in_the_text(before, name, between, number):
    shown = redact(f"{before}{name}{between}{number}", (name,))
    assert mask_name(name) == name or name not in shown
    assert not re.search(r"[0-9]{7}", shown)


# Neither digits, spelt digits nor what the names and numbers below are made of.
filler = some.text(some.sampled_from("他称楼上漏水要求赔偿,。;()、 \n电话:家住tel"), max_size=12)
mobiles = some.from_regex("1[3-9][0-9]{9}", fullmatch=True)
identities = some.from_regex("[1-9][0-9]{16}[0-9X]", fullmatch=True)
landlines = some.from_regex("0[1-9][0-9]{1,2}[2-8][0-9]{7}", fullmatch=True)
FULL_WIDTH = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


@some.composite
def written(draw, groups):
    """A number of such groups of digits, as one of the ways in which people write it."""
    number = draw(some.one_of(*groups))
    value = number
    cuts = {11: (3, 7), 12: (4, 8), 18: (6, 14)}[len(number)]
    joint = draw(some.sampled_from(["", " ", "-", ".", "·", "－", "—", "　", " - ", "\u200b"]))
    parts = [number[: cuts[0]], number[cuts[0] : cuts[1]], number[cuts[1] :]]
    text = joint.join(parts)
    return value, text.translate(FULL_WIDTH) if draw(some.booleans()) else text


@given(filler, written((mobiles, identities, landlines)), filler)
def test_no_number_of_a_person_is_left_in_any_writing(before, number, after):
    value, text = number
    shown = redact(f"{before}{text}{after}", ())
    left = [digit for digit in normalise_phone(shown) if digit in value]
    assert left == [], shown


@given(filler, mobiles, some.lists(some.sampled_from("〇零○"), min_size=11, max_size=11), filler)
def test_no_spelt_number_is_left(before, number, zeros, after):
    spelt = "".join(
        zero if digit == "0" else "一二三四五六七八九"[int(digit) - 1]
        for digit, zero in zip(number, zeros, strict=True)
    )
    shown = redact(f"{before}{spelt}{after}", ())
    assert not set(shown) & set("〇零○一二三四五六七八九")


latin = some.text(some.sampled_from("abcdeéößzABCDEÉÖZ"), min_size=2, max_size=8)


@given(filler, some.lists(latin, min_size=1, max_size=3), some.data())
def test_no_latin_name_is_left_in_any_case(before, words, data):
    name = " ".join(words)
    case = data.draw(some.sampled_from([str.upper, str.lower, str.title, str.swapcase]))
    shown = redact(f"{before},{case(name)}。", (name,))
    assert name.casefold() not in shown.casefold()
    assert shown == f"{redact(before, (name,))},{mask_name(name)}。"


dates = some.builds("{:%Y-%m-%d}".format, some.dates(date(1950, 1, 1), date(2050, 1, 1)))
times = some.builds("{:%H:%M:%S}".format, some.times())
amounts = some.builds("{}元".format, some.integers(1, 10**10 - 1))
thousands = some.builds("{:,}".format, some.integers(1, 10**12))
years = some.builds("{}-{}年".format, some.integers(1950, 2049), some.integers(1950, 2049))
harmless = some.one_of(dates, times, amounts, thousands, years, some.just("D2026-03187"))


@given(some.lists(harmless, max_size=4), some.lists(filler, min_size=5, max_size=5), names)
def test_a_text_without_persons_stays_as_it_is(numbers, between, name):
    text = between[0] + "".join(
        f"于{number}起{more}" for number, more in zip(numbers, between[1:], strict=False)
    )
    assume(name not in text.replace(" ", ""))
    assert redact(text, (name,), organisations=("青禾公司",), numbers=("13812345678",)) == text


# --- normal forms ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("normalise", "forms"),
    [
        (normalise_name, ["王小明", " 王小明 ", "王 小明", "王　小　明", "王\t小明\n"]),
        (normalise_name, ["John Smith", "JOHN SMITH", "ｊｏｈｎ　ｓｍｉｔｈ"]),
        (
            normalise_name,
            ["阿卜杜拉·买买提", "阿卜杜拉•买买提", "阿卜杜拉・买买提", "阿卜杜拉．买买提"],
        ),
        (
            normalise_phone,
            [
                "13812345678",
                "138 1234 5678",
                "138-1234-5678",
                "+86 13812345678",
                "(+86)138-1234-5678",
                "0086-13812345678",
                "１３８１２３４５６７８",
            ],
        ),
        (
            normalise_identity_number,
            [
                "51012919900101123X",
                "51012919900101123x",
                " 510129 19900101 123X ",
                "５１０１２９１９９００１０１１２３Ｘ",
            ],
        ),
    ],
)
def test_what_means_the_same_has_one_form(normalise, forms):
    assert {normalise(form) for form in forms} == {normalise(forms[0])} != {""}


def test_different_values_stay_different():
    assert normalise_name("王小明") != normalise_name("王小名")
    assert normalise_phone("13812345678") != normalise_phone("13812345679")
    # A landline that happens to begin like the country code is no mobile number.
    assert normalise_phone("86221234") == "86221234"
    assert normalise_phone("0862212345678") == "0862212345678"


@given(some.sampled_from([normalise_name, normalise_phone, normalise_identity_number]), some.text())
def test_a_normal_form_is_its_own(normalise, value):
    once = normalise(value)
    assert normalise(once) == once
