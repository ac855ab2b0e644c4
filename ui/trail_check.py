"""Is the trail whole? The last check with its time, the anchors, and a button for a new check."""

from datetime import date, datetime, time, timedelta

import streamlit as st

from data_access import anchors, site
from data_access.verifying import begin_verification, verifying
from domain.clocks import BEIJING, day_of
from domain.people import Actor, Permission
from domain.trail import Verification
from texts import gettext as _
from texts.numbers import count, moment
from texts.verification import verification_lines
from ui import clock, feedback, trail_reads
from ui.plain import plain
from ui.session import acting

# A night without a server is nothing; two days without an anchor are worth a look.
_ANCHOR_IS_OLD = timedelta(days=2)


def show(actor: Actor, now: datetime) -> None:
    """One line of state and the button; below it, what is wrong where something is."""
    here = site.current()
    checking = verifying(here.db)
    progress = checking.progress
    last = trail_reads.last_verification(actor.scope(Permission.TRAIL_READ))
    with st.container(horizontal=True, vertical_alignment="center", key="trail_check"):
        st.markdown(_state(last, now, failed=checking.failed), width="stretch")
        st.button(
            _("核对"),
            key="trail_verify",
            icon=":material/verified_user:",
            on_click=_begin,
            disabled=progress is not None,
            help=_("从第一条起重算整条审计链,并与全部锚定文件比对"),
        )
    if progress is not None:
        share = min(1.0, progress.done / progress.total) if progress.total else 0.0
        st.progress(share, text=_progress_words(progress.done, progress.total))
    elif checking.failed:
        st.warning(_("这次核对没有做完:数据库没有正常答复。请稍后再试。"))
    if last is not None and not last.vouched and not checking.failed:
        lines = verification_lines(last)
        lines = lines[:-1] if last.finished else lines  # how long it took stands above
        say, icon = (st.warning, "warning") if _is_unknown(last) else (st.error, "error")
        say("  \n".join(plain(line) for line in lines), icon=f":material/{icon}:")
    feedback.show_refusal("trail")


def _progress_words(done: int, total: int) -> str:
    if not total:
        return _("正在核对……")
    return _("正在核对:{done} / {total} 条").format(done=count(done), total=count(total))


def _is_unknown(last: Verification) -> bool:
    """Whether nothing speaks against the trail, but not everything that should speaks for it."""
    return last.intact or not last.finished


def _state(last: Verification | None, now: datetime, *, failed: bool) -> str:
    """● 完整 · 共 12,345 条 · 11月22日 14:05 核对,用时 1.2 秒 · 最近锚定 11月22日."""
    if failed:
        mark, told = ":orange[▲]", [_("核对没有完成")]
    else:
        mark, told = ("○", [_("还没有核对过")]) if last is None else _of_check(last, now)
    newest = anchors.newest_day(site.current().settings.anchors_path, today=day_of(now))
    anchored = plain(_of_anchors(newest, now))
    if newest is None or day_of(now) - newest >= _ANCHOR_IS_OLD:
        anchored = f":orange[▲ {anchored}]"
    return f"{mark} {plain(' · '.join(told))} · {anchored}"


def _of_check(last: Verification, now: datetime) -> tuple[str, list[str]]:
    if not last.finished:
        return ":orange[▲]", [_("{time} 核对没有完成").format(time=moment(last.at, now=now))]
    mark, verdict = ":red[■]", _("不完整")
    if last.intact:
        mark, verdict = ":orange[▲]", _("链完整,锚定不全")
    if last.vouched:
        mark, verdict = ":green[●]", _("完整")
    return mark, [
        verdict,
        _("{lines} 条").format(lines=count(last.lines)),
        _("{time} 核对,用时 {seconds:.1f} 秒").format(
            time=moment(last.at, now=now), seconds=last.seconds
        ),
        _("比对 {anchors} 份锚定").format(anchors=count(last.anchors)),
    ]


def _of_anchors(newest: date | None, now: datetime) -> str:
    if newest is None:
        return _("还没有锚定")
    midnight = moment(datetime.combine(newest, time(), BEIJING), now=now)
    return _("最近锚定 {day}").format(day=midnight.rsplit(" ", 1)[0])


def _begin() -> None:
    with feedback.refusals_kept("trail"):
        actor = acting(Permission.TRAIL_READ)
        here = site.current()
        begin_verification(here.db, here.settings, actor=actor, now=clock.now())
