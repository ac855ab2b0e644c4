"""What is said of an area's figure, as far as it may be told."""

from domain import classes
from domain.kpi import Figure, Measured
from domain.small_cells import LEAST_BASE
from texts import gettext as _
from texts import kpi as kpi_texts


def said(
    figure: Figure,
    one: Measured,
    *,
    suppressed: bool,
    outside: bool = False,
    together: bool = False,
) -> str:
    """A value in a tooltip and in the table."""
    if outside:
        return _("不在您的范围内")
    value, base = said_of(figure, one, suppressed=suppressed)
    text = f"{value}({base})" if base else value
    return _("{text},拆分、合并的区域合起来比较").format(text=text) if together else text


def said_of(figure: Figure, one: Measured, *, suppressed: bool) -> tuple[str, str]:
    """A value and what it rests on; the latter would tell what is suppressed."""
    if suppressed and classes.is_small(figure, one):
        return _("0–2 件"), ""
    if suppressed and classes.says_too_little(figure, one):
        return "—", _("数目过小")
    base = "" if suppressed or one.value is None else kpi_texts.base(figure, one)
    return kpi_texts.written(figure, one), base


def too_little() -> str:
    """What a legend says of areas without a colour where small figures are suppressed."""
    return _("没有数据、数目过小或基数不足 {least}").format(least=LEAST_BASE)
