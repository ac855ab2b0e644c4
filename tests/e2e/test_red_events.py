"""A red event in real browsers: seen above the queue, acknowledged by one, gone from all others."""

from playwright.sync_api import expect

# A change is on every screen within two seconds; the rest is this machine's.
LIVE = 10_000


def test_who_acknowledges_a_red_event_takes_it_off_every_queue(desk):
    first, second = desk("duty"), desk("centre-admin")
    notices = [page.locator(".notice.red") for page in (first, second)]
    for notice in notices:
        expect(notice).to_contain_text("起红色事件待确认", timeout=30_000)
    number = notices[0].locator(".number").first.inner_text()
    drawer = first.get_by_role("dialog")
    ready = drawer.get_by_role("button", name="记录:确认红色事件")
    notices[0].get_by_role("button", name=f"确认并填写应急处置 {number}").click()
    expect(ready).to_be_visible()
    expect(drawer).to_contain_text(number)
    expect(drawer).to_contain_text("还没有人确认")
    ready.click()
    expect(drawer.get_by_role("button", name="记录:记录应急处置")).to_be_visible()
    for notice in notices:
        told = notice.locator(".number:visible", has_text=number)
        expect(told).to_have_count(0, timeout=LIVE)
    expect(drawer).not_to_contain_text("还没有人确认", timeout=LIVE)
