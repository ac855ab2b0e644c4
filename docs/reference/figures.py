"""The county's figures: domain/kpi.py and its words as a page."""

from typing import Final

from docs.reference.markdown import code, page, section, table
from domain.kpi import Better
from domain.small_cells import LEAST_BASE
from domain.wall_figures import WallFigure
from texts import kpi as kpi_texts
from texts import wall as wall_texts
from texts.words import word

_BETTER: Final = {
    Better.DOWN: "越低越好",
    Better.UP: "越高越好",
    Better.NEITHER: "不分好坏:报得少不等于纠纷少",
}


def figures_page() -> str:
    """Each figure with its unit and what is counted, then what holds for all of them."""
    return page(
        "指标与口径",
        "每个指标只在一处定义;地图、面板、表格上同一个名字就是同一个数。",
        section("指标", table(("指标", "代码", "单位", "口径", "方向"), _rows())),
        section(
            "都适用的",
            "- 按**纠纷发生地**归到网格、社区、镇街;没有登记到网格的案件"
            "计入上级合计,图例写明有几件。\n"
            "- 时段是整天,按北京时间,含首尾两天。“在办”“已超期”“红色风险”是此刻的数;"
            "时段在过去的,是那段时间最后一刻的数,按当时留下的记录。\n"
            "- 区域合并之后,被并区域的案件归入接续它的区域;一分为几的,"
            "拆分之前的案件不硬分给任何一个,"
            "只计入上级合计。“较上一时段”跨过拆分时,拆出的几个合起来与原来的比。\n"
            "- 没有分母就没有比率,显示“—”,不显示 0%。\n"
            "- 看不到案件的岗位、大屏和投影模式:小于 3 件的合并为“0–2”,"
            f"基数不足 {LEAST_BASE} 的比率、中位数和变化不显示;"
            "一级里多数区域都这样,就改按上一级显示。",
        ),
        section("大屏", _of_the_wall(), wall_texts.small_cells()),
    )


def _of_the_wall() -> str:
    rows = [(word(one), code(one.value), wall_texts.definition(one)) for one in WallFigure]
    return table(("指标", "代码", "口径"), rows)


def _rows() -> list[tuple[str, ...]]:
    return [
        (
            kpi_texts.figure_name(one),
            code(one.key.value),
            kpi_texts.unit(one),
            kpi_texts.definition(one),
            _BETTER[one.better],
        )
        for one in kpi_texts.figures()
    ]
