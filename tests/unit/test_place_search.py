"""A place is found by what people type of its name."""

from dataclasses import dataclass

import pytest

from ui.place_search import find, spelled


@dataclass(frozen=True)
class Place:
    name: str


PLACES = [
    Place(name)
    for name in (
        "大邑县",
        "安仁镇",
        "䢺江镇",
        "晋原街道",
        "安仁社区",
        "和众社区",
        "红星村",
        "新安社区",
        "第1网格",
    )
]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("安仁", ["安仁镇", "安仁社区"]),
        ("安仁镇", ["安仁镇"]),
        ("anren", ["安仁镇", "安仁社区"]),
        ("AR", ["安仁镇", "安仁社区"]),
        ("arz", ["安仁镇"]),
        ("an ren zhen", ["安仁镇"]),
        ("chujiang", ["䢺江镇"]),
        ("䢺", ["䢺江镇"]),
        ("安", ["安仁镇", "安仁社区", "新安社区"]),
        ("renzhen", ["安仁镇"]),
        ("第1", ["第1网格"]),
        ("不存在", []),
        ("  ", []),
        ("{{ 7*191 }}", []),
    ],
)
def test_a_place_is_found_by_characters_pinyin_or_initials(typed, found):
    assert [place.name for place in find(PLACES, typed)] == found


def test_a_name_as_it_is_said_in_short_comes_first():
    places = [Place("新红星村"), Place("红星社区居委会"), Place("红星村")]
    assert find(places, "红星")[0].name == "红星村"


def test_no_more_are_found_than_can_be_shown():
    places = [Place(f"安仁第{number}网格") for number in range(40)]
    assert find(places, "安仁", most=8) == places[:8]


def test_a_name_is_spelled_without_tones():
    assert spelled("大邑县") == ("dayixian", "dyx")
