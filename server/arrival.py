"""Where a request comes from, and whether its sender may be trusted to have meant it."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.types import Scope

SESSION_COOKIE = "wusong_session"
# Which wall (大屏) it is. Beside the session: a person may sign in where a wall hangs.
WALL_COOKIE = "wusong_wall"
# Which browser it is, signed in or not: opens nothing, only tells which tabs belong together.
BROWSER_COOKIE = "wusong_browser"
# Only the gate writes these; what a client sends under such a name is dropped.
OWN_HEADERS = b"x-wusong-"
_HANDED_ON = frozenset({b"forwarded", b"x-real-ip"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

RawHeaders = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What the gate needs to know of one request or handshake.

    `secure` says that the browser speaks TLS, `address` is the client's, `token`, `browser` and
    `wall` are the contents of our cookies, and `local` says that it comes from this very machine:
    through the loopback address, asked for by a loopback name, and handed on by nobody.
    """

    host: str
    origin: str | None
    fetch_site: str | None
    secure: bool
    address: str
    token: str | None
    browser: str | None
    local: bool
    wall: str | None = None

    @property
    def is_same_origin(self) -> bool:
        """Whether the Origin header names this very site."""
        if self.origin is None:
            return False
        scheme, _, netloc = self.origin.partition("://")
        wanted = {"https"} if self.secure else {"http", "https"}
        return scheme in wanted and netloc.lower() == self.host.lower() != ""

    @property
    def may_change(self) -> bool:
        """Whether a request that changes something came from a page of this site.

        Browsers send Origin with every such request; where it is missing, Sec-Fetch-Site, which no
        script can set, must say so.
        """
        if self.fetch_site not in {None, "same-origin"}:
            return False
        return self.is_same_origin if self.origin is not None else self.fetch_site is not None

    @property
    def may_connect(self) -> bool:
        """Whether a websocket may open: same origin, or no browser and nobody's cookie."""
        if self.origin is not None:
            return self.is_same_origin
        return self.token is None and self.wall is None


def arrival_of(scope: Scope, *, trust_proxy: bool) -> Arrival:
    """Read one request's head. With `trust_proxy` the proxy's word counts: client, host, TLS."""
    headers: RawHeaders = scope["headers"]
    client = scope.get("client") or ("", 0)
    server = scope.get("server") or ("", None)
    secure = scope["scheme"] in {"https", "wss"}
    address, host = client[0], header(headers, b"host") or ""
    if trust_proxy:
        # The last hop is the one that our own proxy saw; what stands before it, anybody can write.
        address = (_last(headers, b"x-forwarded-for") or address).strip()
        host = _last(headers, b"x-forwarded-host") or host
        secure = secure or _last(headers, b"x-forwarded-proto") in {"https", "wss"}
    return Arrival(
        host=host,
        origin=header(headers, b"origin"),
        fetch_site=header(headers, b"sec-fetch-site"),
        secure=secure,
        address=address[:64],
        token=_cookie(headers, SESSION_COOKIE),
        browser=_cookie(headers, BROWSER_COOKIE),
        local=not trust_proxy and _is_local(server[0], headers),
        wall=_cookie(headers, WALL_COOKIE),
    )


def _is_local(server: str, headers: RawHeaders) -> bool:
    """A proxy on this machine connects by loopback too, but passes on the name that was asked for,
    or says for whom it asks. The name also stops a foreign page whose own name leads here.
    """
    handed_on = any(
        name.lower().startswith(b"x-forwarded-") or name.lower() in _HANDED_ON
        for name, _ in headers
    )
    return is_loopback(server) and not handed_on and _names_loopback(header(headers, b"host") or "")


def _names_loopback(host: str) -> bool:
    """Whether a Host header is this machine's own name, with or without a port."""
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False


def is_safe(method: str) -> bool:
    """Whether a method only reads."""
    return method in _SAFE_METHODS


def is_loopback(address: str) -> bool:
    """Whether an address, as a socket or a configuration names it, is this machine's own."""
    if address == "localhost":
        return True
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first value of a header, or None."""
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), None)


def safe_next(target: str | None) -> str:
    r"""A path of this site to go on to after signing in; "/" for anything that could lead away.

    Browsers read a backslash as a slash and drop tabs and line ends, so "/\evil", "/\t/evil" and
    "//evil" all lead to another host.
    """
    if not target or not target.startswith("/") or len(target) > 2000:  # noqa: PLR2004
        return "/"
    if any(ord(character) < 0x21 or character in "\\\x7f" for character in target):  # noqa: PLR2004
        return "/"
    try:
        parts = urlsplit(target)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or target.startswith("//"):
        return "/"
    if parts.path in {"/signin", "/signout", "/setup", "/auth/login", "/oauth2callback"}:
        return "/"
    return target


def _last(headers: RawHeaders, name: bytes) -> str | None:
    """The last entry of a comma-separated header that proxies append to."""
    values = [value.decode("latin-1") for key, value in headers if key.lower() == name]
    return ",".join(values).rsplit(",", 1)[-1].strip() or None if values else None


def _cookie(headers: RawHeaders, wanted: str) -> str | None:
    for key, value in headers:
        if key.lower() != b"cookie":
            continue
        for pair in value.decode("latin-1").split(";"):
            name, _, content = pair.strip().partition("=")
            if name == wanted and content:
                return content
    return None
