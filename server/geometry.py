"""/geometry/…: shapes for the map, by the hash of their content, so that a browser asks once."""

import gzip
import re

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from data_access import site
from data_access.queries import layers
from domain.errors import SessionEnded
from domain.people import Scope
from server.clock import now

_SHA = re.compile(r"[0-9a-f]{64}")
# Private: it takes a session to get it, so that no proxy may hand it to others.
_FOREVER = "private, max-age=31536000, immutable"


class Geometry(HTTPEndpoint):
    """One level of the county at one time as GeoJSON: shapes, ids and names, and no figure."""

    async def get(self, request: Request) -> Response:
        """The file for who is signed in, and for walls; 304 to a browser that has it, or 404."""
        sha = request.path_params["sha"]
        try:
            body = await to_thread.run_sync(_body, request, sha) if _SHA.fullmatch(sha) else None
        except SessionEnded:
            return PlainTextResponse("sign in first\n", 401, {"cache-control": "no-store"})
        if body is None:
            return PlainTextResponse("no such shapes\n", 404, {"cache-control": "no-store"})
        headers = {"etag": f'"{sha}"', "cache-control": _FOREVER, "vary": "accept-encoding"}
        if _has_it(request, sha):
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        else:
            body = await to_thread.run_sync(gzip.decompress, body)
        return Response(body, media_type="application/geo+json", headers=headers)


def _has_it(request: Request, sha: str) -> bool:
    """Whether one of the tags in If-None-Match is this one, weak or strong (RFC 9110, 13.1.2)."""
    tags = request.headers.get("if-none-match", "").split(",")
    return any(tag.strip().removeprefix("W/") in {f'"{sha}"', "*"} for tag in tags)


def _body(request: Request, sha: str) -> bytes | None:
    """The gzipped file. Raises SessionEnded."""
    visitor, wall = request.scope["wusong.visitor"], request.scope["wusong.wall"]
    here = site.current()
    if wall is not None:
        actor = here.walls.actor(wall, address=request.scope["wusong.arrival"].address)
    elif visitor is not None:
        actor = here.registry.actor(visitor.session_id, now())
    else:
        raise SessionEnded
    with here.db.read() as session:
        return layers.layer_body(session, scope=Scope(actor.county_id), sha=sha)
