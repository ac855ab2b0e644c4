"""The gate before everything: who is it, where do they come from, and may this path be asked for.

Pure ASGI, because other middleware does not see websockets. What passes carries X-Wusong- headers
that the gate alone writes; `.streamlit/config.toml` lets Streamlit take the id from them. The
identity is the user's id and nothing else, so that the same person who signs in again gets the same
screen back, with what they had typed, and nobody else does.
"""

from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from urllib.parse import quote

import structlog
from anyio import CapacityLimiter, to_thread
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data_access import site
from data_access.accounts import address_block
from data_access.walls import FoundWall
from server.arrival import (
    OWN_HEADERS,
    Arrival,
    RawHeaders,
    arrival_of,
    header,
    is_safe,
    safe_next,
)
from server.clock import now
from server.journal import where
from server.open_walls import Stream, open_walls
from server.pages import trouble_page
from server.provider import CALLBACK, LOGIN
from server.script_errors import new_reference
from server.security_headers import with_security_headers
from server.sockets import Connection, open_sockets, strangers
from server.walls import ENTER, PAGE, keeping_cookie, may_ask
from texts import gettext as _

log = structlog.get_logger(__name__)

_OPEN = frozenset(
    {
        "/signin",
        "/signout",
        LOGIN,
        CALLBACK,
        "/setup",
        "/healthz",
        "/readyz",
        ENTER,
        # What a page that lost its session still asks for before it connects again.
        "/_stcore/health",
        "/_stcore/host-config",
        "/favicon.ico",
        "/favicon.png",
        "/manifest.json",
    }
)
_OPEN_FOLDERS = ("/assets/", "/static/")
_STREAMLIT = "/_stcore/"
_STREAM = "/_stcore/stream"
_PASSWORD = "/password"  # noqa: S105 - an address
# Of Streamlit's own routes these are needed; its metrics, its agent interface and whatever a later
# version adds are not, until somebody decides so.
_STREAMLIT_PARTS = ("/_stcore/upload_file/", "/_stcore/bidi-components/")
_CLOSED_FOLDERS = ("/auth/", "/oauth2callback", "/app/static/")
# Of the addresses of st.login, these two are open where the site has an identity provider.
_PROVIDER_DOORS = frozenset({LOGIN, CALLBACK})
# Streamlit would take an identity from these cookies. Nobody is given any (docs/adr/0012).
_FOREIGN_COOKIES = "_streamlit_user"
_POLICY_VIOLATION = 1008
_LOOKUPS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Visitor:
    """Whose session a request belongs to. With `must_change` one form is open, and nothing else."""

    session_id: int
    user_id: int
    must_change: bool = False


class Gate:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lookups: CapacityLimiter | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        here = site.current()
        arrival = arrival_of(scope, trust_proxy=here.settings.trust_proxy)
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, arrival)
        else:
            sending = with_security_headers(send, secure=arrival.secure, path=scope["path"])
            await self._http(scope, receive, sending, arrival)

    async def _http(self, scope: Scope, receive: Receive, send: Send, arrival: Arrival) -> None:
        path: str = scope["path"]
        refusal = _refusal(scope["method"], path, arrival)
        if refusal is None and await self._is_exposed_demo(arrival):
            refusal = PlainTextResponse(_("演示站点只对本机开放;对外演示请设 DEMO=1\n"), 403)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        is_open = path in _OPEN or path.startswith(_OPEN_FOLDERS)
        visitor = None if path.startswith(_OPEN_FOLDERS) else await self._visitor(arrival)
        wall = None
        if visitor is None and not path.startswith(_OPEN_FOLDERS):
            wall = await self._wall(arrival)
        if wall is not None:
            await self._http_of_wall(scope, receive, send, arrival, wall)
            return
        if visitor is None and not is_open:
            # A device with a token that opens nothing any more is told so: nobody there signs in.
            form = ENTER if arrival.wall is not None and path == PAGE else "/signin"
            await _turn_away(scope, form, "sign in first\n")(scope, receive, send)
            return
        if visitor is not None and visitor.must_change and not (is_open or path == _PASSWORD):
            away = _turn_away(scope, _PASSWORD, "change the password first\n")
            await away(scope, receive, send)
            return
        await self._serve(_passed(scope, arrival, visitor), receive, send)

    async def _http_of_wall(
        self, scope: Scope, receive: Receive, send: Send, arrival: Arrival, wall: FoundWall
    ) -> None:
        """Serve what the wall's page asks for, and nothing else."""
        path: str = scope["path"]
        if not may_ask(scope["method"], path):
            await _away_to_wall(scope)(scope, receive, send)
            return
        if path == PAGE and arrival.wall is not None:
            send = keeping_cookie(send, arrival.wall, secure=arrival.secure)
        stream = Stream(send)
        with open_walls.held(stream, wall, arrival.address):
            passed = _passed(scope, arrival, None, wall)
            await stream.run(self._serve(passed, receive, stream.send))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the application answer; where it fails, log where and answer calmly."""
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:  # noqa: BLE001 - the last place that can keep data out of the log
            reference = new_reference()
            log.error("request.failed", reference=reference, trace=where(error))  # noqa: TRY400
            if not started:
                await trouble_page(reference)(scope, receive, send)

    async def _websocket(
        self, scope: Scope, receive: Receive, send: Send, arrival: Arrival
    ) -> None:
        # Before anything else: Streamlit would ask the internet for its own address when a foreign
        # page knocks, and stand still meanwhile.
        welcome = scope["path"] == _STREAM and arrival.may_connect
        if not welcome or await self._is_exposed_demo(arrival):
            await _close(receive, send)
            return
        visitor = await self._visitor(arrival)
        if visitor is not None:
            await self._connect(scope, receive, send, arrival, visitor)
            return
        wall = await self._wall(arrival)
        if wall is not None:
            await self._connect(scope, receive, send, arrival, None, wall)
            return
        # A page whose session ended is not turned away, it would only try again for ever: it gets
        # no identity, and its script shows how to sign in. There are not many of those.
        with strangers.place(address_block(arrival.address)) as free:
            if free:
                await self._connect(scope, receive, send, arrival, None)
            else:
                await _close(receive, send)

    async def _connect(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        arrival: Arrival,
        visitor: Visitor | None,
        wall: FoundWall | None = None,
    ) -> None:
        connection = Connection(send, visitor.session_id if visitor else None)
        open_sockets.add(arrival.browser, connection)
        held = open_walls.held(connection, wall, arrival.address) if wall else nullcontext()
        try:
            with held:
                await self._app(_passed(scope, arrival, visitor, wall), receive, connection.send)
        finally:
            open_sockets.remove(arrival.browser, connection)

    async def _visitor(self, arrival: Arrival) -> Visitor | None:
        if arrival.token is None:
            return None
        # In a thread: when the trail has moved, the registry asks the database.
        found = await to_thread.run_sync(
            site.current().registry.find, arrival.token, now(), limiter=self._limiter()
        )
        if found is None:
            return None
        return Visitor(found.session_id, found.user_id, found.for_password_change)

    async def _wall(self, arrival: Arrival) -> FoundWall | None:
        """Which wall asks: by its token, and from where it may; at every request anew."""
        if arrival.wall is None:
            return None
        walls = site.current().walls
        return await to_thread.run_sync(
            partial(walls.find, arrival.wall, address=arrival.address), limiter=self._limiter()
        )

    async def _is_exposed_demo(self, arrival: Arrival) -> bool:
        """Whether a demo site is asked by somebody who need not be at this machine."""
        here = site.current()
        if arrival.local or here.settings.demo:
            return False
        return (await to_thread.run_sync(here.front, limiter=self._limiter())).has_demo_accounts

    def _limiter(self) -> CapacityLimiter:
        """Threads of the gate's own: a database that hangs must not take those of static files."""
        if self._lookups is None:
            self._lookups = CapacityLimiter(_LOOKUPS_AT_ONCE)
        return self._lookups


async def _close(receive: Receive, send: Send) -> None:
    """Refuse a websocket before it is open: the browser is told 403."""
    await receive()
    await send({"type": "websocket.close", "code": _POLICY_VIOLATION})


def _refusal(method: str, path: str, arrival: Arrival) -> Response | None:
    """An answer for what nobody may ask, whoever they are."""
    if not is_safe(method) and not arrival.may_change:
        return PlainTextResponse("cross-origin request refused\n", 403)
    if path.startswith(_STREAMLIT) and path not in _OPEN and not path.startswith(_STREAMLIT_PARTS):
        return PlainTextResponse("not found\n", 404)
    if path in _PROVIDER_DOORS and site.current().provider is not None:
        return None
    if path.startswith(_CLOSED_FOLDERS):
        return PlainTextResponse("not found\n", 404)
    return None


def _turn_away(scope: Scope, form: str, reason: str) -> Response:
    """To the form that comes first, with the way back, for a page; 401 for anything else."""
    wants_page = "text/html" in (header(scope["headers"], b"accept") or "")
    if scope["method"] not in {"GET", "HEAD"} or not wants_page:
        return PlainTextResponse(reason, 401)
    raw = scope.get("raw_path") or quote(scope["path"]).encode()
    query: bytes = scope["query_string"]
    wanted = raw.decode("latin-1") + ("?" + query.decode("latin-1") if query else "")
    target = safe_next(wanted)
    suffix = "" if target == "/" else "?next=" + quote(target, safe="/")
    return RedirectResponse(form + suffix, 303)


def _away_to_wall(scope: Scope) -> Response:
    """A page leads to the wall, the only one that it has; anything else is refused."""
    wants_page = "text/html" in (header(scope["headers"], b"accept") or "")
    if scope["method"] in {"GET", "HEAD"} and wants_page:
        return RedirectResponse(PAGE, 303)
    return PlainTextResponse("not for a wall\n", 403)


def _passed(
    scope: Scope, arrival: Arrival, visitor: Visitor | None, wall: FoundWall | None = None
) -> Scope:
    """The scope with the gate's own headers, and without anything that pretends to be them."""
    headers: RawHeaders = [
        (name, _own_cookies(value) if name.lower() == b"cookie" else value)
        for name, value in scope["headers"]
        if not name.lower().startswith(OWN_HEADERS) and name.lower() != b"host"
    ]
    headers += [
        (b"host", arrival.host.encode("latin-1")),
        (OWN_HEADERS + b"address", arrival.address.encode("latin-1", "replace")),
    ]
    # Whoever must change their password first is nobody to the pages.
    if visitor is not None and not visitor.must_change:
        headers += [
            (OWN_HEADERS + b"user", str(visitor.user_id).encode()),
            (OWN_HEADERS + b"signed-in", b"1"),
            (OWN_HEADERS + b"session", str(visitor.session_id).encode()),
        ]
    if wall is not None:
        headers += [
            (OWN_HEADERS + b"user", f"wall-{wall.wall_id}".encode()),
            (OWN_HEADERS + b"signed-in", b"1"),
            (OWN_HEADERS + b"wall", f"{wall.wall_id}.{wall.epoch}".encode()),
        ]
    ours = {"wusong.arrival": arrival, "wusong.visitor": visitor, "wusong.wall": wall}
    return {**scope, "headers": headers, **ours}


def _own_cookies(value: bytes) -> bytes:
    """A Cookie header without what could be taken for an identity."""
    pairs = value.decode("latin-1").split(";")
    kept = [pair for pair in pairs if not pair.strip().startswith(_FOREIGN_COOKIES)]
    return ";".join(kept).strip().encode("latin-1")
