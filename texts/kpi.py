"""The figures in words: their names, units, and 口径: what is counted and what is left out."""

from datetime import date

from domain.kpi import FIGURES, Figure, FigureKey, Measure, Measured, Window
from texts.catalog import gettext as _
from texts.numbers import count
from texts.numbers import day as day_words


def figure_name(figure: Figure) -> str:
    """The name of a figure."""
    names = {
        FigureKey.OPEN: _("在办"),
        FigureKey.OVERDUE: _("已超期"),
        FigureKey.RED: _("红色风险"),
        FigureKey.NEW: _("新登记"),
        FigureKey.PER_THOUSAND: _("每千户新登记"),
        FigureKey.RESOLUTION: _("化解率"),
        FigureKey.ON_THE_SPOT: _("随手调占比"),
        FigureKey.MEDIAN_DAYS: _("办结天数"),
        FigureKey.CHANGE: _("较上一时段"),
    }
    return names[figure.key]


def definition(figure: Figure) -> str:
    """口径: what is counted, of what, what is left out, and on whose word."""
    sentences = {
        FigureKey.OPEN: _("尚未归档的案件,按纠纷发生地计;时段已过去的,是其最后一刻的数。"),
        FigureKey.OVERDUE: _("在办案件中到期时刻已过的;挂账中止的不计。"),
        FigureKey.RED: _("在办案件中风险等级为红色的。"),
        FigureKey.NEW: _("时段内登记的案件,按登记日、纠纷发生地计。"),
        FigureKey.PER_THOUSAND: _("时段内登记的案件 ÷ 户数 × 1000;户数为网格台账数。"),
        FigureKey.RESOLUTION: _(
            "时段内登记的案件中,至今已达成协议或自行和解的占比(按登记批次);一方拒绝调解、移送公安、"
            "不属受理范围和重复登记的不计入分母,达成协议后未履行转其他途径的不算化解。"
        ),
        FigureKey.ON_THE_SPOT: _(
            "时段内归档且化解的案件中,网格员随手调、一天内办结的占比;达成协议后未履行转其他途径的不算化解。"
        ),
        FigureKey.MEDIAN_DAYS: _(
            "时段内归档的案件,从登记到归档天数的中位数(不是平均数);移送公安、不属受理范围和重复登记的不计。"
        ),
        FigureKey.CHANGE: _("时段内登记的案件减去紧接其前、同样长的时段。"),
    }
    return sentences[figure.key]


def unit(figure: Figure) -> str:
    """What a value is in."""
    units = {
        Measure.CASES: _("件"),
        Measure.PER_THOUSAND: _("件/千户"),
        Measure.PERCENT: "%",
        Measure.DAYS: _("天"),
        Measure.DIFFERENCE: _("件"),
    }
    return units[figure.measure]


def number(figure: Figure, value: float) -> str:
    """A value without its unit: 12,345, 61.5, +12."""
    match figure.measure:
        case Measure.CASES:
            return count(round(value))
        case Measure.DIFFERENCE:
            return "0" if round(value) == 0 else f"{round(value):+,}"
        case _:
            return f"{value:,.1f}"


def written(figure: Figure, measured: Measured) -> str:
    """A value with its unit; "—" where there is nothing to say."""
    if measured.value is None:
        return "—"
    if figure.measure is Measure.PERCENT:
        return f"{number(figure, measured.value)}%"
    return _("{number} {unit}").format(number=number(figure, measured.value), unit=unit(figure))


def base(figure: Figure, measured: Measured) -> str:
    """What a value rests on: 20/25 件, 30 件 · 500 户, 4 件. Empty where it is the value itself."""
    match figure.measure:
        case Measure.PERCENT:
            return _("{part}/{whole} 件").format(
                part=count(measured.count), whole=count(measured.base)
            )
        case Measure.PER_THOUSAND:
            return _("{count} 件,{households} 户").format(
                count=count(measured.count), households=count(measured.base)
            )
        case Measure.DAYS:
            return _("{count} 件").format(count=count(measured.base))
        case Measure.DIFFERENCE:
            return _("{now} 件,此前 {before} 件").format(
                now=count(measured.count), before=count(measured.base - measured.count)
            )
        case Measure.CASES:
            return ""


def window_words(window: Window, *, today: date) -> str:
    """10月24日至11月22日, one day as that day."""
    first = day_words(window.first_day, today=today)
    if window.days == 1:
        return first
    last = day_words(window.last_day, today=today)
    return _("{first}至{last}").format(first=first, last=last)


def moment_words(window: Window, *, today: date) -> str:
    """截至10月24日: the moment at which a window that is over ended."""
    return _("截至{day}").format(day=day_words(window.last_day, today=today))


def figures() -> list[Figure]:
    """All figures in the order in which they are offered."""
    return [FIGURES[key] for key in FigureKey]
