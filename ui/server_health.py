"""How this server does, for who keeps the walls: screens, refresh times, memory, data's age."""

from datetime import datetime

from data_access import site
from texts import gettext as _
from texts.numbers import clock_time, count
from ui import refreshes, rule_preview

# What a refresh may take before whoever looks would feel it.
_SLOW_MS = 150
_ENOUGH = 60
_MEGABYTE = 1_000_000


def show(now: datetime) -> None:
    """Draw it. Of this process alone: a second server tells of itself on its own page."""
    here = site.current()
    mark, lately, held = here.watcher.seen(now=now), refreshes.lately(), refreshes.memory()
    age = max(0.0, (now - mark.read_at).total_seconds())
    # Of few the slowest is the first of a page, which reads what later ones are given from memory.
    sign = "" if lately.count < _ENOUGH else "bad" if lately.ninety_fifth > _SLOW_MS else "good"
    figures = [
        (_("正在看的页面"), count(lately.screens), ""),
        (
            _("刷新用时(中位 / P95)"),
            _("{median} / {most} 毫秒").format(
                median=count(round(lately.median)), most=count(round(lately.ninety_fifth))
            ),
            sign,
        ),
        (
            _("数据核对"),
            _("{seconds} 秒前").format(seconds=f"{age:.1f}"),
            "good" if mark.fresh else "bad",
        ),
        (
            _("内存"),
            _("{number} MB").format(number=count(held // _MEGABYTE)) if held else _("系统没有给出"),
            "",
        ),
    ]
    told = _("近一分钟刷新 {count} 次,最慢 {longest} 毫秒;数据库 {database},{state};{time} 读取。")
    rule_preview.show(
        [
            rule_preview.heading(_("本站服务器"), _("只算本进程")),
            {
                "kind": "figures",
                "figures": [
                    {"name": name, "count": said, "mark": sign} for name, said, sign in figures
                ],
            },
            rule_preview.text(
                told.format(
                    count=count(lately.count),
                    longest=count(round(lately.longest)),
                    database=here.db.bind.dialect.name,
                    state=_("有应答") if mark.fresh else _("没有应答"),
                    time=clock_time(mark.read_at),
                )
            ),
        ],
        key="server_health",
    )
