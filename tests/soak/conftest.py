"""The server with the demonstration county, and the browser, that the journeys use too."""

import pytest

from tests.e2e.conftest import chromium, first_start, server

__all__ = ["chromium", "first_start", "server"]


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/soak" in item.path.as_posix():
            item.add_marker(pytest.mark.soak)
