"""The trail's lines on the screen: when, who, what was done to what, from where; pages."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from data_access.changes import Watermark
from data_access.commands.trail import WrittenReason
from data_access.queries.trail import Page
from domain.trail import Line, Names, SubjectKind
from texts import gettext as _
from texts import language
from texts.numbers import count
from texts.trail import deed, doer, doers_posts, second, subject
from texts.trail_details import details
from ui import elements, live

_LIST = elements.element("trail_list")


def show(
    page: Page,
    *,
    reasons: dict[int, WrittenReason],
    page_number: int,
    watermark: Watermark,
    now: datetime,
    on_turn: Callable[[], None],
) -> Any:
    """Draw the lines. What was clicked is in the result's `turn` during the callback's run."""
    live.show(watermark)
    return _LIST(
        key="trail_list",
        data={
            "rows": [_row(line, page.names, reasons.get(line.seq), now) for line in page.lines],
            "page": page_number,
            "has_back": page_number > 1,
            "has_next": page.next is not None,
            "words": {
                "empty": _("这里会列出谁在何时做了什么。当前条件下没有,可放宽时间或去掉条件再看。"),
                "reason": _("理由"),
                "back": _("上一页"),
                "next": _("下一页"),
                "position": _("第 {page} 页").format(page=page_number),
            },
        },
        on_turn_change=on_turn,
    )


def _row(line: Line, names: Names, reason: WrittenReason | None, now: datetime) -> dict[str, Any]:
    number = line.subject.removeprefix(f"{SubjectKind.CASE}:")
    return {
        "seq": line.seq,
        "number": _("第 {number} 条").format(number=count(line.seq)),
        "at": second(line.at, now=now),
        "who": doer(line, names),
        "posts": doers_posts(line, names),
        "deed": deed(line.action),
        "subject": subject(line, names),
        "href": _link(number) if line.opens else "",
        "details": " · ".join(details(line, names, now=now)),
        "reason": _reason(reason),
        "address": line.address or _("本机"),
        "session": (_("登录号 {number}").format(number=line.session_id) if line.session_id else ""),
    }


def _reason(reason: WrittenReason | None) -> str:
    if reason is None:
        return ""
    if not reason.words:
        return _("(密钥打不开)")
    if reason.proven:
        return reason.words
    return _("{words}(与链上指纹不符)").format(words=reason.words)


def _link(case_no: str) -> str:
    """The queue with the case's drawer open, in the language in use."""
    return f"/queue?case={case_no}" + ("" if language() == "zh" else f"&lang={language()}")
