"""What every answer tells the browser to refuse: nothing on a page comes from or goes elsewhere."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.types import Message, Send
from streamlit import file_util


def _inline_scripts() -> str:
    """The hashes of the scripts that stand in Streamlit's own page, as sources of a policy."""
    page = (Path(file_util.get_static_dir()) / "index.html").read_text(encoding="utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return " ".join(f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests)


# Streamlit's page: its inline script by hash, styles written at run time, and workers and component
# code that it makes itself as blob: addresses.
_STREAMLIT_SOURCES = {
    "default-src": "'self'",
    "script-src": f"'self' blob: {_inline_scripts()}",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "media-src": "'self' data: blob:",
    "connect-src": "'self'",
    "worker-src": "'self' blob:",
    "frame-src": "'self'",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
# The pages that the server writes itself have no script at all.
_OWN_SOURCES = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'self'",
}
# The page that takes a wall's token out of its own address has one script, a file of ours.
_WALL_ENTER_SOURCES = _OWN_SOURCES | {"script-src": "'self'"}
# The page that the map lives in, st_folium's: files of ours and the one script that begins the map,
# by its hash. st_folium would need 'unsafe-eval'; ui/assets/map/county_map.js sees to that.
_MAP_SCRIPT = "sha256-oAnyZGM9Cwdml6GgtV9jEpe4qfSVqHSAjPFq3uDH7to="
_MAP_SOURCES = {
    "default-src": "'none'",
    "script-src": f"'self' '{_MAP_SCRIPT}'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'self'",
}
_MAP_FOLDER = "/component/streamlit_folium."
_SWITCHED_OFF = (
    "accelerometer camera display-capture geolocation gyroscope magnetometer microphone midi "
    "payment usb"
)


def _policy(sources: dict[str, str]) -> str:
    return "; ".join(f"{kind} {allowed}" for kind, allowed in sources.items())


STREAMLIT_POLICY = _policy(_STREAMLIT_SOURCES)
OWN_POLICY = _policy(_OWN_SOURCES)
WALL_ENTER_POLICY = _policy(_WALL_ENTER_SOURCES)
MAP_POLICY = _policy(_MAP_SOURCES)
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (
        b"permissions-policy",
        ", ".join(f"{feature}=()" for feature in _SWITCHED_OFF.split()).encode(),
    ),
)
_POLICY = b"content-security-policy"
_TLS_ONLY = (b"strict-transport-security", b"max-age=31536000")


def with_security_headers(send: Send, *, secure: bool, path: str = "/") -> Send:
    """`send`, adding the headers to the head of the answer for `path`, below any base path.

    An answer's own policy is kept.
    """
    policy = MAP_POLICY if path.startswith(_MAP_FOLDER) else STREAMLIT_POLICY

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in _ALWAYS} | {_TLS_ONLY[0]}
            kept = [
                (name, _kept_to_tls(name, value) if secure else value)
                for name, value in message.get("headers", ())
                if name.lower() not in ours
            ]
            if not any(name.lower() == _POLICY for name, _ in kept):
                kept.append((_POLICY, policy.encode()))
            tls = (_TLS_ONLY,) if secure else ()
            message = {**message, "headers": [*kept, *_ALWAYS, *tls]}
        await send(message)

    return sending


def _kept_to_tls(name: bytes, value: bytes) -> bytes:
    """A cookie, whoever sets it, that the browser will not send in the clear."""
    if name.lower() != b"set-cookie" or b"secure" in value.lower().split(b"; "):
        return value
    return value + b"; Secure"
