"""Talking to the office's identity provider (统一认证), through the client that `st.login` uses.

That client is Streamlit's own, made from the `[auth]` section that our settings give it: Authlib
with PKCE, state and nonce. Everything that asks the provider runs aside, in limited time.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import anyio
import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.starlette_client import StarletteOAuth2App
from authlib.oidc.core import CodeIDToken
from joserfc.errors import ExpiredTokenError, InvalidClaimError
from starlette.requests import Request
from starlette.responses import Response
from streamlit.web.server.starlette.starlette_auth_routes import _create_oauth_client

from data_access import site
from data_access.provider import Provider, ProviderError, is_own, provider_of
from data_access.settings import Settings
from domain.errors import ProviderProblem, ProviderRefused, Refusal
from server.clock import now
from server.journal import where
from server.places import Places

log = structlog.get_logger(__name__)

LOGIN, CALLBACK = "/auth/login", "/oauth2callback"

_T = TypeVar("_T")
# What a provider says of itself rarely changes; a key that is not known is asked for at once.
_METADATA_KEPT = timedelta(minutes=10)
# The page that says goodbye is anybody's to open: however often, it asks the provider so seldom.
_ASKED_IN_PASSING_EVERY = timedelta(minutes=1)
_SECONDS_PER_STEP, _SECONDS = 5.0, 12.0
_AT_ONCE = 4
_LEEWAY_SECONDS = 60
# What only the provider can have signed: its own list may also name "none", or a kind whose key is
# the secret that it shares with this site.
_ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384"})
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


def secrets_of_st_login() -> dict[str, Any] | None:
    """The `[auth]` section of st.secrets, from our settings; None without a provider.

    A provider that is badly described is left to the start, which says so in a sentence.
    """
    provider = None
    with suppress(ProviderError):
        provider = provider_of(Settings())
    return None if provider is None else {"auth": _section(provider)}


def _section(provider: Provider) -> dict[str, Any]:
    return {
        "redirect_uri": provider.redirect_uri,
        # Signs what nobody reads: Streamlit's cookies are neither set nor accepted here.
        "cookie_secret": secrets.token_urlsafe(32),
        "client_id": provider.client_id,
        "client_secret": provider.client_secret,
        "server_metadata_url": provider.metadata_url,
        "client_kwargs": {
            # Who it is; more only where a claim is to be compared with the login.
            "scope": "openid profile" if provider.login_claim else "openid",
            # On a shared computer, whoever is still signed in there is not whoever sits there now.
            "prompt": "select_account",
            "timeout": _SECONDS_PER_STEP,
            "follow_redirects": False,
        },
    }


def begin_address(target: str, chosen: str | None = None) -> str:
    """The address that begins a sign-in by the provider and ends at `target`."""
    query = {"next": "" if target == "/" else target, "lang": chosen or ""}
    wanted = urlencode({name: one for name, one in query.items() if one}, quote_via=quote)
    return f"{LOGIN}?{wanted}" if wanted else LOGIN


async def go(request: Request) -> Response:
    """The answer that sends a browser to the provider. Raises ProviderRefused, SignInRefused."""
    redirect_uri = required_provider().redirect_uri

    async def to_the_provider() -> Response:
        answer: Response = await (await _client()).authorize_redirect(request, redirect_uri)
        return answer

    return await _aside(to_the_provider)


async def claims_of(request: Request) -> dict[str, Any]:
    """Who the provider says it is, verified. Raises ProviderRefused, SignInRefused."""
    return await _aside(lambda: _claims(request))


async def leave_address() -> str | None:
    """Where a person signs out of the provider, too; None where it has no such address.

    Nor where its description is not in memory, and was asked for in vain a moment ago.
    """
    provider, moment = site.current().provider, now()
    if provider is None or not (_is_known(provider, moment) or _may_ask_in_passing(moment)):
        return None
    try:
        client = await _aside(_client)
    except Refusal:
        return None
    address = client.server_metadata.get("end_session_endpoint")
    if not isinstance(address, str) or not _is_safe(address):
        return None
    query = {"client_id": provider.client_id, "post_logout_redirect_uri": provider.redirect_uri}
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(query)}"


def _may_ask_in_passing(moment: datetime) -> bool:
    """Whether nobody set off such a question a moment ago; it is then taken to be set off now."""
    if _asked_in_passing and abs(moment - _asked_in_passing[0]) < _ASKED_IN_PASSING_EVERY:
        return False
    _asked_in_passing[:] = [moment]
    return True


def required_provider() -> Provider:
    """The site's provider. The gate lets nobody come so far without one."""
    provider = site.current().provider
    if provider is None:
        raise ProviderRefused(ProviderProblem.UNREACHABLE)
    return provider


async def _claims(request: Request) -> dict[str, Any]:
    client = await _client()
    wanted = {
        "iss": {"essential": True, "value": client.server_metadata["issuer"]},
        "aud": {"essential": True, "value": client.client_id},
        "sub": {"essential": True},
    }
    try:
        token = await client.authorize_access_token(
            request, claims_cls=CodeIDToken, claims_options=wanted, leeway=_LEEWAY_SECONDS
        )
        claims: dict[str, Any] = token["userinfo"]
    except Exception as error:  # noqa: BLE001 - whatever goes wrong with it, it is not believed
        problem = _problem_of(error)
        log.warning("provider.answer_refused", problem=problem, trace=where(error))
        raise ProviderRefused(problem) from None
    return claims


def _problem_of(error: Exception) -> ProviderProblem:
    """What an answer that could not be used means; whatever is not known is not trusted."""
    match error:
        case TimeoutError() | httpx2.HTTPError():
            return ProviderProblem.UNREACHABLE
        case ExpiredTokenError() | InvalidClaimError(claim="iat" | "nbf"):
            return ProviderProblem.CLOCKS
        case OAuthError(error="mismatching_state"):
            return ProviderProblem.STALE
        case _:
            return ProviderProblem.NOT_VERIFIED


@dataclass(frozen=True, slots=True)
class _Known:
    """A client that has read how its provider describes itself."""

    provider: Provider
    client: StarletteOAuth2App
    at: datetime


_known: list[_Known] = []
_asked_in_passing: list[datetime] = []


def _is_known(provider: Provider, moment: datetime) -> bool:
    return bool(
        _known and _known[0].provider == provider and moment - _known[0].at < _METADATA_KEPT
    )


async def _client() -> StarletteOAuth2App:
    """Streamlit's client for `st.login`, its provider's description read and found sound."""
    provider, moment = required_provider(), now()
    if _is_known(provider, moment):
        return _known[0].client
    client, _ = _create_oauth_client("default")
    try:
        _require_sound(await client.load_server_metadata(), provider)
    except (LookupError, ValueError, TypeError, AttributeError, httpx2.HTTPError) as error:
        log.warning("provider.unreachable", trace=where(error))
        raise ProviderRefused(ProviderProblem.UNREACHABLE) from None
    _known[:] = [_Known(provider, client, moment)]
    return client


def _require_sound(metadata: dict[str, Any], provider: Provider) -> None:
    """Raise ValueError for a description of another provider, or of one that can be overheard.

    The issuer must be the one that was asked (OpenID Connect Discovery 1.0, section 4.3).
    """
    if metadata["issuer"].rstrip("/") != provider.issuer:
        msg = "the description is another issuer's"
        raise ValueError(msg)
    if not all(_is_safe(metadata[endpoint]) for endpoint in _ENDPOINTS):
        msg = "an address in the description is not https"
        raise ValueError(msg)
    offered = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
    kept = sorted(_ALGORITHMS.intersection(offered))
    if not kept:
        msg = "no way of signing that can be checked"
        raise ValueError(msg)
    metadata["id_token_signing_alg_values_supported"] = kept


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and is_own(parts.hostname or ""))


_places = Places(_AT_ONCE)


async def _aside(work: Callable[[], Coroutine[Any, Any, _T]]) -> _T:
    """Run what asks the provider in a thread with an event loop of its own, and not for ever.

    A slow provider holds up neither the screens of those who are in, nor more than a few threads.
    """

    async def in_time() -> _T:
        async with asyncio.timeout(_SECONDS):
            return await work()

    try:
        with anyio.fail_after(_SECONDS + 1):
            return await _places.run(lambda: asyncio.run(in_time()), abandon_on_cancel=True)
    except TimeoutError:
        raise ProviderRefused(ProviderProblem.UNREACHABLE) from None
