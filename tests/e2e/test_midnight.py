"""Midnight and the turn of a month on a wall that nobody reloads."""

import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from data_access import reference
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.tables import OrganisationUnit
from domain.clocks import BEIJING, day_of
from domain.organisation import PartyRole, UnitLevel
from domain.people import system_actor
from domain.walls import Program, SceneKey, Step
from tests.e2e.conftest import ROOT, Server
from tests.walls import answer_alarms, desk_of, enter, hang

# So long before midnight the clock is put when everything is ready.
LEFT = timedelta(seconds=15)
TURNED_WITHIN = 60_000
_APP = ROOT / "tests/e2e/tried_app.py"


class Midnight:
    """The end of a month in Beijing, and how far before it the server's clock stands."""

    def __init__(self, said):
        first = datetime.now(BEIJING).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        self.at = (first + timedelta(days=32)).replace(day=1)
        self._said = said

    def put(self, before):
        """Let it be so long before."""
        self.ahead = self.at - before - datetime.now(UTC)
        self._said.with_suffix(".new").write_text(str(self.ahead.total_seconds()))
        # A clock that is read while it is written says nothing.
        self._said.with_suffix(".new").replace(self._said)


def bring_case(db, now):
    """Register one dispute, so that the day which ends had a figure to begin anew from."""
    with db.read() as session:
        grid = session.scalars(
            select(OrganisationUnit).where(OrganisationUnit.level == UnitLevel.GRID).limit(1)
        ).one()
        county = reference.county_id(session)
    new = NewCase(
        unit_id=grid.id,
        type_code="0402",
        source_code="S02",
        occurred_on=day_of(now),
        title="楼上漏水引发冲突",
        parties=(NewParty(PartyRole.APPLICANT, "王小明"),),
    )
    register_case(db, new=new, actor=system_actor(county), now=now, key="evening")


@pytest.fixture
def evening(tmp_path, first_start):
    """A server on the last evening of a month, and its midnight."""
    folder = tmp_path / "data"
    shutil.copytree(first_start, folder, ignore=shutil.ignore_patterns("*.lock", "server.log"))
    site, midnight = Server(folder, app=str(_APP)), Midnight(tmp_path / "clock")
    midnight.put(timedelta(minutes=30))
    site.environment["CLOCK_AHEAD"] = str(tmp_path / "clock")
    site.start()
    yield site, midnight
    site.stop()
    site.log.close()


def test_a_day_and_a_month_begin_without_a_reload(evening, chromium):
    site, midnight = evening
    with desk_of(site.folder) as db:
        only = [Program((Step(one, timedelta(minutes=10)),)) for one in (DUTY, OUTCOMES)]
        tokens = [hang(db, f"零点 {number}", program) for number, program in enumerate(only)]
        bring_case(db, datetime.now(UTC) + midnight.ahead)
        answer_alarms(db, datetime.now(UTC) + midnight.ahead)
        context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        duty = context.new_page()
        # What the machine on the wall takes for the time is nobody's business.
        duty.clock.set_system_time(datetime(2001, 1, 1, 12, tzinfo=UTC))
        enter(duty, site.url, tokens[0])
        other = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        outcomes = other.new_page()
        enter(outcomes, site.url, tokens[1])
        new = duty.locator("[data-tile=new] .figure")
    last_day = midnight.at - timedelta(days=1)
    expect(duty.locator(".top")).to_contain_text(f"{last_day.month}月{last_day.day}日")
    expect(new).not_to_have_text(re.compile(r"^0"))
    for page in (duty, outcomes):
        page.evaluate("window.neverReloaded = true")
    months = outcomes.locator(".months span")
    before = months.all_inner_texts()
    midnight.put(LEFT)
    # A wall says the new day within a look of midnight; the rest is this machine's.
    expect(duty.locator(".top")).to_contain_text(f"{midnight.at.month}月1日", timeout=TURNED_WITHIN)
    expect(duty.locator(".time")).to_have_text(re.compile(r"^00:0\d:\d\d$"))
    expect(new).to_have_text(re.compile(r"^0"))
    expect(months).not_to_have_text(before)
    for page in (duty, outcomes):
        assert page.evaluate("window.neverReloaded") is True
    context.close()
    other.close()


DUTY, OUTCOMES = SceneKey.DUTY, SceneKey.OUTCOMES
