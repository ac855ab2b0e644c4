"""A head spreads the cases of somebody on leave, and takes the batch back."""

import re
from datetime import date, timedelta

from playwright.sync_api import expect
from pysqlite3 import dbapi2

from tests.e2e.conftest import open_list

LIVE = 10_000
OWN = "Kan-Yun-Qi-Shi-88"
# The committee and the person with most cases in mediation, whatever the day of the test brings.
BUSIEST = """
SELECT committee.code, mediator.name, mediator.id FROM cases
JOIN mediator ON mediator.id = cases.mediator_id
JOIN committee ON committee.id = mediator.committee_id
WHERE cases.is_open = 1 AND cases.stage = 'in_mediation'
GROUP BY mediator.id ORDER BY count(*) DESC, mediator.id LIMIT 1
"""


def drawer(page):
    return page.get_by_role("dialog")


def type_day(page, key, day):
    page.locator(f"[class*=st-key-{key}] [role=spinbutton]").first.click()
    page.keyboard.type(f"{day:%Y%m%d}")
    page.keyboard.press("Tab")


def a_head(desk, server):
    """Somebody new who heads the busiest committee, signed in; and who is busiest there."""
    with dbapi2.connect(server.folder / "wusong.db") as read:
        committee, name, mediator_id = read.execute(BUSIEST).fetchone()
    said = server.verb(
        "add-user", "head.one", "--name", "韩主任", "--role", "committee_head",
        "--committee", committee,
    )  # fmt: skip
    password = re.search(r"[\w]{4}-[\w]{4}-[\w]{4}", said)[0]
    page = desk("head.one", "/teams", password=password, width=1366, height=900)
    page.locator("input[name=present]").fill(password)
    page.locator("input[name=password]").fill(OWN)
    page.locator("input[name=repeated]").fill(OWN)
    page.get_by_role("button", name="修改").click()
    expect(page.locator("header.frame")).to_be_visible()
    page.goto(f"{server.url}/teams")
    return page, name, mediator_id


def test_an_absence_is_spread_seen_elsewhere_and_taken_back_but_for_what_was_touched(desk, server):
    page, name, mediator_id = a_head(desk, server)
    # Leave, where the committee's people are kept.
    page.locator(".row .look").first.click()
    drawer(page).get_by_role("button", name=f"查看 {name}").click()
    drawer(page).get_by_role("radio", name="请假", exact=True).click()
    type_day(page, "team_leave_last", date.today() + timedelta(days=10))  # noqa: DTZ011 - to come
    drawer(page).get_by_role("button", name="登记假期").click()
    expect(page.get_by_text("已登记假期。")).to_be_visible()
    drawer(page).get_by_role("button", name="分流在办案件").click()

    # The sandbox has all of it, and says who gets what.
    expect(page).to_have_url(re.compile("/reassign"), timeout=LIVE)
    expect(page.get_by_text(re.compile(r"放入 \d+ 件"))).to_be_visible()
    page.get_by_role("button", name="建议方案").click()
    moves = page.locator(".move")
    expect(moves.nth(1)).to_be_visible(timeout=LIVE)
    before = moves.count()
    struck = moves.first.get_attribute("data-case")
    page.get_by_role("button", name=f"划掉 {struck}").click()
    expect(moves).to_have_count(before - 1)
    expect(page.locator(f".move[data-case={struck}]")).to_have_count(0)
    numbers = [moves.nth(place).get_attribute("data-case") for place in range(before - 1)]

    # Another screen that shows the person's load.
    other = desk("duty", f"/workload?person={mediator_id}")
    load = other.locator(f"[data-id='{mediator_id}'], .row").first
    expect(load).to_be_visible(timeout=LIVE)
    was = load.inner_text()

    page.get_by_label("说明").fill("请假期间由他人代办")
    page.get_by_label("说明").press("Tab")
    page.get_by_role("button", name=f"提交 {before - 1} 件改派").click()
    expect(page.get_by_text(re.compile(f"已改派 {before - 1} 件"))).to_be_visible(timeout=LIVE)
    expect(load).not_to_have_text(was, timeout=LIVE)

    # Somebody else does something with one of them.
    touched = numbers[0]
    other.goto(f"{server.url}/queue?case={touched}")
    drawer(other).get_by_role("radio", name="改派").click()
    drawer(other).locator("label.person").first.click()
    open_list(drawer(other).get_by_label("理由", exact=True))
    other.get_by_role("option", name="其他").click()
    drawer(other).get_by_label("说明").fill("当事人住得更近")
    drawer(other).get_by_label("说明").blur()
    drawer(other).get_by_role("button", name=re.compile("确认改派")).click()
    expect(other.get_by_text(re.compile("已交给"))).to_be_visible(timeout=LIVE)

    # The batch goes back, but for that one.
    page.locator("[class*=st-key-batch_] summary").first.click()
    page.get_by_role("button", name="整批撤销").click()
    expect(page.get_by_text(f"已撤销:还给原承办人 {before - 2} 件,留在原处 1 件。")).to_be_visible(
        timeout=LIVE
    )
    expect(page.get_by_text(re.compile(f"1 件留在原处.*{touched} 之后有人办理过"))).to_be_visible()
    expect(page.get_by_text("刘建国").first).to_be_visible()
