"""People who look at the queue: they connect and refresh as Streamlit's own page does."""

import asyncio
import json
import random
import secrets
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from sqlalchemy import select
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import connect

from data_access import accounts, audit
from data_access.changes import POLL_SECONDS
from data_access.tables import AuthSession, User
from domain.people import system_actor
from server.arrival import SESSION_COOKIE

# As ui/assets/elements/live.js waits.
_TOGETHER = 0.15
_FINISHED = {
    ForwardMsg.FINISHED_SUCCESSFULLY,
    ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY,
}


def sign_in(db, logins):
    """Open a session for each login, by the rows that signing in writes. Returns their cookies."""
    now = datetime.now(UTC)
    tokens = [secrets.token_urlsafe(32) for _ in logins]

    def work(session):
        users = {user.login: user for user in session.scalars(select(User))}
        for token, login in zip(tokens, logins, strict=True):
            session.add(
                AuthSession(
                    token_hash=accounts.hash_token(token),
                    user_id=users[login].id,
                    epoch=users[login].session_epoch,
                    created_at=now,
                    last_seen_at=now,
                    expires_at=now + timedelta(hours=1),
                    address="127.0.0.1",
                )
            )
        session.flush()
        (county_id,) = {user.county_id for user in users.values()}
        # The line in the trail tells the server, at its next poll, of sessions it does not know.
        deeds = [audit.Deed("session:open", f"user:{users[login].id}") for login in {*logins}]
        actor = system_actor(county_id)
        audit.append(session, deeds, actor=actor, at=now, changes_data=False)

    db.write(work)
    time.sleep(4 * POLL_SECONDS)
    return [f"{SESSION_COOKIE}={token}" for token in tokens]


@dataclass
class Tick:
    """One refresh: milliseconds from the question to its last message, and bytes received."""

    latency: float
    size: int


@dataclass
class Viewer:
    """One tab on the queue page."""

    url: str
    cookie: str
    first_size: int = 0
    ticks: list[Tick] = field(default_factory=list)
    _page_hash: str = ""
    _every: float = 0.0
    _fragment: str = ""
    _spread: float = 0.0
    # What a browser keeps, and tells the server that it has.
    _kept: dict[str, None] = field(default_factory=dict)

    async def look(self, *, ready: asyncio.Barrier, until: asyncio.Event) -> None:
        """Open the page; when everybody has, refresh by the clock and whenever the server rings."""
        async with connect(
            f"{self.url.replace('http', 'ws')}/_stcore/stream",
            origin=self.url,
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],
            additional_headers={"Cookie": self.cookie},
            max_size=None,
            compression=None,
        ) as socket:
            self.first_size = (await self._run(socket)).size
            assert self._fragment, "the page has nothing that refreshes itself"
            rung = asyncio.Event()
            listening = asyncio.create_task(self._listen(rung))
            await ready.wait()
            await asyncio.sleep(random.uniform(0, self._every))
            while not until.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(rung.wait(), self._every)
                    await asyncio.sleep(_TOGETHER + random.random() * self._spread)
                rung.clear()
                self.ticks.append(await self._run(socket, self._fragment))
            listening.cancel()

    async def _listen(self, rung: asyncio.Event) -> None:
        """The browser's one stream of events: a change rings, and so does a line that ended."""
        host, port = urlsplit(self.url).netloc.split(":")
        known = None
        while True:
            reader, writer = await asyncio.open_connection(host, int(port))
            asked = (
                f"GET /api/events HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: {self.cookie}\r\n\r\n"
            )
            writer.write(asked.encode())
            while line := await reader.readline():
                if not line.startswith(b"data: "):
                    continue
                told = json.loads(line.removeprefix(b"data: "))
                self._spread = told["spread"] / 1000
                if told["seq"] != known:
                    known = told["seq"]
                    rung.set()
            writer.close()

    async def _run(self, socket, fragment="") -> Tick:
        message = BackMsg()
        rerun = message.rerun_script
        rerun.page_script_hash = self._page_hash
        rerun.page_name = "" if self._page_hash else "queue"
        rerun.fragment_id = fragment
        rerun.is_auto_rerun = bool(fragment)
        rerun.cached_message_hashes.extend(self._kept)
        start, size = time.perf_counter(), 0
        await socket.send(message.SerializeToString())
        while True:
            frame = await asyncio.wait_for(socket.recv(), timeout=60)
            size += len(frame)
            if self._note(frame):
                return Tick((time.perf_counter() - start) * 1000, size)

    def _note(self, frame) -> bool:
        """Remember what a browser remembers. Returns whether the run has finished."""
        message = ForwardMsg()
        message.ParseFromString(frame)
        if message.metadata.cacheable:
            self._kept[message.hash] = None
            if len(self._kept) > 50:
                self._kept.pop(next(iter(self._kept)))
        match message.WhichOneof("type"):
            case "new_session":
                self._page_hash = message.new_session.page_script_hash
            case "auto_rerun":
                self._fragment = message.auto_rerun.fragment_id
                self._every = message.auto_rerun.interval
            case "script_finished":
                return message.script_finished in _FINISHED
        return False
