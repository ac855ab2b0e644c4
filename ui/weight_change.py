"""Changing what cases weigh: a new table, looked at first; a table to come withdrawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.weights import add_weight_table, withdraw_weight_table
from data_access.queries.loads import WeightPreview, preview_weight_table
from data_access.weight_changes import require_valid_table
from domain.cases import OPEN_STAGES, Difficulty
from domain.clocks import day_of
from domain.errors import PreviewOutdated
from domain.limits import REASON_LONGEST
from domain.loads import (
    EXPONENT_MOST,
    FACTOR_LEAST,
    FACTOR_MOST,
    STANDARD_CASE,
    UNCHANGED,
    WEIGHT_MOST,
    WeightTable,
    proposed_table,
)
from domain.people import Actor, Permission
from texts import gettext as _
from texts.numbers import count
from texts.weights import table_text
from texts.words import word
from ui import clock, feedback, rule_preview, weight_effect
from ui.session import acting

_PLACE = "weights"
_COLUMNS = 5
_YEARS_OFFERED = 2
_key = partial(rule_preview.field, _PLACE)


@dataclass(frozen=True)
class Draft:
    """A table that was looked at, with what it would change; `key` makes applying safe."""

    table: WeightTable
    seen: WeightPreview
    key: str = field(default_factory=lambda: uuid4().hex)


def open_form() -> None:
    """Show the form for a new table, filled as the one in force."""
    put_away()
    st.session_state["weights_form"] = True


def put_away() -> None:
    """Forget what was entered and looked at."""
    rule_preview.put_away(_PLACE, "withdrawing", "proposed")


def show(now: datetime, holding: WeightTable, types: Mapping[str, str]) -> None:
    """The form, or what the table would change; nothing while neither is open.

    `holding` is the table of today, `types` the names of the types of dispute by code.
    """
    if not st.session_state.get("weights_form"):
        return
    with st.container(border=True, key="weights_change"):
        draft: Draft | None = st.session_state.get("weights_draft")
        if draft is None:
            _ask(now, holding, types)
            return
        begins = _("自 {day}").format(day=draft.table.valid_from.isoformat())
        blocks = [
            rule_preview.heading(_("预览:还没有改动"), _("核对后写明理由再应用")),
            rule_preview.text(f"{begins} · {table_text(draft.table, types)}", "warn"),
        ]
        rule_preview.show(blocks, key="weights_said")
        weight_effect.show(draft.seen, later=draft.table.valid_from > day_of(now))
        label = _("应用:新增这张计点表")
        rule_preview.ask_and_apply(_PLACE, label=label, apply=_apply, cancel=_cancel)


def _ask(now: datetime, holding: WeightTable, types: Mapping[str, str]) -> None:
    proposed = bool(st.session_state.get("weights_proposed"))
    base = proposed_table(version=0, valid_from=day_of(now)) if proposed else holding
    told = _("1 个标准案是两方当事人的一般纠纷。以往各月的点数不会改写。")
    blocks = [rule_preview.heading(_("新的计点表")), rule_preview.text(told)]
    rule_preview.show(blocks, key="weights_form_title")
    _ask_day_and_weights(base, now)
    _ask_factors(base)
    _ask_types(base, types)
    feedback.show_refusal(_PLACE)
    with st.container(horizontal=True, key="weights_form_row"):
        st.button(_("预览(不改动)"), key="weights_look", type="primary", on_click=_look_at_form)
        st.button(_("放弃"), key="weights_cancel", on_click=_cancel)
        st.button(
            _("填入建议系数"),
            key="weights_propose",
            type="tertiary",
            on_click=_propose,
            help=_("人数 0.35 次方、跨镇街 1.30、反复发生 1.25;县里应以自己的工时调查替换。"),
        )


def _ask_day_and_weights(base: WeightTable, now: datetime) -> None:
    today = day_of(now)
    first, *columns = st.columns(_COLUMNS)
    first.date_input(
        _("从哪一天起"),
        key=_key("from"),
        value=today,
        min_value=today,
        max_value=date(today.year + _YEARS_OFFERED, 12, 31),
        format="YYYY-MM-DD",
    )
    for column, difficulty in zip(columns, Difficulty, strict=True):
        column.number_input(
            _("{difficulty}(标准案)").format(difficulty=word(difficulty)),
            key=_key(f"difficulty_{difficulty}"),
            min_value=1 / STANDARD_CASE,
            max_value=WEIGHT_MOST / STANDARD_CASE,
            value=base.by_difficulty[difficulty] / STANDARD_CASE,
            step=1 / STANDARD_CASE,
            format="%.1f",
        )


def _factor(name: str, label: str, hundredths: int, *, help_text: str | None = None) -> None:
    st.number_input(
        label,
        key=_key(name),
        min_value=FACTOR_LEAST / UNCHANGED,
        max_value=FACTOR_MOST / UNCHANGED,
        value=hundredths / UNCHANGED,
        step=0.05,
        format="%.2f",
        help=help_text,
    )


def _ask_factors(base: WeightTable) -> None:
    rule_preview.show([rule_preview.text(_("系数:1.00 表示不变"))], key="weights_factors_title")
    first, second, third, *_rest = st.columns(_COLUMNS)
    with first:
        _factor("cross_town", _("跨镇街"), base.cross_town)
    with second:
        _factor("repeated", _("反复发生"), base.repeated)
    third.number_input(
        _("人数次方"),
        key=_key("people"),
        min_value=0.0,
        max_value=EXPONENT_MOST / UNCHANGED,
        value=base.people_exponent / UNCHANGED,
        step=0.05,
        format="%.2f",
        help=_("(人数÷2)的几次方;0 表示不看人数。"),
    )
    for start in range(0, len(OPEN_STAGES), _COLUMNS):
        row = OPEN_STAGES[start : start + _COLUMNS]
        for column, stage in zip(st.columns(_COLUMNS), row, strict=False):
            with column:
                _factor(f"stage_{stage}", word(stage), base.by_stage.get(stage, UNCHANGED))


def _ask_types(base: WeightTable, types: Mapping[str, str]) -> None:
    codes: list[str] = st.multiselect(
        _("按纠纷类型另计(两位代码是整个大类)"),
        list(types),
        default=[code for code in base.by_type if code in types],
        format_func=lambda code: f"{code} {types[code]}",
        key=_key("types"),
        placeholder=_("输入名称查找"),
    )
    for start in range(0, len(codes), _COLUMNS):
        for column, code in zip(
            st.columns(_COLUMNS), codes[start : start + _COLUMNS], strict=False
        ):
            with column:
                _factor(f"type_{code}", types[code], base.by_type.get(code, UNCHANGED))


def _number(name: str, unit: int) -> int:
    """A field's decimal in the whole unit that the table is kept in."""
    return round(float(st.session_state[_key(name)]) * unit)


def _entered() -> WeightTable:
    stages = {stage: _number(f"stage_{stage}", UNCHANGED) for stage in OPEN_STAGES}
    types = {code: _number(f"type_{code}", UNCHANGED) for code in st.session_state[_key("types")]}
    return WeightTable(
        0,
        st.session_state[_key("from")],
        {one: _number(f"difficulty_{one}", STANDARD_CASE) for one in Difficulty},
        # A type at 1.00 is told apart from its group, so it stays; a stage has no group.
        types,
        {stage: factor for stage, factor in stages.items() if factor != UNCHANGED},
        _number("people", UNCHANGED),
        _number("cross_town", UNCHANGED),
        _number("repeated", UNCHANGED),
    )


def _look_at_form() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        _look(_entered(), actor=actor, now=now)


def _look(table: WeightTable, *, actor: Actor, now: datetime) -> None:
    with site.current().db.read() as session:
        require_valid_table(session, table, county_id=actor.county_id, now=now)
        scope = actor.scope(Permission.RULES_KEEP)
        seen = preview_weight_table(session, scope=scope, table=table, now=now)
    st.session_state["weights_draft"] = Draft(table, seen)


def _apply() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        draft: Draft = st.session_state["weights_draft"]
        try:
            applied = add_weight_table(
                site.current().db,
                table=draft.table,
                reason=rule_preview.reason_given(_PLACE),
                seen=draft.seen.fingerprint,
                actor=actor,
                now=now,
                key=draft.key,
            )
        except PreviewOutdated:
            _look(draft.table, actor=actor, now=now)
            raise
        told = _("计点表已新增,{count} 件在办案件的点数随之变动。")
        rule_preview.tell_applied(told.format(count=count(applied.moved)))
        put_away()


@feedback.left_to_the_page
def _propose() -> None:
    acting(Permission.RULES_KEEP)
    open_form()
    st.session_state["weights_proposed"] = True


def show_withdrawing(version: int) -> None:
    """The way to withdraw a table to come, for a written reason."""
    if st.session_state.get("weights_withdrawing") != version:
        key = f"weights_withdraw_{version}"
        st.button(_("撤下"), key=key, on_click=_ask_withdrawing, args=(version,))
        return
    st.text_input(_("撤下的理由(必填)"), key=_key(f"why_{version}"), max_chars=REASON_LONGEST)
    feedback.show_refusal("weights_withdraw")
    with st.container(horizontal=True, key="weights_withdraw_row"):
        st.button(
            _("确认撤下"),
            key="weights_withdraw",
            type="primary",
            on_click=_withdraw,
            args=(version,),
        )
        st.button(_("放弃"), key="weights_keep", on_click=_cancel)


def _ask_withdrawing(version: int) -> None:
    with feedback.refusals_kept("weights_withdraw"):
        acting(Permission.RULES_KEEP)
        put_away()
        st.session_state["weights_withdrawing"] = version
        st.session_state["weights_withdrawing_key"] = uuid4().hex


def _withdraw(version: int) -> None:
    with feedback.refusals_kept("weights_withdraw"):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        withdraw_weight_table(
            site.current().db,
            version=version,
            reason=st.session_state[_key(f"why_{version}")],
            actor=actor,
            now=now,
            key=st.session_state["weights_withdrawing_key"],
        )
        rule_preview.tell_applied(_("计点表已撤下,原来的继续有效。"))
        put_away()


@feedback.left_to_the_page
def _cancel() -> None:
    acting(Permission.RULES_KEEP)
    put_away()
