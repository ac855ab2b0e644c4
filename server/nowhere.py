"""An address that is no page: said in our own words, before Streamlit says it in English."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import Scope
from streamlit import file_util

from data_access.settings import ROOT
from server.arrival import header
from server.language import in_language, of_referrer, speak
from server.pages import page

# A page's address is the name of its file.
ADDRESSES = frozenset(
    path.stem for path in (ROOT / "pages").glob("*/*.py") if not path.stem.startswith("_")
)
# What Streamlit answers itself: its own files, the pictures and files of a page, its machinery.
_STREAMLITS = frozenset(
    {"_stcore", "media", "component", "app"}
    | {path.name for path in Path(file_util.get_static_dir()).iterdir()}
)


class Nowhere(Route):
    """The last of our routes: every address that a person may open and that is no page."""

    def __init__(self) -> None:
        super().__init__("/{path:path}", _say_so, methods=["GET"])

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Only what a browser wants to show; whatever a page fetches is left to Streamlit."""
        shown = (
            scope["type"] == "http"
            and scope["method"] in {"GET", "HEAD"}
            and "text/html" in (header(scope["headers"], b"accept") or "")
        )
        return super().matches(scope) if shown and _is_nowhere(scope["path"]) else (Match.NONE, {})


def _is_nowhere(path: str) -> bool:
    wanted = path.strip("/")
    return bool(wanted) and wanted not in ADDRESSES and wanted.split("/")[0] not in _STREAMLITS


async def _say_so(request: Request) -> Response:
    chosen = request.query_params.get("lang") or of_referrer(request.headers.get("referer"))
    speak(chosen)
    return page("nowhere.html", status=404, home=in_language("/", chosen))
