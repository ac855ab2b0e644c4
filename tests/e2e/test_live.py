"""Live pages: a change rings at every screen, tabs share one stream, and a frozen page says so."""

import os
import re
import signal

from playwright.sync_api import expect

from tests.e2e.conftest import ROOT

LIVE = 10_000
TABS = 10
PAGES = ("/queue", "/workload", "/map", "/teams", "/people")
# Within a moment of the last sign of life the page says itself that nothing comes any more.
FROZEN_WITHIN = 20_000


def status(page):
    return page.locator(".data").first


def test_every_live_page_says_of_when_its_figures_are(desk, server):
    page = desk("centre-admin", width=1920, height=1080)
    for address in PAGES:
        page.goto(server.url + address)
        expect(status(page)).to_have_text(re.compile(r"^● 实时 \d\d:\d\d:\d\d$"), timeout=LIVE)
        before = status(page).inner_text()
        expect(status(page)).not_to_have_text(before, timeout=LIVE)


def test_a_change_rings_on_a_page_that_looks_seldom(desk, server, tmp_path):
    page = desk("duty")
    expect(status(page)).to_have_text(re.compile("实时"), timeout=LIVE)
    known = page.evaluate("document.wusongBell.shown.seq")
    assert page.evaluate("document.wusongBell.asked") is None
    bring_in(server, tmp_path, "LV-")
    page.wait_for_function("known => document.wusongBell.shown.seq > known", arg=known)
    # Not by the clock: the bell asked for it.
    rung = page.evaluate("JSON.parse(document.wusongBell.asked).seq")
    assert rung > known


def test_ten_tabs_of_one_browser_all_load_and_all_hear(desk, server, tmp_path):
    first = desk("duty")
    expect(status(first)).to_have_text(re.compile("实时"), timeout=LIVE)
    tabs = [first]
    for _tab in range(TABS - 1):
        page = first.context.new_page()
        page.goto(f"{server.url}/queue")
        expect(status(page)).to_have_text(re.compile("实时"), timeout=3 * LIVE)
        tabs.append(page)
    bring_in(server, tmp_path, "TT-")
    for page in tabs:
        page.wait_for_function("document.wusongBell.asked !== null", timeout=3 * LIVE)


def test_a_server_that_stands_still_is_called_stale_by_the_browser_itself(desk, server):
    page = desk("duty")
    expect(status(page)).to_have_text(re.compile("实时"), timeout=LIVE)
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        expect(status(page)).to_have_text(re.compile("^▲ 数据停在"), timeout=FROZEN_WITHIN)
        expect(status(page)).to_have_class("data stale")
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    expect(status(page)).to_have_text(re.compile("^● 实时"), timeout=LIVE)


def bring_in(server, folder, prefix):
    """New cases by a file, written by another process than the server's."""
    sample = (ROOT / "docs/samples/cases.csv").read_text("utf-8-sig")
    path = folder / "cases.csv"
    path.write_text(sample.replace("YS-", prefix), encoding="utf-8-sig")
    server.verb("import", str(path), "--actor", "centre-admin")
