"""Midnight and the turn of a month on a wall that nobody reloads."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from data_access.demo.pulse import Pulse
from domain.clocks import BEIJING
from domain.walls import Program, SceneKey, Step
from tests.e2e.conftest import ROOT, Server
from tests.walls import desk_of, enter, hang

# So long before midnight the server is started; a busy machine needs a minute for all that.
BEFORE = timedelta(seconds=100)
TURNED_WITHIN = 150_000
_APP = ROOT / "tests/e2e/shifted_app.py"


def last_of_month(now):
    """The last evening of the month, in Beijing, so long before midnight."""
    local = now.astimezone(BEIJING)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + timedelta(days=32)).replace(day=1) - BEFORE


@pytest.fixture
def evening(tmp_path, first_start):
    """A server for which a month ends in a moment. Gives it with how far its clock is ahead."""
    folder = tmp_path / "data"
    shutil.copytree(first_start, folder, ignore=shutil.ignore_patterns("*.lock", "server.log"))
    ahead = last_of_month(datetime.now(UTC)) - datetime.now(UTC)
    site = Server(folder, app=str(_APP))
    site.environment["CLOCK_AHEAD"] = str(ahead.total_seconds())
    site.start()
    yield site, ahead
    site.stop()
    site.log.close()


def test_a_day_and_a_month_begin_without_a_reload(evening, chromium):
    site, ahead = evening
    ends = last_of_month(datetime.now(UTC)) + BEFORE
    with desk_of(site.folder) as db:
        only = [Program((Step(one, timedelta(minutes=10)),)) for one in (DUTY, OUTCOMES)]
        tokens = [hang(db, f"零点 {number}", program) for number, program in enumerate(only)]
        pulse = Pulse(db, seed=1, clock=lambda: datetime.now(UTC) + ahead)
        context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        duty = context.new_page()
        enter(duty, site.url, tokens[0])
        other = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        outcomes = other.new_page()
        enter(outcomes, site.url, tokens[1])
        new = duty.locator("[data-tile=new] .figure")
        for _beat in range(300):
            if new.inner_text().strip()[:1] not in {"", "0"}:
                break
            pulse.beat()
    evening_of = f"{ends.month - 1 or 12}月"
    expect(duty.locator(".top")).to_contain_text(evening_of)
    expect(new).not_to_have_text(re.compile(r"^0"))
    for page in (duty, outcomes):
        page.evaluate("window.neverReloaded = true")
    months = outcomes.locator(".months span")
    before = months.all_inner_texts()
    # A wall says the new day within a look of midnight; the rest is this machine's.
    expect(duty.locator(".top")).to_contain_text(f"{ends.month}月1日", timeout=TURNED_WITHIN)
    expect(new).to_have_text(re.compile(r"^0"))
    expect(months).not_to_have_text(before)
    for page in (duty, outcomes):
        assert page.evaluate("window.neverReloaded") is True
    context.close()
    other.close()


DUTY, OUTCOMES = SceneKey.DUTY, SceneKey.OUTCOMES
