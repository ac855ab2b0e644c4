"""Walls as devices, steered from the desk, in real browsers: one is a kiosk without a person."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import open_list

LIVE = 15_000
# An order is on the wall with the next ring of the bell; the rest is this machine's.
FOLLOWED_WITHIN = 10_000
ENDED_WITHIN = 10_000


@pytest.fixture
def kiosk(chromium, server):
    """Opens browsers without a person: a wall each, by its token."""
    contexts = []

    def open_kiosk(token):
        context = chromium.new_context(viewport={"width": 1920, "height": 1080}, locale="zh-CN")
        contexts.append(context)
        page = context.new_page()
        page.goto(f"{server.url}/wall/enter#{token}")
        expect(page).to_have_url(f"{server.url}/wall")
        expect(page.locator(".live")).to_have_text(re.compile("^● 实时"), timeout=LIVE)
        return page

    yield open_kiosk
    for context in contexts:
        context.close()


def drawer(page):
    return page.get_by_role("dialog")


def hang(page, name):
    """Add a wall of the county at the desk. Returns its token."""
    page.get_by_role("button", name="新增大屏").click()
    drawer(page).get_by_label("名称").fill(name)
    drawer(page).get_by_label("名称").blur()
    choose(page, 0, "大邑县")
    drawer(page).get_by_role("button", name="新增", exact=True).click()
    expect(drawer(page).get_by_text("接入令牌")).to_be_visible()
    token = drawer(page).locator("code").inner_text()
    close(page)
    return token


def choose(page, number, what):
    box = drawer(page).get_by_test_id("stSelectbox").nth(number).locator("input")
    open_list(box)
    box.press_sequentially(what)
    page.get_by_role("option", name=what, exact=True).click()


def close(page):
    drawer(page).get_by_label("Close").click()
    expect(drawer(page)).to_have_count(0)


def row(page, name):
    return page.locator("[class*='st-key-wall_']").filter(has_text=name).first


def test_the_desk_hangs_a_wall_steers_it_and_takes_it_down(desk, kiosk, server):
    first, second = desk("duty", "/walls"), desk("centre-admin", "/walls")
    token = hang(first, "一楼大厅")
    expect(row(first, "一楼大厅")).to_contain_text("○ 尚未接入", timeout=LIVE)
    wall = kiosk(token)
    assert token not in wall.content()
    expect(row(first, "一楼大厅")).to_contain_text("● 正在显示", timeout=LIVE)
    # A pin, by one; the other is told who, and overrides by pressing again.
    row(first, "一楼大厅").get_by_role("button", name="固定、聚焦").click()
    choose(first, 0, "成效")
    drawer(first).get_by_role("button", name="固定", exact=True).click()
    expect(wall.locator(".title")).to_contain_text("成效", timeout=FOLLOWED_WITHIN)
    expect(wall.locator(".operator")).to_contain_text(re.compile("某.*固定"))
    expect(row(second, "一楼大厅")).to_contain_text("大屏已照办", timeout=LIVE)
    # A spotlight lies above it, and the wall says where to look.
    choose(first, 1, "安仁镇")
    drawer(first).get_by_role("button", name="聚焦", exact=True).click()
    expect(wall.get_by_text("请看 安仁镇")).to_be_visible(timeout=FOLLOWED_WITHIN)
    expect(wall.locator(".title")).to_contain_text("一张图")
    close(first)
    row(second, "一楼大厅").get_by_role("button", name="轮播").click()
    expect(wall.get_by_text("请看 安仁镇")).not_to_be_visible(timeout=FOLLOWED_WITHIN)
    expect(wall.locator(".foot")).to_contain_text("场景", timeout=FOLLOWED_WITHIN)
    # Taken down: what it showed is gone, and no reload brings it back.
    row(first, "一楼大厅").get_by_role("button", name="设置").click()
    drawer(first).get_by_role("radio", name="名称与接入").click()
    drawer(first).get_by_text("确定停用").click()
    drawer(first).get_by_role("button", name="停用", exact=True).click()
    expect(wall.locator(".title")).to_have_count(0, timeout=ENDED_WITHIN)
    wall.goto(f"{server.url}/wall")
    expect(wall).to_have_url(re.compile("/wall/enter"))


def test_a_pin_outlives_the_server_and_the_wall_comes_back_to_it(desk, kiosk, server):
    page = desk("duty", "/walls", loses_the_server=True)
    wall = kiosk(hang(page, "值班室"))
    row(page, "值班室").get_by_role("button", name="暂停").click()
    expect(wall.locator(".foot")).to_contain_text("轮播已暂停", timeout=FOLLOWED_WITHIN)
    held = wall.locator(".title").inner_text()
    server.process.kill()
    server.process.wait()
    expect(wall.locator(".live")).to_have_text(re.compile("^▲ 数据停在"), timeout=20_000)
    server.start()
    expect(wall.locator(".live")).to_have_text(re.compile("^● 实时"), timeout=30_000)
    expect(wall.locator(".title")).to_have_text(held)
    expect(wall.locator(".foot")).to_contain_text("轮播已暂停")
