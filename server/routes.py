"""The addresses that the server answers itself; all others are Streamlit's."""

from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from server.downloads import EmptyTable, Rejects
from server.events import Events
from server.geometry import Geometry
from server.health import Health, Ready
from server.nowhere import Nowhere
from server.oidc import ProviderAnswer, ProviderLogin
from server.pages import ASSETS
from server.password import Password
from server.provider import CALLBACK, LOGIN
from server.set_up import SetUp
from server.sign_in import SignedIn, SignIn, SignOut
from server.walls import ENTER, WallEnter

_FOREVER = "public, max-age=31536000, immutable"
_WEEK = "public, max-age=604800"
_ASK_AGAIN = "no-cache"


class Assets(StaticFiles):
    """Fonts, styles and scripts of our own. An address with the file's version is kept for ever.

    Without one, fonts are kept a week and all else is asked for again (a 304 while unchanged), so
    that an upgrade never meets yesterday's style sheet.
    """

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        if response.status_code < 400:  # noqa: PLR2004 - the first error status
            versioned = scope["query_string"].startswith(b"v=")
            kept = _WEEK if path.endswith(".woff2") else _ASK_AGAIN
            response.headers["cache-control"] = _FOREVER if versioned else kept
        return response


ROUTES: list[BaseRoute] = [
    Route("/signin", SignIn),
    Route("/signout", SignOut),
    Route("/signed-in", SignedIn),
    Route(LOGIN, ProviderLogin),
    Route(CALLBACK, ProviderAnswer),
    Route("/password", Password),
    Route("/setup", SetUp),
    Route(ENTER, WallEnter),
    Route("/healthz", Health),
    Route("/readyz", Ready),
    Route("/api/events", Events),
    Route("/files/rejects/{batch}", Rejects),
    Route("/files/empty/{profile}", EmptyTable),
    Route("/geometry/{sha}.json", Geometry),
    Mount("/assets", Assets(directory=ASSETS)),
    Nowhere(),
]
