"""A server with nothing but the map, over counties of squares, for the map's tests and bench.

`streamlit run tests/e2e/map_bench_app.py`, under a base path too.
"""

import gzip
import os
import sys
from functools import cache
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.responses import Response
from starlette.routing import Mount, Route
from streamlit import config

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from server.pages import ASSETS  # noqa: E402 - the path comes first
from server.routes import Assets  # noqa: E402
from server.security_headers import with_security_headers  # noqa: E402
from tests.e2e.square_grids import Squares  # noqa: E402

BASE = (
    "/" + config.get_option("server.baseUrlPath").strip("/")
    if config.get_option("server.baseUrlPath")
    else ""
)


class Headers:
    """What the gate adds to every answer, and no gate."""

    def __init__(self, app):
        self._app = app

    async def __call__(self, scope, receive, send):
        if scope["type"] == "http":
            path = scope["path"].removeprefix(BASE)
            send = with_security_headers(send, secure=False, path=path)
        await self._app(scope, receive, send)


@cache
def body(count, level, hostile):
    plain = Squares(count).body(level, hostile=hostile)
    return gzip.compress(plain, compresslevel=5, mtime=0)


def geometry(request):
    """`<count>-<level>.json`, or `<count>-<level>-hostile.json`; `broken-…` never comes."""
    count, level, *kind = request.path_params["name"].split("-")
    if count == "broken":
        return Response(status_code=500)
    return Response(
        body(int(count), level, "hostile" in kind),
        media_type="application/geo+json",
        headers={
            "content-encoding": "gzip",
            "cache-control": "private, max-age=31536000, immutable",
        },
    )


app = st.App(
    str(Path(__file__).parent / "map_bench_page.py"),
    routes=[
        Route(f"{BASE}/geometry/{{name}}.json", geometry),
        Mount(f"{BASE}/assets", Assets(directory=ASSETS)),
        # Where Streamlit's own page looks for the fonts of the theme.
        Mount("/assets", Assets(directory=ASSETS)),
    ],
    # Stock folium does not work under our policy; to be measured, it needs to go without.
    middleware=[Middleware(Headers)] if os.environ.get("MAP_POLICY") != "off" else [],
)
