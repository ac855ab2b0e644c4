"""The map in a real browser: down to a case and back, live, picked areas to the queue."""

import csv
import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pysqlite3 import dbapi2

from tests.e2e.square_grids import HOSTILE

PAINT = 20_000
SAMPLE = Path("docs/samples/cases.csv")
CENTRE = "JSON.stringify(window.map.getCenter())"
PULSED = """() => {
  window.pulsed = [];
  new MutationObserver((all) => all.forEach(({ target }) => {
    if (target.classList.contains("pulse")) window.pulsed.push(target.getAttribute("aria-label"));
  })).observe(document.getElementById("map_div"), { subtree: true, attributeFilter: ["class"] });
}"""


def frame_of(page):
    """The map's own page, once it is painted."""
    until = time.monotonic() + PAINT / 1000
    while time.monotonic() < until:
        for frame in page.frames:
            if "streamlit_folium" in frame.url and frame.evaluate(
                "document.getElementById('map_div')?.dataset.paints || ''"
            ):
                return frame
        page.wait_for_timeout(100)
    raise AssertionError("the map was not painted")


def map_says(page, name):
    return frame_of(page).evaluate(f"document.getElementById('map_div').dataset.{name}")


def path(page):
    return page.locator(".path .step").all_inner_texts()


def test_from_the_county_down_to_a_case_and_back(desk):
    page = desk("duty", "/map")
    frame_of(page)
    expect(page.locator(".path strong")).to_have_text("大邑县")
    page.get_by_label("找地方").fill("arz")
    page.get_by_label("找地方").press("Enter")
    expect(page.locator(".path strong")).to_have_text("安仁镇")
    expect(page).to_have_url(re.compile(r"area=510129\d{3}"))
    page.get_by_role("button", name="按网格").click()
    expect(page.get_by_role("button", name="按网格")).to_have_attribute("aria-pressed", "true")
    case = page.locator(".case").first
    number = case.locator(".number").inner_text()
    case.click()
    expect(page.get_by_role("dialog").get_by_text(number).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.locator("button.step").first.click()
    expect(page.locator(".path strong")).to_have_text("大邑县")


def test_a_link_to_a_grid_opens_there(desk):
    page = desk("duty", "/map")
    frame_of(page)
    page.get_by_label("找地方").fill("第1网格")
    page.get_by_label("找地方").press("Enter")
    page.locator(".st-key-map_found button").first.click()
    expect(page.locator(".path .step")).to_have_count(4)
    expect(page).to_have_url(re.compile(r"area=\d{15}"))
    address, wanted = page.url, path(page)
    page.goto(address)
    expect(page.locator(".path .step")).to_have_count(4)
    assert path(page) == wanted


def test_what_is_clicked_in_the_panel_stays_and_outlives_another_page(desk):
    page = desk("duty", "/map?days=90&type=04")
    frame_of(page)
    page.locator(".figure", has_text="红色风险").click()
    expect(page).to_have_url(re.compile("figure=red"))
    expect(page.locator(".legend")).to_contain_text("红色风险")
    # Longer than two refreshes, each of which brings what the page's own fields say.
    page.wait_for_timeout(4_000)
    expect(page.get_by_role("combobox", name="指标")).to_have_value("红色风险")
    expect(page.locator(".legend")).to_contain_text("红色风险")
    page.locator(".figure", has_text="新登记").first.click()
    expect(page).to_have_url(re.compile("figure=new"))
    page.get_by_role("button", name="到队列中查看").click()
    expect(page).to_have_url(re.compile("/queue"))
    page.go_back()
    expect(page.locator(".legend")).to_contain_text("新登记")
    expect(page.get_by_role("combobox", name="时段")).to_have_value("近 90 天")
    expect(page).to_have_url(re.compile(r"figure=new.*days=90|days=90.*figure=new"))
    assert "type=04" in page.url


def test_the_table_is_taken_along_and_that_is_in_the_trail(desk, server):
    page = desk("leader", "/map?present=1")
    frame_of(page)
    page.get_by_text("以表格查看").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="下载 CSV").click()
    text = Path(waiting.value.path()).read_text("utf-8-sig")
    assert "安仁镇" in text
    assert "示意图,不作划界依据。" in text
    with dbapi2.connect(server.folder / "wusong.db") as read:
        actions = read.execute("SELECT count(*) FROM audit_log WHERE action = 'figures:export'")
        assert actions.fetchone()[0] == 1


def test_the_view_of_the_reader_outlives_the_refreshes(desk):
    page = desk("duty", "/map")
    frame = frame_of(page)
    box = page.locator("iframe").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 260, steps=6)
    page.mouse.up()
    page.wait_for_timeout(800)
    kept = frame.evaluate(CENTRE)
    stamp = page.locator(".head .data").inner_text()
    expect(page.locator(".head .data")).not_to_have_text(stamp)
    page.wait_for_timeout(3_000)
    assert frame.evaluate(CENTRE) == kept
    assert not frame.is_detached()


def test_a_new_case_repaints_the_map_in_place_and_pulses(desk, server, tmp_path):
    page = desk("duty", "/map")
    page.get_by_label("找地方").fill("安仁")
    page.get_by_label("找地方").press("Enter")
    expect(page.locator(".path strong")).to_have_text("安仁镇")
    frame = frame_of(page)
    page.wait_for_timeout(1_500)
    frame.evaluate("window.map.panBy([40, 30], { animate: false })")
    frame.evaluate(PULSED)
    kept, paints = frame.evaluate(CENTRE), int(map_says(page, "paints"))
    held = page.locator(".figure", has_text="在办").locator(".value")
    before = held.inner_text()
    new = tmp_path / "cases.csv"
    new.write_text(SAMPLE.read_text("utf-8-sig").replace("YS-", "MAP-"), encoding="utf-8-sig")
    server.verb("import", str(new), "--actor", "centre-admin")
    expect(held).not_to_have_text(before, timeout=10_000)
    until = time.monotonic() + 10
    while not frame.evaluate("window.pulsed") and time.monotonic() < until:
        page.wait_for_timeout(100)
    assert any("件" in told for told in frame.evaluate("window.pulsed"))
    assert int(map_says(page, "paints")) > paints
    assert frame.evaluate(CENTRE) == kept
    assert not frame.is_detached()


@pytest.fixture
def hostile_names(server, tmp_path):
    """The grids of one community bear names that nothing may run."""
    with dbapi2.connect(server.folder / "wusong.db") as read:
        code, community = read.execute(
            "SELECT code, id FROM organisation_unit WHERE name = '云华村'"
        ).fetchone()
        grids = read.execute(
            "SELECT code, name FROM organisation_unit WHERE level = '07' AND valid_to IS NULL"
            " AND path LIKE ? ORDER BY code",
            (f"%/{community}/%",),
        ).fetchall()

    def rename(names):
        file = tmp_path / "units.csv"
        with file.open("w", encoding="utf-8-sig", newline="") as out:
            csv.writer(out).writerows([["编码", "名称"], *names])
        server.verb("import", str(file), "--actor", "centre-admin")

    bad = [(grid, HOSTILE[place % len(HOSTILE)]) for place, (grid, _name) in enumerate(grids)]
    rename([*bad, (code, HOSTILE[5])])
    yield code, [name for _grid, name in bad]
    rename([*grids, (code, "云华村")])


def test_names_that_are_scripts_and_templates_are_only_names(desk, hostile_names):
    code, names = hostile_names
    page = desk("duty", f"/map?area={code}&level=07&figure=new&days=365&compare=1&zones=1")
    frame = frame_of(page)
    expect(page.locator(".path strong")).to_have_text(HOSTILE[5])
    frame.locator("#map_div").focus()
    said = set()
    for _step in range(2 * len(names)):
        page.keyboard.press("ArrowRight" if _step % 2 else "ArrowDown")
        said.add(frame.locator("[aria-live]").inner_text())
    page.get_by_label("找地方").fill(names[0])
    page.get_by_label("找地方").press("Enter")
    expect(page.get_by_label("找地方")).to_have_value("")
    expect(page.locator(".path strong")).to_have_text(names[0])
    page.get_by_text("以表格查看").first.click()
    assert any(name in told for told in said for name in names), said
    for place in page.frames:
        assert place.evaluate("window.ran ?? null") is None


def test_picked_areas_take_their_cases_to_the_queue(desk):
    page = desk("duty", "/map")
    frame_of(page)
    page.get_by_text("圈选", exact=True).click()
    expect(page.get_by_text("按住拖动画一个圈")).to_be_visible()
    box = page.locator("iframe").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(middle[0] - 150, middle[1] - 120)
    page.mouse.down()
    for across, down in ((150, -120), (150, 150), (-150, 150), (-150, -110)):
        page.mouse.move(middle[0] + across, middle[1] + down, steps=8)
    page.mouse.up()
    expect(page.get_by_text(re.compile("已选"))).to_be_visible()
    page.get_by_role("button", name="到队列中办理").click()
    expect(page).to_have_url(re.compile(r"/queue\?.*selection=\d+"))
    expect(page.locator(".chip")).to_contain_text("选定")
    expect(page.locator(".row").first).to_be_visible()


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080)])
def test_nothing_leaves_the_machine_and_nothing_is_cut(desk, width, height):
    page = desk("duty", "/map?zones=1", width=width, height=height)
    frame_of(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator(".legend")).to_be_visible()
