"""The frame around every page: brand, sections, place, person, demonstration mark, sign out."""

import json
from dataclasses import dataclass
from typing import Any

import streamlit as st

from data_access import reference
from data_access.queries import choices as choices_query
from domain.people import Actor, Permission, Scope
from texts import gettext as _
from texts import language
from texts.words import word
from ui import elements
from ui.cache import cached

_FRAME = elements.element("frame")
_PAGE_CSS = elements.style("page.css")


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One page in the menu: its section, its name, and its address without the slash."""

    section: str
    title: str
    address: str


def show(actor: Actor, menu: list[MenuItem], here: str) -> None:
    """Draw the frame. `here` is the address of the page that is shown."""
    # A CSS string is written as a JSON one.
    waiting = json.dumps(
        _("正在处理,请稍候。有文件正在写入时会排队,不会丢失。"), ensure_ascii=False
    )
    st.html(f"<style>:root {{ --wusong-waiting: {waiting}; }}\n{_PAGE_CSS}</style>")
    other = "en" if language() == "zh" else "zh"
    _FRAME(
        key="frame",
        data={
            "brand": _("无讼台"),
            "place": _place(actor),
            "demo": _("演示数据") if is_demo(actor) else "",
            "sections": _sections(menu, here),
            "person": actor.name,
            "post": _("、").join(sorted(word(role) for role in actor.roles)),
            "language": "English" if other == "en" else "中文",
            "language_code": other,
            "speaking": "zh-CN" if other == "en" else "en",
            "password": _("修改密码"),
            "sign_out": _("退出"),
        },
    )


def _sections(menu: list[MenuItem], here: str) -> list[dict[str, Any]]:
    """The menu's sections in their order, each with its pages."""
    pages: dict[str, list[dict[str, Any]]] = {}
    for one in menu:
        page = {"title": one.title, "href": _link(one.address), "here": one.address == here}
        pages.setdefault(one.section, []).append(page)
    return [{"title": section, "pages": found} for section, found in pages.items()]


def _link(address: str) -> str:
    return f"/{address}" if language() == "zh" else f"/{address}?lang={language()}"


def is_demo(actor: Actor) -> bool:
    """Whether this site shows simulated cases."""
    county = Scope(actor.county_id, whole_county=True)
    since = cached(
        "demo_since", lambda session: reference.site_fact(session, "demo_since"), scope=county
    )
    return since is not None


def _place(actor: Actor) -> str:
    if not actor.may(Permission.CASE_READ):
        return ""
    scope = actor.scope(Permission.CASE_READ)
    return cached(
        f"scope_name {language()}",
        lambda session: choices_query.scope_name(session, scope=scope),
        scope=scope,
    )
