"""A wall through all its scenes: nothing that tells of anybody reaches its browser in any way."""

import re
from datetime import UTC, datetime

from playwright.sync_api import expect

from domain.walls import SceneKey
from tests.wall_scan import Scan, secrets_of
from tests.walls import answer_alarms, desk_of, enter, hang, pin
from texts.words import word


def test_no_scene_of_a_wall_tells_of_anybody_or_asks_another_machine(server, chromium):
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page = context.new_page()
    with desk_of(server.folder) as db:
        answer_alarms(db, datetime.now(UTC))
        secrets, token = secrets_of(db), hang(db, "核查")
        assert all(len(many) > 100 for many in secrets.values())
        scan = Scan(page, server.url)
        enter(page, server.url, token)
        for number, scene in enumerate(SceneKey):
            pin(db, token, scene, version=number)
            shown = re.compile(re.escape(f"综治中心 · {word(scene)}"))
            expect(page.locator(".title")).to_have_text(shown, timeout=15_000)
            expect(page.locator(".tile").first).to_be_visible()
            page.wait_for_timeout(1500)
            scan.look()
    assert scan.told(secrets) == {}
    assert scan.foreign == []
    context.close()
