"""The address of who connects is that of the connection, and a proxy's word counts by our rule.

uvicorn believes X-Forwarded-For and X-Forwarded-Proto of whoever connects from this very machine.
Behind a local proxy that passes on what a client wrote, anybody could choose their address: for the
limits of sign-ins, for the trail, and for walls that are bound to one. Whether a proxy is trusted
is said by TRUST_PROXY alone (server/arrival.py).
"""

from starlette.types import Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware


def believe_no_headers() -> None:
    """Let every request through with the address that its connection has."""
    # There is no setting for it where Streamlit starts uvicorn.
    ProxyHeadersMiddleware.__call__ = _as_it_is  # type: ignore[assignment, method-assign]


async def _as_it_is(
    middleware: ProxyHeadersMiddleware, scope: Scope, receive: Receive, send: Send
) -> None:
    await middleware.app(scope, receive, send)  # type: ignore[arg-type]
