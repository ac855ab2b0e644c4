"""What anchors should be there: those that the trail names, and one for each day of work.

A check that finds less cannot vouch for the chain as it otherwise could; it says what is missing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from data_access.anchors import (
    ANCHORED,
    Anchor,
    AnchorFile,
    anchors_below,
    day_in,
    fingerprint,
)
from data_access.tables import AuditLine
from domain.clocks import BEIJING, day_of
from domain.trail import Note, NoteKind

# A site so young may not have had its first day's work yet.
_NEW = timedelta(days=2)
# A day that was missed long ago is told in the trail's own checks of that time.
_DAYS_LOOKED_BACK = 30
# A clock is never quite another's.
_LEEWAY = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Named:
    """An anchor that a line of the trail names. `key` is the fingerprint of its public key."""

    file: str
    anchored: int
    key: str


def notes(
    session: Session,
    *,
    county_id: int,
    folder: Path,
    files: Sequence[AnchorFile],
    before: int | None,
    now: datetime,
) -> list[Note]:
    """What is missing among the anchors in a folder, and which were signed by a wrong clock.

    `before` is the line at which the chain is broken, if it is: what stands there or later names
    nothing, and perhaps cannot be read. Anchors that were set aside below the folder count.
    """
    lines = [AuditLine.county_id == county_id]
    if before is not None:
        lines.append(AuditLine.seq < before)
    named = _named(session, lines)
    anchors = [(file.name, file.anchor) for file in files if file.anchor is not None]
    found = [
        *_missing(named, [one for _name, one in anchors], folder),
        *_missed_days(session, lines, _days(anchors, named), day_of(now)),
        *_wrong_clocks(anchors, now),
    ]
    if not anchors and not found and _is_old(session, lines, now):
        found.append(Note(NoteKind.NONE, 0))
    return found


def _named(session: Session, lines: Sequence[ColumnElement[bool]]) -> list[_Named]:
    payloads = session.scalars(
        select(AuditLine.payload)
        .where(*lines, AuditLine.action == ANCHORED)
        .order_by(AuditLine.seq)
    )
    return [_Named(str(one["file"]), one["anchored"], one["key"]) for one in payloads]


def _missing(named: Sequence[_Named], anchors: Sequence[Anchor], folder: Path) -> Iterator[Note]:
    there = {(one.seq, fingerprint(one.public_key)) for one in anchors}
    gone = [one for one in named if (one.anchored, one.key) not in there]
    if gone:
        aside = {(one.seq, fingerprint(one.public_key)) for one in anchors_below(folder)}
        gone = [one for one in gone if (one.anchored, one.key) not in aside]
    if gone:
        yield Note(NoteKind.MISSING, len(gone), gone[0].file)


def _days(anchors: Sequence[tuple[str, Anchor]], named: Sequence[_Named]) -> set[date]:
    """The days that have an anchor, or had one: of those that are gone something else is said."""
    of_lines = (day_in(one.file) for one in named)
    return {day_of(one.at) for _name, one in anchors} | {day for day in of_lines if day}


def _missed_days(
    session: Session, lines: Sequence[ColumnElement[bool]], anchored: set[date], today: date
) -> Iterator[Note]:
    """Days after the first anchor on which there was work, and none was signed.

    Where the server was off there was no work: such a day is no anchor's to vouch for.
    """
    first = min(anchored, default=today)
    back = (today - timedelta(days=n) for n in range(_DAYS_LOOKED_BACK, 0, -1))
    missed = [
        day
        for day in back
        if day > first and day not in anchored and _was_work(session, lines, day)
    ]
    if missed:
        yield Note(NoteKind.DAYS, len(missed), missed[0].isoformat())


def _was_work(session: Session, lines: Sequence[ColumnElement[bool]], day: date) -> bool:
    begins = datetime.combine(day, time(), BEIJING)
    at = AuditLine.at
    of_day = exists().where(*lines, at >= begins, at < begins + timedelta(days=1))
    return bool(session.scalar(select(of_day)))


def _wrong_clocks(anchors: Sequence[tuple[str, Anchor]], now: datetime) -> Iterator[Note]:
    """Anchors that are dated after one with more lines, or after today."""
    in_order = sorted(anchors, key=lambda one: (one[1].seq, one[1].at))
    ahead = {name for name, one in anchors if one.at > now + _LEEWAY}
    ahead |= {
        name for (name, one), (_next, after) in pairwise(in_order) if one.at > after.at + _LEEWAY
    }
    if ahead:
        yield Note(NoteKind.CLOCK, len(ahead), min(ahead))


def _is_old(session: Session, lines: Sequence[ColumnElement[bool]], now: datetime) -> bool:
    return bool(session.scalar(select(exists().where(*lines, AuditLine.at < now - _NEW))))
