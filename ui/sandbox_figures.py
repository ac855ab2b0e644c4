"""What a plan brings as a whole: late cases, the highest load, the spread beside chance."""

import streamlit as st

from domain.balancing import Plan
from domain.balancing.plan import Status
from domain.people import Permission
from texts import gettext as _
from texts import ngettext
from texts.numbers import clock_time, count
from texts.planning import how_good, load_said
from ui import clock, sandbox_plan, sandbox_reads, sandbox_state
from ui.plain import plain
from ui.sandbox_state import Sandbox
from ui.session import require


def show(box: Sandbox) -> None:
    """Four figures before and after, and in a sentence how good the plan is known to be."""
    plan = box.plan
    if plan is None:
        return
    with st.container(horizontal=True, key="sandbox_figures"):
        st.metric(
            _("移动"),
            _("{count} 件").format(count=count(len(plan.moves))),
            border=True,
            height="stretch",
        )
        late = plan.late_after - plan.late_before
        st.metric(
            _("预计超期"),
            f"{count(plan.late_before)} → {count(plan.late_after)}",
            delta=late or None,
            delta_color="inverse",
            border=True,
            height="stretch",
            help=_("按每个人手上的案件、在岗时间和近 90 天的办结速度推算,不是承诺。"),
        )
        st.metric(
            _("所涉人员最高负荷"),
            " → ".join(load_said(one) for one in _peaks(plan)),
            border=True,
            height="stretch",
            help=_(
                "每个全职在岗的标准件数。可以承办的全部人员中最高 {peak},只动所选案件最低只能到 "
                "{bound}。"
            ).format(peak=load_said(plan.peak_after), bound=load_said(plan.bound)),
        )
        st.metric(
            _("负荷差距(基尼)"), _spread(plan), border=True, height="stretch", help=_chance(plan)
        )
        _show_conflicts(box, plan)
    read_at = _(" 数据 {time}").format(time=clock_time(box.read_at)) if box.read_at else ""
    st.caption(how_good(plan) + read_at)
    if plan.status is Status.MANDATORY_ONLY:
        st.warning(_("除了必须移动的,没有找到能通过核验的移动。"))


def _show_conflicts(box: Sandbox, plan: Plan) -> None:
    """Cases that are with somebody who must withdraw; no move makes one, and few may stay."""
    before = box.planning.recused if box.planning else frozenset()
    after = before - plan.assignment.keys()
    st.metric(
        _("应回避未回避(件)"),
        f"{count(len(before))} → {count(len(after))}",
        delta=len(after) - len(before) or None,
        delta_color="inverse",
        border=True,
        height="stretch",
        help=_("所选案件中承办人应当回避的;每个去向都已核对回避、资质和管辖。"),
    )


def _peaks(plan: Plan) -> tuple[int, int]:
    """The highest load before and after among those whose load the plan changes."""
    touched = [one.load for one in plan.people if one.cases.before != one.cases.after]
    touched += [one.load for one in plan.people if one.load.before != one.load.after]
    return (
        max((one.before for one in touched), default=plan.peak_before),
        max((one.after for one in touched), default=plan.peak_after),
    )


def _spread(plan: Plan) -> str:
    before, after = plan.spread_before, plan.spread_after
    if before is None or after is None:
        return "—"
    if before.gini.actual is None or after.gini.actual is None:
        return "—"
    return f"{before.gini.actual:.2f} → {after.gini.actual:.2f}"


def _chance(plan: Plan) -> str:
    after = plan.spread_after
    if after is None or after.gini.by_chance is None:
        return ""
    return _("同样的案件随机分派,差距平均也有 {chance};接近它就不必再匀。").format(
        chance=f"{after.gini.by_chance:.2f}"
    )


def show_stays(box: Sandbox) -> None:
    """What does not move, and why."""
    if box.planning is None:
        return
    lines = sandbox_plan.stays(box.planning, box.plan, box.struck)
    if not lines:
        return
    number = len(box.numbers) - (len(box.plan.moves) if box.plan else 0)
    title = ngettext("不移动的 {count} 件", "不移动的 {count} 件", number)
    with st.expander(title.format(count=count(number)), key="sandbox_stays"):
        for line in lines:
            st.markdown("- " + plain(line))


@st.fragment(run_every=clock.REFRESH_SECONDS)
def live_warning() -> None:
    """Whether any of the cases or people changed since they were read, or it is too long ago."""
    actor = require(Permission.CASE_REASSIGN)
    box, now = sandbox_state.sandbox(), clock.now()
    slot = st.empty()
    if box.planning is None or box.plan is None:
        return
    if box.is_old(now):
        slot.warning(_("方案已超过 30 分钟,请重新建议后再提交。"), icon=":material/schedule:")
        return
    versions = {row.case_no: row.version for row in sandbox_reads.rows_now(actor, box.numbers, now)}
    moved = [
        one.case_no
        for one in box.planning.rows.values()
        if versions.get(one.case_no) != one.version
    ]
    if moved:
        said = ngettext(
            "{count} 件在此期间有了变化:{cases}。请重新建议。",
            "{count} 件在此期间有了变化:{cases}。请重新建议。",
            len(moved),
        )
        slot.warning(
            plain(said.format(count=count(len(moved)), cases=_("、").join(moved[:5]))),
            icon=":material/sync_problem:",
        )
        return
    people = sandbox_state.people_touched(box)
    now_are = sandbox_reads.people_now(actor, [one.mediator_id for one in people], now)
    others = [one.mediator_id for one in people if now_are.get(one.mediator_id) != one]
    if others:
        names = _("、").join(box.planning.people[one].name for one in others[:5])
        slot.warning(
            plain(_("{people} 的在办、请假或任职在此期间变了。请重新建议。").format(people=names)),
            icon=":material/sync_problem:",
        )
