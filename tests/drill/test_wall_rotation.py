"""A wall over a full rotation by the clock: nothing that tells of anybody reaches its browser."""

from datetime import UTC, datetime, timedelta

from domain.walls import SHORTEST, Program, SceneKey, Step
from tests.wall_scan import Scan, secrets_of
from tests.walls import answer_alarms, desk_of, enter, hang

# Twice the shortest, so that a busy machine draws each.
ALL = Program(tuple(Step(scene, 2 * SHORTEST) for scene in SceneKey))
FULL_ROTATION = sum((one.stays for one in ALL.steps), timedelta()) + SHORTEST


def test_a_full_rotation_tells_of_nobody_and_asks_no_other_machine(site, chromium, say):
    context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
    page, titles = context.new_page(), set()
    with desk_of(site.folder) as db:
        answer_alarms(db, datetime.now(UTC))
        secrets, token = secrets_of(db), hang(db, "核查", ALL)
    scan = Scan(page, site.url)
    enter(page, site.url, token)
    for _look in range(int(FULL_ROTATION.total_seconds())):
        titles.add(page.locator(".title").inner_text())
        scan.look()
        page.wait_for_timeout(1000)
    assert len(titles) == len(SceneKey), titles
    assert scan.told(secrets) == {}
    assert scan.foreign == []
    looked_for = ", ".join(f"{len(many)} {kind}" for kind, many in secrets.items())
    say(f"{len(titles)} scenes; looked for {looked_for}: found none; no request to another host")
    context.close()
