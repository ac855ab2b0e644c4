"""Types of dispute as specialities: what they are called, and choosing them."""

from collections.abc import Sequence

import streamlit as st

from data_access.queries.teams import Offer
from domain.eligibility import GENERAL
from texts import gettext as _
from texts import language
from ui.team_form import field


def names(offer: Offer) -> dict[str, str]:
    """What each speciality is called, by its code; the general one first."""
    chinese = language() == "zh"
    of_types = {one.code: one.name_zh if chinese else one.name_en for one in offer.types}
    return {GENERAL: _("综合(不限类型)"), **of_types}


def named(codes: Sequence[str], known: dict[str, str]) -> str:
    """Specialities in words."""
    return _("、").join(known.get(code, code) for code in codes) or "—"


def choose(name: str, held: Sequence[str], known: dict[str, str]) -> None:
    """Draw the choice of specialities; `held` are those of now."""
    st.multiselect(
        _("专长(纠纷类型)"),
        list(known),
        default=[code for code in held if code in known] or [GENERAL],
        format_func=lambda code: f"{code} {known[code]}",
        key=field(name),
        placeholder=_("输入名称查找"),
    )


def chosen(name: str) -> list[str]:
    """What was chosen."""
    codes: list[str] = st.session_state[field(name)]
    return codes
