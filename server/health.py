"""/healthz: is the site able to work? For monitors; says nothing about what is in it."""

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse

from data_access import site
from server.clock import now


class Health(HTTPEndpoint):
    """200 while the database answers, 503 when it does not. Costs no query."""

    async def get(self, request: Request) -> JSONResponse:
        """The age of the last read of the watermark, in seconds."""
        moment = now()
        seen = site.current().watcher.seen(now=moment)
        age = (moment - seen.read_at).total_seconds()
        status = "ok" if seen.fresh else "database does not answer"
        body = {"status": status, "data_age": round(age, 1)}
        return JSONResponse(body, 200 if seen.fresh else 503, {"cache-control": "no-store"})
