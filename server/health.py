"""/healthz: is the site able to work? For monitors; says nothing about what is in it."""

from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse

from data_access import site
from server.clock import now

# The watermark is read twice a second; ten missed reads are no accident.
_STALE_SECONDS = 5.0


class Health(HTTPEndpoint):
    """200 while the database answers, 503 when it does not. Costs no query."""

    async def get(self, request: Request) -> JSONResponse:
        """The age of the last read of the watermark, in seconds."""
        latest = site.current().watcher.latest
        age = (now() - latest.read_at).total_seconds()
        well = latest.fresh and age < _STALE_SECONDS
        body = {"status": "ok" if well else "database does not answer", "data_age": round(age, 1)}
        return JSONResponse(body, 200 if well else 503, {"cache-control": "no-store"})
