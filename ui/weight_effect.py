"""What a table of weights would make of the cases and of every load, before it is applied."""

from collections.abc import Sequence

import streamlit as st

from data_access.queries.loads import LoadShift, WeightPreview
from texts import gettext as _
from texts.loads import load_text, points_text
from texts.numbers import count
from ui import rule_preview

_FIRST = 8


def show(found: WeightPreview, *, later: bool) -> None:
    """Figures, the loads that change most, and all else folded; `later`: not from today."""
    if not found.moved:
        nothing = rule_preview.text(_("没有在办案件的点数会变动。"), "good")
        rule_preview.show([nothing], key="weights_effect")
        return
    blocks = [_figures(found)]
    if later:
        told = _("到那一天才按当时在办的案件改点数;以下按今天在办的案件估计。")
        blocks.append(rule_preview.text(told, "warn"))
    rule_preview.show(blocks, key="weights_effect")
    titles = (_("调委会的负荷"), _("调解员的负荷"))
    sides = tuple(zip(titles, (found.committees, found.mediators), strict=True))
    for place, (column, (title, shifts)) in enumerate(zip(st.columns(2), sides, strict=True)):
        with column:
            rule_preview.show(_loads(title, shifts[:_FIRST], len(shifts)), key=f"weights_{place}")
    with st.expander(_("全部变动的负荷,变动最大的案件")):
        everything = [block for title, shifts in sides for block in _loads(title, shifts)]
        rule_preview.show([*_cases(found), *everything], key="weights_effect_all")


def _figures(found: WeightPreview) -> rule_preview.Block:
    figures = (
        (_("案件变动"), _("{count} 件").format(count=count(found.moved))),
        (_("加重"), _("{count} 件").format(count=count(found.heavier))),
        (_("减轻"), _("{count} 件").format(count=count(found.lighter))),
        (_("这些案件原有点数"), points_text(found.points_before)),
        (_("这些案件新的点数"), points_text(found.points_after)),
    )
    drawn = [{"name": name, "count": said, "mark": ""} for name, said in figures]
    return {"kind": "figures", "figures": drawn}


def _cases(found: WeightPreview) -> list[rule_preview.Block]:
    head = (_("案件"), _("原点数"), _("新点数"))
    rows = [
        (one.case_no, points_text(one.before), points_text(one.after)) for one in found.examples
    ]
    after = _("变动最大的 {shown} 件,共 {all} 件").format(shown=len(rows), all=count(found.moved))
    return [
        rule_preview.heading(_("案件"), after),
        rule_preview.table(head, rows, ("keep", "number", "number")),
    ]


def _loads(
    title: str, shifts: Sequence[LoadShift], total: int | None = None
) -> list[rule_preview.Block]:
    """Each load before and after; `total` is how many change where not all are told."""
    shown = _("变动最大的 {shown} 个,共 {all} 个").format(
        shown=len(shifts), all=count(total or len(shifts))
    )
    head = (_("名称"), _("原负荷"), _("新负荷"))
    rows = [(_name(one), load_text(one.before), load_text(one.after)) for one in shifts]
    return [
        rule_preview.heading(title, shown if len(shifts) < (total or 0) else ""),
        rule_preview.table(head, rows, ("", "number", "number")),
    ]


def _name(one: LoadShift) -> str:
    if one.committee_name == one.name:
        return one.name
    return _("{name}({committee})").format(name=one.name, committee=one.committee_name)
