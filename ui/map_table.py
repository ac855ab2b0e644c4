"""The map's figures as a table: for keyboards and screen readers, and to take along."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from texts import gettext as _
from texts import kpi as kpi_texts
from texts.words import word
from ui import map_view
from ui.map_drawn import Drawn
from ui.map_state import Shown

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def show(drawn: Sequence[Drawn], shown: Shown) -> None:
    """A table of the areas in sight, folded away; what it offers to save is what it shows."""
    last = drawn[-1]
    title = _("以表格查看({level})").format(level=word(last.level))
    with st.expander(title, icon=":material/table:", key="map_table"):
        table = rows(drawn, shown)
        st.dataframe(table, hide_index=True, key="map_rows", height=min(420, 38 + 35 * len(table)))
        st.download_button(
            _("下载 CSV"),
            data=lambda: as_csv(table),
            file_name=_file_name(last),
            mime="text/csv",
            key="map_csv",
            icon=":material/download:",
        )


def rows(drawn: Sequence[Drawn], shown: Shown) -> pd.DataFrame:
    """One row an area: its place, its name, and its value in each window, as far as it is told."""
    by_code: dict[str, dict[str, str]] = {}
    for one in drawn:
        visible = one.mask or "1" * len(one.areas)
        name = _column(one, shown)
        for area, measured, sign in zip(one.areas, one.found, visible, strict=True):
            if sign == "1":
                row = by_code.setdefault(
                    area.code,
                    {_("编码"): area.code, _("区域"): one.places.full_name(area)},
                )
                row[name] = map_view.said(one, area, measured)
    return pd.DataFrame(list(by_code.values())).fillna("—")


def as_csv(table: pd.DataFrame) -> bytes:
    """UTF-8 with a mark that spreadsheets know it by; no cell begins a formula."""
    safe = table.map(lambda cell: f"'{cell}" if str(cell).startswith(_FORMULA) else cell)
    return safe.to_csv(index=False).encode("utf-8-sig")


def _column(one: Drawn, shown: Shown) -> str:
    name = kpi_texts.figure_name(shown.figure)
    if shown.figure.at_moment and one.window == shown.window:
        return name
    today = max(one.window.last_day, shown.window.last_day)
    return f"{name} {kpi_texts.window_words(one.window, today=today)}"


def _file_name(one: Drawn) -> str:
    days = f"{one.window.first_day:%Y%m%d}-{one.window.last_day:%Y%m%d}"
    return f"map-{one.figure.key.value}-{days}.csv"
