"""The live events: what a browser hears, and that no open stream holds the server's end up."""

import asyncio
import http.client
import json
import signal
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime

import pytest

from data_access import audit, site
from data_access.changes import Watermark
from domain.people import system_actor
from server import events
from tests.server.conftest import start, stop

AT_ONCE = 1.0  # seconds from a commit to the browser
STREAMS = 50


class Stream:
    """One open stream: its messages as they come."""

    def __init__(self, browser):
        self._connection = http.client.HTTPConnection(browser.host, timeout=20)
        cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        self._connection.request("GET", "/api/events", headers={"Cookie": cookies})
        self.answer = self._connection.getresponse()

    def next(self):
        """The next message's data, and how many seconds it took to come."""
        begun = time.monotonic()
        while line := self.answer.readline():
            if line.startswith(b"data: "):
                return json.loads(line.removeprefix(b"data: ")), time.monotonic() - begun
        return None, time.monotonic() - begun

    def close(self):
        self._connection.close()


def change(installation):
    """A commit by another process that changes what screens show."""
    db = installation.db

    def write(session):
        return audit.append(
            session,
            [audit.Deed("a", "b")],
            actor=system_actor(1),
            at=datetime.now(UTC),
            changes_data=True,
        )

    stamp = db.write(write)
    db.dispose()
    return stamp.data_seq


def test_nobody_listens_without_signing_in(server):
    answer = server.browser().request("GET", "/api/events", headers={"Accept": "text/event-stream"})
    assert answer.status == 401


@pytest.mark.parametrize("role", ["duty", "mediator", "wall", "audit-admin"])
def test_a_stream_tells_what_stands_and_then_every_change_at_once(server, role):
    with closing(Stream(server.signed_in(role))) as stream:
        assert stream.answer.status == 200
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert stream.answer.headers["cache-control"] == "no-store"
        first, _waited = stream.next()
        assert first == {"seq": first["seq"], "fresh": True, "spread": first["spread"]}
        assert 0 < first["spread"] <= events.MOST_SPREAD_MS
        written = change(server.installation)
        told, waited = stream.next()
        assert (told["seq"], told["fresh"]) == (written, True)
        assert waited < AT_ONCE


def test_a_quiet_county_is_told_by_a_beat(server):
    with closing(Stream(server.signed_in("duty"))) as stream:
        first, _waited = stream.next()
        beat, waited = stream.next()
    assert beat == first
    assert waited == pytest.approx(events.BEAT_SECONDS, abs=1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_fifty_open_streams_do_not_hold_up_the_end_of_the_server(installation, number):
    server = start(installation)
    try:
        browser = server.signed_in("duty")
        with ExitStack() as open_streams:
            for _number in range(STREAMS):
                stream = open_streams.enter_context(closing(Stream(browser)))
                assert stream.next()[0]["fresh"]
            begun = time.monotonic()
            server.process.send_signal(number)
            server.process.wait(timeout=20)
            assert time.monotonic() - begun < 5
    finally:
        stop(server)
    assert "Traceback" not in installation.log


class _Quiet:
    """A watcher that has seen one thing."""

    def seen(self, *, now):
        return Watermark(7, 5, now)


@pytest.fixture
def bell(monkeypatch):
    class Here:
        watcher = _Quiet()

    monkeypatch.setattr(site, "current", Here)

    async def made():
        return events.Bell()

    return made


def test_a_stream_ends_by_itself_and_is_forgotten(bell, monkeypatch):
    monkeypatch.setattr(events, "BEAT_SECONDS", 0.02)

    async def listen():
        rung = await bell()
        texts = [text async for text in rung.messages(life=0.05)]
        return texts, len(rung)

    texts, left = asyncio.run(listen())
    assert texts[0].startswith("retry: ")
    assert set(texts[1:]) == {'event: data\ndata: {"seq": 5, "fresh": true, "spread": 8}\n\n'}
    assert left == 0


def test_changes_that_come_together_are_told_as_one(bell):
    async def listen():
        rung = await bell()
        stream = rung.messages()
        await anext(stream)
        await anext(stream)
        for _change in range(100):
            rung.ring(Watermark(1, 1, datetime.now(UTC)))
        await asyncio.sleep(0.05)
        await anext(stream)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(anext(stream), 0.1)
        await stream.aclose()

    asyncio.run(listen())


def test_where_there_are_too_many_streams_a_browser_is_told_to_come_later(monkeypatch):
    monkeypatch.setattr(events, "MOST_STREAMS", 0)

    class Full:
        def __len__(self):
            return 0

    monkeypatch.setattr(events, "_hung", [Full()])

    async def ask():
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/api/events", "headers": []}
        await events.Events(scope, None, send)
        return sent

    answer = asyncio.run(ask())
    assert answer[0]["status"] == 503
