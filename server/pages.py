"""The few pages that the server writes itself, without any script."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from data_access.settings import ROOT
from server.security_headers import OWN_POLICY
from texts import gettext as _
from texts import language

ASSETS = ROOT / "ui" / "assets"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(_=_, asset=asset)
    return environment


@cache
def asset(path: str) -> str:
    """The address of a file of ui/assets, which changes when the file does."""
    digest = hashlib.sha256((ASSETS / path).read_bytes()).hexdigest()[:12]
    return f"/assets/{path}?v={digest}"


def page(name: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A template as an answer, in the language in use; never kept by a cache."""
    text = _environment().get_template(name).render(language=language(), **values)
    headers = {"cache-control": "no-store", "content-security-policy": OWN_POLICY}
    return HTMLResponse(text, status, headers)


def trouble_page(reference: str) -> HTMLResponse:
    """What a person sees when the server failed: calm, with a number to tell."""
    return page("trouble.html", status=500, reference=reference)
