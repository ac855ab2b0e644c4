"""Walls (大屏) as devices in words: what was done to them, what was asked, and what was refused."""

from datetime import datetime
from typing import Any

from domain.errors import NotOnWall, Refusal, WallChanged, WallNotFound
from domain.trail import Names
from domain.walls import OrderKind, SceneKey, WallObjection
from texts.catalog import gettext as _
from texts.numbers import moment
from texts.words import word


def wall_deed_words() -> dict[str, str]:
    """What was done to a wall, or by one."""
    return {
        "wall:add": _("新增大屏"),
        "wall:change": _("变更大屏"),
        "wall:bind": _("变更大屏的网络地址"),
        "wall:new_token": _("更换大屏令牌"),
        "wall:revoke": _("停用大屏"),
        "wall:set_program": _("变更大屏节目"),
        "wall:order": _("指挥大屏"),
        "wall:enter": _("大屏接入"),
    }


def wall_lines(payload: dict[str, Any], names: Names, *, now: datetime) -> list[str]:
    """What a line of the trail about a wall says; what is told is taken out of the payload."""
    said = []
    if "order" in payload:
        said.append(_order(payload, names, now))
    if payload.pop("renamed", False):
        said.append(_("改了名称"))
    if "unit" in payload:
        new = _unit(payload.pop("unit"), names)
        old = payload.pop("old_unit", None)
        said.append(
            _("所在 {old} → {new}").format(old=_unit(old, names), new=new)
            if old is not None
            else _("所在 {place}").format(place=new)
        )
    if "address" in payload:
        new = _address(payload.pop("address"))
        if "old_address" in payload:
            old = _address(payload.pop("old_address"))
            said.append(_("网络地址 {old} → {new}").format(old=old, new=new))
        else:
            said.append(_("网络地址 {address}").format(address=new))
    if "steps" in payload:
        said += _program(payload)
    return said


def _order(payload: dict[str, Any], names: Names, now: datetime) -> str:
    """固定 一张图(安仁镇); 聚焦 安仁镇,到 3月2日 09:10."""
    kind = OrderKind(payload.pop("order"))
    scene, area = payload.pop("scene", None), payload.pop("area", None)
    until = payload.pop("until", None)
    place = names.areas.get(area, area) if area else ""
    told = word(SceneKey(scene)) if scene else place
    if scene and place:
        told = _("{scene}({place})").format(scene=told, place=place)
    said = _("{order} {what}").format(order=word(kind), what=told) if told else word(kind)
    if until is None:
        return said
    at = moment(datetime.fromisoformat(until), now=now)
    return _("{said},到 {time}").format(said=said, time=at)


def _unit(unit_id: int, names: Names) -> str:
    return names.units.get(unit_id) or _("区域 {number}").format(number=unit_id)


def _address(address: str | None) -> str:
    return _("不限") if address is None else address


def _program(payload: dict[str, Any]) -> list[str]:
    """值守 30 秒、一张图 20 秒; 按紧急程度排序; 有提示音(22:00 至 07:00 静音)."""
    steps = [
        _("{scene} {number} 秒").format(scene=word(SceneKey(key)), number=seconds)
        for key, seconds in payload.pop("steps")
    ]
    said = [_("、").join(steps)]
    if payload.pop("by_urgency", False):
        said.append(_("按紧急程度排序"))
    begins, ends = payload.pop("quiet")
    if payload.pop("chime", False):
        said.append(_("有提示音({begins} 至 {ends} 静音)").format(begins=begins[:5], ends=ends[:5]))
    return said


def wall_refused(refusal: Refusal, *, now: datetime | None) -> str | None:
    """Why a wall was not changed or steered; None for any other refusal."""
    match refusal:
        case WallChanged(by=by, at=at):
            if at is None or now is None:
                return _("这块大屏刚被他人变动,没有执行。请看清现在的情况再试,或仍要执行。")
            return _(
                "{who} 已于 {when} 变动了这块大屏,您的操作没有执行。请看清现在的情况再试,"
                "或仍要执行。"
            ).format(who=by or _("系统"), when=moment(at, now=now))
        case WallNotFound():
            return _("找不到这块大屏,或它不在您的范围内。请刷新后再看。")
        case NotOnWall(reasons=reasons):
            why = _("、").join(word(WallObjection(reason)) for reason in reasons)
            return _("没有执行:{reasons}。").format(reasons=why)
        case _other:
            return None
