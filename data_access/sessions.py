"""Who is signed in, kept in memory: asked at every request, every tick and every action."""

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import update

from data_access.accounts import hash_token
from data_access.engine import Database
from data_access.faults import AWAY
from data_access.queries.people import LiveSession, last_seen, live_sessions
from data_access.tables import AuthSession
from domain.clocks import day_of
from domain.errors import SessionEnded
from domain.people import Actor, grants_of

TOUCH_INTERVAL = timedelta(minutes=1)


@dataclass
class _Entry:
    """A live session with what changes while it lives: when it was seen, and the day's grants."""

    live: LiveSession
    last_seen_at: datetime
    written_at: datetime
    actors: dict[date, Actor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """Whose session a token is. One `for_password_change` opens the form for it and no more."""

    session_id: int
    user_id: int
    for_password_change: bool = False


@dataclass(frozen=True)
class _Snapshot:
    seq: int
    by_id: dict[int, _Entry]
    by_token: dict[str, _Entry]


class SessionRegistry:
    """Answers who a session belongs to without a query, unless the audit trail has moved.

    Everything that opens, ends or changes a session (a sign-in, a revocation, a post granted in
    another process) writes an audit line, so the trail's head tells when to read again; `watch`
    gives the newest known head. What only time ends is computed here. `separated`: the site keeps
    the three administrators apart, so the same posts open less.
    """

    def __init__(
        self,
        db: Database,
        watch: Callable[[], int],
        *,
        idle: timedelta,
        separated: bool = False,
    ) -> None:
        self._db = db
        self._watch = watch
        self._idle = idle
        self._separated = separated
        self._reading = threading.Lock()
        self._snapshot = _Snapshot(-1, {}, {})

    def actor(self, session_id: int, now: datetime) -> Actor:
        """The person of a session, with each permission's scope as of now.

        Raises SessionEnded, also for a session that is only for changing a password.
        """
        entry = self._live(session_id, now)
        if entry.live.for_password_change:
            raise SessionEnded(f"session:{session_id}")
        today = day_of(now)
        known = entry.actors.get(today)
        if known is None:
            known = _actor(entry.live, today, separated=self._separated)
            entry.actors = {today: known}
        return known

    def owner(self, session_id: int, now: datetime, *, address: str = "") -> Actor:
        """The person of a session without any permission: for what is everybody's own.

        `address` is where they are now. Raises SessionEnded.
        """
        live = self._live(session_id, now).live
        return Actor(
            live.user_id,
            live.name,
            live.county_id,
            session_id=live.session_id,
            address=address or live.address,
        )

    def find(self, token: str, now: datetime) -> Found | None:
        """Whose session a browser's token is, or None where it opens nothing."""
        entry = self._current(now).by_token.get(hash_token(token))
        if entry is None or self._is_over(entry, now):
            return None
        live = entry.live
        return Found(live.session_id, live.user_id, live.for_password_change)

    def touch(self, session_id: int, now: datetime) -> None:
        """The person did something: the idle limit starts anew. Raises SessionEnded.

        Call it for what a person does, never for an automatic refresh. It is written at most once a
        minute, without an audit line, and is no change of data.
        """
        entry = self._live(session_id, now)
        entry.last_seen_at = max(entry.last_seen_at, now)
        if now - entry.written_at < TOUCH_INTERVAL:
            return
        entry.written_at = now
        # On a full disk, or while the database is away, a person still reads on: what this process
        # remembers is enough, and it is written with the next minute.
        with suppress(*AWAY):
            self._db.write(
                lambda session: session.execute(
                    update(AuthSession)
                    .where(AuthSession.id == session_id, AuthSession.last_seen_at < now)
                    .values(last_seen_at=now)
                    .execution_options(synchronize_session=False)
                )
            )

    def _live(self, session_id: int, now: datetime) -> _Entry:
        entry = self._current(now).by_id.get(session_id)
        if entry is None or self._is_over(entry, now):
            raise SessionEnded(f"session:{session_id}")
        return entry

    def _current(self, now: datetime) -> _Snapshot:
        snapshot = self._snapshot
        if snapshot.seq == self._watch():
            return snapshot
        with self._reading:
            # The mark is taken before the read that it labels: what commits between the two makes
            # the next look read once more, never once too few.
            seq = self._watch()
            if self._snapshot.seq != seq:
                self._snapshot = self._read(seq, now)
            return self._snapshot

    def _read(self, seq: int, now: datetime) -> _Snapshot:
        with self._db.read() as session:
            found = live_sessions(session, idle=self._idle, now=now)
        known = self._snapshot.by_id
        entries = [_carried(live, known.get(live.session_id)) for live in found]
        return _Snapshot(
            seq,
            {entry.live.session_id: entry for entry in entries},
            {entry.live.token_hash: entry for entry in entries},
        )

    def _is_over(self, entry: _Entry, now: datetime) -> bool:
        if now >= entry.live.expires_at:
            return True
        if now < entry.last_seen_at + self._idle:
            return False
        # Another process of the same site may have seen the person since: the database knows. An
        # ended session asks at most once a minute, whatever tabs are still open.
        if now - entry.written_at >= TOUCH_INTERVAL:
            entry.written_at = now
            with self._db.read() as session:
                stored = last_seen(session, entry.live.session_id)
            entry.last_seen_at = max(entry.last_seen_at, stored or entry.last_seen_at)
        return now >= entry.last_seen_at + self._idle


def _carried(live: LiveSession, known: _Entry | None) -> _Entry:
    """A session as read, with the fresher times that this process has kept."""
    if known is None:
        return _Entry(live, live.last_seen_at, live.last_seen_at)
    return _Entry(live, max(live.last_seen_at, known.last_seen_at), known.written_at)


def _actor(live: LiveSession, day: date, *, separated: bool) -> Actor:
    grants = grants_of(
        live.posts,
        county_id=live.county_id,
        mediator_id=live.mediator_id,
        day=day,
        separated=separated,
    )
    return Actor(
        live.user_id,
        live.name,
        live.county_id,
        grants,
        frozenset(post.role for post in live.posts if post.held_on(day)),
        live.session_id,
        live.address,
    )
