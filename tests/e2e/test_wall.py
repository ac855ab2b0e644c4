"""The wall in a real browser: five scenes at 1080p and 4K, and what it does when the server
stands still or dies.
"""

import os
import re
import signal
from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from domain.walls import SceneKey
from tests.walls import answer_alarms, desk_of

LIVE = 15_000
# By the wall's own clock nine seconds after the last answer; the rest is this machine's.
CALLED_FROZEN_WITHIN = 20_000
RECOVERED_WITHIN = 30_000


def live(page):
    return page.locator(".live")


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (3840, 2160)])
def test_every_scene_fits_its_screen_with_nothing_cut(desk, server, width, height):
    with desk_of(server.folder) as db:
        answer_alarms(db, datetime.now(UTC))
    page = desk("leader", "/wall?scene=duty", width=width, height=height)
    for scene in SceneKey:
        page.goto(f"{server.url}/wall?scene={scene.value}")
        expect(live(page)).to_have_text(re.compile("^● 实时"), timeout=LIVE)
        tiles = page.locator(".tile")
        expect(tiles.first).to_be_visible()
        for tile in tiles.all():
            box = tile.bounding_box()
            assert box["x"] >= 0
            assert box["y"] >= 0
            assert box["x"] + box["width"] <= width
            assert box["y"] + box["height"] <= height
        body = page.evaluate(
            "() => { const host = [...document.querySelectorAll('*')].find((one) =>"
            " one.shadowRoot?.querySelector('.wall'));"
            " return parseFloat(getComputedStyle(host.shadowRoot.querySelector('.wall'))"
            ".fontSize); }"
        )
        assert body == pytest.approx(28 * height / 1080, rel=0.01)


def test_a_server_that_stands_still_is_called_frozen_in_every_tile_and_recovers(desk, server):
    page = desk("leader", "/wall?scene=outcomes", width=1920, height=1080)
    expect(live(page)).to_have_text(re.compile("^● 实时"), timeout=LIVE)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        expect(live(page)).to_have_text(re.compile("^▲ 数据停在"), timeout=CALLED_FROZEN_WITHIN)
        expect(page.locator(".wall.frozen")).to_be_visible()
        for said in page.locator(".tile .said").all():
            expect(said).to_have_text(re.compile("^▲ 数据停在"))
        # Its own clock goes on, and no dialog covers it.
        before = page.locator(".time").inner_text()
        expect(page.locator(".time")).not_to_have_text(before)
        expect(page.get_by_role("dialog")).to_have_count(0)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    expect(live(page)).to_have_text(re.compile("^● 实时"), timeout=RECOVERED_WITHIN)
    expect(page.locator(".wall.frozen")).to_have_count(0)


def test_a_wall_heals_itself_after_its_server_was_killed(desk, server):
    page = desk("leader", "/wall?scene=duty", width=1920, height=1080, loses_the_server=True)
    expect(live(page)).to_have_text(re.compile("^● 实时"), timeout=LIVE)
    server.process.kill()
    server.process.wait()
    expect(live(page)).to_have_text(re.compile("^▲ 数据停在"), timeout=CALLED_FROZEN_WITHIN)
    server.start()
    expect(live(page)).to_have_text(re.compile("^● 实时"), timeout=RECOVERED_WITHIN)


def test_the_rotation_goes_on_by_itself(desk):
    page = desk("leader", "/wall", width=1920, height=1080)
    title = page.locator(".title")
    expect(title).to_have_text(re.compile("综治中心 · "), timeout=LIVE)
    before = title.inner_text()
    expect(title).not_to_have_text(before, timeout=40_000)
