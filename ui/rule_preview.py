"""What a change of the rules would do, before it is applied, and the reason that applies it."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import streamlit as st

from data_access import site
from data_access.deadlines import DeadlineMove, Preview
from data_access.queries.rules import ChangeView
from domain.limits import REASON_LONGEST
from texts import gettext as _
from texts.numbers import count, due_day, moment
from texts.words import word
from ui import elements, feedback

_VIEW = elements.element("import_view")
Block = dict[str, Any]


def show(blocks: Sequence[Block], *, key: str) -> None:
    """Draw blocks below each other."""
    _VIEW(key=key, data={"blocks": list(blocks)})


def heading(text: str, after: str = "") -> Block:
    """A heading of a part."""
    return {"kind": "heading", "text": text, "after": after}


def text(sentence: str, mark: str = "") -> Block:
    """A sentence; `mark` is good, warn or bad."""
    return {"kind": "text", "text": sentence, "mark": mark}


def table(head: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str]) -> Block:
    """A table of plain texts."""
    cells = [{"cells": list(row)} for row in rows]
    return {"kind": "table", "head": list(head), "styles": list(styles), "rows": cells}


def moves(found: Preview, now: datetime) -> list[Block]:
    """How many deadlines move, where, and the earliest of them."""
    if not found.moved:
        blocks = [text(_("没有在办案件的期限会变动。"), "good")]
        return blocks + _kept(found)
    figures = (
        (_("期限变动"), found.moved, ""),
        (_("延后"), found.later, ""),
        (_("提前"), found.earlier, ""),
        (_("因此超期"), found.turn_late, "bad" if found.turn_late else ""),
        (_("不再超期"), found.no_longer_late, "good" if found.no_longer_late else ""),
    )
    blocks = [
        {
            "kind": "figures",
            "figures": [
                {"name": name, "count": _("{count} 件").format(count=count(number)), "mark": mark}
                for name, number, mark in figures
            ],
        },
        text(_spread(_("按环节"), [(word(stage), number) for stage, number in found.by_stage])),
        text(_spread(_("按镇街"), found.by_town)),
    ]
    if found.same_day:
        told = _("其中 {count} 件到期日不变,只是临期提醒的时间或依据变动。")
        blocks.append(text(told.format(count=count(found.same_day))))
    head = (_("案件"), _("环节"), _("原期限"), _("新期限"), _("变化"))
    rows = [_row(one, now) for one in found.examples]
    after = _("最早到期的 {shown} 件,共 {all} 件").format(shown=len(rows), all=count(found.moved))
    return [
        *blocks,
        *_kept(found),
        heading(_("例"), after),
        table(head, rows, ("keep", "keep", "keep", "keep", "")),
    ]


def _kept(found: Preview) -> list[Block]:
    if not found.kept:
        return []
    told = _("{count} 件保持原期限:已经超期的不改写,已按另一种单位延期的不换算。")
    return [text(told.format(count=count(found.kept)), "warn")]


def _spread(title: str, parts: Sequence[tuple[str, int]]) -> str:
    told = _("、").join(f"{name} {count(number)}" for name, number in parts)
    return _("{title}:{parts}").format(title=title, parts=told)


def _row(one: DeadlineMove, now: datetime) -> tuple[str, ...]:
    before, after = one.before.due_at, one.after.due_at
    if one.is_late and not one.was_late:
        change = _("■ 因此超期")
    elif one.was_late and not one.is_late:
        change = _("● 不再超期")
    elif after == before:
        change = _("到期日不变")
    else:
        days = abs((after - before).days)
        change = (_("延后 {days} 天") if after > before else _("提前 {days} 天")).format(days=days)
    return (
        one.case.case_no,
        word(one.stage),
        due_day(before, now=now),
        due_day(after, now=now),
        change,
    )


def field(place: str, name: str) -> str:
    """A field's key: another in each round, so that a form that was put away comes empty."""
    return f"{place}_{name}_{st.session_state.get(f'{place}_round', 0)}"


def put_away(place: str, *names: str) -> None:
    """Forget what was entered and looked at."""
    st.session_state[f"{place}_round"] = st.session_state.get(f"{place}_round", 0) + 1
    for name in ("form", "draft", *names):
        st.session_state.pop(f"{place}_{name}", None)


def reason_given(place: str) -> str:
    """The reason as it stands in the form."""
    reason: str = st.session_state[field(place, "reason")]
    return reason


def tell_applied(sentence: str) -> None:
    """Say that it was done; the page reads anew in this very run."""
    site.current().watcher.look()
    feedback.tell(sentence)


def ask_and_apply(
    place: str, *, label: str, apply: Callable[[], None], cancel: Callable[[], None]
) -> None:
    """The written reason and the two buttons under a preview."""
    st.text_input(
        _("理由(必填)"),
        key=field(place, "reason"),
        max_chars=REASON_LONGEST,
        placeholder=_("例:国办发明电〔2026〕号通知,县综治委会议决定"),
    )
    feedback.show_refusal(place)
    with st.container(horizontal=True, key=f"{place}_apply_row"):
        st.button(label, key=f"{place}_apply", type="primary", on_click=apply)
        st.button(_("放弃"), key=f"{place}_cancel", on_click=cancel)


def history(
    found: Sequence[ChangeView],
    what: Callable[[ChangeView], str],
    now: datetime,
    *,
    moved: str | None = None,
) -> Block:
    """Who changed what, when, why, and how many cases moved: their deadlines, or what is said."""
    head = (_("时间"), _("由谁"), _("改了什么"), _("理由"), moved or _("期限变动"))
    rows = [
        (
            moment(one.at, now=now),
            one.actor_name or _("系统"),
            what(one),
            one.reason,
            _("{count} 件").format(count=count(one.moved)),
        )
        for one in found
    ]
    return table(head, rows, ("keep", "keep", "", "", "number"))
