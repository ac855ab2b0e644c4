"""/wall/enter: where a wall (大屏) shows its token, and what a wall may ask for at all.

The token comes by a form, never in an address, so that no log and no proxy has it. A kiosk gives it
behind a # once: that part of an address is sent to nobody, and the page's script takes it from
there into the form and out of the browser's history.
"""

import structlog
from anyio import to_thread
from starlette.datastructures import MutableHeaders
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import Message, Send

from data_access import site
from data_access.commands.walls import note_entered
from data_access.walls import FoundWall
from domain.errors import SessionEnded
from server.arrival import WALL_COOKIE, Arrival
from server.clock import now
from server.forms import FormRefused, read_form
from server.language import other_language, speak
from server.pages import page
from server.security_headers import WALL_ENTER_POLICY

ENTER = "/wall/enter"
PAGE = "/wall"
# All that the wall's page asks for: itself, the files of ours and of Streamlit, the shapes of
# places, and the bell. Its websocket is the gate's matter.
_PATHS = frozenset(
    {
        PAGE,
        ENTER,
        "/api/events",
        "/healthz",
        "/readyz",
        "/_stcore/health",
        "/_stcore/host-config",
        "/favicon.ico",
        "/favicon.png",
        "/manifest.json",
    }
)
_FOLDERS = ("/assets/", "/static/", "/geometry/", "/component/", "/_stcore/bidi-components/")
# As long as Chromium keeps a cookie at all; each opening of the page begins it anew.
_COOKIE_SECONDS = 400 * 24 * 60 * 60

log = structlog.get_logger(__name__)


def may_ask(method: str, path: str) -> bool:
    """Whether a wall may ask for this: it reads, its own page and what belongs to it."""
    if method not in {"GET", "HEAD"}:
        return method == "POST" and path == ENTER
    return path in _PATHS or path.startswith(_FOLDERS)


class WallEnter(HTTPEndpoint):
    """The form for the token, and what comes of it."""

    async def get(self, request: Request) -> Response:
        """The form. What stands behind ? is not looked at: a token does not belong there."""
        speak(request.query_params.get("lang"))
        arrival: Arrival = request.scope["wusong.arrival"]
        # A device that comes with a token that was good once is told so, not asked to sign in.
        known = arrival.wall is not None and request.scope["wusong.wall"] is None
        return _form(refused=known)

    async def post(self, request: Request) -> Response:
        """Take the token, set the cookie, and go on to the wall."""
        try:
            entered = await read_form(request)
        except FormRefused:
            return PlainTextResponse("not a token form\n", 400)
        speak(entered.get("lang"))
        arrival: Arrival = request.scope["wusong.arrival"]
        token = entered.get("token", "").strip()
        found = await to_thread.run_sync(_enter, token, arrival.address)
        if found is None:
            log.warning("wall.refused", address=arrival.address)
            return _form(refused=True, status=403)
        log.info("wall.entered", wall=found.wall_id, address=arrival.address)
        answer = RedirectResponse(PAGE, 303, {"cache-control": "no-store"})
        set_wall_cookie(answer.headers, token, secure=arrival.secure)
        return answer


def _enter(token: str, address: str) -> FoundWall | None:
    here = site.current()
    found = here.walls.find(token, address=address)
    if found is None:
        return None
    try:
        actor = here.walls.actor(found, address=address)
    except SessionEnded:
        return None
    note_entered(here.db, actor=actor, now=now())
    here.watcher.look()
    return found


def _form(*, refused: bool, status: int = 200) -> Response:
    answer = page(
        "wall_enter.html", status=status, refused=refused, switch=other_language(ENTER), problems={}
    )
    answer.headers["content-security-policy"] = WALL_ENTER_POLICY
    return answer


def set_wall_cookie(headers: MutableHeaders, token: str, *, secure: bool) -> None:
    """For long, out of reach of scripts, and sent for nothing that another site began."""
    made = Response()
    made.set_cookie(
        WALL_COOKIE,
        token,
        max_age=_COOKIE_SECONDS,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
    )
    headers.append("set-cookie", made.headers["set-cookie"])


def keeping_cookie(send: Send, token: str, *, secure: bool) -> Send:
    """`send`, with the wall's cookie for another year: it would else end while the wall hangs."""

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            set_wall_cookie(MutableHeaders(scope=message), token, secure=secure)
        await send(message)

    return sending
