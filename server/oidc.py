"""Signing in by the office's identity provider (统一认证): at the addresses of `st.login`.

`st.login` leads to /auth/login, and its provider back to /oauth2callback. Both are answered here.
What Streamlit would do last is not done: its cookie, an identity for thirty days that nobody can
take back, is never set (docs/adr/0012). Instead a session of this site is opened, as by a password.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from data_access import site
from data_access.commands import oidc as command
from data_access.door import SignedIn, require_quiet_address
from domain.errors import ProviderProblem, ProviderRefused, SignInRefused
from server.arrival import Arrival, safe_next
from server.clock import now
from server.language import in_language, of_referrer, speak
from server.provider import begin_address, claims_of, go, required_provider
from server.sign_in import sign_in_page, to_all_tabs

_BEGUN = "wusong"
_LONGEST_WAY = timedelta(minutes=10)
_SUSPICIOUS = {ProviderProblem.NOT_VERIFIED, ProviderProblem.CLOCKS}


@dataclass(frozen=True, slots=True)
class _Begun:
    """What this browser set out for, as its own signed cookie says."""

    target: str
    language: str | None
    at: datetime


class ProviderLogin(HTTPEndpoint):
    """/auth/login: on to the provider."""

    async def get(self, request: Request) -> Response:
        """Remember where to go afterwards, and send the browser to the provider."""
        provider = required_provider()
        target = safe_next(request.query_params.get("next"))
        chosen = request.query_params.get("lang") or of_referrer(request.headers.get("referer"))
        speak(chosen, target)
        arrival: Arrival = request.scope["wusong.arrival"]
        if request.scope["wusong.visitor"] is not None:
            return RedirectResponse(in_language(target, chosen), 303)
        if arrival.host.lower() != provider.site_host.lower():
            # The way back leads to the name that is registered: the cookie must be under that name.
            return RedirectResponse(provider.site_url + begin_address(target, chosen), 303)
        try:
            answer = await go(request)
        except (ProviderRefused, SignInRefused) as refusal:
            return await sign_in_page(target, refusal=refusal)
        request.session[_BEGUN] = {"target": target, "lang": chosen, "at": now().isoformat()}
        answer.headers["cache-control"] = "no-store"
        return answer


class ProviderAnswer(HTTPEndpoint):
    """/oauth2callback: back from the provider, with its answer or without one."""

    async def get(self, request: Request) -> Response:
        """Open a session for the person whom the provider vouches for."""
        begun = _take_begun(request)
        target, chosen = (begun.target, begun.language) if begun else ("/", None)
        speak(chosen, target)
        if not request.query_params:
            # Back from signing out there.
            return RedirectResponse(in_language("/signin", chosen), 303)
        arrival: Arrival = request.scope["wusong.arrival"]
        try:
            opened = await _open(request, begun, arrival)
        except (ProviderRefused, SignInRefused) as refusal:
            return await sign_in_page(target, refusal=refusal)
        finally:
            # An answer counts once, whatever came of it.
            request.session.clear()
        # The next request comes with the new cookie: the registry must know it by then.
        await to_thread.run_sync(site.current().watcher.look)
        answer = RedirectResponse(in_language(target, chosen), 303)
        return to_all_tabs(answer, arrival, opened)


def _take_begun(request: Request) -> _Begun | None:
    kept = request.session.pop(_BEGUN, None)
    if kept is None:
        return None
    return _Begun(kept["target"], kept["lang"], datetime.fromisoformat(kept["at"]))


async def _open(request: Request, begun: _Begun | None, arrival: Arrival) -> SignedIn:
    here, provider, moment = site.current(), required_provider(), now()
    if begun is None or not begun.at <= moment < begun.at + _LONGEST_WAY:
        raise ProviderRefused(ProviderProblem.STALE)
    if "error" in request.query_params:
        raise ProviderRefused(ProviderProblem.DECLINED)
    await to_thread.run_sync(_require_quiet, arrival.address, moment)
    try:
        claims = await claims_of(request)
    except ProviderRefused as refusal:
        if refusal.problem in _SUSPICIOUS:
            await to_thread.run_sync(_note, refusal.problem, arrival.address, moment)
        raise
    login = claims.get(provider.login_claim) if provider.login_claim else None
    return await to_thread.run_sync(
        lambda: command.sign_in_by_provider(
            here.db,
            issuer=provider.issuer,
            subject=claims["sub"],
            login=login if isinstance(login, str) else None,
            address=arrival.address,
            lifetime=here.session_lifetime,
            now=moment,
            replaces=arrival.token,
        )
    )


def _require_quiet(address: str, moment: datetime) -> None:
    with site.current().db.read() as session:
        require_quiet_address(session, address, now=moment)


def _note(problem: ProviderProblem, address: str, moment: datetime) -> None:
    here = site.current()
    command.note_bad_answer(here.db, problem=problem, address=address, now=moment)
    here.watcher.look()
