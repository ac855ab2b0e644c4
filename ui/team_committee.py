"""One committee: checks and people, its term, its name, somebody new, closing it."""

from datetime import date, datetime, timedelta
from typing import Any

import streamlit as st

from data_access import site
from data_access.commands.mediators import NewMediator, add_mediator
from data_access.commands.teams import begin_term, change_committee, close_committee
from data_access.queries.relations import Namesake
from data_access.queries.teams import CommitteeView, PersonRow
from domain.clocks import day_of
from domain.committees import Checked, latest_end
from domain.people import Actor, Permission
from domain.teams import COMMITTEE_NAME_LONGEST, MOST_CAPACITY, NAME_LONGEST, MemberSeat
from texts import gettext as _
from texts.numbers import count
from texts.teams import STATE_SHAPES, article, check_words, sex_word, term_words
from texts.words import word
from ui import clock, elements, feedback, team_reads, team_types
from ui.plain import plain
from ui.session import acting
from ui.team_form import acted_on, field, key
from ui.team_leave import leave_words

_CARD = elements.element("team_card")
_SEXES = ("9", "1", "2")


def show_people(view: CommitteeView, types: dict[str, str], on_person: Any) -> None:
    """Draw the checks and everybody in the committee; a click on one triggers `person`."""
    _CARD(
        key="team_card",
        data={
            "checks": [_check(one, view) for one in view.row.checks],
            "people": [_person(one, types) for one in view.people],
            "words": {
                "checks": _("法定要求"),
                "people": _("人员"),
                "look": _("查看"),
                "empty": _("还没有人员。"),
            },
        },
        on_person_change=on_person,
    )


def _check(one: Checked, view: CommitteeView) -> dict[str, str]:
    names = {person.mediator_id: person.name for person in view.people}
    who = _("、").join(names[person] for person in one.people if person in names)
    remedy = "" if one.remedy is None else word(one.remedy)
    return {
        "kind": one.state.value,
        "state": f"{STATE_SHAPES[one.state]} {word(one.state)}",
        "title": word(one.check),
        "said": check_words(one) if check_words(one) != word(one.state) else "",
        "remedy": _("{remedy}:{who}").format(remedy=remedy, who=who) if remedy and who else remedy,
        "article": article(one),
    }


def _person(one: PersonRow, types: dict[str, str]) -> dict[str, Any]:
    time = _("专职") if one.full_time else _("兼职")
    left = not one.active
    return {
        "id": one.mediator_id,
        "name": one.name,
        "seat": _("已离岗") if left else f"{word(one.seat)} · {time}",
        "skills": team_types.named(one.specialities, types),
        "leave": _("、").join(leave_words(leave) for leave in one.leave[:2]),
        "load": _("在办 {held}/{capacity}").format(
            held=count(one.open_cases), capacity=count(one.capacity)
        ),
        "left": left,
    }


def show_term(view: CommitteeView, actor: Actor, now: datetime) -> None:
    """The present term, and the form for a new one after an election."""
    row, today = view.row, day_of(now)
    st.text(_("本届任期 {term}").format(term=term_words(row.term_from, row.term_to)))
    if not (actor.may(Permission.TEAM_TERM) and row.active):
        return
    people = {one.mediator_id: one.name for one in view.people if one.active}
    sitting = [one.mediator_id for one in view.people if one.active and one.seat != "hired"]
    with st.container(border=True, key="term_form"):
        st.text(_("登记新一届(选举完成后)"))
        first, last = st.columns(2)
        begins = first.date_input(
            _("任期开始"),
            value=today,
            max_value=today,
            key=field("term_from"),
            format="YYYY-MM-DD",
        )
        ends = latest_end(begins) - timedelta(days=1)
        last.date_input(
            _("任期最后一天"),
            value=ends,
            # Another first day has another last one, so it is another field.
            key=field(f"term_last_{begins.isoformat()}"),
            format="YYYY-MM-DD",
        )
        st.multiselect(
            _("当选委员(含主任);去掉的留作聘任"),
            list(people),
            default=sitting,
            format_func=people.__getitem__,
            key=field("term_members"),
            placeholder=_("请选择"),
        )
        chair = next((one.mediator_id for one in view.people if one.seat == "chair"), None)
        st.selectbox(
            _("主任"),
            list(people),
            index=list(people).index(chair) if chair in people else None,
            format_func=people.__getitem__,
            key=field("term_chair"),
            placeholder=_("请选择"),
        )
        st.button(
            _("登记新一届"),
            key="term_begin",
            type="primary",
            on_click=_begin,
            args=(view.row.committee_id,),
        )


def show_keeping(view: CommitteeView, types: dict[str, str], actor: Actor) -> None:
    """Another name, somebody new, and closing the committee: for who keeps it."""
    row = view.row
    if not row.active:
        st.caption(_("调委会已撤销,资料保留。"))
        return
    with st.container(border=True, key="committee_form"):
        st.text_input(
            _("名称"),
            value=row.name,
            max_chars=COMMITTEE_NAME_LONGEST,
            key=field("name"),
            persist_state="session",
        )
        st.toggle(
            _("多民族居住的地区(须有人数较少民族的委员)"),
            value=row.minority_area,
            key=field("minority_area"),
        )
        st.button(_("保存"), key="committee_save", on_click=_save, args=(row.committee_id,))
    _show_new_mediator(row.committee_id, types, actor)
    with st.popover(_("撤销调委会"), key=field("close_ask")):
        st.text(_("没有在岗人员时才能撤销;办过的案件和记录都保留。"))
        st.button(
            _("确认撤销"),
            key="committee_close",
            type="primary",
            on_click=_close,
            args=(row.committee_id,),
        )


def _show_new_mediator(committee_id: int, types: dict[str, str], actor: Actor) -> None:
    with st.expander(_("新增调解员"), icon=":material/person_add:"):
        name, sex, seat = st.columns(3)
        name.text_input(
            _("姓名"), max_chars=NAME_LONGEST, key=field("new_name"), persist_state="session"
        )
        sex.selectbox(_("性别"), _SEXES, format_func=sex_word, key=field("new_sex"))
        seat.selectbox(
            _("身份"), list(MemberSeat), index=2, format_func=word, key=field("new_seat")
        )
        number, capacity, time = st.columns(3)
        number.text_input(
            _("证件号码(可不填;只存不可还原的指纹)"), key=field("new_identity"), max_chars=18
        )
        capacity.number_input(_("承办上限(件)"), 0, MOST_CAPACITY, 10, key=field("new_capacity"))
        time.toggle(_("专职"), key=field("new_full_time"))
        _ask_whether_known(actor)
        team_types.choose("new_types", (), types)
        st.checkbox(_("已核实年满十八周岁"), key=field("new_adult"))
        st.checkbox(_("属人数较少的民族"), key=field("new_minority"))
        st.button(
            _("新增"), key="mediator_add", type="primary", on_click=_add, args=(committee_id,)
        )


def _ask_whether_known(actor: Actor) -> None:
    """Of a name that somebody has whom something bars: whether this is the same person."""
    name = st.session_state.get(field("new_name")) or ""
    if st.session_state.get(field("new_known_of")) != name:
        # What was answered was said of another name.
        st.session_state[field("new_known_of")] = name
        for part in ("new_known", "new_other"):
            st.session_state.pop(field(part), None)
    if not (found := team_reads.namesakes(actor, name)):
        return
    said = {one.mediator_id: one for one in found}
    st.multiselect(
        _("有同名的人登记过回避。是同一人吗?选上的,原有回避照旧。"),
        list(said),
        format_func=lambda one: plain(_known_words(said[one])),
        key=field("new_known"),
        placeholder=_("是同一人的,选在这里"),
    )
    st.checkbox(_("都不是,是另一人"), key=field("new_other"))


def _known_words(one: Namesake) -> str:
    if one.left_on is None:
        return _("{committee},在岗").format(committee=one.committee)
    return _("{committee},{day}离岗").format(committee=one.committee, day=one.left_on.isoformat())


def _known_as() -> frozenset[int] | None:
    chosen = st.session_state.get(field("new_known")) or ()
    if chosen or st.session_state.get(field("new_other")):
        return frozenset(map(int, chosen))
    return None


def _begin(committee_id: int) -> None:
    with acted_on():
        begins: date = st.session_state[field("term_from")]
        last: date = st.session_state[field(f"term_last_{begins.isoformat()}")]
        begin_term(
            site.current().db,
            committee_id=committee_id,
            term_from=begins,
            term_to=last + timedelta(days=1),
            members=st.session_state[field("term_members")],
            chair_id=st.session_state[field("term_chair")] or 0,
            actor=acting(Permission.TEAM_TERM),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已登记新一届。"))


def _save(committee_id: int) -> None:
    with acted_on():
        change_committee(
            site.current().db,
            committee_id=committee_id,
            name=st.session_state[field("name")],
            minority_area=st.session_state[field("minority_area")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已保存。"))


def _add(committee_id: int) -> None:
    entered = st.session_state
    with acted_on():
        new = NewMediator(
            name=entered[field("new_name")],
            sex=entered[field("new_sex")],
            seat=entered[field("new_seat")],
            full_time=entered[field("new_full_time")],
            capacity=int(entered[field("new_capacity")]),
            specialities=frozenset(team_types.chosen("new_types")),
            minority=entered[field("new_minority")] or None,
            adult=entered[field("new_adult")] or None,
            identity=entered[field("new_identity")],
            formerly=_known_as(),
        )
        add_mediator(
            site.current().db,
            committee_id=committee_id,
            new=new,
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已新增调解员。"))


def _close(committee_id: int) -> None:
    with acted_on():
        close_committee(
            site.current().db,
            committee_id=committee_id,
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已撤销。"))
