"""From an agreement over the court to the archive, in a real browser: what each step is told."""

import re

from playwright.sync_api import expect

from tests.e2e.conftest import open_list


def in_mediation(page):
    """A case that the mediator works on and nobody has settled yet, with its page open."""
    expect(page.locator(".row").first).to_be_visible()
    home = page.url.split("/queue")[0]
    for number in page.locator(".row .number").all_inner_texts():
        page.goto(f"{home}/case?no={number}")
        expect(page.get_by_text("下一步")).to_be_visible()
        if page.get_by_role("radio", name="达成协议", exact=True).count():
            return number
    raise AssertionError


def step(page, name):
    """The form of a step, opened by its name."""
    page.get_by_role("radio", name=name, exact=True).click()
    expect(page.get_by_text(re.compile("^依据:"))).to_be_visible()


def take(page, then):
    """Take the step that is filled in, and wait until the case stands there."""
    page.locator(".st-key-step_submit button").click()
    expect(page.get_by_text(re.compile(f"现为“{then}”"))).to_be_visible()


def choose(page, label, option):
    open_list(page.get_by_label(label))
    page.get_by_role("option", name=option).first.click()


def write(page, words):
    page.get_by_label("说明").fill(words)
    page.get_by_label("说明").blur()


def fill_day(page, label, days):
    """A day so many days from today, typed as people do."""
    today = page.evaluate("new Date(Date.now() + 8 * 3600e3).toISOString().slice(0, 10)")
    year, month, day = map(int, today.split("-"))
    told = page.evaluate(
        f"new Date(Date.UTC({year}, {month - 1}, {day} + {days})).toISOString().slice(0, 10)"
    )
    page.get_by_role("spinbutton", name=f"year, {label}").click()
    page.keyboard.type(told.replace("-", ""))
    page.keyboard.press("Tab")


def test_an_agreement_is_confirmed_performed_and_visited(desk):
    page = desk("mediator")
    in_mediation(page)
    step(page, "达成协议")
    page.get_by_role("radio", name="书面协议").click()
    take(page, "待安排履行|已达成协议.*")
    step(page, "申请司法确认")
    expect(page.get_by_text(re.compile("须由双方共同申请,最后一天是"))).to_be_visible()
    take(page, "待确认|待司法确认")

    # What the court said is chosen, not only written down: without it nothing happens.
    step(page, "登记司法确认结果")
    write(page, "法院裁定协议有效,双方按约履行")
    page.locator(".st-key-step_submit button").click()
    expect(page.get_by_text(re.compile("法院结果"))).not_to_have_count(0)
    expect(page.get_by_role("alert").first).to_be_visible()
    choose(page, "法院结果", "裁定协议有效")
    fill_day(page, "期限(含当日)", 20)
    take(page, "待履行")
    expect(page.get_by_text("司法确认: 裁定协议有效")).to_be_visible()
    # Confirmed once is confirmed: the way to the court is closed, and says why.
    page.get_by_text(re.compile("本环节现在不能办的及原因")).click()
    expect(page.get_by_text("申请司法确认:法院已裁定协议有效")).to_be_visible()

    step(page, "履行完毕")
    take(page, "待回访")
    step(page, "回访并归档")
    sides = page.get_by_role("radiogroup")
    for side, answer in (("申请人满意度", "满意"), ("被申请人满意度", "未作答")):
        group = sides.filter(has_text=re.compile("满意")).nth(0 if side == "申请人满意度" else 1)
        group.get_by_role("radio", name=answer, exact=True).click()
    write(page, "当面回访双方,已照协议办妥")
    take(page, "已归档|已结案")
    expect(page.get_by_text("回访并归档: 申请人满意,被申请人未作答")).to_be_visible()
