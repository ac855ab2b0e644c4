"""The server with the demonstration county, and the browser, that the journeys use too."""

from tests.e2e.conftest import chromium, first_start, server

__all__ = ["chromium", "first_start", "server"]
