"""Through the identity provider and back, in a real browser: deep link, cookies, the way out."""

import re

import pytest
from playwright.sync_api import expect

from tests.server.conftest import Installation, free_port, install, start, stop
from tests.server.identity_provider import CLIENT, SECRET, Running

BUTTON = "用单位统一认证登录"


@pytest.fixture(scope="module")
def provider():
    running = Running(free_port()).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def site(provider, tmp_path_factory):
    folder = tmp_path_factory.mktemp("provider")
    mine: Installation = install(folder)
    (folder / "oidc.secret").write_text(SECRET)
    port = free_port()
    mine.environment.update(
        OIDC_ISSUER=provider.issuer, OIDC_CLIENT_ID=CLIENT, SITE_URL=f"http://127.0.0.1:{port}"
    )
    assert mine.command("link-identity", "duty", "--subject", "s-duty").returncode == 0
    running = start(mine, port=port)
    yield running
    stop(running)


@pytest.fixture
def browser(chromium):
    context = chromium.new_context(viewport={"width": 1366, "height": 768}, locale="zh-CN")
    yield context
    context.close()


def be(page, person):
    """Say at the provider who one is."""
    expect(page).to_have_title("统一认证")
    page.locator("input[name=as]").fill(person)
    page.get_by_role("button", name="登录").click()


def test_deep_link_through_the_provider_and_out_again(site, provider, browser):
    page = browser.new_page()
    page.goto(f"{site.base}/queue?status=open")
    page.get_by_role("link", name=BUTTON).click()
    be(page, "s-duty")
    expect(page).to_have_url(re.compile(re.escape(site.base) + r"/queue\?status=open"))
    expect(page.get_by_text("某duty")).to_be_visible()
    names = {cookie["name"] for cookie in browser.cookies()}
    assert {name for name in names if name.startswith("_streamlit_user")} == set()
    # Another tab and a reload are the same session.
    other = browser.new_page()
    other.goto(f"{site.base}/queue")
    expect(other.get_by_text("某duty")).to_be_visible()
    other.close()

    page.get_by_role("button", name="退出").click()
    leave = page.get_by_role("link", name="退出统一认证")
    expect(leave).to_be_visible()
    leave.click()
    expect(page).to_have_url(f"{site.base}/signin")
    page.goto(f"{site.base}/queue")
    expect(page).to_have_url(f"{site.base}/signin?next=/queue")


def test_somebody_without_an_account_learns_what_to_do(site, provider, browser):
    page = browser.new_page()
    page.goto(f"{site.base}/signin")
    page.get_by_role("link", name=BUTTON).click()
    be(page, "s-nobody")
    expect(page.get_by_role("alert")).to_contain_text("还没有对应本系统的账号")
    expect(page.get_by_text("s-nobody")).to_be_visible()
    # Back and forth in the browser's history opens nothing.
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("已经过期或已经用过")


def test_session_that_ends_in_an_open_tab_goes_on_after_the_provider(site, provider, browser):
    page = browser.new_page()
    page.goto(f"{site.base}/auth/login?next=/queue")
    be(page, "s-duty")
    expect(page.get_by_text("某duty")).to_be_visible()
    assert site.installation.command("end-sessions", "duty").returncode == 0
    again = page.get_by_role("link", name="重新登录")
    expect(again).to_be_visible(timeout=20_000)
    with page.expect_popup() as opened:
        again.click()
    new = opened.value
    new.get_by_role("link", name=BUTTON).click()
    be(new, "s-duty")
    expect(new.get_by_text("已重新登录")).to_be_visible()
    expect(page.get_by_text("某duty")).to_be_visible(timeout=20_000)
    expect(again).to_have_count(0, timeout=20_000)
