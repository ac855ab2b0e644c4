"""What people do at the desk, in real browsers, on the demonstration county."""

import re
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pysqlite3 import dbapi2

from tests.e2e.conftest import open_list

# A change is on every screen within two seconds; the rest is this machine's.
LIVE = 10_000
SAMPLE = "docs/samples/cases.csv"


def rows(page):
    return page.locator(".row")


def drawer(page):
    return page.get_by_role("dialog")


def open_row(page, number, button="查看"):
    page.get_by_role("button", name=f"{button} {number}").click()
    expect(drawer(page).get_by_text(number)).to_be_visible()


def choose_somebody(page):
    people = drawer(page).locator("label.person")
    people.first.click()
    expect(people.first.locator("input")).to_be_checked()
    return people.first.locator(".name").inner_text()


def give_reason(page, reason="负荷过高", note="原承办人手上案件过多"):
    open_list(drawer(page).get_by_label("理由", exact=True))
    page.get_by_role("option", name=reason).click()
    drawer(page).get_by_label("说明").fill(note)
    drawer(page).get_by_label("说明").blur()


def movable(page):
    """The number of a case in mediation that somebody else could take, with its drawer open."""
    page.locator(".tab", has_text="调解中").click()
    expect(page.locator(".tab[aria-selected=true]")).to_contain_text("调解中")
    for place in range(rows(page).count()):
        number = rows(page).nth(place).locator(".number").inner_text()
        open_row(page, number, "改派")
        expect(drawer(page).get_by_role("button", name=re.compile("确认改派"))).to_be_visible()
        if drawer(page).locator("label.person").count():
            return number
        page.keyboard.press("Escape")
        expect(drawer(page)).to_have_count(0)
    raise AssertionError


def test_a_case_is_reassigned_seen_by_others_and_taken_back(desk):
    duty = desk("duty")
    expect(rows(duty).first).to_be_visible()
    duty.get_by_role("button", name="筛选").click()
    duty.get_by_label("风险等级").click()
    duty.get_by_role("option", name="黄色风险").click()
    expect(duty.locator(".chip")).to_contain_text("黄色风险")
    expect(duty).to_have_url(re.compile("risk=3"))
    duty.keyboard.press("Escape")
    number = movable(duty)
    before = duty.locator(f'.row[data-case="{number}"] .holder').inner_text()

    other = desk("centre-admin", f"/queue?{duty.url.split('?')[1].replace('case=', 'was=')}")
    seen = other.locator(f'.row[data-case="{number}"] .holder')
    expect(seen).to_have_text(before)

    name = choose_somebody(duty)
    give_reason(duty)
    duty.get_by_role("button", name=re.compile("确认改派")).click()
    expect(duty.get_by_text(f"已交给 {name}")).to_be_visible()
    expect(seen).to_have_text(f"承办 {name}", timeout=LIVE)

    drawer(duty).get_by_text("经过", exact=True).click()
    expect(drawer(duty).get_by_text("原承办人手上案件过多").first).to_be_visible()
    drawer(duty).get_by_role("button", name="撤销我的改派").click()
    expect(seen).to_have_text(before, timeout=LIVE)


def test_the_second_of_two_hears_who_was_first_and_loses_nothing_typed(desk):
    first = desk("duty")
    number = movable(first)
    second = desk("centre-admin", f"/queue?case={number}")
    drawer(second).get_by_text("改派", exact=True).click()
    choose_somebody(second)
    give_reason(second, note="当事人希望换一位调解员")
    name = choose_somebody(first)
    give_reason(first)
    first.get_by_role("button", name=re.compile("确认改派")).click()
    expect(first.get_by_text(f"已交给 {name}")).to_be_visible()
    expect(drawer(second).get_by_text("此案刚有变动")).to_be_visible(timeout=LIVE)
    second.get_by_role("button", name=re.compile("确认改派")).click()
    expect(drawer(second).get_by_text(re.compile(f"将此案交给 {name}"))).to_be_visible()
    expect(drawer(second).get_by_label("说明")).to_have_value("当事人希望换一位调解员")


WAITING = """(() => {
  const line = getComputedStyle(document.querySelector('[data-testid=stApp]'), '::after');
  return line.content.includes('请稍候') && line.opacity === '1';
})()"""


def wait_line(page, *, shows, within=10):
    """Whether the line that says so comes up, or goes, in time; it fades: one look is no look."""
    end = time.monotonic() + within
    while page.evaluate(WAITING) is not shows:
        if time.monotonic() > end:
            return False
        page.wait_for_timeout(50)
    return True


@contextmanager
def somebody_else_is_writing(server):
    """The database's write lock, held by another connection until the block ends."""
    other = dbapi2.connect(server.folder / "wusong.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


def test_a_change_that_waits_for_another_says_so_and_succeeds(desk, server):
    duty = desk("duty")
    number = movable(duty)
    name = choose_somebody(duty)
    give_reason(duty)
    with somebody_else_is_writing(server):
        drawer(duty).get_by_role("button", name=re.compile("确认改派")).click()
        assert wait_line(duty, shows=True)
        expect(drawer(duty).get_by_role("button", name=re.compile("确认改派"))).to_be_visible()
    expect(drawer(duty).get_by_role("button", name="撤销我的改派")).to_be_visible(timeout=15_000)
    expect(drawer(duty).get_by_text(name).first).to_be_visible()
    assert wait_line(duty, shows=False)
    duty.wait_for_timeout(1500)
    assert wait_line(duty, shows=False, within=0)
    assert number in duty.url


def test_a_session_ended_elsewhere_is_taken_up_again_in_place_with_what_was_typed(desk, server):
    page = desk("town")
    number = movable(page)
    give_reason(page, note="写到一半的说明文字")
    server.verb("end-sessions", "town")
    again = drawer(page).get_by_role("link", name="重新登录")
    expect(again).to_be_visible(timeout=LIVE)
    expect(page.locator(".row")).to_have_count(0)
    with page.context.expect_page() as opened:
        again.click()
    tab = opened.value
    tab.locator("input[name=login]").fill("town")
    tab.locator("input[name=password]").fill(server.accounts["town"])
    tab.get_by_role("button", name="登录").click()
    expect(rows(page).first).to_be_visible(timeout=15_000)
    expect(drawer(page).get_by_text(number)).to_be_visible()
    expect(drawer(page).get_by_label("说明")).to_have_value("写到一半的说明文字")


def test_names_show_only_after_a_reason(desk):
    page = desk("duty")
    number = rows(page).first.locator(".number").inner_text()
    open_row(page, number)
    party = drawer(page).locator(".who").first
    expect(party).to_have_text(re.compile("某|\\*"))
    masked = party.inner_text()
    drawer(page).get_by_text("查看当事人信息").click()
    look = drawer(page).get_by_role("button", name="查看", exact=True)
    look.click()
    expect(drawer(page).get_by_text("理由:必填")).to_be_visible()
    drawer(page).get_by_label("查看理由").fill("电话核对当事人身份")
    drawer(page).get_by_label("查看理由").blur()
    look.click()
    expect(drawer(page).get_by_text("当事人(明文,已留痕)")).to_be_visible()
    assert drawer(page).locator(".who").first.inner_text() != masked
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    open_row(page, number)
    expect(drawer(page).locator(".who").first).to_have_text(masked)


def test_the_keyboard_is_enough(desk):
    page = desk("duty")
    expect(rows(page).first).to_be_visible()
    search = page.get_by_placeholder(re.compile("案号"))
    # A page that is still being drawn may take the focus away again: people press once more.
    for _press in range(5):
        page.keyboard.press("/")
        with suppress(AssertionError):
            expect(search).to_be_focused(timeout=3_000)
            break
    expect(search).to_be_focused()
    expect(search).to_have_value("")
    number = rows(page).nth(1).locator(".number").inner_text()
    search.fill(number)
    search.press("Enter")
    expect(rows(page)).to_have_count(1)
    assert number not in page.url
    search.fill("")
    search.press("Enter")
    expect(rows(page).nth(2)).to_be_visible()
    search.blur()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(drawer(page).get_by_text(number)).to_be_visible()
    expect(page).to_have_url(re.compile(f"case={number}"))
    page.keyboard.press("Escape")
    expect(drawer(page)).to_have_count(0)
    expect(page).not_to_have_url(re.compile("case="))


def test_a_refresh_moves_neither_the_scroll_nor_the_rows(desk):
    page = desk("duty")
    expect(rows(page).nth(40)).to_be_visible()
    rows(page).nth(40).scroll_into_view_if_needed()
    marked = rows(page).nth(40).evaluate("row => { row.mark = 'kept'; return row.dataset.case }")
    before = rows(page).nth(40).bounding_box()["y"]
    stamp = page.locator(".data").inner_text()
    expect(page.locator(".data")).not_to_have_text(stamp, timeout=LIVE)
    row = page.locator(f'.row[data-case="{marked}"]')
    assert row.evaluate("row => row.mark") == "kept"
    assert row.bounding_box()["y"] == before


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1920, 1080), (390, 844)])
def test_nothing_is_cut(desk, width, height):
    page = desk("duty", width=width, height=height)
    expect(rows(page).first).to_be_visible()
    number = rows(page).first.locator(".number").inner_text()

    def cut(where):
        return page.evaluate(
            """(where) => {
              const cut = [];
              const visit = (root) => root.querySelectorAll("*").forEach((node) => {
                if (node.shadowRoot) visit(node.shadowRoot);
                const box = node.getBoundingClientRect();
                const shown = box.width > 1 && box.height > 1 && !node.children.length;
                if (shown && (box.right > innerWidth + 1 || box.left < -1))
                  cut.push(`${node.tagName} ${node.className} ${node.textContent.slice(0, 20)}`);
              });
              visit(document.querySelector(where));
              return cut;
            }""",
            where,
        )

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert cut("[data-testid=stMain]") == []
    open_row(page, number, "查看")
    # The drawer slides in; what counts is where it comes to rest.
    close = drawer(page).get_by_role("button", name="Close")
    expect(close).to_be_in_viewport(ratio=1)
    expect(drawer(page)).to_have_js_property("scrollLeft", 0)
    assert cut("[role=dialog]") == []


def test_rare_characters_are_drawn_with_our_own_font(desk):
    page = desk("duty", "/queue?place=510129106")
    expect(rows(page).first).to_contain_text("䢺江镇")
    faces = page.evaluate(
        """async () => {
          const used = await document.fonts.load('16px "Wusong Sans"', '䢺');
          const broken = [...document.fonts].filter((face) => face.status === "error");
          return [used.length > 0, broken.length];
        }"""
    )
    assert faces == [True, 0]


def test_signing_out_ends_it_on_every_tab_and_signing_in_brings_them_back(desk, server):
    page = desk("leader")
    expect(rows(page).first).to_be_visible()
    second = page.context.new_page()
    second.goto(page.url)
    expect(rows(second).first).to_be_visible()
    page.get_by_role("button", name="退出").click()
    expect(page.locator("input[name=login]")).to_be_visible()
    expect(second.get_by_role("link", name="重新登录").first).to_be_visible(timeout=10_000)
    page.locator("input[name=login]").fill("leader")
    page.locator("input[name=password]").fill(server.accounts["leader"])
    page.get_by_role("button", name="登录").click()
    expect(rows(second).first).to_be_visible(timeout=15_000)


def test_an_imported_file_shows_in_the_open_queue(desk, server):
    page = desk("centre-admin", "/queue?stage=accepted")
    total = page.locator(".tab", has_text="全部").locator(".total")
    expect(total).to_have_text(re.compile("[0-9]"))
    before = int(total.inner_text().replace(",", ""))
    said = server.verb("import", SAMPLE, "--actor", "centre-admin")
    assert "新增" in said
    expect(total).not_to_have_text(f"{before:,}", timeout=LIVE)
    assert int(total.inner_text().replace(",", "")) > before
    # The same file again changes nothing.
    server.verb("import", SAMPLE, "--actor", "centre-admin")
    after = total.inner_text()
    expect(total).to_have_text(after)


def test_marked_cases_stay_the_same_while_the_list_changes(desk, server, tmp_path):
    page = desk("duty", "/queue?stage=in_mediation")
    expect(rows(page).first).to_be_visible()
    boxes = page.locator(".mark:visible")
    boxes.nth(0).click()
    boxes.nth(4).click(modifiers=["Shift"])
    picked = page.locator(".picked strong")
    expect(picked).to_have_text("已选 5 件")
    numbers = page.locator(".row:has(.mark:checked) .number").all_inner_texts()
    assert len(numbers) == 5
    new = tmp_path / "cases.csv"
    new.write_text(Path(SAMPLE).read_text("utf-8-sig").replace("YS-", "MK-"), encoding="utf-8-sig")
    server.verb("import", str(new), "--actor", "centre-admin")
    page.locator(".tab", has_text="全部").click()
    expect(picked).to_have_text("已选 5 件")
    page.locator(".tab", has_text="调解中").click()
    expect(page.locator(".row:has(.mark:checked)").first).to_be_visible()
    assert set(page.locator(".row:has(.mark:checked) .number").all_inner_texts()) <= set(numbers)
    page.get_by_role("button", name="选中符合条件的全部").click()
    expect(picked).not_to_have_text("已选 5 件")
    page.get_by_role("button", name="清除").click()
    expect(picked).to_be_hidden()
