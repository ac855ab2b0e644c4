"""The part of a form that says which post, where, from when until when."""

from datetime import datetime, timedelta

import streamlit as st

from data_access.queries.posts import Offer, Place
from domain.clocks import day_of
from domain.errors import Invalid
from domain.people import SEATS, SEPARATED, AccountProblem, Post, Role, Seat
from texts import gettext as _
from texts.words import word
from ui.plain import plain


def show(prefix: str, offer: Offer, *, is_mediator: bool, separated: bool, now: datetime) -> None:
    """Draw the fields. `prefix` tells this form's widgets from another's.

    `is_mediator`: the person's account is, or is to be, a mediator's.
    """
    today = day_of(now)
    role = st.selectbox(
        _("岗位"),
        list(Role),
        format_func=word,
        index=None,
        key=field(prefix, "role"),
        placeholder=_("请选择"),
        persist_state="session",
    )
    if separated and role in SEPARATED:
        st.caption(_("三员分立:此人不能有其他岗位。"))
    if role is not None:
        _show_place(prefix, role, offer, is_mediator=is_mediator)
    begins, ends = st.columns(2)
    begins.date_input(
        _("从哪天起"),
        value=today,
        min_value=today,
        key=field(prefix, "from"),
        format="YYYY-MM-DD",
        persist_state="session",
    )
    ends.date_input(
        _("到哪天止(含当天,可不填)"),
        value=None,
        min_value=today,
        key=field(prefix, "until"),
        format="YYYY-MM-DD",
        persist_state="session",
    )


def entered(prefix: str) -> Post:
    """The post as entered. Raises Invalid where role or place is missing."""
    role: Role | None = st.session_state.get(field(prefix, "role"))
    if role is None:
        raise Invalid(role=AccountProblem.ROLE_MISSING)
    place: Place | None = st.session_state.get(field(prefix, f"place_{role.value}"))
    if place is None:
        raise Invalid(place=AccountProblem.PLACE_MISSING)
    until = st.session_state.get(field(prefix, "until"))
    at_committee = place.seat is Seat.COMMITTEE
    at_unit = place.seat not in {Seat.COMMITTEE, Seat.OWN_CASES}
    return Post(
        role,
        unit_id=place.place_id if at_unit else None,
        committee_id=place.place_id if at_committee else None,
        valid_from=st.session_state[field(prefix, "from")],
        # People name the last day; a post ends on the day after it.
        valid_to=until + timedelta(days=1) if until else None,
    )


def field(prefix: str, name: str) -> str:
    """The key of a field, which is another one each time the form begins anew.

    A browser keeps what was chosen in a field as long as its key lives, whatever the server has
    forgotten.
    """
    return f"{prefix}_{name}_{st.session_state.get(_turn(prefix), 0)}"


def begin_anew(prefix: str) -> None:
    """Empty the form: what was entered has been taken."""
    st.session_state[_turn(prefix)] = st.session_state.get(_turn(prefix), 0) + 1


def _turn(prefix: str) -> str:
    return f"{prefix}_turn"


def _show_place(prefix: str, role: Role, offer: Offer, *, is_mediator: bool) -> None:
    own = [Place(Seat.OWN_CASES, 0, ())] if is_mediator else []
    by_seat: dict[Seat, list[Place]] = {}
    for place in (*own, *offer.places):
        by_seat.setdefault(place.seat, []).append(place)
    places = [place for seat in SEATS[role] for place in by_seat.get(seat, ())]
    if role is Role.MEDIATOR and not is_mediator:
        st.caption(_("没有对应到调解员名册的账号,只能看调委会的案件,看不到“本人承办”。"))
    only = len(places) == 1 or (role is Role.MEDIATOR and is_mediator)
    st.selectbox(
        _("在哪里"),
        places,
        format_func=_named,
        index=0 if only else None,
        # Another role has other places, so it is another field.
        key=field(prefix, f"place_{role.value}"),
        placeholder=_("输入名称查找"),
        persist_state="session",
    )


def _named(place: Place) -> str:
    if place.seat is Seat.OWN_CASES:
        return word(Seat.OWN_CASES)
    return plain(" ".join(place.names))
