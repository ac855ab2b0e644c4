"""Relations of one person that bar them: disclosed, and withdrawn by the word of two."""

from collections.abc import Callable, Sequence

import streamlit as st

from data_access import site
from data_access.commands.relations import ask_to_withdraw, decide_withdrawal, disclose_relation
from data_access.queries.relations import Withdrawal
from data_access.queries.teams import PersonView
from domain.organisation import RelationKind, WithdrawalReason
from domain.people import Actor, Permission
from texts import gettext as _
from texts import ngettext
from texts.numbers import count, moment
from texts.words import word
from ui import clock, feedback
from ui.plain import plain
from ui.session import acting
from ui.team_form import acted_on, field, key

_PLACE = "team_relations"


def show_asked(view: PersonView, actor: Actor) -> None:
    """What waits for a second person's word: it stands first, since that is what they came for."""
    # A place that stays, so that what is below it does not close when something comes or goes.
    with st.container(key="withdrawals"):
        for one in view.withdrawals:
            with st.container(border=True, key=f"withdrawal_{one.relation_id}"):
                _show_asked(one, actor)


def show_keeping(view: PersonView) -> None:
    """The form to disclose a relation, or to ask that one be withdrawn."""
    with st.expander(_("回避关系:登记,或申请撤回"), key=f"relations_{view.person.mediator_id}"):
        with st.container(key="relations_messages"):
            feedback.show_refusal(_PLACE)
        st.caption(
            _(
                "姓名和证件号码最好都填:有号码的当事人按号码认,没有号码的按姓名认。只填姓名时,凡同名的都要回避。只保存不可还原的指纹,看不到是谁。"
            )
        )
        name, number = st.columns(2)
        name.text_input(_("对方姓名"), key=field("relation_name"))
        number.text_input(_("对方证件号码"), key=field("relation_identity"), max_chars=18)
        kind, reason = st.columns(2, vertical_alignment="bottom")
        with kind.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                _("关系"), list(RelationKind), format_func=word, key=field("relation_kind")
            )
            st.button(
                _("登记关系"), key="relation_add", type="primary", on_click=_disclose, args=(view,)
            )
        with reason.container(horizontal=True, vertical_alignment="bottom"):
            st.selectbox(
                _("撤回理由"),
                list(WithdrawalReason),
                format_func=word,
                key=field("withdrawal_reason"),
            )
            st.button(_("申请撤回"), key="relation_withdraw", on_click=_ask, args=(view,))
        st.caption(_("撤回须由另一人同意;同意以前照旧回避。"))


def show_waiting(asked: Sequence[Withdrawal], on_person: Callable[[int], None]) -> None:
    """Above the list: requests that wait for this person's word, each a way to whom it is about."""
    with st.container(horizontal=True, vertical_alignment="center", key="team_waiting"):
        if not asked:
            return
        told = ngettext(
            "▲ {count} 项撤回回避关系的申请等您决定:",
            "▲ {count} 项撤回回避关系的申请等您决定:",
            len(asked),
        )
        st.text(told.format(count=count(len(asked))), width="content")
        for mediator_id, name in {one.mediator_id: one.mediator_name for one in asked}.items():
            st.button(
                plain(name), key=f"waiting_{mediator_id}", on_click=on_person, args=(mediator_id,)
            )


def asked_words(one: Withdrawal) -> str:
    """近亲属,2026-03-02 登记;登记有误: what is asked, without a name of whom it is about."""
    return _("{kind},{day} 登记;{reason}").format(
        kind=word(one.kind), day=one.disclosed_on.isoformat(), reason=word(one.reason)
    )


def _show_asked(one: Withdrawal, actor: Actor) -> None:
    said = _("▲ {who} {when} 申请撤回一项回避关系({what})。同意以前照旧回避。").format(
        who=one.asked_by_name, when=moment(one.asked_at, now=clock.now()), what=asked_words(one)
    )
    st.markdown(plain(said))
    theirs = one.asked_by == actor.user_id
    with st.container(horizontal=True):
        if one.may_be_decided_by(actor.user_id):
            _decision(_("同意撤回"), one, agreed=True)
            _decision(_("不同意"), one, agreed=False)
            return
        st.caption(_("须由另一位管理调委会的人同意。"))
        if theirs:
            _decision(_("收回申请"), one, agreed=False)


def _decision(label: str, one: Withdrawal, *, agreed: bool) -> None:
    st.button(
        label,
        key=f"{'agree' if agreed else 'keep'}_{one.relation_id}",
        on_click=_decide,
        args=(one,),
        kwargs={"agreed": agreed},
    )


def _disclose(view: PersonView) -> None:
    with acted_on(_PLACE):
        made = disclose_relation(
            site.current().db,
            mediator_id=view.person.mediator_id,
            kind=st.session_state[field("relation_kind")],
            name=st.session_state[field("relation_name")],
            identity=st.session_state[field("relation_identity")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        told = _("已登记回避关系。")
        if made.cases:
            named = _("、").join(made.cases)
            told += _("此人正承办须回避的案件,请改派:{cases}。").format(cases=named)
        feedback.tell(told)


def _ask(view: PersonView) -> None:
    with acted_on(_PLACE):
        ask_to_withdraw(
            site.current().db,
            mediator_id=view.person.mediator_id,
            reason=st.session_state[field("withdrawal_reason")],
            name=st.session_state[field("relation_name")],
            identity=st.session_state[field("relation_identity")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已申请撤回,等待另一人决定;在此之前照旧回避。"))


def _decide(one: Withdrawal, *, agreed: bool) -> None:
    with acted_on():
        decide_withdrawal(
            site.current().db,
            mediator_id=one.mediator_id,
            relation_id=one.relation_id,
            agreed=agreed,
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        feedback.tell(_("已撤回回避关系。") if agreed else _("回避关系保留。"))
