"""The map in a real browser: down to a case and back, live, picked areas to the queue."""

import re
import time

import pytest
from playwright.sync_api import expect

PAINT = 20_000


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
    address, wanted = page.url, path(page)
    page.goto(address)
    expect(page.locator(".path .step")).to_have_count(4)
    assert path(page) == wanted


def test_the_view_of_the_reader_outlives_the_refreshes(desk):
    page = desk("duty", "/map")
    frame = frame_of(page)
    box = page.locator("iframe").bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 260, steps=6)
    page.mouse.up()
    where = "JSON.stringify(window.map.getCenter())"
    page.wait_for_timeout(800)
    kept = frame.evaluate(where)
    stamp = page.locator(".head .data").inner_text()
    expect(page.locator(".head .data")).not_to_have_text(stamp)
    page.wait_for_timeout(3_000)
    assert frame.evaluate(where) == kept
    assert not frame.is_detached()


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
