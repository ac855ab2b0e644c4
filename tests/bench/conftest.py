"""The server with the demonstration county, and the browser, that the journeys use too."""

from tests.e2e.conftest import chromium, server

__all__ = ["chromium", "server"]
