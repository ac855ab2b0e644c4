"""The figures of the wall, each named and defined once: in words by texts/wall.py."""

from enum import StrEnum


class WallFigure(StrEnum):
    """What a tile shows; a scene has at most seven."""

    NEW_TODAY = "new_today"  # 今日新增
    DUE = "due"  # 24 小时内到期
    OVERDUE = "overdue"  # 已超期
    RED = "red"  # 红色风险
    WAITING = "waiting"  # 待指派
    UNANSWERED = "unanswered"  # 部门未应
    OPEN = "open"  # 在办
    BAND = "band"  # 负荷
    FREE = "free"  # 空闲
    AWAY = "away"  # 今日请假
    RESOLUTION = "resolution"  # 化解率
    PERFORMANCE = "performance"  # 履行率
    CONFIRMATION = "confirmation"  # 申请司法确认
    VISITED = "visited"  # 回访率
    SATISFACTION = "satisfaction"  # 满意率
    REGISTERED = "registered"  # 今年登记
    SETTLED = "settled"  # 今年化解
    TREND = "trend"  # 近 12 个月


class Happened(StrEnum):
    """What became of cases on a day, for the ticker (动态), which is never finer than the day."""

    NEW = "new"  # 新登记
    SETTLED = "settled"  # 化解: an agreement, or the parties' own
    HANDED_ON = "handed_on"  # 移交: to court, arbitration, an authority or the police
