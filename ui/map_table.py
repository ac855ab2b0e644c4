"""The map's figures as a table: for keyboards and screen readers, and to take along."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from data_access import site
from data_access.commands.exports import record_figures_export
from texts import gettext as _
from texts import kpi as kpi_texts
from texts.numbers import moment
from texts.words import word
from ui import clock
from ui.csv_file import CSV, as_csv, taker
from ui.map_drawn import Drawn
from ui.map_sight import Reading


def show(maps: Sequence[Drawn], reading: Reading, *, notes: Sequence[str]) -> None:
    """A table of the areas in sight, folded away; what it offers to save is what it shows.

    `notes` say what else has to be known of the figures. What is saved leaves a line in the trail.
    """
    last = maps[-1]
    title = _("以表格查看({level})").format(level=word(last.level))
    place = st.expander(title, icon=":material/table:", key="map_table", on_change="rerun")
    # A table that nobody has opened is not made at every refresh.
    if not place.open:
        return
    with place:
        table = rows(maps, reading)
        st.dataframe(table, hide_index=True, key="map_rows", height=min(420, 38 + 35 * len(table)))
        about = [
            (kpi_texts.figure_name(last.figure), kpi_texts.definition(last.figure)),
            (_("数据时间"), moment(reading.now, now=reading.now)),
            *((_("说明"), note) for note in notes),
        ]
        st.download_button(
            _("下载 CSV"),
            data=lambda: _taken(reading, last, table, about),
            file_name=_file_name(last),
            mime=CSV,
            key="map_csv",
            icon=":material/download:",
        )


def _taken(
    reading: Reading, drawn: Drawn, table: pd.DataFrame, about: Sequence[tuple[str, str]]
) -> bytes:
    """The file, once the trail says who took it: asked again, since the button may be old."""
    now = clock.now()
    record_figures_export(
        site.current().db,
        figure=drawn.figure.key,
        window=drawn.window,
        area=reading.shown.area.code,
        rows=len(table),
        suppressed=reading.suppressed,
        actor=taker(reading.sight.actor, now),
        now=now,
    )
    return as_csv(table, about)


def rows(maps: Sequence[Drawn], reading: Reading) -> pd.DataFrame:
    """One row an area: its place, its name, and its value in each window, as far as it is told."""
    by_code: dict[str, dict[str, str]] = {}
    for one in maps:
        visible = one.mask or "1" * len(one.areas)
        name = _column(one, reading)
        for area, text, sign in zip(one.areas, one.texts, visible, strict=True):
            if sign == "1":
                row = by_code.setdefault(
                    area.code,
                    {_("编码"): area.code, _("区域"): one.places.full_name(area)},
                )
                row[name] = text
    return pd.DataFrame(list(by_code.values())).fillna("—")


def _column(one: Drawn, reading: Reading) -> str:
    name, today = kpi_texts.figure_name(one.figure), reading.today
    if not one.figure.at_moment:
        return f"{name} {kpi_texts.window_words(one.window, today=today)}"
    if one.window.last_day == today:
        return name
    return f"{name} {kpi_texts.moment_words(one.window, today=today)}"


def _file_name(one: Drawn) -> str:
    days = f"{one.window.first_day:%Y%m%d}-{one.window.last_day:%Y%m%d}"
    return f"map-{one.figure.key.value}-{days}.csv"
