"""What the desk is told of a wall: whether it is there, what it shows, who asked for it."""

from datetime import datetime
from typing import Any

from data_access.queries.walls import WallRow
from domain.walls import OrderKind, Presence, SceneKey, Shown
from texts import gettext as _
from texts.numbers import moment
from texts.words import word
from ui import rule_preview

_SHAPES = {
    Presence.SHOWING: "●",
    Presence.SILENT: "▲",
    Presence.NEVER: "○",
    Presence.REVOKED: "■",
}
# What a wall was sent last, as far as this process knows: the scene, and the order it follows.
Sent = tuple[SceneKey, int] | None
# How rule_preview marks a sentence.
_MARKS = {Presence.SHOWING: "good", Presence.SILENT: "bad"}


def title(row: WallRow) -> str:
    """前厅大屏."""
    return row.standing.name


def place(row: WallRow) -> str:
    """安仁镇 · 只限 10.1.2.3."""
    bound = (
        _("不限网络地址")
        if row.address is None
        else _("只限 {address}").format(address=row.address)
    )
    return f"{row.standing.unit_name} · {bound}"


def state(row: WallRow, sent: Sent, now: datetime) -> str:
    """● 正在显示 值守(轮播 2/4): as the wall was sent it, or as it follows from the clock."""
    said = f"{_SHAPES[row.presence]} {word(row.presence)}"
    if row.presence is Presence.REVOKED and row.revoked_at is not None:
        return f"{said} · {moment(row.revoked_at, now=now)}"
    if row.presence is Presence.SILENT and row.last_seen_at is not None:
        return _("{state},最后一次 {time}。请到现场看屏幕和网络。").format(
            state=said, time=moment(row.last_seen_at, now=now)
        )
    if row.presence is Presence.NEVER:
        return _("{state}。请在大屏的浏览器打开 /wall/enter,输入令牌。").format(state=said)
    assert row.shown is not None  # noqa: S101 - of a wall that was not taken back
    scene = row.shown.scene if sent is None else sent[0]
    return f"{said} {word(scene)}({_how(row.shown)})"


def _how(found: Shown) -> str:
    if found.spotlit:
        return _("聚焦")
    if found.pinned:
        return _("固定")
    if found.paused:
        return _("暂停")
    return _("轮播 {place}/{places}").format(place=found.place, places=found.places)


def order(row: WallRow, sent: Sent, now: datetime) -> str:
    """王值班 11月22日 14:05 固定 一张图,大屏已照办; empty before the first order."""
    given = row.standing.order
    if given is None or row.presence is Presence.REVOKED:
        return ""
    what = word(given.kind)
    if given.scene is not None and given.kind in {OrderKind.PIN, OrderKind.PAUSE}:
        what = f"{what} {word(given.scene)}"
    said = _("指令:{who} {time} {what}").format(
        who=given.by or _("系统"), time=moment(given.at, now=now), what=what
    )
    if given.spotlight is not None:
        until = moment(given.spotlight.until, now=now)
        said = _("{said},到 {time}").format(said=said, time=until)
    if row.presence is not Presence.SHOWING or sent is None:
        return said
    done = _("大屏已照办") if sent[1] >= given.version else _("大屏还没有照办")
    return f"{said} · {done}"


def blocks(row: WallRow, sent: Sent, now: datetime) -> list[dict[str, Any]]:
    """State and order, below each other."""
    mark = _MARKS.get(row.presence, "")
    told = [rule_preview.text(state(row, sent, now), mark)]
    if given := order(row, sent, now):
        told.append(rule_preview.text(given))
    return told
