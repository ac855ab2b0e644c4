"""Signing in by an identity provider that is a process of its own, over loopback."""

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, update
from streamlit.auth_util import validate_auth_credentials
from streamlit.runtime.secrets import secrets_singleton
from streamlit.user_info import generate_login_redirect_url

from data_access.provider import ProviderError, provider_of
from data_access.settings import Settings
from data_access.tables import AuditLine, AuthSession, User
from server.provider import secrets_of_st_login
from tests.server.browserless import Browser
from tests.server.conftest import PASSWORD, Installation, free_port, start, stop
from tests.server.identity_provider import CLIENT, SECRET, Running

BUTTON = "用单位统一认证登录"
DEEP = "/queue?status=open"


def settings(provider, port) -> dict[str, str]:
    return {
        "OIDC_ISSUER": provider.issuer,
        "OIDC_CLIENT_ID": CLIENT,
        "SITE_URL": f"http://127.0.0.1:{port}",
    }


def opened(template, folder, provider, **more):
    for name in ("wusong.db", "secret.key"):
        (folder / name).write_bytes((template.folder / name).read_bytes())
    (folder / "oidc.secret").write_text(SECRET + "\n")
    port = free_port()
    mine = Installation(folder, template.case_no, template.other_case_no)
    mine.environment.update(settings(provider, port) | more)
    for login in ("duty", "second"):
        linked = mine.command("link-identity", login, "--subject", f"s-{login}")
        assert linked.returncode == 0, linked.stderr
    return start(mine, port=port)


@pytest.fixture(scope="module")
def provider():
    running = Running(free_port()).start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def site(template, tmp_path_factory, provider):
    """A server with the provider, two of whose accounts are linked: duty and second."""
    server = opened(template, tmp_path_factory.mktemp("oidc"), provider)
    yield server
    stop(server)
    assert "Traceback" not in server.installation.log
    assert SECRET not in server.installation.log


@pytest.fixture(autouse=True)
def well_behaved(provider):
    provider.behave()


@pytest.fixture(autouse=True)
def quiet(site):
    """Refused answers of other tests do not count against this one's address."""
    yield
    site.installation.db.write(
        lambda session: session.connection().exec_driver_sql("DELETE FROM sign_in_attempt")
    )


def leave_for(site, browser, target="/"):
    """Press the button on the sign-in form; where the browser is sent."""
    form = browser.get("/signin" if target == "/" else browser.get(target).location)
    link = re.search(r'<a class="provider" href="([^"]+)">', form.text)
    begun = browser.get(link[1].replace("&amp;", "&"))
    assert begun.status == 302, begun.text
    return begun.location


def come_back(browser, provider, there, person):
    """Be `person` at the provider; the way back, not yet gone."""
    elsewhere = Browser(provider.base)
    answer = elsewhere.get(there.removeprefix(provider.base) + f"&as={person}")
    return answer.location.removeprefix(browser.base)


def enter(site, provider, person, target="/", browser=None):
    browser = browser or site.browser()
    back = come_back(browser, provider, leave_for(site, browser, target), person)
    return browser, browser.get(back)


def lines(site, action):
    with site.installation.db.read() as session:
        wanted = select(AuditLine).where(AuditLine.action == action).order_by(AuditLine.seq)
        return session.scalars(wanted).all()


# --- the way in -------------------------------------------------------------------------------


def test_deep_link_leads_through_the_provider_and_back_as_the_mapped_person(site, provider):
    browser, answer = enter(site, provider, "s-duty", DEEP)
    assert (answer.status, answer.location) == (303, DEEP)
    with browser.tab("queue") as tab:
        assert tab.run().shows("某duty")
    line = lines(site, "session:open")[-1]
    assert line.payload["how"] == "provider"
    assert line.actor_id == int(line.subject.partition(":")[2])


def test_session_is_ours_and_streamlits_cookie_is_never_set(site, provider):
    browser = site.browser()
    back = come_back(browser, provider, leave_for(site, browser), "s-duty")
    answer = browser.get(back)
    assert {"wusong_session", "wusong_browser", "_streamlit_session"} == set(answer.set_cookies)
    assert "expires=Thu, 01 Jan 1970" in answer.set_cookies["_streamlit_session"]
    assert "Max-Age" not in answer.set_cookies["wusong_session"]
    assert "HttpOnly" in answer.set_cookies["wusong_session"]


def test_english_stays_english_on_the_way(site, provider):
    _, answer = enter(site, provider, "s-duty", "/queue?lang=en")
    assert answer.location == "/queue?lang=en"


def test_another_persons_session_in_the_same_browser_ends(site, provider):
    browser, _ = enter(site, provider, "s-second")
    browser.cookies["kept"] = browser.cookies.pop("wusong_session")
    browser.cookies["wusong_session"] = browser.cookies.pop("kept")
    first = browser.cookies["wusong_session"]
    answer = browser.get("/auth/login")
    assert (answer.status, answer.location) == (303, "/")  # is in already
    assert browser.cookies["wusong_session"] == first


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_way_back_stays_on_this_site(site, provider, target):
    browser = site.browser()
    begun = browser.get(f"/auth/login?next={target}")
    answer = browser.get(come_back(browser, provider, begun.location, "s-duty"))
    assert (answer.status, answer.location) == (303, "/")


def test_only_what_is_needed_is_asked_for_and_pkce_guards_the_code(site, provider):
    asked = parse_qs(urlsplit(leave_for(site, site.browser())).query)
    assert asked["scope"] == ["openid"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["prompt"] == ["select_account"]
    assert asked["redirect_uri"] == [f"{site.base}/oauth2callback"]


def test_address_of_st_login_begins_the_same_way(site, provider):
    """`st.login()` sends the browser to this address, with a token that names the provider."""
    answer = site.browser().get("/auth/login?provider=whatever-token")
    assert answer.location.startswith(provider.issuer + "/authorize?")


def test_st_login_itself_is_configured_and_leads_to_our_address(monkeypatch, tmp_path, provider):
    """What `st.login()` demands of its secrets, and the address to which it sends a browser."""
    (tmp_path / "oidc.secret").write_text(SECRET)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setattr(secrets_singleton, "_secrets", {})
    assert secrets_of_st_login() is None
    for name, value in settings(provider, 8501).items():
        monkeypatch.setenv(name, value)
    secrets_singleton.merge_programmatic_secrets(secrets_of_st_login())
    validate_auth_credentials("default")
    assert generate_login_redirect_url("default").startswith("/auth/login?provider=")
    monkeypatch.setenv("SITE_URL", "")
    assert secrets_of_st_login() is None  # the start says why


def test_provider_describes_itself_once_not_at_every_sign_in(site, provider):
    enter(site, provider, "s-duty")
    provider.behave()
    enter(site, provider, "s-duty")
    assert provider.behave() == ["token"]


def test_new_key_of_the_provider_is_asked_for(site, provider):
    provider.behave(new_key=True)
    assert enter(site, provider, "s-duty")[1].status == 303


def test_another_name_of_the_site_leads_to_the_one_that_is_registered(site):
    browser = Browser(site.base.replace("127.0.0.1", "localhost"))
    answer = browser.get("/auth/login?next=/queue&lang=en")
    assert answer.location == f"{site.base}/auth/login?next=%2Fqueue&lang=en"


# --- who does not come in ---------------------------------------------------------------------


def refused(answer, status, words):
    assert answer.status == status, answer.text
    problem = re.search(r'id="problem">.*?</span> (.*?)</p>', answer.text)[1]
    assert words in problem, problem
    assert "wusong_session" not in answer.set_cookies
    assert BUTTON in answer.text  # the way in is still there, and so is the password
    assert 'name="password"' in answer.text


def test_unknown_person_learns_what_to_tell_the_administrator(site, provider):
    _, answer = enter(site, provider, "s-nobody")
    refused(answer, 403, "还没有对应本系统的账号")
    assert "<code>s-nobody</code>" in answer.text
    line = lines(site, "session:refuse")[-1]
    assert line.payload == {"how": "provider", "problem": "unknown_person"}
    assert line.subject.startswith("provider:")
    assert "nobody" not in json.dumps([line.subject, line.payload])


def test_nobody_is_made_an_account(site, provider):
    def count(session):
        return len(session.scalars(select(User.id)).all())

    with site.installation.db.read() as session:
        before = count(session)
    enter(site, provider, "s-nobody/duty")
    with site.installation.db.read() as session:
        assert count(session) == before


def test_login_claim_counts_for_nothing_unless_it_is_configured(site, provider):
    _, answer = enter(site, provider, "s-stranger/court")
    refused(answer, 403, "还没有对应本系统的账号")


def test_subject_of_another_provider_is_another_person(site, provider):
    """The stored identity is the provider's name and the subject together."""
    with site.installation.db.read() as session:
        stored = session.scalar(select(User.oidc_subject).where(User.login == "duty"))
    assert stored == f"{provider.issuer} s-duty"


@pytest.mark.parametrize(
    ("manner", "status", "words"),
    [
        ({"claims": {"nonce": "another"}}, 401, "没有通过检验"),
        ({"without": ["nonce"]}, 401, "没有通过检验"),
        ({"claims": {"aud": "another"}}, 401, "没有通过检验"),
        ({"claims": {"aud": ["another"], "azp": CLIENT}}, 401, "没有通过检验"),
        ({"claims": {"aud": [CLIENT, "another"], "azp": "another"}}, 401, "没有通过检验"),
        ({"claims": {"iss": "https://evil.example"}}, 401, "没有通过检验"),
        ({"claims": {"sub": ""}}, 401, "没有通过检验"),
        ({"claims": {"sub": 7}}, 401, "没有通过检验"),
        ({"without": ["sub"]}, 401, "没有通过检验"),
        ({"without": ["exp"]}, 401, "没有通过检验"),
        ({"sign": "none"}, 401, "没有通过检验"),
        ({"sign": "HS256/public"}, 401, "没有通过检验"),
        ({"sign": "HS256/secret"}, 401, "没有通过检验"),
        ({"sign": "RS256/other"}, 401, "没有通过检验"),
        ({"no_id_token": True}, 401, "没有通过检验"),
        ({"shift": {"exp": -120}}, 401, "时钟"),
        ({"shift": {"iat": 3600, "exp": 7200}}, 401, "时钟"),
        ({"shift": {"nbf": 3600}}, 401, "时钟"),
        ({"token_status": 400}, 502, "没有正常答复"),
        ({"token_status": 503}, 502, "没有正常答复"),
    ],
    ids=str,
)
def test_answer_that_does_not_stand_up_is_refused(site, provider, manner, status, words):
    browser = site.browser()
    back = come_back(browser, provider, leave_for(site, browser), "s-duty")
    provider.behave(**manner)
    refused(browser.get(back), status, words)
    assert "wusong_session" not in browser.cookies


def test_clocks_may_differ_a_little(site, provider):
    browser = site.browser()
    back = come_back(browser, provider, leave_for(site, browser), "s-duty")
    provider.behave(shift={"iat": 30, "exp": 330})
    assert browser.get(back).status == 303


def test_answer_counts_once(site, provider):
    browser = site.browser()
    back = come_back(browser, provider, leave_for(site, browser), "s-duty")
    question = browser.cookies["_streamlit_session"]
    assert browser.get(back).status == 303
    del browser.cookies["wusong_session"]
    refused(browser.get(back), 400, "已经过期或已经用过")
    # Even with the question put back, the provider takes its code once.
    browser.cookies["_streamlit_session"] = question
    refused(browser.get(back), 401, "没有通过检验")


def test_answer_to_another_browsers_question_is_refused(site, provider):
    asking, other = site.browser(), site.browser()
    back = come_back(asking, provider, leave_for(site, asking), "s-second")
    provider.behave()
    refused(other.get(back), 400, "已经过期或已经用过")
    leave_for(site, other)
    refused(other.get(back), 400, "已经过期或已经用过")
    assert "token" not in provider.behave()


@pytest.mark.parametrize("query", ["?code=x", "?state=x", "?code=x&state=y", "?error=x", "?a=b"])
def test_answer_without_a_question_asks_nobody(site, provider, query):
    provider.behave()
    refused(site.browser().get(f"/oauth2callback{query}"), 400, "已经过期或已经用过")
    assert provider.behave() == []


def test_forged_question_is_no_question(site, provider):
    browser = site.browser()
    leave_for(site, browser)
    head, _, tail = browser.cookies["_streamlit_session"].partition(".")
    browser.cookies["_streamlit_session"] = f"{head}A.{tail}"
    refused(browser.get("/oauth2callback?code=x&state=y"), 400, "已经过期或已经用过")


def test_turning_back_at_the_provider_is_no_failure(site, provider):
    _, answer = enter(site, provider, "cancel")
    refused(answer, 401, "没有在统一认证完成登录")
    assert "110101199001011234" not in answer.text + site.installation.log


def test_too_many_bad_answers_close_the_door_to_their_address(site, provider):
    browser = site.browser()
    for _ in range(20):
        back = come_back(browser, provider, leave_for(site, browser), "s-duty")
        provider.behave(sign="none")
        assert browser.get(back).status == 401
        provider.behave()
    _, answer = enter(site, provider, "s-duty")
    refused(answer, 429, "失败次数太多")
    assert provider.behave().count("token") == 0


def test_closed_account_is_told_so(site, provider):
    def close(active):
        site.installation.db.write(
            lambda session: session.execute(
                update(User).where(User.login == "second").values(active=active)
            )
        )

    close(active=False)
    try:
        _, answer = enter(site, provider, "s-second")
        refused(answer, 403, "账号已停用")
    finally:
        close(active=True)


def test_account_closed_while_signed_in_is_out(site, provider):
    browser, _ = enter(site, provider, "s-second")
    assert browser.get("/queue").status == 200
    ended = site.installation.command("end-sessions", "second")
    assert ended.returncode == 0
    deadline = time.monotonic() + 10
    while browser.get("/queue").status == 200 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert browser.get("/queue").location == "/signin?next=/queue"


def test_unlinking_ends_the_sessions_and_the_way_in(site, provider):
    browser, _ = enter(site, provider, "s-second")
    assert site.installation.command("link-identity", "second", "--remove").returncode == 0
    try:
        _, answer = enter(site, provider, "s-second")
        refused(answer, 403, "还没有对应本系统的账号")
        assert browser.get("/queue").status == 303
    finally:
        site.installation.command("link-identity", "second", "--subject", "s-second")
    assert [line.payload["linked"] for line in lines(site, "user:link_identity")][-2:] == [
        False,
        True,
    ]


# --- identity comes from the gate alone -------------------------------------------------------


def test_streamlits_own_cookie_is_no_identity(site, provider):
    """Not even beside a session: what it says never reaches a script."""
    browser, _ = enter(site, provider, "s-duty")
    claim = '"2|1:0|10:1|15:_streamlit_user|4:eyJpc19sb2dnZWRfaW4iOnRydWV9|x"'
    browser.cookies["_streamlit_user"] = claim
    browser.cookies["_streamlit_user_tokens"] = claim
    with browser.tab("queue") as tab:
        assert tab.run().shows("某duty")
    del browser.cookies["wusong_session"]
    assert browser.get("/queue").status == 303
    with browser.tab("queue") as tab:
        assert tab.run().shows("登录已结束")


# --- the way out ------------------------------------------------------------------------------


def test_signing_out_ends_our_session_and_offers_the_providers_end(site, provider):
    browser, _ = enter(site, provider, "s-duty")
    kept = dict(browser.cookies)
    out = browser.post("/signout", {})
    assert out.location == "/signin?left=1"
    form = browser.get(out.location)
    link = re.search(r'<a href="([^"]+)">退出统一认证</a>', form.text)[1].replace("&amp;", "&")
    assert link.startswith(f"{provider.issuer}/logout?")
    back = Browser(provider.base).get(link.removeprefix(provider.base)).location
    assert back == f"{site.base}/oauth2callback"
    assert browser.get("/oauth2callback").location == "/signin"
    browser.cookies = kept
    assert browser.get("/queue").status == 303


# --- the password beside it, and a provider that is not there ---------------------------------


def test_password_still_opens(site):
    browser = site.signed_in("duty")
    assert browser.get("/queue").status == 200
    assert lines(site, "session:open")[-1].payload["how"] == "password"


def test_logout_address_of_streamlit_stays_closed(site, provider):
    browser, _ = enter(site, provider, "s-duty")
    assert browser.get("/auth/logout").status == 404
    assert browser.get("/auth/login/x").status == 404
    assert browser.get("/oauth2callback/x").status == 404


@pytest.mark.parametrize("path", ["/auth/login", "/oauth2callback?code=a&state=b", "/auth/logout"])
def test_without_a_provider_the_addresses_are_not_there(server, path):
    assert server.browser().get(path).status == 404


def test_without_a_provider_the_form_has_one_way_in(server):
    assert BUTTON not in server.browser().get("/signin").text


@pytest.fixture
def apart(template, tmp_path):
    """Starts a site whose provider is somewhere else, or nowhere."""
    running = []

    def starting(provider, **more):
        running.append(opened(template, tmp_path, provider, **more))
        return running[-1]

    yield starting
    for server in running:
        stop(server)


def test_provider_that_is_not_there_is_said_and_the_password_works(apart):
    site = apart(Running(free_port()))
    browser = site.browser()
    refused(browser.get("/auth/login?next=/queue"), 502, "没有正常答复")
    left = browser.get("/signin?left=1")
    assert left.status == 200
    assert "退出统一认证" not in left.text
    assert browser.sign_in("duty", PASSWORD, target="/queue").location == "/queue"


def test_visits_of_anybody_are_not_passed_on_to_the_provider(apart, provider):
    browser = apart(provider).browser()
    provider.behave(down=True)
    for _visit in range(5):
        assert "退出统一认证" not in browser.get("/signin?left=1").text
    assert provider.behave() == ["metadata"]
    assert browser.get("/auth/login").status == 302  # whoever signs in asks at once
    for _visit in range(5):
        assert "退出统一认证" in browser.get("/signin?left=1").text
    assert provider.behave() == ["metadata"]


def test_provider_that_describes_itself_badly_is_not_used(apart, provider):
    browser = apart(provider).browser()
    for metadata in (
        {"issuer": "https://evil.example"},
        {"issuer": None},
        {"token_endpoint": "http://evil.example/token"},
        {"jwks_uri": None},
        {"id_token_signing_alg_values_supported": ["none", "HS256"]},
    ):
        provider.behave(metadata=metadata)
        refused(browser.get("/auth/login"), 502, "没有正常答复")
    provider.behave()
    assert browser.get("/auth/login").status == 302


def test_slow_provider_holds_up_nobody_else(apart, provider):
    site = apart(provider)
    browser = site.browser()
    back = come_back(browser, provider, leave_for(site, browser), "s-duty")
    provider.behave(slow=7)
    answers = []
    waiting = threading.Thread(target=lambda: answers.append(browser.get(back)))
    waiting.start()
    slowest = 0.0
    end = time.monotonic() + 4
    while time.monotonic() < end:
        before = time.monotonic()
        assert site.browser().get("/healthz").status == 200
        slowest = max(slowest, time.monotonic() - before)
        time.sleep(0.05)
    waiting.join(20)
    refused(answers[0], 502, "没有正常答复")
    assert slowest < 3


def test_slow_provider_takes_a_few_threads_and_no_more(apart, provider):
    site = apart(provider)
    backs = []
    for _ in range(6):
        browser = site.browser()
        backs.append((browser, come_back(browser, provider, leave_for(site, browser), "s-duty")))
    # Long enough for all six to be under way at once, on however busy a machine.
    provider.behave(slow=2)
    with ThreadPoolExecutor(6) as together:
        answers = list(together.map(lambda one: one[0].get(one[1]), backs))
    busy = [answer for answer in answers if answer.status == 503]
    assert busy
    refused(busy[0], 503, "登录的人太多")
    assert sum(answer.status == 303 for answer in answers) >= 1


def test_claim_that_is_configured_links_an_account_at_its_first_sign_in(apart, provider):
    site = apart(provider, OIDC_LOGIN_CLAIM="preferred_username")
    asked = parse_qs(urlsplit(leave_for(site, site.browser())).query)
    assert asked["scope"] == ["openid profile"]
    _, answer = enter(site, provider, "s-new/COURT")
    assert answer.status == 303, answer.text
    (line,) = [one for one in lines(site, "user:link_identity") if one.payload["by"] == "claim"]
    assert line.payload["linked"]
    # From now on the subject decides, whatever the claim says; and nobody else gets the account.
    assert enter(site, provider, "s-new/renamed")[1].status == 303
    refused(enter(site, provider, "s-other/court")[1], 403, "还没有对应本系统的账号")
    refused(enter(site, provider, "s-third/duty")[1], 403, "还没有对应本系统的账号")


GOOD = {
    "oidc_issuer": "https://sso.county.example/realms/county/",
    "oidc_client_id": CLIENT,
    "site_url": "https://desk.example",
}


def test_settings_describe_a_provider(tmp_path):
    (tmp_path / "oidc.secret").write_text(f" {SECRET}\n")
    found = provider_of(Settings(data_dir=tmp_path, **GOOD))
    assert found.issuer == "https://sso.county.example/realms/county"
    assert found.metadata_url == f"{found.issuer}/.well-known/openid-configuration"
    assert found.redirect_uri == "https://desk.example/oauth2callback"
    assert found.client_secret == SECRET
    assert SECRET not in repr(found)
    assert provider_of(Settings(data_dir=tmp_path, **GOOD | {"oidc_issuer": ""})) is None


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"oidc_issuer": "http://sso.county.example"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "sso.county.example"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "https://sso.county.example/?x=1"}, "OIDC_ISSUER"),
        ({"oidc_issuer": "https://me:x@sso.county.example"}, "OIDC_ISSUER"),
        ({"oidc_client_id": ""}, "OIDC_CLIENT_ID"),
        ({"site_url": ""}, "SITE_URL"),
        ({"site_url": "http://desk.example"}, "SITE_URL"),
        ({"site_url": "https://desk.example/sub"}, "SITE_URL"),
        ({"oidc_secret_file": "/nowhere/oidc.secret"}, "/nowhere/oidc.secret"),
    ],
)
def test_settings_that_cannot_work_are_said(tmp_path, bad, words):
    (tmp_path / "oidc.secret").write_text(SECRET)
    with pytest.raises(ProviderError, match=words):
        provider_of(Settings(data_dir=tmp_path, **GOOD | bad))


def test_start_says_what_is_wrong_with_the_settings(installation, provider):
    port = free_port()
    installation.environment.update(settings(provider, port))
    process = installation.process("streamlit", "run", "app.py", "--server.port", str(port))
    assert process.wait(60) != 0
    assert "不能启动" in installation.log
    assert str(installation.folder / "oidc.secret") in installation.log
    assert "Traceback" not in installation.log


def test_secret_of_the_client_is_for_its_owner_alone(site):
    path = site.installation.folder / "oidc.secret"
    assert path.stat().st_mode & 0o077 == 0


def test_session_by_the_provider_lasts_as_long_as_any(site, provider):
    enter(site, provider, "s-duty")
    with site.installation.db.read() as session:
        last = session.scalars(select(AuthSession).order_by(AuthSession.id.desc())).first()
    assert last.expires_at - last.created_at == timedelta(hours=8)
    assert not last.for_password_change
