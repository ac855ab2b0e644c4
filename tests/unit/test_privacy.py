"""Masks, redacted text, and the normal forms that values are found by."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

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
        ("大邑县青禾物业服务有限公司", "大邑***公司"),
    ],
)
def test_a_masked_name_keeps_the_surname(name, shown):
    assert mask_name(name) == shown


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
        # What is no number of a person stays readable.
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
        ("(王五)", ("(王五)",), "(某某某"),
    ],
)
def test_the_parties_names_are_masked_in_free_text(text, names, shown):
    assert redact(text, names) == shown


han = some.text(some.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=20)
names = some.text(some.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=2)
numbers = some.text("0123456789", min_size=7, max_size=40)


@given(han, names, han, numbers)
def test_neither_name_nor_number_is_left_in_the_text(before, name, between, number):
    shown = redact(f"{before}{name}{between}{number}", (name,))
    assert mask_name(name) == name or name not in shown
    assert not re.search(r"[0-9]{7}", shown)


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
