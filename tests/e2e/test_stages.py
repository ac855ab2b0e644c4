"""A case through its stages, in real browsers: on the spot by telephone, and more time granted."""

import re

from playwright.sync_api import expect

PHONE = {"width": 390, "height": 844}


def choose(page, label, option):
    page.get_by_label(label).click()
    page.get_by_role("option", name=option).first.click()


def step(page, name):
    """The form of a step, opened by its name."""
    page.get_by_role("radio", name=name, exact=True).click()
    expect(page.get_by_text(re.compile("^依据:"))).to_be_visible()


def test_what_is_settled_on_the_way_is_registered_by_telephone_and_is_in_the_archive(desk):
    page = desk("grid-worker", "/register", **PHONE)
    page.get_by_label("什么事").fill("楼道堆放纸箱")
    choose(page, "纠纷类型", re.compile("相邻"))
    page.get_by_label("第 1 位当事人").fill("欧阳测试")
    page.get_by_label("第 2 位当事人").fill("诸葛测试")
    page.get_by_text("已当场化解(随手调)").click()
    page.get_by_label("怎样化解的").fill("双方当场说清,纸箱当天搬走")
    page.get_by_role("button", name="登记并结案").click()
    told = page.get_by_text(re.compile(r"已登记并结案 D\d{4}-\d+"))
    expect(told).to_be_visible()
    number = re.search(r"D\d{4}-\d+", told.inner_text())[0]
    # Nothing is wider than the telephone.
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]

    page.goto(page.url.split("/register")[0] + f"/case?no={number}")
    expect(page.get_by_role("heading", name=number)).to_be_visible()
    expect(page.get_by_text("已结案 · ").first).to_be_visible()
    expect(page.get_by_text("双方当场说清,纸箱当天搬走")).to_be_visible()
    expect(page.get_by_text("当场化解", exact=True)).to_be_visible()
    expect(page.get_by_text("欧阳测试")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def with_time_to_ask_for(page):
    """A case that the mediator holds and for which more time can be asked, with its page open."""
    expect(page.locator(".row").first).to_be_visible()
    home = page.url.split("/queue")[0]
    for number in page.locator(".row .number").all_inner_texts():
        page.goto(f"{home}/case?no={number}")
        expect(page.get_by_text("下一步")).to_be_visible()
        if page.get_by_role("radio", name="申请延期", exact=True).count():
            return number
    raise AssertionError


def test_more_time_is_asked_for_granted_and_stands_in_the_explanation(desk):
    mediator = desk("mediator")
    number = with_time_to_ask_for(mediator)
    step(mediator, "申请延期")
    mediator.get_by_label("延长天数").fill("1")
    mediator.get_by_label("说明").fill("等待鉴定意见,约好下周再谈")
    mediator.get_by_label("说明").blur()
    mediator.locator(".st-key-step_submit button").click()
    expect(mediator.get_by_text("已申请延长 1 天,待审核")).to_be_visible()

    duty = desk("duty", f"/case?no={number}", width=1920, height=1080)
    expect(duty.get_by_text("等待鉴定意见,约好下周再谈")).to_be_visible()
    step(duty, "同意延期")
    expect(duty.get_by_text("申请延长 1。")).to_be_visible()
    duty.locator(".st-key-step_submit button").click()
    expect(duty.get_by_text("同意延期", exact=True).first).to_be_visible()

    # The mediator's screen knows without being asked, and says where the day comes from.
    expect(mediator.get_by_text("已申请延长 1 天,待审核")).to_have_count(0, timeout=5_000)
    mediator.get_by_text("为什么是这个时限").click()
    expect(mediator.get_by_text(re.compile("已同意延长 1 "))).to_be_visible()
