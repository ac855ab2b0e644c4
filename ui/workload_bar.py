"""The bar of a load: every case a piece, against what a person can hold at most."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from domain.cases import Lamp
from domain.clocks import day_of
from domain.loads import STANDARD_CASE
from domain.workload import MediatorLoad, Piece
from texts import gettext as _
from texts import loads as load_texts
from texts import ngettext
from texts.numbers import count, day
from texts.words import LAMP_SHAPES, word
from ui.queue_list import address

LAMPS = (Lamp.LATE, Lamp.PARKING_OVER, Lamp.SOON, Lamp.ON_TIME, Lamp.PAUSED)
# Where a bar may end, as a share of what is full. All bars of a page end at the same, the least
# that shows every one of them whole: else small loads could not be told apart. One overfull bar
# must not make all others tiny, so that beyond the last it ends in an arrow.
_ENDS = (0.1, 0.25, 0.5, 1.0, 1.5)
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Scale:
    """Where the bars of a page end, as a share of what is full."""

    end: float

    @property
    def full_at(self) -> float | None:
        """Where the line of a full load stands, in hundredths of the bar; None beyond its end."""
        return round(_HUNDRED / self.end, 2) if self.end >= 1 else None

    def words(self) -> str:
        """What the line, or the end, of the bars means."""
        if self.full_at is not None:
            return _("竖线:上限(满负荷)")
        return _("条的右端:上限的 {share}").format(share=f"{self.end:.0%}")


def scale_of(shares: Iterable[float | None]) -> Scale:
    """The scale of bars that are filled to these shares of what is full."""
    most = max((one for one in shares if one is not None), default=0.0)
    return Scale(next((end for end in _ENDS if most <= end), _ENDS[-1]))


def room_of(people: Iterable[MediatorLoad]) -> float:
    """The points, in tenths, that people can hold in the weeks ahead: leave and duty lower it."""
    return sum(
        one.capacity * STANDARD_CASE * min(1.0, one.available / one.tenths)
        for one in people
        if one.tenths
    )


def share_of(people: Sequence[MediatorLoad]) -> float | None:
    """What they hold against what they can; None where nobody is there."""
    room = room_of(people)
    return sum(one.points + one.duties for one in people) / room if room else None


def bar(people: Sequence[MediatorLoad], scale: Scale, *, today: date) -> dict[str, Any]:
    """One person's cases each a piece; those of several by lamp, the old ones apart."""
    share = share_of(people)
    pieces = [piece for one in people for piece in one.pieces]
    duties = sum(one.duties for one in people)
    drawn = [_drawn("duty", "", _("常设事务"), duties)] if duties else []
    drawn += _cases(pieces, today) if len(people) == 1 else _sums(pieces)
    return {
        "pieces": _cut(drawn, room_of(people) * scale.end),
        "full": scale.full_at,
        "share": "—" if share is None else f"{share:.0%}",
        "beyond": (share is None and bool(drawn)) or (share or 0) > scale.end,
        "under": _under(pieces),
    }


def legend(*, by_person: bool) -> list[dict[str, str]]:
    """What the pieces of a bar mean: a shape and a word beside each colour."""
    old = _("色深:已过 30 天,数字是天数") if by_person else _("色深:已过 30 天;数字是件数")
    lamps = [{"kind": one.value, "text": f"{LAMP_SHAPES[one]} {word(one)}"} for one in LAMPS]
    return [
        *lamps,
        {"kind": "duty", "text": _("常设事务")},
        {"kind": "on_time old", "text": old},
    ]


def _cases(pieces: Sequence[Piece], today: date) -> list[dict[str, Any]]:
    """Every case a piece, late ones first and of each lamp the older first."""
    return [
        _drawn(
            f"{piece.lamp.value}{' old' * piece.old}",
            LAMP_SHAPES[piece.lamp],
            _case_words(piece, today),
            piece.points,
            number=count(piece.age_days) if piece.old else "",
            href=address(piece.case_no) if piece.case_no else "",
        )
        for piece in sorted(pieces, key=lambda one: (LAMPS.index(one.lamp), -one.age_days))
    ]


def _case_words(piece: Piece, today: date) -> str:
    said = [
        piece.case_no or _("不在您的范围内的案件"),
        word(piece.lamp),
        ngettext("已 {days} 天", "已 {days} 天", piece.age_days).format(days=piece.age_days),
        _("{points} 点").format(points=load_texts.points_text(piece.points)),
    ]
    if piece.due_at is not None and piece.runs:
        said.append(_("{day} 到期").format(day=day(day_of(piece.due_at), today=today)))
    return _(" · ").join(said)


def _sums(pieces: Iterable[Piece]) -> list[dict[str, Any]]:
    points: dict[tuple[Lamp, bool], int] = defaultdict(int)
    cases: Counter[tuple[Lamp, bool]] = Counter()
    for piece in pieces:
        points[piece.lamp, piece.old] += piece.points
        cases[piece.lamp, piece.old] += 1
    told = {False: _("{lamp} {cases} 件"), True: _("{lamp} {cases} 件,已过 30 天")}
    return [
        _drawn(
            f"{lamp.value}{' old' * old}",
            LAMP_SHAPES[lamp],
            told[old].format(lamp=word(lamp), cases=count(cases[lamp, old])),
            points[lamp, old],
            number=count(cases[lamp, old]),
        )
        for lamp in LAMPS
        for old in (True, False)
        if cases[lamp, old]
    ]


def _drawn(
    kind: str, sign: str, text: str, points: int, *, number: str = "", href: str = ""
) -> dict[str, Any]:
    return {
        "kind": kind,
        "sign": sign,
        "number": number,
        "text": text,
        "points": points,
        "href": href,
    }


def _cut(drawn: Iterable[dict[str, Any]], most: float) -> list[dict[str, Any]]:
    """Each with its width in hundredths of the bar, which holds `most` points and no more."""
    left, found = float(_HUNDRED), []
    for one in drawn:
        wide = min(left, one.pop("points") * _HUNDRED / most if most else left)
        if wide > 0:
            found.append(one | {"wide": round(wide, 2)})
            left -= wide
    return found


def _under(pieces: Sequence[Piece]) -> str:
    """What the bar shows, in words: how many by lamp, and how old they are."""
    if not pieces:
        return ""
    lamps = Counter(piece.lamp for piece in pieces)
    said = [" ".join(f"{LAMP_SHAPES[one]}{count(lamps[one])}" for one in LAMPS if lamps[one])]
    said.append(_("最久 {days} 天").format(days=max(piece.age_days for piece in pieces)))
    if old := sum(piece.old for piece in pieces):
        said.append(_("过 30 天的 {cases} 件").format(cases=count(old)))
    return _(" · ").join(said)
