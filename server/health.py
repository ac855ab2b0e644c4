"""/healthz and /readyz: does the site live, could it work? For monitors; says nothing else."""

from anyio import to_thread
from starlette.endpoints import HTTPEndpoint
from starlette.requests import Request
from starlette.responses import JSONResponse

from data_access import site
from data_access.readiness import Readiness
from server.clock import now

_NOT_KEPT = {"cache-control": "no-store"}


class Health(HTTPEndpoint):
    """200 while the database answers, 503 when it does not. Costs no query."""

    async def get(self, request: Request) -> JSONResponse:
        """The age of the last read of the watermark, in seconds."""
        moment = now()
        seen = site.current().watcher.seen(now=moment)
        age = (moment - seen.read_at).total_seconds()
        status = "ok" if seen.fresh else "database does not answer"
        body = {"status": status, "data_age": round(age, 1)}
        return JSONResponse(body, 200 if seen.fresh else 503, _NOT_KEPT)


class Ready(HTTPEndpoint):
    """200 while pages could be answered: the watermark is fresh, the tables are this version's."""

    async def get(self, request: Request) -> JSONResponse:
        """What stands in the way, if anything."""
        found = await to_thread.run_sync(site.current().ready.ask, now())
        return JSONResponse(
            {"status": found.value}, 200 if found is Readiness.READY else 503, _NOT_KEPT
        )
