"""The table of workloads to take along: what the page lists. The trail says who took it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import pandas as pd
import streamlit as st

from data_access import site
from data_access.commands.exports import record_workload_export
from domain.people import Actor
from domain.workload import MediatorLoad
from texts import gettext as _
from texts import loads as load_texts
from texts.numbers import moment
from ui import clock, workload_rows
from ui.csv_file import CSV, as_csv, taker
from ui.workload_bar import share_of
from ui.workload_rows import Line
from ui.workload_sight import Sight


def show(
    lines: Sequence[Line], sight: Sight, types: Mapping[str, str], *, actor: Actor, now: datetime
) -> None:
    """A button that saves what is listed: all of it, also what is too long to be drawn."""
    if not lines:
        return
    st.download_button(
        _("下载 CSV"),
        data=lambda: taken(lines, sight, types, actor, now),
        file_name=f"workload-{sight.today:%Y%m%d}.csv",
        mime=CSV,
        key="workload_csv",
        icon=":material/download:",
        on_click="ignore",
    )


def taken(
    lines: Sequence[Line], sight: Sight, types: Mapping[str, str], shown: Actor, read_at: datetime
) -> bytes:
    """The file, once the trail says who took it: asked again, since the button may be old."""
    now, seen = clock.now(), sight.looked
    record_workload_export(
        site.current().db,
        town_id=seen.town or None,
        committee_id=seen.committee,
        mediator_id=seen.person,
        day=sight.today,
        rows=len(lines),
        actor=taker(shown, now),
        now=now,
    )
    return as_csv(table(lines, sight, types), _about(sight, read_at))


def _about(sight: Sight, read_at: datetime) -> list[tuple[str, str]]:
    past = sight.looked.day
    told = f"{past}" if past else moment(read_at, now=read_at)
    return [
        (_("范围"), " › ".join(name for name, _place in sight.path())),
        (_("数据时间"), told),
        (_("负荷"), _("点数(含常设事务)除以未来两周实际在岗的全职人力;标准件为 1 点")),
    ]


def table(lines: Sequence[Line], sight: Sight, types: Mapping[str, str]) -> pd.DataFrame:
    """One row for each that the page lists, in its order."""
    if workload_rows.by_person(sight):
        found = [_person(one.people[0], sight, types) for one in lines]
    else:
        found = [
            {
                _("名称"): one.name,
                _("调委会数"): len({each.committee_id for each in one.people}),
                _("人数"): len(one.people),
                **_figures(one.people),
                _("请假人数"): sum(each.leave is not None for each in one.people),
            }
            for one in lines
        ]
    return pd.DataFrame(found, dtype=object)


def _person(one: MediatorLoad, sight: Sight, types: Mapping[str, str]) -> dict[str, object]:
    return {
        _("调解员"): one.name,
        _("调委会"): one.committee_name,
        _("乡镇"): sight.town_name(sight.town(one.committee_id)),
        _("上限(件)"): one.capacity,
        **_figures([one]),
        _("请假"): workload_rows.leave_text(one, sight),
        _("专长"): _("、").join(types.get(code, code) for code in one.specialities),
    }


def _booked(people: Sequence[MediatorLoad]) -> int | str:
    """Of a past day nobody knows what was booked then."""
    known = [one.booked for one in people if one.booked is not None]
    return sum(known) if len(known) == len(people) else "—"


def _figures(people: Sequence[MediatorLoad]) -> dict[str, object]:
    share = share_of(people)
    return {
        _("负荷({unit})").format(unit=load_texts.load_unit()): load_texts.load_text(
            workload_rows.load(people)
        ),
        _("占上限"): "—" if share is None else f"{share:.0%}",
        _("在办(件)"): sum(one.count for one in people),
        _("案件点数"): load_texts.points_text(sum(one.points for one in people)),
        _("常设事务点数"): load_texts.points_text(sum(one.duties for one in people)),
        _("超期(件)"): sum(one.late for one in people),
        _("本周到期(件)"): sum(one.due_this_week for one in people),
        _("过 30 天(件)"): sum(one.old for one in people),
        _("最久(天)"): max((one.oldest or 0 for one in people), default=0),
        _("近 28 天调解会"): sum(one.met for one in people),
        _("已约调解会"): _booked(people),
        _("近 28 天办结(件)"): sum(one.closed for one in people),
    }
