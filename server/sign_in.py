"""/signin, /signout and /signed-in: the cookie comes and goes here, nowhere else."""

import asyncio
import secrets

from anyio import to_thread
from starlette.background import BackgroundTask
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from data_access import door, site
from data_access.commands import sign_in as command
from domain.errors import (
    ProviderProblem,
    ProviderRefused,
    SessionEnded,
    SignInProblem,
    SignInRefused,
)
from server.arrival import BROWSER_COOKIE, SESSION_COOKIE, Arrival, safe_next
from server.clock import now
from server.forms import FormRefused, read_form
from server.language import in_language, of_referrer, other_language, speak
from server.pages import page
from server.places import Places
from server.provider import begin_address, leave_address
from server.sockets import open_sockets
from texts import language
from texts.identity import provider_refused
from texts.people import sign_in_refused

STATUS = {
    SignInProblem.WRONG: 401,
    SignInProblem.LOCKED: 403,
    SignInProblem.EXPIRED: 403,
    SignInProblem.TOO_MANY: 429,
    SignInProblem.BUSY: 503,
    ProviderProblem.UNREACHABLE: 502,
    ProviderProblem.DECLINED: 401,
    ProviderProblem.STALE: 400,
    ProviderProblem.NOT_VERIFIED: 401,
    ProviderProblem.CLOCKS: 401,
    ProviderProblem.UNKNOWN_PERSON: 403,
    ProviderProblem.ACCOUNT_CLOSED: 403,
}
_SIGN_INS_AT_ONCE = 12
# The new cookie must have reached the browser before its other tabs connect again with it.
_BEFORE_TABS_RECONNECT = 1.0

_places = Places(_SIGN_INS_AT_ONCE)


class SignIn(HTTPEndpoint):
    """The form, and what comes of it."""

    async def get(self, request: Request) -> Response:
        """The form for ?next=…, or onwards where somebody is signed in already."""
        target, chosen = safe_next(request.query_params.get("next")), _language(request)
        speak(chosen, target)
        if request.scope["wusong.visitor"] is not None:
            return RedirectResponse(in_language(target, chosen), 303)
        if not (await to_thread.run_sync(site.current().front)).has_users:
            return RedirectResponse(in_language("/setup", chosen), 303)
        left = "left" in request.query_params
        return await sign_in_page(target, leave=await leave_address() if left else None)

    async def post(self, request: Request) -> Response:
        """Open a session, set its cookie, and go where the person wanted to go."""
        try:
            entered = await read_form(request)
        except FormRefused:
            return PlainTextResponse("not a sign-in form\n", 400)
        target, chosen = safe_next(entered.get("next")), entered.get("lang")
        speak(chosen, target)
        arrival: Arrival = request.scope["wusong.arrival"]
        login = entered.get("login", "")
        try:
            opened = await _open(login, entered.get("password", ""), arrival)
        except SignInRefused as refusal:
            return await sign_in_page(target, login, refusal)
        # The next request comes with the new cookie: the registry must know it by then.
        await to_thread.run_sync(site.current().watcher.look)
        return to_all_tabs(RedirectResponse(in_language(target, chosen), 303), arrival, opened)


class SignOut(HTTPEndpoint):
    """The end of a session."""

    async def post(self, request: Request) -> Response:
        """End the session, take the cookie back, and let the browser's other tabs notice."""
        arrival: Arrival = request.scope["wusong.arrival"]
        visitor = request.scope["wusong.visitor"]
        if visitor is not None:
            await to_thread.run_sync(_end, visitor.session_id)
        after = "/signin" if site.current().provider is None else "/signin?left=1"
        answer = RedirectResponse(in_language(after, _language(request)), 303)
        return to_all_tabs(answer, arrival, None)


class SignedIn(HTTPEndpoint):
    """Where a tab ends up that was opened only to sign in again."""

    async def get(self, request: Request) -> Response:
        """Say that the other tab goes on by itself."""
        chosen = request.query_params.get("lang")
        speak(chosen)
        return page("signed_in.html", home=in_language("/", chosen))


def _language(request: Request) -> str | None:
    """What the address asks for, or the language of the page that led here."""
    return request.query_params.get("lang") or of_referrer(request.headers.get("referer"))


async def _open(login: str, password: str, arrival: Arrival) -> door.SignedIn:
    """Sign in, in one of a few threads; with all of them taken, say so instead of waiting."""
    here, moment = site.current(), now()
    return await _places.run(
        lambda: command.sign_in(
            here.db,
            login=login,
            password=password,
            address=arrival.address,
            lifetime=here.session_lifetime,
            now=moment,
            replaces=arrival.token,
        )
    )


async def sign_in_page(
    target: str,
    login: str = "",
    refusal: SignInRefused | ProviderRefused | None = None,
    *,
    leave: str | None = None,
) -> Response:
    """The form, with why nobody was let in above it, and the provider's button below.

    `leave` is where a person who has just signed out here can sign out of the provider, too.
    """
    provider = site.current().provider
    return page(
        "sign_in.html",
        status=STATUS[refusal.problem] if refusal else 200,
        front=await to_thread.run_sync(site.current().front),
        login=login[:100],
        target=target,
        switch=other_language("/signin", next=target),
        problem=_sentence(refusal),
        identity=refusal.identity if isinstance(refusal, ProviderRefused) else "",
        begin=begin_address(target, "en" if language() == "en" else None) if provider else "",
        leave=leave or "",
    )


def _sentence(refusal: SignInRefused | ProviderRefused | None) -> str:
    match refusal:
        case None:
            return ""
        case ProviderRefused():
            return provider_refused(refusal)
        case SignInRefused():
            return sign_in_refused(refusal, now=now())


def _end(session_id: int) -> None:
    here, moment = site.current(), now()
    try:
        actor = here.registry.owner(session_id, moment)
    except SessionEnded:
        return
    command.sign_out(here.db, session_id=session_id, actor=actor, now=moment)
    here.watcher.look()


def to_all_tabs(answer: Response, arrival: Arrival, opened: door.SignedIn | None) -> Response:
    """Put the new session, or none, into the browser's cookie and make its tabs take it up.

    A browser has one session. Its open tabs still run on the one before: they connect again once
    the cookie has had time to arrive; a tab that has it already is left alone. Streamlit gives the
    same person their screen back, with what they had typed.
    """
    _set_cookie(answer, SESSION_COOKIE, opened.token if opened else "", secure=arrival.secure)
    answer.headers["cache-control"] = "no-store"
    browser = arrival.browser
    if browser is None:
        _set_cookie(answer, BROWSER_COOKIE, secrets.token_urlsafe(16), secure=arrival.secure)
        return answer

    async def after_the_answer() -> None:
        await asyncio.sleep(_BEFORE_TABS_RECONNECT)
        await open_sockets.close(browser, but=opened.session_id if opened else None)

    answer.background = BackgroundTask(after_the_answer)
    return answer


def _set_cookie(answer: Response, name: str, value: str, *, secure: bool) -> None:
    """For this browser session, out of reach of scripts and of other sites; "" takes it back."""
    answer.set_cookie(
        name,
        value,
        max_age=None if value else 0,
        path="/",
        secure=secure,
        httponly=True,
        samesite="lax",
    )
