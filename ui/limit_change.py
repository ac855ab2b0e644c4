"""Changing the limits: a new rule, looked at first; a rule to come withdrawn."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.limits import add_limit, remove_limit
from data_access.deadlines import Preview
from data_access.queries.rules import Rule, preview_limit
from data_access.rule_changes import require_valid_rule
from domain.cases import OPEN_STAGES, Difficulty
from domain.clocks import Limit, LimitUnit, day_of
from domain.errors import PreviewOutdated
from domain.limits import (
    AMOUNT_MOST,
    BEFORE_ANYBODY,
    LEVELS,
    REASON_LONGEST,
    SOURCE_LONGEST,
    goes_before,
)
from domain.people import Actor, Permission
from texts import gettext as _
from texts.numbers import count
from texts.rules import amount, for_whom, validity
from texts.words import word
from ui import clock, feedback, rule_preview
from ui.session import acting

_PLACE = "limits"
_key = partial(rule_preview.field, _PLACE)


@dataclass(frozen=True)
class Draft:
    """A rule that was looked at, with what it would move; `key` makes applying safe."""

    rule: Limit
    open_cases: bool
    seen: Preview
    key: str = field(default_factory=lambda: uuid4().hex)


def open_form() -> None:
    """Show the form for a new rule, empty."""
    put_away()
    st.session_state["limits_form"] = True


def put_away() -> None:
    """Forget what was entered and looked at."""
    rule_preview.put_away(_PLACE, "removing")


def show(now: datetime, holding: Sequence[Rule]) -> None:
    """The form, or what the rule would change; nothing while neither is open.

    `holding` are the rules of today: the more special ones go on before a new one.
    """
    if not st.session_state.get("limits_form"):
        return
    with st.container(border=True, key="limits_change"):
        draft: Draft | None = st.session_state.get("limits_draft")
        if draft is None:
            _ask(now)
            return
        rule = draft.rule
        said = f"{word(rule.stage)} · {for_whom(rule)} · {amount(rule)} · {validity(rule)}"
        blocks = [
            rule_preview.heading(_("预览:还没有改动"), _("核对后写明理由再应用")),
            rule_preview.text(said, "warn"),
            *rule_preview.moves(draft.seen, now),
        ]
        if special := [one.limit for one in holding if goes_before(one.limit, rule)]:
            named = _("、").join(f"{for_whom(one)} {amount(one)}" for one in special)
            told = _("这些更具体的规则仍然优先:{rules}。").format(rules=named)
            blocks.append(rule_preview.text(told, "warn"))
        rule_preview.show(blocks, key="limits_moves")
        label = _("应用:新增这条时限")
        rule_preview.ask_and_apply(_PLACE, label=label, apply=_apply, cancel=_cancel)


def _ask(now: datetime) -> None:
    rule_preview.show(
        [
            rule_preview.heading(_("新的时限")),
            rule_preview.text(
                _(
                    "同一范围的旧规则到那一天为止,不会改写。难度、层级更具体的规则优先,难度先于层级。"
                )
            ),
        ],
        key="limits_form_title",
    )
    first, second, third = st.columns(3)
    stage = first.selectbox(_("环节"), OPEN_STAGES, key=_key("stage"), format_func=word)
    second.selectbox(
        _("难度"),
        list(Difficulty),
        key=_key("difficulty"),
        format_func=word,
        index=None,
        placeholder=_("全部"),
    )
    third.selectbox(
        _("层级(承办调委会的层级)"),
        LEVELS,
        key=_key("level"),
        format_func=word,
        index=None,
        placeholder=_("全部"),
        disabled=stage in BEFORE_ANYBODY,
    )
    first.number_input(
        _("时限"),
        key=_key("amount"),
        min_value=1,
        max_value=AMOUNT_MOST,
        value=7,
        step=1,
    )
    second.segmented_control(
        _("单位"),
        list(LimitUnit),
        key=_key("unit"),
        format_func=lambda unit: _unit_names()[unit],
        default=LimitUnit.WORKING_DAYS,
    )
    today = day_of(now)
    begins = third.date_input(
        _("从哪一天起"),
        key=_key("from"),
        value=today,
        min_value=today,
        max_value=date(today.year + 2, 12, 31),
        format="YYYY-MM-DD",
    )
    st.text_input(
        _("依据(必填:法律或文件)"),
        key=_key("source"),
        max_chars=SOURCE_LONGEST,
        placeholder=_("例:县综治委〔2026〕12 号"),
    )
    st.toggle(
        _("已在该环节的案件也适用(已经超期的保持原期限)"),
        key=_key("open_cases"),
        disabled=begins != today,
        help=_("只有今天生效的规则可以选:以后生效时,哪些案件在该环节现在还不知道。"),
    )
    feedback.show_refusal(_PLACE)
    with st.container(horizontal=True, key="limits_form_row"):
        st.button(_("预览(不改动)"), key="limits_look", type="primary", on_click=_look_at_form)
        st.button(_("放弃"), key="limits_cancel", on_click=_cancel)


def _unit_names() -> dict[LimitUnit, str]:
    return {LimitUnit.WORKING_DAYS: _("工作日"), LimitUnit.CALENDAR_DAYS: _("日历天")}


def _entered(now: datetime) -> tuple[Limit, bool]:
    """The rule of the form, and whether open cases take it over."""
    values, today = st.session_state, day_of(now)
    stage, begins = (
        values[_key("stage")],
        values[_key("from")],
    )
    rule = Limit(
        stage,
        int(values[_key("amount")]),
        values[_key("unit")] or LimitUnit.WORKING_DAYS,
        values[_key("difficulty")],
        begins,
        None,
        values[_key("source")].strip(),
        level=None if stage in BEFORE_ANYBODY else values[_key("level")],
    )
    return rule, bool(values[_key("open_cases")]) and begins == today


def _look_at_form() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        rule, open_cases = _entered(now)
        _look(rule, open_cases=open_cases, actor=actor, now=now)


def _look(rule: Limit, *, open_cases: bool, actor: Actor, now: datetime) -> None:
    with site.current().db.read() as session:
        require_valid_rule(session, rule, open_cases=open_cases, now=now)
        seen = preview_limit(
            session,
            scope=actor.scope(Permission.RULES_KEEP),
            rule=rule,
            open_cases=open_cases,
            now=now,
        )
    st.session_state["limits_draft"] = Draft(rule, open_cases, seen)


def _apply() -> None:
    with feedback.refusals_kept(_PLACE):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        draft: Draft = st.session_state["limits_draft"]
        try:
            applied = add_limit(
                site.current().db,
                rule=draft.rule,
                open_cases=draft.open_cases,
                reason=rule_preview.reason_given(_PLACE),
                fingerprint=draft.seen.fingerprint,
                actor=actor,
                now=now,
                key=draft.key,
            )
        except PreviewOutdated:
            _look(draft.rule, open_cases=draft.open_cases, actor=actor, now=now)
            raise
        told = _("时限已新增,{count} 件在办案件的期限随之变动。")
        rule_preview.tell_applied(told.format(count=count(applied.moved)))
        put_away()


def show_removing(rule: Rule) -> None:
    """A rule to come with the way to withdraw it, for a written reason."""
    if st.session_state.get("limits_removing") != rule.id:
        st.button(
            _("撤下"), key=f"limits_remove_{rule.id}", on_click=_ask_removing, args=(rule.id,)
        )
        return
    st.text_input(
        _("撤下的理由(必填)"),
        key=_key(f"why_{rule.id}"),
        max_chars=REASON_LONGEST,
    )
    feedback.show_refusal("limits_remove")
    with st.container(horizontal=True, key="limits_remove_row"):
        st.button(
            _("确认撤下"),
            key="limits_remove",
            type="primary",
            on_click=_remove,
            args=(rule.id,),
        )
        st.button(_("放弃"), key="limits_keep", on_click=_cancel)


def _ask_removing(rule_id: int) -> None:
    with feedback.refusals_kept("limits_remove"):
        acting(Permission.RULES_KEEP)
        put_away()
        st.session_state["limits_removing"] = rule_id
        st.session_state["limits_removing_key"] = uuid4().hex


def _remove(rule_id: int) -> None:
    with feedback.refusals_kept("limits_remove"):
        actor, now = acting(Permission.RULES_KEEP), clock.now()
        remove_limit(
            site.current().db,
            rule_id=rule_id,
            reason=st.session_state[_key(f"why_{rule_id}")],
            actor=actor,
            now=now,
            key=st.session_state["limits_removing_key"],
        )
        rule_preview.tell_applied(_("时限规则已撤下,原来的规则继续有效。"))
        put_away()


@feedback.left_to_the_page
def _cancel() -> None:
    acting(Permission.RULES_KEEP)
    put_away()
