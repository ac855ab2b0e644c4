"""Suggestions for one case in words: what speaks for each person, and why others are not named."""

from collections.abc import Iterable

from domain.balancing.plan import NotChosen
from domain.balancing.suggesting import Suggestion, Term, TermKind
from domain.eligibility import Distance, Objection
from texts.catalog import gettext as _
from texts.planning import load_said, plan_word
from texts.words import word

_HARDLY = 0.01


def why_suggested(one: Suggestion) -> str:
    """Every term of the score as a part of one plain sentence."""
    said = [_term(term, one) for term in one.terms]
    return _(";").join(part for part in said if part) + _("。")


def _term(term: Term, one: Suggestion) -> str:  # noqa: PLR0911 - a sentence for each
    match term.kind:
        case TermKind.ON_TIME:
            return _on_time(term.value)
        case TermKind.LATE_CAUSED:
            count = round(term.value)
            if count > 0:
                return _("会使手上另外 {count} 件超期").format(count=count)
            return _("不会使其他案件超期")
        case TermKind.LOAD_AFTER:
            return _("接办后负荷 {load},为上限的 {share}").format(
                load=load_said(one.load_after), share=_share(term.value)
            )
        case TermKind.DISTANCE:
            return word(Distance(int(term.value)))
        case TermKind.KNOWN_TO_PARTIES:
            return _("曾为当事人调成过纠纷") if term.value else ""
        case TermKind.SETTLES_TYPE:
            return _("此类纠纷调成率折算 {share}").format(share=_share(term.value))


def _on_time(chance: float) -> str:
    """Nothing is certain: what would round to none or to all is said to be nearly so."""
    if chance < _HARDLY:
        return _("已难按期办结")
    if chance > 1 - _HARDLY:
        return _("99% 以上的可能按期办结")
    return _("约 {share} 的可能按期办结").format(share=_share(chance))


def _share(value: float) -> str:
    return f"{100 * value:.0f}%"


def left_out_said(name: str, why: NotChosen | Iterable[Objection]) -> str:
    """Somebody who is not suggested, and the reason."""
    # A member of a StrEnum is iterable too, letter by letter: it is asked for first.
    if isinstance(why, NotChosen):
        return _("{name}({why})").format(name=name, why=plan_word(why))
    return _("{name}({why})").format(name=name, why=_("、").join(word(one) for one in why))
