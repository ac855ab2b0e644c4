"""The two tables in which somebody says what a file means: of its columns, and of its words."""

from collections.abc import Iterable
from typing import Any

import streamlit as st

from data_access.imports.columns import COLUMNS
from data_access.imports.headers import Fate
from data_access.imports.outline import FileColumn, Outline
from data_access.queries.import_mappings import Meaning, Meanings
from domain.imports import NOT_TAKEN, FileMapping, Profile, UnknownWord
from domain.people import Permission
from texts import gettext as _
from ui import elements, feedback, import_file
from ui.import_file import FileInHand
from ui.session import acting

_TABLE = elements.element("import_table")
_LONGEST_SHOWN = 40


def show_columns(hand: FileInHand, outlined: Outline) -> None:
    """Every column of the file with an example, and what it is taken for."""
    _TABLE(
        key="import_columns",
        data={
            "stamp": hand.stamp,
            "seen": hand.seen.get("import_columns", 0),
            "label": _("导入为"),
            "named": 1,
            "none": _("不导入"),
            "head": [_("列"), _("文件里的表头"), _("例子"), _("导入为")],
            "styles": ["narrow", "name", "second"],
            "lists": {"columns": _known_columns(hand.profile)},
            "rows": [_column(column, outlined) for column in outlined.columns],
        },
        on_choose_change=_columns_chosen,
    )


def show_words(hand: FileInHand, words: Iterable[UnknownWord], known: Meanings) -> None:
    """Every word that was not understood with the rows it costs, and what it means."""
    words = list(words)
    st.session_state["import_words_listed"] = words
    _TABLE(
        key="import_words",
        data={
            "stamp": hand.stamp,
            "seen": hand.seen.get("import_words", 0),
            "label": _("意思是"),
            "named": 1,
            "none": _("不处理,退回这些行"),
            "head": [_("列"), _("文件里写的"), _("退回"), _("意思是")],
            "styles": ["second", "name", "number"],
            "lists": _lists(words, known),
            "rows": [_word(hand.mapping, place, word) for place, word in enumerate(words)],
        },
        on_choose_change=_words_chosen,
    )


def choose_columns(hand: FileInHand, chosen: Iterable[tuple[str, str]]) -> None:
    """Take what was chosen, as (column's letter, key), in the order of the clicks."""
    keys = {column.key for column in COLUMNS[hand.profile]} | {NOT_TAKEN}
    for letter, key in chosen:
        column = next((one for one in hand.outline().columns if one.letter == letter), None)
        if column is not None and column.fate is not Fate.PROFILING and key in keys:
            import_file.mean(hand, column.header, key)


def choose_words(
    hand: FileInHand, words: list[UnknownWord], chosen: Iterable[tuple[str, str]]
) -> None:
    """Take what was chosen, as (place in the list, code); "" takes a meaning back."""
    codes = {name: dict(meant) for name, meant in hand.mapping.codes.items()}
    places = dict(hand.mapping.places)
    by_id = {str(place): word for place, word in enumerate(words)}
    for place, code in chosen:
        word = by_id.get(place)
        if word is None:
            continue
        meant = codes.setdefault(word.codes, {}) if word.codes else places
        meant.pop(word.word, None)
        if code:
            meant[word.word] = code
    codes = {name: meant for name, meant in codes.items() if meant}
    hand.mapping = FileMapping(hand.mapping.headers, codes, places)


@feedback.left_to_the_page
def _columns_chosen() -> None:
    hand, chosen = _said("import_columns")
    if hand is not None:
        choose_columns(hand, chosen)


@feedback.left_to_the_page
def _words_chosen() -> None:
    hand, chosen = _said("import_words")
    if hand is not None:
        choose_words(hand, st.session_state.get("import_words_listed", []), chosen)


def _said(table: str) -> tuple[FileInHand | None, list[tuple[str, str]]]:
    """The file in hand and what the browser says was chosen, as far as it is well formed."""
    acting(Permission.IMPORT_RUN)
    hand, said = import_file.in_hand(), st.session_state[table]["choose"]
    if hand is None or not isinstance(said, dict):
        return None, []
    pairs = said.get("chosen")
    number = said.get("number")
    hand.seen[table] = number if isinstance(number, int) else 0
    return hand, [
        (pair[0], pair[1])
        for pair in (pairs if isinstance(pairs, list) else [])
        if isinstance(pair, list) and [type(one) for one in pair] == [str, str]
    ]


def _known_columns(profile: Profile) -> list[dict[str, Any]]:
    columns = COLUMNS[profile]
    return [
        {
            "name": name,
            "options": [[one.key, one.header] for one in columns if one.required is required],
        }
        for name, required in ((_("必需"), True), (_("可选"), False))
    ]


def _column(column: FileColumn, outlined: Outline) -> dict[str, Any]:
    locked, note = "", ""
    if column.fate is Fate.PROFILING:
        locked = _("涉及个人画像,依法不采集,不读取")
    elif column.fate is Fate.REPEATED:
        first = _of_the_same_name(column, outlined)
        if first is not None:
            locked = _("与 {letter} 列同名,只用前一列").format(letter=first.letter)
        else:
            note = _("与前面的列重复")
    elif column.fate is Fate.NOT_KEPT:
        note = _("本系统用不到")
    return {
        "id": column.letter,
        "cells": [column.letter, column.header[:_LONGEST_SHOWN], column.example],
        "list": "columns",
        "chosen": column.key,
        "locked": locked,
        "note": note,
    }


def _of_the_same_name(column: FileColumn, outlined: Outline) -> FileColumn | None:
    found = (one for one in outlined.columns if one.header == column.header)
    first = next(found)
    return None if first is column else first


def _lists(words: list[UnknownWord], known: Meanings) -> dict[str, list[dict[str, Any]]]:
    lists: dict[str, list[dict[str, Any]]] = {}
    for word in words:
        name = _list_of(word)
        if name not in lists:
            of_list = known.codes[word.codes] if word.codes else known.places.get(word.level, ())  # type: ignore[arg-type]
            lists[name] = _grouped(of_list)
    return lists


def _grouped(meanings: Iterable[Meaning]) -> list[dict[str, Any]]:
    groups: dict[str, list[list[str]]] = {}
    for one in meanings:
        groups.setdefault(one.group, []).append([one.code, one.name])
    return [{"name": name, "options": options} for name, options in groups.items()]


def _list_of(word: UnknownWord) -> str:
    return word.codes or f"place:{word.level}"


def _word(mapping: FileMapping, place: int, word: UnknownWord) -> dict[str, Any]:
    meant = mapping.codes.get(word.codes, {}) if word.codes else mapping.places
    return {
        "id": str(place),
        "cells": [word.column, word.word, _("{count} 行").format(count=f"{word.rows:,}")],
        "list": _list_of(word),
        "chosen": meant.get(word.word, ""),
        "locked": "",
        "note": "",
    }
