"""The parties of a dispute as they are taken down: one box each, and what is wrong with one."""

from collections.abc import Sequence

import streamlit as st

from data_access.commands.register import NewParty
from domain.errors import Invalid
from domain.organisation import PartyKind, PartyRole
from domain.people import Permission
from texts import gettext as _
from texts.sentences import explain
from texts.words import word
from ui import feedback
from ui.plain import plain
from ui.session import acting

_AT_FIRST = 2
_ROLES = (PartyRole.APPLICANT, PartyRole.RESPONDENT, PartyRole.OTHER)


def key(name: str) -> str:
    """The key of one field in this round of the form: another round, an empty form."""
    return f"register_{st.session_state.get('register_round', 0)}_{name}"


def ask() -> None:
    """The boxes, numbered as every message about them is."""
    st.session_state.setdefault(key("parties"), _AT_FIRST)
    for number in range(st.session_state[key("parties")]):
        with st.container(border=True):
            st.text_input(
                _("第 {number} 位当事人({role})姓名或单位").format(
                    number=number + 1, role=word(_role(number))
                ),
                key=key(f"name{number}"),
            )
            left, right = st.columns(2)
            left.text_input(_("电话"), key=key(f"phone{number}"))
            right.text_input(_("身份证号"), key=key(f"identity{number}"))
            st.toggle(_("这是单位"), key=key(f"organisation{number}"))
            _show_refused(number)
    st.button(_("再加一位当事人"), key=key("more"), on_click=_one_more)


@feedback.left_to_the_page
def _one_more() -> None:
    acting(Permission.CASE_REGISTER)
    st.session_state[key("parties")] += 1


def entered() -> dict[int, NewParty]:
    """The boxes with anything of a person in them, by their place on the screen."""
    boxes = {number: _party(number) for number in range(_count())}
    return {
        number: party
        for number, party in boxes.items()
        if any(text.strip() for text in (party.name, party.phone, party.identity))
    }


def _count() -> int:
    return int(st.session_state.get(key("parties"), _AT_FIRST))


def _role(number: int) -> PartyRole:
    return _ROLES[min(number, len(_ROLES) - 1)]


def _party(number: int) -> NewParty:
    said = st.session_state
    is_unit = said.get(key(f"organisation{number}"))
    return NewParty(
        role=_role(number),
        name=said.get(key(f"name{number}")) or "",
        kind=PartyKind.ORGANISATION if is_unit else PartyKind.PERSON,
        identity=said.get(key(f"identity{number}")) or "",
        phone=said.get(key(f"phone{number}")) or "",
    )


def by_box(refused: Invalid, boxes: Sequence[int]) -> Invalid:
    """The same refusal with each party numbered by its box; `boxes` are those that were sent."""
    problems = {}
    for field, problem in refused.problems.items():
        party, dot, of_party = field.partition(".")
        if dot:
            party = f"party{boxes[int(party.removeprefix('party'))]}"
        problems[f"{party}{dot}{of_party}"] = problem
    return Invalid(**problems)


def keep_refused(refused: Invalid) -> None:
    """Keep what was wrong with each box, and with what in it, to be said there."""
    kept: dict[int, tuple[NewParty, Invalid]] = {}
    for number in range(_count()):
        start = f"party{number}."
        own = {name: why for name, why in refused.problems.items() if name.startswith(start)}
        if own:
            kept[number] = (_party(number), Invalid(**own))
    st.session_state[key("refused")] = kept


def _show_refused(number: int) -> None:
    """What was wrong with this box, for as long as it holds what was refused."""
    party, refused = st.session_state.get(key("refused"), {}).get(number, (None, None))
    if refused is not None and party == _party(number):
        st.error(plain(explain(refused)), icon=":material/error:")
