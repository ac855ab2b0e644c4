"""The wall's sentences: what is held back is said as such, and no figure looks like another."""

from datetime import date, timedelta

import pytest

from domain.small_cells import HELD_BACK, Cell, Rate
from domain.wall_figures import Happened, WallFigure
from texts import wall


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (Cell(0), "0"),
        (Cell(1234), "1,234"),
        (Cell(None, 3), "<3"),
        (Cell(None, 5), "<5"),
        (HELD_BACK, "—"),
    ],
)
def test_a_count_says_whether_it_is_none_small_or_held_back(one, said):
    assert wall.cell(one) == said


def test_a_rate_is_said_with_its_base_or_not_at_all():
    assert (wall.rate(Rate(92.41, 812)), wall.base(Rate(92.41, 812))) == ("92.4%", "基数 812 件")
    assert (wall.rate(Rate(None, None)), wall.base(Rate(None, None))) == ("—", "")
    assert (wall.rate(None), wall.base(None)) == ("尚无记录", "")


def test_a_change_is_that_of_the_figures_that_are_shown():
    assert wall.rate_change(Rate(92.44, 99), Rate(91.25, 99)) == "较前一个月 +1.2 个百分点"
    assert wall.rate_change(Rate(91.24, 99), Rate(91.16, 99)) == "与前一个月持平"
    assert wall.rate_change(Rate(91.0, 99), Rate(92.0, 99)) == "较前一个月 -1.0 个百分点"
    assert wall.rate_change(Rate(91.0, 99), Rate(None, None)) == ""
    assert wall.rate_change(None, None) == ""


def test_today_is_compared_with_yesterday_at_the_same_time():
    assert wall.compared(23, 19) == "较昨日同一时刻 +4"
    assert wall.compared(1, 1201) == "较昨日同一时刻 -1,200"
    assert wall.compared(5, 5) == "与昨日同一时刻持平"


def test_days_are_whole_ones():
    assert wall.longest_overdue("沙渠街道", 6) == "最久 6 天(沙渠街道)"
    assert wall.longest_overdue("沙渠街道", 0) == "最久 不足 1 天(沙渠街道)"
    assert wall.longest_waiting("安仁镇", 2) == "最久等待 2 天(安仁镇)"


def test_the_ticker_tells_what_there_is_and_no_zeros():
    happened = {Happened.NEW: 3, Happened.SETTLED: 0, Happened.HANDED_ON: 1}
    assert wall.town_today("安仁镇", happened) == "今日 安仁镇:新登记 3 件,移交 1 件"
    assert wall.town_today("安仁镇", {}) == ""
    assert wall.kind_today("邻里纠纷", Happened.SETTLED, 5) == "今日 邻里纠纷:化解 5 件"


def test_a_silent_source_is_said_with_what_is_usual():
    said = wall.source_beyond(
        "12345热线转办", silent=timedelta(days=4, hours=2), within=timedelta(days=3)
    )
    assert said == "12345热线转办:已 4 天 2 小时 没有新记录(一般不超过 3 天)"


def test_the_last_day_of_the_months_is_said():
    assert wall.data_until(date(2026, 10, 31), today=date(2026, 11, 22)) == "截至10月31日"
    assert wall.data_until(date(2025, 12, 31), today=date(2026, 1, 2)) == "截至2025年12月31日"


def test_every_figure_says_what_it_counts():
    said = [wall.definition(one) for one in WallFigure]
    assert all(one.endswith("。") for one in said)
    assert len(set(said)) == len(said)
