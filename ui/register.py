"""The form that takes a dispute down: where, what, who, and what may be the same already."""

from collections.abc import Sequence
from datetime import datetime
from uuid import uuid4

import streamlit as st

from data_access import site
from data_access.commands.register import NewCase, NewParty, Registered, register_case
from data_access.queries import duplicates
from data_access.queries.duplicates import Duplicate
from data_access.queries.places import Unit, units_within
from domain.cases import FieldProblem, Risk, Stage
from domain.clocks import day_of
from domain.errors import Invalid, KeyReused
from domain.organisation import UnitLevel
from domain.people import Actor, Permission, Role, Scope
from texts import gettext as _
from texts import language
from texts.words import word
from ui import case_card, case_reads, clock, feedback, queue_reads, register_parties
from ui.cache import cached
from ui.plain import plain
from ui.register_parties import key as _key
from ui.session import acting, still

_LEVELS = (UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID)
_AT_THE_WINDOW = frozenset({Role.DUTY, Role.CENTRE_ADMIN, Role.TOWN})


def form(actor: Actor) -> None:
    """The whole form, or what came of it. What is typed stays until the case is registered."""
    scope = actor.scope(Permission.CASE_REGISTER)
    if done := st.session_state.get("registered"):
        _show_done(done)
        return
    units = cached("units_within", lambda s: units_within(s, scope=scope), scope=scope)
    if not units:
        st.warning(_("您的岗位没有可以登记纠纷的地点,请联系综治中心管理员。"))
        return
    st.session_state.setdefault(_key("key"), uuid4().hex)
    _ask_place(units, scope.county_id)
    _ask_matter(scope, usual_source(actor.roles))
    register_parties.ask()
    with st.container(key="register_duplicates"):
        _show_duplicates(scope)
    on_the_spot = st.toggle(_("已当场化解(随手调)"), key=_key("on_the_spot"))
    if on_the_spot:
        st.text_area(
            _("怎样化解的(必填)"),
            key=_key("settled"),
            height=96,
            placeholder=_("例:双方当场说清,互相道歉"),
        )
    with st.container(key="register_messages"):
        feedback.show_refusal("register")
        if first := st.session_state.get(_key("first")):
            _link_to(first)
    label = _("登记并结案") if on_the_spot else _("登记")
    st.button(label, key="register", type="primary", width="stretch", on_click=submit)


def _ask_place(units: Sequence[Unit], county_id: int) -> None:
    """Town, community, grid: asked as far as there is a choice, said where there is none."""
    labels = {
        UnitLevel.TOWN: _("镇街"),
        UnitLevel.COMMUNITY: _("村(社区)"),
        UnitLevel.GRID: _("网格"),
    }
    parent: int | None = county_id
    # Without a choice all of it is one line: a telephone's first screen is for what happened.
    said: list[str] = []
    for level in _LEVELS:
        offered = {
            one.unit_id: one.name for one in units if one.level is level and one.parent_id == parent
        }
        if st.session_state.get(_key(level)) not in offered:
            # Nothing was chosen, or below another unit than now: that lies elsewhere.
            st.session_state.pop(_key(level), None)
        if len(offered) == 1:
            ((parent, name),) = offered.items()
            st.session_state[_key(level)] = parent
            said.append(name)
        elif offered:
            _say(said)
            parent = _choose(labels[level], _key(level), offered)
        else:
            parent = None
    _say(said)


def _say(names: list[str]) -> None:
    """Say where it happened as far as it is no question; what is said is not said again."""
    if names:
        st.text(_("发生在:{place}").format(place=" ".join(names)))
    names.clear()


def _choose(label: str, key: str, names: dict[int, str]) -> int | None:
    """One of the units."""
    chosen = st.selectbox(
        label,
        list(names),
        format_func=lambda one: names[one],
        index=None,
        key=key,
        placeholder=_("请选择"),
    )
    return chosen if isinstance(chosen, int) else None


def usual_source(roles: frozenset[Role]) -> str:
    """Which source a person of these posts mostly registers from: a code of 来源渠道.

    Who sits at a counter and walks a grid too is asked at the counter; who heads a committee and
    walks a grid is met there.
    """
    if roles & _AT_THE_WINDOW:
        return "S02"  # 群众来访(窗口)
    if Role.GRID_WORKER in roles:
        return "S01"  # 网格员随手调/巡查
    return "S05"  # 当事人申请: to the committee (人民调解法 17)


def _ask_matter(scope: Scope, usual: str) -> None:
    offered = queue_reads.choices(scope)
    chinese = language() == "zh"
    names = {one.code: one.name_zh if chinese else one.name_en for one in offered.types}
    # With its group: there is a 其他 in each.
    types = {
        code: f"{names[code[:2]]} · {name}" for code, name in names.items() if len(code) > len("01")
    }
    sources = {one.code: one.name_zh if chinese else one.name_en for one in offered.sources}
    today = day_of(clock.now())
    st.text_input(_("什么事(事件名称)"), key=_key("title"), placeholder=_("例:楼上漏水"))
    st.selectbox(
        _("纠纷类型"),
        list(types),
        format_func=lambda code: types[code],
        index=None,
        key=_key("type"),
        placeholder=_("请选择,可输入文字查找"),
    )
    st.date_input(_("发生日期"), value=today, max_value=today, key=_key("day"))
    with st.expander(_("更多(地点、经过、人数、金额、来源、风险)")):
        st.text_input(_("发生地点"), key=_key("place"))
        st.text_area(_("事件简述"), key=_key("summary"), height=120)
        st.number_input(_("涉及人数"), min_value=1, value=2, key=_key("people"))
        st.number_input(_("涉及金额(元)"), min_value=0, value=None, key=_key("amount"))
        st.toggle(_("涉及两个以上镇街"), key=_key("cross_town"))
        st.toggle(_("同一纠纷以前调解过"), key=_key("repeated"))
        codes = list(sources)
        st.selectbox(
            _("来源渠道"),
            codes,
            format_func=lambda code: sources[code],
            index=codes.index(usual),
            key=_key("source"),
        )
        st.selectbox(_("风险等级"), list(Risk), format_func=word, index=3, key=_key("risk"))


def _show_duplicates(scope: Scope) -> None:
    """What may be the same dispute already, while it is typed."""
    found = _duplicates(scope, clock.now())
    if not found:
        return
    st.warning(_("可能已经登记过,请先核对:"), icon=":material/content_copy:")
    rows = [(case_card.same_as(one), one.case_no) for one in found]
    case_card.show([case_card.links("", rows, aside=True)], key="card_duplicates")


def _duplicates(scope: Scope, now: datetime) -> list[Duplicate]:
    entered = register_parties.entered().values()
    persons = [(party.name, party.phone, party.identity) for party in entered]
    type_code, grid = st.session_state.get(_key("type")), st.session_state.get(_key(UnitLevel.GRID))
    if not persons and not (type_code and grid):
        return []
    with site.current().db.read() as session:
        like = duplicates.sought(
            session,
            occurred_on=st.session_state.get(_key("day")) or day_of(now),
            type_code=type_code or "",
            grid_id=grid if isinstance(grid, int) else None,
            persons=persons,
        )
        return duplicates.likely_duplicates(session, scope=scope, like=like)


def submit() -> None:
    """Register, before the page is drawn again; a refusal is shown beside what was typed."""
    with feedback.refusals_kept("register"):
        actor = acting(Permission.CASE_REGISTER)
        st.session_state.pop(_key("refused"), None)
        done = _register(actor)
        site.current().watcher.look()
        for name in [name for name in st.session_state if str(name).startswith(_key(""))]:
            del st.session_state[name]
        st.session_state["registered"] = done


def _register(actor: Actor) -> Registered:
    """Register what was entered. What is refused is kept for the boxes that it is about."""
    parties = register_parties.entered()
    try:
        return register_case(
            site.current().db,
            new=_new_case(tuple(parties.values()), usual_source(actor.roles)),
            actor=actor,
            now=clock.now(),
            key=st.session_state[_key("key")],
        )
    except Invalid as refused:
        told = register_parties.by_box(refused, list(parties))
        register_parties.keep_refused(told)
        raise told from None
    except KeyReused as refused:
        # The first press was done and its answer lost; since then the form was changed. Whether
        # that is another dispute, the person knows: the next press is one of its own.
        st.session_state[_key("key")] = uuid4().hex
        st.session_state[_key("first")] = refused.done.get("case_no")
        site.current().watcher.look()
        raise


def _new_case(parties: tuple[NewParty, ...], source: str) -> NewCase:
    said = st.session_state
    unit = next(
        (
            said[_key(level)]
            for level in reversed(_LEVELS)
            if isinstance(said.get(_key(level)), int)
        ),
        None,
    )
    missing = {
        field: FieldProblem.MISSING
        for field, value in (
            ("unit", unit),
            ("type_code", said.get(_key("type"))),
            ("occurred_on", said.get(_key("day"))),
        )
        if value is None
    }
    if said.get(_key("on_the_spot")) and not str(said.get(_key("settled")) or "").strip():
        missing["settled"] = FieldProblem.MISSING
    if missing or not isinstance(unit, int):
        raise Invalid(**missing)
    return NewCase(
        unit_id=unit,
        type_code=said[_key("type")],
        source_code=said.get(_key("source")) or source,
        occurred_on=said[_key("day")],
        title=said.get(_key("title")) or "",
        parties=parties,
        place=said.get(_key("place")) or "",
        summary=said.get(_key("summary")) or "",
        people_count=said.get(_key("people")) or 2,
        amount_yuan=said.get(_key("amount")),
        risk=said.get(_key("risk")) or Risk.BLUE,
        cross_town=bool(said.get(_key("cross_town"))),
        repeated=bool(said.get(_key("repeated"))),
        settled=(said.get(_key("settled")) or "") if said.get(_key("on_the_spot")) else "",
    )


def _show_done(done: Registered) -> None:
    said = _("已登记 {case}。") if done.stage is Stage.REGISTERED else _("已登记并结案 {case}。")
    st.success(said.format(case=plain(done.case_no)), icon=":material/check:")
    if not _link_to(done.case_no) and done.stage is Stage.REGISTERED:
        st.caption(_("已送综治中心受理;指派给您的调委会之后,您就能查看这件案件。"))
    st.button(_("再登记一件"), key="register_again", on_click=_again, width="stretch")


def _link_to(case_no: str) -> bool:
    """The way to a case, where the person's posts show it."""
    actor = still(Permission.CASE_READ)
    if actor is None or not case_reads.holds(actor, Permission.CASE_READ, case_no):
        return False
    label = _("查看 {case}").format(case=plain(case_no))
    st.link_button(label, f"/queue?case={case_no}", width="stretch")
    return True


@feedback.left_to_the_page
def _again() -> None:
    """An empty form: another round, because a browser keeps what was typed under the same key."""
    acting(Permission.CASE_REGISTER)
    del st.session_state["registered"]
    st.session_state["register_round"] = st.session_state.get("register_round", 0) + 1
