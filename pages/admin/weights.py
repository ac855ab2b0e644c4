"""计点: what a case weighs, since when, by whom, and the tables to come; past months stay."""

from datetime import date

import streamlit as st

from data_access.queries.choices import case_types
from data_access.queries.loads import WeightVersion, weight_tables
from data_access.queries.rules import ChangeView, changes
from domain.clocks import day_of
from domain.limits import RuleKind
from domain.people import Permission
from texts import gettext as _
from texts import language
from texts.numbers import moment
from texts.weights import table_lines, table_text
from ui import clock, feedback, rule_preview, weight_change
from ui.cache import cached
from ui.session import acting, require

actor = require(Permission.RULES_KEEP)
feedback.show_told()
now = clock.now()
scope = actor.scope(Permission.RULES_KEEP)
chinese = language() == "zh"
HEAD = (_("版本"), _("有效"), _("内容"), _("录入"))
STYLES = ("keep", "keep", "", "keep")
TYPES = {
    one.code: one.name_zh if chinese else one.name_en
    for one in cached("case_types", case_types, scope=scope)
}


@feedback.left_to_the_page
def on_new() -> None:
    """A new table is wanted."""
    acting(Permission.RULES_KEEP)
    weight_change.open_form()


def version(one: WeightVersion) -> str:
    """第 3 版."""
    return _("第 {number} 版").format(number=one.table.version)


def since(one: WeightVersion) -> str:
    """From when it holds; withdrawn ones say so."""
    begins = one.table.valid_from
    said = _("系统默认") if begins == date.min else _("自 {day}").format(day=begins.isoformat())
    return said if one.withdrawn_at is None else _("{said} 已撤下").format(said=said)


def entered(one: WeightVersion) -> str:
    """Who made it and when."""
    if one.made_at is None:
        return _("系统默认")
    return f"{one.made_by or _('系统')} {moment(one.made_at, now=now)}"


def row(one: WeightVersion) -> tuple[str, ...]:
    """A version as a line."""
    return version(one), since(one), table_text(one.table, TYPES), entered(one)


def said(change: ChangeView) -> str:
    """What a change set."""
    told = _("撤下") if change.data.get("removed") else _("新增")
    number = _("第 {number} 版").format(number=change.data["version"])
    return f"{told} {number} · {_('自 {day}').format(day=change.data['valid_from'])}"


versions = cached(
    "weight_tables",
    lambda session: weight_tables(session, scope=scope, now=now),
    scope=scope,
    now=now,
)
(holding,) = (one for one in versions if one.in_force)
today = day_of(now)
coming = [one for one in versions if one.table.valid_from > today and one.withdrawn_at is None]
past = [one for one in versions if one is not holding and one not in coming]
with st.container(horizontal=True, vertical_alignment="center", key="weights_bar"):
    facts = dict.fromkeys((version(holding), since(holding), entered(holding)))
    rule_preview.show([rule_preview.heading(_("案件计点"), " · ".join(facts))], key="weights_title")
    st.button(
        _("新的计点表"), key="weights_new", type="primary", icon=":material/add:", on_click=on_new
    )
weight_change.show(now, holding.table, TYPES)
lines = rule_preview.table((_("项目"), _("计点")), table_lines(holding.table, TYPES), ("keep", ""))
rule_preview.show([lines], key="weights_holding")
if coming:
    title = rule_preview.heading(_("将要生效"), _("还没有案件按它计点,可以撤下"))
    rule_preview.show([title], key="weights_coming_title")
for one in coming:
    number = one.table.version
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"weights_coming_{number}"):
        line = rule_preview.table(HEAD, [row(one)], STYLES)
        rule_preview.show([line], key=f"weights_coming_row_{number}")
        weight_change.show_withdrawing(number)
if past:
    told = [
        rule_preview.heading(_("以往的表")),
        rule_preview.table(HEAD, [row(one) for one in past], STYLES),
    ]
    rule_preview.show(told, key="weights_past")
done = cached(
    "weight_changes",
    lambda session: changes(session, scope=scope, kind=RuleKind.WEIGHTS),
    scope=scope,
)
if done:
    history = rule_preview.history(done, said, now, moved=_("点数变动"))
    parts = [rule_preview.heading(_("变更记录")), history]
    rule_preview.show(parts, key="weights_history")
