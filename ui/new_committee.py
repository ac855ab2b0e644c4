"""The form for a new committee: where, of which kind, its name and its first term."""

from datetime import datetime

import streamlit as st

from data_access import site
from data_access.commands.teams import add_committee
from domain.clocks import day_of
from domain.committees import latest_end
from domain.eligibility import CommitteeKind
from domain.errors import Invalid
from domain.people import AccountProblem, Actor, Permission
from domain.teams import COMMITTEE_NAME_LONGEST
from texts import gettext as _
from texts.words import word
from ui import clock, feedback, team_reads
from ui.session import acting
from ui.team_form import acted_on, field, key


def show(actor: Actor, now: datetime) -> None:
    """Draw the form. What is typed stays until the committee is made."""
    today = day_of(now)
    places = {
        one.unit_id: " ".join(one.names)
        for one in team_reads.offer(actor.scope(Permission.TEAM_KEEP), now).places
    }
    st.text_input(
        _("名称"),
        key=field("committee_name"),
        max_chars=COMMITTEE_NAME_LONGEST,
        persist_state="session",
    )
    kind, place = st.columns(2)
    kind.selectbox(_("类别"), list(CommitteeKind), format_func=word, key=field("committee_kind"))
    place.selectbox(
        _("设在"),
        list(places),
        index=None,
        format_func=places.__getitem__,
        key=field("committee_unit"),
        placeholder=_("输入名称查找"),
    )
    st.date_input(
        _("任期开始(三年)"),
        value=today,
        max_value=today,
        key=field("committee_from"),
        format="YYYY-MM-DD",
    )
    st.toggle(_("多民族居住的地区(须有人数较少民族的委员)"), key=field("committee_minority"))
    st.button(_("设立"), key="committee_add", type="primary", on_click=_add)


def _add() -> None:
    entered = st.session_state
    with acted_on():
        unit_id = entered[field("committee_unit")]
        if unit_id is None:
            raise Invalid(place=AccountProblem.PLACE_MISSING)
        begins = entered[field("committee_from")]
        made = add_committee(
            site.current().db,
            name=entered[field("committee_name")],
            kind=entered[field("committee_kind")],
            unit_id=unit_id,
            term_from=begins,
            term_to=latest_end(begins),
            minority_area=entered[field("committee_minority")],
            actor=acting(Permission.TEAM_KEEP),
            now=clock.now(),
            key=key(),
        )
        st.session_state["team_open"] = ("committee", made)
        st.session_state["team_asked"] = True
        st.query_params["committee"] = str(made)
        feedback.tell(_("已设立调委会。"))
