"""Pages through the entry script, over a real site in a database of its own."""

from datetime import timedelta
from functools import cache
from pathlib import Path

import pytest
from streamlit.components.v2 import manifest_scanner

from data_access import site
from data_access.changes import Watcher
from data_access.engine import Database, open_engine
from data_access.sessions import SessionRegistry
from data_access.settings import Settings
from data_access.site import Site
from tests.conftest import BACKENDS
from tests.desk import Desk
from tests.world import World
from ui import clock

# Every query and every command is tried on both databases in tests/db, and a page adds nothing that
# could tell them apart. Those in which most of them meet are tried on both all the same.
ON_BOTH = {"test_drawer", "test_queue", "test_reassign", "test_workload"}


def pytest_collection_modifyitems(config, items):
    _first, *others = BACKENDS
    left_out = {item for item in items if _is_tried_once(item) and _database(item) in others}
    if left_out:
        config.hook.pytest_deselected(items=[*left_out])
        items[:] = [item for item in items if item not in left_out]


def _is_tried_once(item):
    return item.path.parent == Path(__file__).parent and item.path.stem not in ON_BOTH


def _database(item):
    """Which database a test runs on; None for one without."""
    return item.callspec.params.get("new_database") if hasattr(item, "callspec") else None


@pytest.fixture(scope="session", autouse=True)
def packages_looked_through_once():
    """Which installed packages bring components cannot change meanwhile; each AppTest asks anew."""
    with pytest.MonkeyPatch.context() as patch:
        once = cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture
def here(tmp_path, vault, new_database, monkeypatch):
    """A site, open in this process, on each database."""
    url = new_database()
    monkeypatch.setenv("DATABASE_URL", url)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    db = Database(open_engine(url), vault)
    watcher = Watcher(db, clock=clock.now)
    registry = SessionRegistry(db, lambda: watcher.latest.seq, idle=timedelta(minutes=30))
    opened = Site(Settings(), db, watcher, registry)
    site.install(opened)
    yield opened
    site.close_site(opened)


@pytest.fixture
def desk(here, monkeypatch):
    return Desk(here, World(here.db), monkeypatch)
