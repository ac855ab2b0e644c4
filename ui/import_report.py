"""What is to be seen of an import: where it is, what comes of it, and of those before."""

from datetime import datetime
from typing import Any

from data_access.imports.outline import Outline
from data_access.imports.read import Peek
from data_access.imports.workbooks import MOST_ROWS
from data_access.queries.imports import Batch
from domain.imports import Profile, Report
from texts import gettext as _
from texts.imports import profile_name, reason_sentence, report_notes
from texts.numbers import count, moment
from ui import elements

_VIEW = elements.element("import_view")
_BYTES = (("MB", 1_000_000), ("KB", 1_000))
Block = dict[str, Any]


def show(blocks: list[Block], *, key: str) -> None:
    """Draw blocks below each other."""
    _VIEW(key=key, data={"blocks": blocks})


def steps(now: int) -> Block:
    """The way from a file to its rows, with the step that one is at, counted from 0."""
    names = (_("选文件"), _("对应列"), _("预演"), _("导入"))
    states = [
        "done" if place < now else "now" if place == now else "later" for place in range(len(names))
    ]
    return {
        "kind": "steps",
        "title": _("导入"),
        "steps": [
            {"name": name, "state": state} for name, state in zip(names, states, strict=True)
        ],
    }


def file(name: str, size: int, peek: Peek) -> Block:
    """Which file it is."""
    unit, divisor = next((one for one in _BYTES if size >= one[1]), _BYTES[-1])
    facts = [peek.kind.upper(), peek.encoding.upper(), f"{size / divisor:.1f} {unit}"]
    return {"kind": "file", "name": name, "facts": " · ".join(filter(None, facts))}


def columns_line(outlined: Outline, other_header_row: int | None) -> Block:
    """How many columns are taken, or why the file cannot be read with them."""
    taken = sum(bool(column.key) for column in outlined.columns)
    said = _("{taken} 列导入,{left} 列不导入").format(
        taken=taken, left=len(outlined.columns) - taken
    )
    if outlined.missing:
        missing = _("、").join(outlined.missing)
        return text(_("还缺必需的列:{missing}").format(missing=missing), "bad")
    if other_header_row is not None:
        sentence = _("照这样对应,第 {row} 行更像表头,请改选“表头在第几行”")
        return text(sentence.format(row=other_header_row), "bad")
    return text(said)


def figures(report: Report) -> Block:
    """What comes of the rows, in numbers."""
    named = (
        (_("共"), report.rows, ""),
        (_("新增"), report.added, "good" if report.added else ""),
        (_("更新"), report.changed, "good" if report.changed else ""),
        (_("未变"), report.unchanged, ""),
        (_("退回"), report.rejected, "bad" if report.rejected else ""),
    )
    return {
        "kind": "figures",
        "figures": [
            {"name": name, "count": _("{count} 行").format(count=f"{number:,}"), "mark": mark}
            for name, number, mark in named
        ],
    }


def notes(report: Report) -> list[Block]:
    """What the importer should know of columns and of rows that are taken."""
    lines = report_notes(report)
    return [{"kind": "lines", "lines": lines}] if lines else []


def heading(title: str, after: str = "") -> Block:
    """A heading, with a word beside it."""
    return {"kind": "heading", "text": title, "after": after}


def text(sentence: str, mark: str = "second") -> Block:
    """One sentence; `mark` is second, good, bad or warn."""
    return {"kind": "text", "text": sentence, "mark": mark}


def problems(report: Report) -> list[Block]:
    """The first rows that are sent back, by row, column and reason."""
    if not report.first_problems:
        return []
    shown = len({one.row_number for one in report.first_problems})
    more = _("先列 {shown} 行").format(shown=shown) if shown < report.rejected else ""
    return [
        heading(_("退回的行"), more),
        {
            "kind": "table",
            "head": [_("第几行"), _("列"), _("内容"), _("原因")],
            "styles": ["keep", "", "", ""],
            "rows": [
                {
                    "cells": [
                        str(one.row_number),
                        one.column,
                        one.value or "—",
                        reason_sentence(one.reason),
                    ]
                }
                for one in report.first_problems
            ],
        },
    ]


def rejects(batch_id: int, rejected: int, until: datetime, *, now: datetime) -> Block:
    """Where the rows that were sent back can be had."""
    return {
        "kind": "downloads",
        "before": _("退回的行改好后再导入:"),
        "links": [
            link | {"text": _("下载 {kind}").format(kind=link["text"])}
            for link in _reject_links(batch_id, rejected)
        ],
        "after": _("保存到 {day},含个人信息,改完请删除").format(day=_day(until, now)),
    }


def empty_tables() -> Block:
    """Tables to fill in, for those who have none."""
    links = [
        {
            "text": f"{profile_name(profile)} {kind.upper()}",
            "href": f"/files/empty/{profile}?as={kind}",
        }
        for profile in (Profile.CASES, Profile.COMMITTEES, Profile.UNITS)
        for kind in ("xlsx", "csv")
    ]
    return {"kind": "links", "before": _("没有表格?下载空表填写:"), "links": links, "after": ""}


def history(batches: list[Batch], *, now: datetime) -> list[Block]:
    """The files that were taken, the youngest first."""
    if not batches:
        return [
            heading(_("导入记录")),
            text(_("这里会列出导入过的文件:谁、什么时候、结果如何。现在还没有。")),
        ]
    head = (_("时间"), _("导入人"), _("种类"), _("文件名"))
    numbers = (_("新增"), _("更新"), _("未变"), _("退回"))
    return [
        heading(_("导入记录")),
        {
            "kind": "table",
            "head": [*head, *numbers, _("退回的行")],
            "styles": ["keep", "keep", "keep", "", *["number"] * len(numbers), ""],
            "rows": [_batch(one, now) for one in batches],
        },
    ]


def _batch(batch: Batch, now: datetime) -> dict[str, Any]:
    kept = batch.rejected > 0 and now < batch.rejects_until
    gone = _("已删除") if batch.rejected else "—"
    figures = (batch.added, batch.changed, batch.unchanged, batch.rejected)
    return {
        "cells": [
            moment(batch.at, now=now),
            batch.actor or _("系统"),
            profile_name(batch.profile),
            batch.file_name,
            *map(count, figures),
        ],
        "links": _reject_links(batch.batch_id, batch.rejected) if kept else [],
        "after": _("到 {day}").format(day=_day(batch.rejects_until, now)) if kept else gone,
    }


def _reject_links(batch_id: int, rejected: int) -> list[dict[str, str]]:
    kinds = ("xlsx", "csv") if rejected <= MOST_ROWS else ("csv",)
    return [
        {
            "text": kind.upper(),
            "href": f"/files/rejects/{batch_id}?as={kind}",
            "label": _("第 {batch} 批退回的行 {kind}").format(batch=batch_id, kind=kind.upper()),
        }
        for kind in kinds
    ]


def _day(at: datetime, now: datetime) -> str:
    return moment(at, now=now).rsplit(" ", 1)[0]
