"""An account's life in real browsers: made, limited to a town, used, ended while signed in."""

import re
from contextlib import suppress
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

# A change is on every screen within two seconds; the rest is this machine's.
LIVE = 10_000
OWN = "Zi-ji-de-2026"


def drawer(page):
    return page.get_by_role("dialog")


def person(page, name):
    return page.locator(".people .rows .row", has_text=name)


def choose(page, label, option):
    """Choose from a list, which a drawer that is still coming in closes again."""
    offered = page.get_by_role("option", name=option, exact=True)
    for _ in range(3):
        drawer(page).get_by_label(label, exact=True).click()
        with suppress(AssertionError):
            expect(offered).to_be_visible(timeout=2_000)
            break
    offered.click()


def type_day(page, key, day):
    """A day goes in by its digits, as people type it."""
    drawer(page).locator(f".st-key-{key} [role=spinbutton]").first.click()
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Tab")


def test_an_account_is_made_limited_to_a_town_used_and_ended_while_signed_in(desk):
    admin = desk("centre-admin", "/people")
    expect(person(admin, "town").first).to_be_visible()
    admin.get_by_role("button", name="新建账号").click()
    drawer(admin).get_by_label("用户名").fill("wang.xm")
    drawer(admin).get_by_label("姓名").fill("王小敏")
    choose(admin, "岗位", "镇街工作站")
    choose(admin, "在哪里", "安仁镇")
    until = date.today() + timedelta(days=40)  # noqa: DTZ011 - some day to come
    type_day(admin, "new_until_0", until)
    drawer(admin).get_by_role("button", name="建立账号").click()
    password = drawer(admin).locator(".st-key-one_time_password code").inner_text()
    expect(drawer(admin).get_by_text("待改密码")).to_be_visible()
    expect(drawer(admin).get_by_text(f"{until.month}月{until.day}日")).to_be_visible()

    other = desk("wang.xm", "/queue", password=password)
    expect(other).to_have_url(re.compile("/password"))
    other.goto(re.sub("/password.*", "/people", other.url))
    expect(other.get_by_role("heading", name="请先修改密码")).to_be_visible()
    other.goto(re.sub("/password.*", "/queue", other.url))
    other.locator("input[name=present]").fill(password)
    other.locator("input[name=password]").fill(OWN)
    other.locator("input[name=repeated]").fill(OWN)
    other.get_by_role("button", name="修改").click()
    places = other.locator(".row .place")
    expect(places.first).to_be_visible(timeout=15_000)
    assert {place.split()[0] for place in places.all_inner_texts()} == {"安仁镇"}
    expect(other.locator("header.frame")).not_to_contain_text("人员")
    expect(drawer(admin).get_by_text("在线")).to_be_visible(timeout=LIVE)

    drawer(admin).get_by_role("button", name="停用账号").click()
    admin.get_by_role("button", name="确认停用").click()
    expect(other.get_by_role("link", name="重新登录")).to_be_visible(timeout=LIVE)
    expect(other.locator(".row")).to_have_count(0)
    expect(drawer(admin).locator(".st-key-one_time_password")).to_have_count(0)
    admin.keyboard.press("Escape")
    expect(person(admin, "王小敏")).to_contain_text("已停用", timeout=LIVE)
    assert password not in admin.content()


def test_who_has_a_password_of_their_own_changes_it_from_the_frame(desk, server):
    page = desk("training", "/")
    expect(page.locator("header.frame")).to_be_visible()
    page.locator("header.frame .person summary").click()
    page.get_by_role("link", name="修改密码").click()
    page.locator("input[name=present]").fill(server.accounts["training"])
    page.locator("input[name=password]").fill(OWN)
    page.locator("input[name=repeated]").fill(OWN)
    page.get_by_role("button", name="修改", exact=True).click()
    expect(page.get_by_role("heading", name="密码已修改")).to_be_visible()
    page.get_by_role("link", name="继续").click()
    expect(page.locator("header.frame")).to_be_visible()


def test_a_post_is_given_and_ended_from_the_card(desk):
    admin = desk("centre-admin", "/people")
    person(admin, "adviser").get_by_role("button").click()
    drawer(admin).get_by_text("授予岗位").click()
    choose(admin, "岗位", "综治中心值班员")
    choose(admin, "在哪里", "晋原街道")
    drawer(admin).get_by_role("button", name=re.compile("^授予 ")).click()
    given = drawer(admin).get_by_text("综治中心值班员 · 晋原街道")
    expect(given).to_be_visible()
    held = drawer(admin).locator("[class*=st-key-held_]", has_text="综治中心值班员")
    held.get_by_role("button").click()
    admin.get_by_role("button", name="确认结束").click()
    expect(drawer(admin).get_by_text("以前的岗位(1)")).to_be_visible()
    expect(drawer(admin).locator("[class*=st-key-held_]")).to_have_count(1)


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_nothing_is_wider_than_the_screen_and_the_frame_is_one_line(desk, width, height):
    page = desk("centre-admin", "/people", width=width, height=height)
    expect(person(page, "duty")).to_be_visible()

    def too_wide():
        return page.evaluate("document.documentElement.scrollWidth > innerWidth")

    assert not too_wide()
    if width >= 1366:
        one_line = 64
        assert page.locator("header.frame").bounding_box()["height"] < one_line
    person(page, "duty").get_by_role("button").click()
    expect(drawer(page).get_by_text("建立于")).to_be_visible()
    assert not too_wide()
