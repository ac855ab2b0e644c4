"""The wall in words: counts that may be held back, comparisons, the ticker, ages, and 口径."""

from collections.abc import Mapping
from datetime import date, timedelta

from domain.small_cells import FEWEST_SENSITIVE, FEWEST_TOLD, LEAST_BASE, Cell, Rate
from domain.wall_figures import Happened, WallFigure
from texts.catalog import gettext as _
from texts.numbers import day, exact, span
from texts.words import word


def cell(one: Cell) -> str:
    """12, or <3 for what is too small to be told, or a dash for what is held back for its sake."""
    if one.count is not None:
        return exact(one.count)
    return f"<{one.under}" if one.under else "—"


def small_cells() -> str:
    """Why some counts are not told."""
    return _(
        "1 至 {most} 件显示为“<{fewest}”(婚恋家庭、医疗、未成年人事项为“<{grave}”);"
        "为免由合计推算而不单列的显示为“—”;基数不足 {base} 的比率不显示。"
    ).format(most=FEWEST_TOLD - 1, fewest=FEWEST_TOLD, grave=FEWEST_SENSITIVE, base=LEAST_BASE)


def rate(one: Rate | None) -> str:
    """92.4%; a dash where it rests on too few; 尚无记录 where nobody records it."""
    if one is None:
        return not_recorded()
    return "—" if one.percent is None else f"{one.percent:.1f}%"


def base(one: Rate | None) -> str:
    """基数 812 件; nothing where there is no rate."""
    if one is None or one.base is None:
        return ""
    return _("基数 {number} 件").format(number=exact(one.base))


def answers(satisfaction: Rate, answered: Rate) -> str:
    """参评率 89.0%,3,812 方作答: without it a rate of satisfaction says nothing."""
    if satisfaction.base is None or answered.percent is None:
        return ""
    return _("参评率 {rate},{number} 方作答").format(
        rate=rate(answered), number=exact(satisfaction.base)
    )


def rate_change(now: Rate | None, before: Rate | None) -> str:
    """较前一个月 +1.2 个百分点; nothing where one of them is not told."""
    if now is None or before is None or now.percent is None or before.percent is None:
        return ""
    # Of what is shown, so that the two and their difference agree.
    change = round(now.percent, 1) - round(before.percent, 1)
    if not round(change, 1):
        return _("与前一个月持平")
    return _("较前一个月 {change} 个百分点").format(change=f"{change:+.1f}")


def not_recorded() -> str:
    """What a tile says where nothing in the database answers it."""
    return _("尚无记录")


def compared(today: int, before: int) -> str:
    """较昨日同一时刻 +4."""
    if today == before:
        return _("与昨日同一时刻持平")
    return _("较昨日同一时刻 {change}").format(change=f"{today - before:+,}")


def days(number: int) -> str:
    """6 天; less than one day as that."""
    if number < 1:
        return _("不足 1 天")
    return _("{number} 天").format(number=exact(number))


def longest_overdue(town: str, number: int) -> str:
    """最久 6 天(沙渠街道)."""
    return _("最久 {days}({town})").format(days=days(number), town=town)


def longest_waiting(town: str, number: int) -> str:
    """最久等待 2 天(安仁镇)."""
    return _("最久等待 {days}({town})").format(days=days(number), town=town)


# --- the ticker --------------------------------------------------------------------------------


def town_today(town: str, happened: Mapping[Happened, int]) -> str:
    """今日 安仁镇:新登记 3 件,化解 2 件; empty where nothing happened."""
    told = [
        _("{what} {number} 件").format(what=word(what), number=exact(happened[what]))
        for what in Happened
        if happened.get(what)
    ]
    if not told:
        return ""
    return _("今日 {town}:{what}").format(town=town, what=_(",").join(told))


def kind_today(kind: str, what: Happened, number: int) -> str:
    """今日 邻里纠纷:化解 5 件."""
    said = _("{what} {number} 件").format(what=word(what), number=exact(number))
    return _("今日 {kind}:{what}").format(kind=kind, what=said)


def quiet_day() -> str:
    """What the ticker says while nothing has happened."""
    return _("今日尚无动态")


# --- ages --------------------------------------------------------------------------------------


def source_beyond(source: str, *, silent: timedelta, within: timedelta) -> str:
    """12345热线转办:已 4 天 2 小时没有新记录(一般不超过 3 天)."""
    return _("{source}:已 {silent} 没有新记录(一般不超过 {within})").format(
        source=source, silent=span(silent), within=span(within)
    )


def data_until(months_end: date, *, today: date) -> str:
    """截至10月31日: the last day of what a rate is made of."""
    return _("截至{day}").format(day=day(months_end, today=today))


# --- 口径 --------------------------------------------------------------------------------------


def definition(figure: WallFigure) -> str:
    """口径: what is counted, of what, and what is left out."""
    sentences = {
        WallFigure.NEW_TODAY: _("今日零时(北京时间)起登记的案件;比较的是昨日零时到同一时刻。"),
        WallFigure.DUE: _("在办案件中 24 小时内到期、尚未超期的;挂账中止的不计。"),
        WallFigure.OVERDUE: _("在办案件中到期时刻已过的;挂账中止的不计。天数只计满整天的。"),
        WallFigure.RED: _("在办案件中风险等级为红色(R1)的。"),
        WallFigure.WAITING: _("已受理、尚未指派调解员的案件;挂账中止的不计。天数自受理或退回起。"),
        WallFigure.UNANSWERED: _("系统没有记录向部门提出的请求和部门的答复,因此没有这个数。"),
        WallFigure.OPEN: _("尚未归档的案件,按纠纷发生地计。"),
        WallFigure.BAND: _(
            "调委会全体调解员在办案件和固定职责的点数 ÷ 今后两周在岗可承担的点数:"
            "不到一半为有余力,九成起为接近满负荷,超过为超负荷。"
        ),
        WallFigure.FREE: _("今日在岗、承担的点数不到本人上限一半的调解员。"),
        WallFigure.AWAY: _("今日请假、培训或借调的调解员。"),
        WallFigure.RESOLUTION: _(
            "这些月份登记的案件中,至今已达成协议或自行和解的占比(按登记批次);一方拒绝调解、移送公安、"
            "不属受理范围和重复登记的不计入分母,达成协议后未履行转其他途径的不算化解。"
        ),
        WallFigure.PERFORMANCE: _(
            "这些月份登记、已达成协议的案件中,已履行的 ÷(已履行 + 未履行 + 到期仍未履行);"
            "未到期的不计。"
        ),
        WallFigure.CONFIRMATION: _(
            "这些月份登记、达成书面协议的案件中,已申请司法确认的占比;法院的裁定不在此列。"
        ),
        WallFigure.VISITED: _(
            "这些月份登记、已达成协议的案件中,已回访的 ÷(已回访 + 到期仍未回访)。"
        ),
        WallFigure.SATISFACTION: _(
            "这些月份登记的案件回访时,作答的各方中满意和基本满意的占比;双方各算一方。"
            "参评率是被询问的各方中作答的占比。"
        ),
        WallFigure.REGISTERED: _("今年 1 月 1 日起登记的案件。"),
        WallFigure.SETTLED: _("今年登记的案件中,至今已达成协议或自行和解的。"),
        WallFigure.TREND: _("全县每月登记和归档的件数,最近 12 个整月;本月未完,不画。"),
    }
    return sentences[figure]
