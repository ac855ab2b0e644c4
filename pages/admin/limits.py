"""时限: how long each stage may take, since when, by which source, and what is to come."""

from collections.abc import Sequence

import streamlit as st

from data_access.queries.rules import ChangeView, Rule, changes, limit_table
from domain.cases import OPEN_STAGES, Difficulty, Stage
from domain.clocks import Limit, LimitUnit, day_of
from domain.limits import LEVELS, RuleKind
from domain.organisation import UnitLevel
from domain.people import Permission
from texts import gettext as _
from texts.numbers import moment
from texts.rules import amount, for_whom, validity
from texts.words import word
from ui import clock, feedback, limit_change, rule_preview
from ui.cache import cached
from ui.session import acting, require

actor = require(Permission.RULES_KEEP)
feedback.show_told()
now = clock.now()
scope = actor.scope(Permission.RULES_KEEP)
HEAD = (_("环节"), _("范围"), _("时限"), _("有效"), _("依据"), _("录入"))
STYLES = ("keep", "keep", "keep", "keep", "", "")


@feedback.left_to_the_page
def on_new() -> None:
    """A new rule is wanted."""
    acting(Permission.RULES_KEEP)
    limit_change.open_form()


def in_order(rule: Rule) -> tuple[int, int, int]:
    """By stage, then difficulty, then level; what is for all comes first."""
    limit = rule.limit
    hard = list(Difficulty).index(limit.difficulty) + 1 if limit.difficulty else 0
    level = LEVELS.index(limit.level) + 1 if limit.level else 0
    return OPEN_STAGES.index(limit.stage), hard, level


def rows(rules: Sequence[Rule]) -> list[tuple[str, ...]]:
    """A line for each rule."""
    return [
        (
            word(rule.limit.stage),
            for_whom(rule.limit),
            amount(rule.limit),
            validity(rule.limit),
            rule.limit.source,
            _("系统默认")
            if rule.at is None
            else f"{rule.changed_by or _('系统')} {moment(rule.at, now=now)}",
        )
        for rule in rules
    ]


def said(change: ChangeView) -> str:
    """What a change set."""
    data = change.data
    limit = Limit(
        Stage(data["stage"]),
        data["amount"],
        LimitUnit(data["unit"]),
        Difficulty(data["difficulty"]) if data["difficulty"] else None,
        level=UnitLevel(data["unit_level"]) if data["unit_level"] else None,
    )
    told = _("撤下") if data.get("removed") else _("新增")
    first = _("自 {day}").format(day=data["valid_from"])
    return f"{told} {word(limit.stage)} · {for_whom(limit)} · {amount(limit)} · {first}"


table = cached(
    "limit_table", lambda session: limit_table(session, scope=scope, now=now), scope=scope, now=now
)
with st.container(horizontal=True, vertical_alignment="center", key="limits_bar"):
    today = _("截至今天({day})").format(day=day_of(now).isoformat())
    rule_preview.show([rule_preview.heading(_("办理时限"), today)], key="limits_title")
    st.button(
        _("新的时限"), key="limits_new", type="primary", icon=":material/add:", on_click=on_new
    )
holding = sorted(table.holding, key=in_order)
limit_change.show(now, holding)
rule_preview.show([rule_preview.table(HEAD, rows(holding), STYLES)], key="limits_holding")
if table.coming:
    coming = rule_preview.heading(_("将要生效"), _("还没有期限按它计算,可以撤下"))
    rule_preview.show([coming], key="limits_coming_title")
for rule in table.coming:
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"limits_coming_{rule.id}"):
        line = rule_preview.table(HEAD, rows([rule]), STYLES)
        rule_preview.show([line], key=f"limits_coming_row_{rule.id}")
        limit_change.show_removing(rule)
done = cached(
    "limit_changes",
    lambda session: changes(session, scope=scope, kind=RuleKind.LIMITS),
    scope=scope,
)
if table.over:
    over = [rule_preview.heading(_("已经失效")), rule_preview.table(HEAD, rows(table.over), STYLES)]
    rule_preview.show(over, key="limits_over")
if done:
    parts = [rule_preview.heading(_("变更记录")), rule_preview.history(done, said, now)]
    rule_preview.show(parts, key="limits_history")
