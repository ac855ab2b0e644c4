"""The audit trail in a real browser: what somebody looked at is there for those who check."""

import itertools
import re

import pytest
from playwright.sync_api import expect

LIVE = 10_000
REASON = "电话核对当事人身份"
_times = itertools.count(1)


def lines(page):
    return page.locator(".trail .row")


def line(page, *texts):
    found = lines(page)
    for text in texts:
        found = found.filter(has_text=text)
    return found


def drawer(page):
    return page.get_by_role("dialog")


def unmask(page):
    """Look behind the masks of the first case in the queue. Returns its number and the reason."""
    reason = f"{REASON},第{next(_times)}次"
    number = page.locator(".row").first.locator(".number").inner_text()
    page.get_by_role("button", name=f"查看 {number}").click()
    drawer(page).get_by_text("查看当事人信息").click()
    drawer(page).get_by_label("查看理由").fill(reason)
    drawer(page).get_by_label("查看理由").blur()
    drawer(page).get_by_role("button", name="查看", exact=True).click()
    expect(drawer(page).get_by_text("当事人(明文,已留痕)")).to_be_visible()
    return number, reason


def test_who_looked_behind_a_mask_is_seen_at_once_and_why_on_demand(desk):
    auditor = desk("audit-admin", "/trail?view=reads")
    expect(auditor.get_by_text("查看个人信息")).to_be_visible()
    duty = desk("duty")
    expect(duty.locator(".row").first).to_be_visible()
    first = duty.locator(".row").first.locator(".number").inner_text()
    before = line(auditor, "查看当事人明文", first).count()
    number, reason = unmask(duty)
    name = drawer(duty).locator(".who").first.inner_text()
    told = line(auditor, "查看当事人明文", number)
    expect(told).to_have_count(before + 1, timeout=LIVE)
    told = told.first
    expect(told).to_contain_text("(duty)")
    expect(told).to_contain_text("综治中心值班员")
    # Whoever audits opens no case: the number is no link.
    expect(told.locator(".subject[href]")).to_have_count(0)
    assert name not in auditor.locator("body").inner_text()
    expect(auditor.get_by_text(REASON)).to_have_count(0)
    auditor.get_by_role("button", name=re.compile("显示本页的查看理由")).click()
    expect(line(auditor, number, reason)).to_have_count(1, timeout=LIVE)
    expect(line(auditor, "阅读查看理由", "(audit-admin)")).to_have_count(1, timeout=LIVE)


def test_a_line_leads_to_its_case_where_the_reader_may_open_it(desk):
    admin = desk("centre-admin", "/trail")
    duty = desk("duty")
    expect(duty.locator(".row").first).to_be_visible()
    number, _reason = unmask(duty)
    told = line(admin, "查看当事人明文", number).first
    expect(told).to_be_visible(timeout=LIVE)
    told.get_by_role("link", name=number).click()
    expect(admin).to_have_url(re.compile(f"/queue\\?case={number}"))
    expect(drawer(admin).get_by_text(number)).to_be_visible(timeout=15_000)


def test_the_chain_is_checked_by_a_click_and_by_a_verb(desk, server):
    page = desk("audit-admin", "/trail")
    expect(lines(page).first).to_be_visible()
    page.get_by_role("button", name="核对").click()
    expect(page.get_by_text(re.compile("完整 · [0-9,]+ 条"))).to_be_visible(timeout=15_000)
    # The server signed the day's anchor by itself when it started.
    assert list((server.folder / "anchors").glob("20??-??-??.json"))
    expect(page.get_by_text(re.compile("比对 [1-9][0-9]* 份锚定"))).to_be_visible()
    expect(line(page, "核对审计链", "审计链完整").first).to_be_visible(timeout=LIVE)
    said = server.verb("verify-audit")
    assert "审计链完整" in said
    assert "全部相符" in said


def test_lines_are_looked_for_by_who_what_and_when(desk):
    page = desk("audit-admin", "/trail")
    expect(lines(page).first).to_be_visible()
    page.get_by_label("做了什么").click()
    page.get_by_role("option", name="登录与退出 · 登录", exact=True).click()
    expect(page).to_have_url(re.compile("what=session"))
    expect(lines(page).first.locator(".deed")).to_have_text("登录")
    page.get_by_label("谁").click()
    page.get_by_role("option", name=re.compile(r"\(audit-admin\)")).click()
    expect(lines(page).first).to_contain_text("(audit-admin)")
    expect(line(page, "(duty)")).to_have_count(0)
    page.get_by_label("对象").fill("没有的人")
    page.get_by_label("对象").press("Enter")
    expect(page.get_by_text("没有找到“没有的人”")).to_be_visible()


def test_a_refresh_moves_no_line(desk):
    page = desk("audit-admin", "/trail")
    expect(lines(page).first).to_be_visible()
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 120")
    first = lines(page).first
    first.evaluate("row => { row.mark = 'kept' }")
    stamp = page.locator(".data").inner_text()
    expect(page.locator(".data")).not_to_have_text(stamp, timeout=LIVE)
    assert first.evaluate("row => row.mark") == "kept"


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_nothing_is_cut(desk, width, height):
    page = desk("audit-admin", "/trail", width=width, height=height)
    expect(lines(page).first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate(
        """() => {
          const cut = [];
          const visit = (root) => root.querySelectorAll("*").forEach((node) => {
            if (node.shadowRoot) visit(node.shadowRoot);
            const box = node.getBoundingClientRect();
            const shown = box.width > 1 && box.height > 1 && !node.children.length;
            if (shown && (box.right > innerWidth + 1 || box.left < -1))
              cut.push(`${node.tagName} ${node.className} ${node.textContent.slice(0, 20)}`);
          });
          visit(document.querySelector("[data-testid=stMain]"));
          return cut;
        }"""
    )
    assert cut == []
