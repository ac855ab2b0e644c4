"""The whole application over real sockets: who gets in, what they see, what they cannot do."""

import json
import time

import pytest

from domain.people import GRANTS, Permission, Role
from tests.server.browserless import HTML, Browser
from tests.server.conftest import PASSWORD, start, stop

SIGN_IN_OFFERED = "重新登录"
STRANGER = "http://evil.example"


def login(role: Role) -> str:
    return role.value.replace("_", "-")


# --- what an anonymous visitor gets -----------------------------------------------------------


def test_deep_link_first_on_a_fresh_server_shows_nothing(installation):
    fresh = start(installation)
    try:
        visitor = fresh.browser()
        with visitor.tab("queue") as tab:
            tab.run()
            assert not tab.shows(installation.case_no)
            assert tab.shows(SIGN_IN_OFFERED)
        answer = visitor.get("/queue")
        assert (answer.status, answer.location) == (303, "/signin?next=/queue")
        with fresh.signed_in("duty").tab("queue") as tab:
            assert tab.run().shows(installation.case_no)
        with visitor.tab("queue") as tab:
            assert not tab.run().shows(installation.case_no)
    finally:
        stop(fresh)


@pytest.mark.parametrize(
    ("path", "location"),
    [
        ("/", "/signin"),
        ("/queue", "/signin?next=/queue"),
        ("/queue?stage=accepted&q=a%20b", "/signin?next=/queue%3Fstage%3Daccepted%26q%3Da%2520b"),
        ("/no-such-page", "/signin?next=/no-such-page"),
        ("/queue?town=%E5%AE%89", "/signin?next=/queue%3Ftown%3D%25E5%25AE%2589"),
        ("//evil.example/x", "/signin"),
        ("/signed-in", "/signin?next=/signed-in"),
    ],
)
def test_anonymous_page_leads_to_the_form_and_remembers_the_way(server, path, location):
    answer = server.browser().get(path)
    assert (answer.status, answer.location) == (303, location)


@pytest.mark.parametrize(
    "path", ["/queue", "/media/abc.csv", "/_stcore/upload_file/x/y", "/component/x"]
)
def test_anonymous_request_for_anything_but_a_page_is_refused(server, path):
    assert server.browser().get(path, Accept="*/*").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "/signin",
        "/healthz",
        "/assets/tokens.css",
        "/_stcore/health",
        "/_stcore/host-config",
        "/favicon.png",
    ],
)
def test_open_paths_answer_everybody(server, path):
    assert server.browser().get(path).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/metrics",
        "/_stcore/metrics?families=session_events",
        "/_stcore/agent/openapi.json",
        "/_stcore/agent/interact",
        "/_stcore/agent/mcp",
        "/_stcore/script-health-check",
        "/_stcore/anything-new",
        "/auth/login",
        "/oauth2callback",
        "/app/static/x",
    ],
)
@pytest.mark.parametrize("who", ["anonymous", "duty"])
def test_routes_that_nobody_needs_are_closed(server, path, who):
    browser = server.browser() if who == "anonymous" else server.signed_in(who)
    assert browser.get(path).status == 404


@pytest.mark.parametrize(
    "path",
    ["/../etc/passwd", "/static/../app.py", "/assets/../../app.py", "/assets/..%2f..%2fapp.py"],
)
def test_no_path_leads_out_of_the_assets(server, path):
    answer = server.signed_in("duty").get(path)
    assert answer.status in {303, 400, 404}
    assert "st.App" not in answer.text


def test_health_says_nothing_but_health(server):
    answer = server.browser().get("/healthz")
    assert answer.headers["cache-control"] == "no-store"
    body = json.loads(answer.text)
    assert body.keys() == {"status", "data_age"}
    assert body["status"] == "ok"
    assert 0 <= body["data_age"] < 5


# --- signing in -------------------------------------------------------------------------------


def test_signing_in_leads_back_to_the_page_that_was_wanted(server):
    browser = server.browser()
    wanted = "/queue?stage=accepted&lamp=late"
    form = browser.get(browser.get(wanted).location)
    assert 'value="/queue?stage=accepted&amp;lamp=late"' in form.text
    answer = browser.sign_in("duty", PASSWORD, target=wanted)
    assert (answer.status, answer.location) == (303, wanted)
    assert browser.get(wanted).status == 200


def test_link_from_another_site_keeps_its_way_too(server):
    browser = server.browser()
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Referer": STRANGER}
    answer = browser.get("/queue?case=D2026-00001", **from_elsewhere)
    assert answer.location == "/signin?next=/queue%3Fcase%3DD2026-00001"
    browser.sign_in("duty", PASSWORD)
    assert browser.get("/queue", **from_elsewhere).status == 200


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example/",
        "http:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "///evil.example",
        "evil.example",
        "",
        "/signin",
        "/signout",
        "/" + "x" * 3000,
    ],
)
def test_nothing_leads_to_another_site_after_signing_in(server, target):
    browser = server.browser()
    assert browser.sign_in("duty", PASSWORD, target=target).location == "/"


def test_signed_in_visitor_of_the_form_is_sent_on(server):
    browser = server.signed_in("duty")
    answer = browser.get("/signin?next=/queue")
    assert (answer.status, answer.location) == (303, "/queue")


def test_session_cookie_is_out_of_reach(server):
    answer = server.browser().sign_in("duty", PASSWORD)
    cookie = answer.set_cookies["wusong_session"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie
    assert "max-age" not in cookie
    assert "expires" not in cookie
    assert "secure" not in cookie  # this connection has no TLS; see test_gate.py for one that has
    assert answer.headers["cache-control"] == "no-store"


def test_wrong_password_says_what_next_and_keeps_what_was_typed(server):
    browser = server.browser()
    answer = browser.post(
        "/signin", {"login": '"><b>wang', "password": "falsch", "next": "/queue?a=1"}
    )
    assert answer.status == 401
    assert "用户名或密码不正确" in answer.text
    assert 'value="&#34;&gt;&lt;b&gt;wang"' in answer.text
    assert 'value="/queue?a=1"' in answer.text
    assert "falsch" not in answer.text
    assert "wusong_session" not in browser.cookies


def test_form_speaks_english_when_asked_and_stays_so(server):
    browser = server.browser()
    form = browser.get("/signin?lang=en&next=/queue")
    assert '<html lang="en">' in form.text
    assert 'name="lang" value="en"' in form.text
    answer = browser.post(
        "/signin", {"login": "duty", "password": PASSWORD, "next": "/queue", "lang": "en"}
    )
    assert answer.location == "/queue?lang=en"


def test_signing_in_again_in_english_ends_in_english(server):
    browser = server.browser()
    form = browser.get("/signin?next=/signed-in&lang=en")
    assert '<html lang="en">' in form.text
    answer = browser.post(
        "/signin", {"login": "duty", "password": PASSWORD, "next": "/signed-in", "lang": "en"}
    )
    assert answer.location == "/signed-in?lang=en"
    end = browser.get(answer.location)
    assert '<html lang="en">' in end.text
    assert 'href="/?lang=en"' in end.text
    # Whoever is signed in already is sent on in the same language.
    assert browser.get("/signin?next=/signed-in&lang=en").location == "/signed-in?lang=en"


def test_link_from_an_english_page_leads_to_an_english_form(server):
    browser = server.browser()
    before = f"{browser.base}/queue?lang=en"
    assert '<html lang="en">' in browser.get("/signin?next=/signed-in", Referer=before).text
    assert '<html lang="zh-CN">' in browser.get("/signin?lang=zh", Referer=before).text


def test_signing_out_of_an_english_page_stays_english(server):
    browser = server.signed_in("duty")
    answer = browser.post("/signout", {}, Referer=f"{browser.base}/queue?stage=accepted&lang=en")
    assert (answer.status, answer.location) == (303, "/signin?lang=en")


def test_other_kinds_of_body_are_not_a_form(server):
    browser = server.browser()
    answer = browser.request(
        "POST",
        "/signin",
        headers={"Origin": browser.base, "Content-Type": "application/json"},
        body="{}",
    )
    assert answer.status == 400
    assert browser.post("/signin", {"login": "x" * 20_000}).status == 400


def test_signing_out_takes_the_session_and_its_cookie_back(server):
    browser = server.signed_in("duty")
    kept = dict(browser.cookies)
    answer = browser.post("/signout", {})
    assert (answer.status, answer.location) == (303, "/signin")
    assert "wusong_session" not in browser.cookies
    browser.cookies = kept
    assert browser.get("/queue").status == 303


def test_signing_out_twice_is_no_error(server):
    browser = server.browser()
    assert browser.post("/signout", {}).status == 303


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/signout"), ("DELETE", "/signin"), ("PUT", "/setup")]
)
def test_wrong_method_is_said_so_instead_of_a_page(server, method, path):
    browser = server.signed_in("duty")
    answer = browser.request(method, path, headers={**HTML, "Origin": browser.base})
    assert answer.status == 405


# --- other sites ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("origin", "site"),
    [
        (STRANGER, None),
        ("null", None),
        (None, None),
        (None, "cross-site"),
        (None, "same-site"),
        ("", "cross-site"),
        (STRANGER, "same-origin"),
    ],
)
@pytest.mark.parametrize("path", ["/signin", "/signout", "/setup", "/_stcore/upload_file/a/b"])
def test_post_from_elsewhere_is_refused(server, path, origin, site):
    browser = server.signed_in("duty")
    answer = browser.post(path, {"login": "duty"}, origin=origin, **{"Sec-Fetch-Site": site})
    assert answer.status == 403


def test_browser_that_sends_no_origin_is_believed_by_its_fetch_metadata(server):
    answer = server.browser().post("/signout", {}, origin=None, **{"Sec-Fetch-Site": "same-origin"})
    assert answer.status == 303


@pytest.mark.parametrize("origin", [STRANGER, "null", "http://127.0.0.1", "https://127.0.0.1:1"])
def test_websocket_from_another_site_is_refused_before_streamlit_sees_it(server, origin):
    before = time.monotonic()
    with (
        pytest.raises(Exception, match="403"),
        server.signed_in("duty").tab("queue", origin=origin),
    ):
        pass
    # Streamlit would have asked the internet for its own address, for seconds.
    assert time.monotonic() - before < 3
    assert "disallowed Origin" not in server.installation.log


def test_websocket_without_origin_is_for_programs_without_cookies(server):
    with server.browser().tab("queue", origin=None) as tab:
        assert tab.run().shows(SIGN_IN_OFFERED)
    with (
        pytest.raises(Exception, match="403"),
        server.signed_in("duty").tab("queue", origin=None),
    ):
        pass


# --- pretending -------------------------------------------------------------------------------

PRETENCE = {
    "X-Wusong-User": "1",
    "X-Wusong-Signed-In": "1",
    "X-Wusong-Session": "1",
    "x-wusong-address": "9.9.9.9",
}


def test_pretended_identity_opens_no_page(server):
    assert server.browser().get("/queue", **PRETENCE).status == 303


def test_pretended_identity_opens_no_tab(server):
    server.signed_in("duty")  # session 1 is somebody's
    with server.browser().tab("queue", headers=PRETENCE) as tab:
        tab.run()
        assert tab.shows(SIGN_IN_OFFERED)
        assert not tab.shows(server.installation.case_no)


def test_pretended_identity_changes_nobody_into_somebody_else(server):
    server.signed_in("duty")
    with server.signed_in("training").tab("queue", headers=PRETENCE) as tab:
        tab.run()
        assert tab.shows("某training")
        assert not tab.shows(server.installation.case_no)


@pytest.mark.parametrize("token", ["x", "0" * 43, "../../etc", '"', "a b"])
def test_made_up_token_opens_nothing(server, token):
    browser = server.browser()
    browser.cookies["wusong_session"] = token
    assert browser.get("/queue").status == 303


# --- who sees which page ----------------------------------------------------------------------


@pytest.mark.parametrize("role", Role)
def test_queue_shows_each_role_its_own_part(server, role):
    """Page x role: the case in town A, never the other town's to those of town A, never a name."""
    reads = Permission.CASE_READ in GRANTS[role]
    whole = role not in {Role.TOWN, Role.COMMITTEE_HEAD, Role.GRID_WORKER, Role.MEDIATOR}
    with server.signed_in(login(role)).tab("queue") as tab:
        tab.run()
        assert tab.shows(server.installation.case_no) == reads
        assert tab.shows(server.installation.other_case_no) == (reads and whole)
        assert not tab.shows("王小明")
        assert not tab.shows("李大华")
        for fragment in tab.fragments:
            tab.run(fragment=fragment)
            assert not tab.shows("王小明")
            assert tab.shows(server.installation.other_case_no) <= (reads and whole)


@pytest.mark.parametrize("role", Role)
def test_address_of_no_page_shows_nothing(server, role):
    with server.signed_in(login(role)).tab("pages/desk/queue.py") as tab:
        tab.run()
        assert tab.shows(server.installation.case_no) <= (Permission.CASE_READ in GRANTS[role])


# --- sessions that end ------------------------------------------------------------------------


def eventually(check, *, seconds=4.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.1)
    return False


def test_session_ended_by_the_command_line_is_over_within_a_tick(server):
    browser = server.signed_in("leader")
    with browser.tab("queue") as tab:
        assert tab.run().shows(server.installation.case_no)
        (fragment,) = set(tab.fragments)
        done = server.installation.command("end-sessions", "leader")
        assert done.returncode == 0, done.stderr
        assert eventually(lambda: tab.run(fragment=fragment).shows(SIGN_IN_OFFERED), seconds=2)
        assert not tab.shows(server.installation.case_no)
        # The connection stays: closing it would only make the page knock again and again.
        assert tab.closed_with(within=0.5) is None
    assert browser.get("/queue").status == 303
    with browser.tab("queue") as tab:
        assert tab.run().shows(SIGN_IN_OFFERED)
        assert tab.closed_with(within=0.5) is None


def test_signing_in_again_gives_the_same_person_the_same_screen_back(server):
    browser = server.signed_in("justice")
    with browser.tab("queue") as tab:
        script = tab.run().session_id
        server.installation.command("end-sessions", "justice")
        assert eventually(lambda: browser.get("/queue").status == 303)
        assert browser.sign_in("justice", PASSWORD).status == 303
        assert tab.closed_with(within=5) == 1012
    with browser.tab("queue", resume=script) as tab:
        assert tab.run().session_id == script
        assert tab.shows(server.installation.case_no)


def test_another_person_gets_a_new_screen(server):
    browser = server.signed_in("duty")
    with browser.tab("queue") as tab:
        script = tab.run().session_id
        assert browser.sign_in("second", PASSWORD).status == 303
        assert tab.closed_with(within=5) == 1012
    with browser.tab("queue", resume=script) as tab:
        assert tab.run().session_id != script
        assert tab.shows("换人")


def test_stranger_with_the_number_of_a_screen_does_not_get_it(server):
    with server.signed_in("duty").tab("queue") as tab:
        script = tab.run().session_id
        for thief in (server.browser(), server.signed_in("second")):
            with thief.tab("queue", resume=script) as stolen:
                assert stolen.run().session_id != script
        assert tab.run().session_id == script


def test_signing_in_ends_the_session_that_the_browser_had(server):
    browser = server.signed_in("duty")
    old = dict(browser.cookies)
    browser.sign_in("duty", PASSWORD)
    assert browser.get("/queue").status == 200
    stale = Browser(server.base)
    stale.cookies = old
    assert stale.get("/queue").status == 303


def test_signing_out_reaches_the_other_tabs(server):
    browser = server.signed_in("duty")
    with browser.tab("queue") as tab:
        tab.run()
        browser.post("/signout", {})
        assert tab.closed_with(within=5) == 1012
    with browser.tab("queue") as tab:
        assert tab.run().shows(SIGN_IN_OFFERED)
        # Signing in again reaches this tab too, although it was nobody's.
        browser.sign_in("duty", PASSWORD)
        assert tab.closed_with(within=5) == 1012


def test_a_tab_that_was_opened_with_the_new_session_is_left_alone(server):
    browser = server.signed_in("duty")
    assert browser.sign_in("second", PASSWORD).status == 303
    with browser.tab("queue") as tab:
        assert tab.run().shows("换人")
        assert tab.closed_with(within=2) is None


def test_another_browser_of_the_same_person_is_left_alone(server):
    here, there = server.signed_in("duty"), server.signed_in("duty")
    with there.tab("queue") as tab:
        tab.run()
        here.post("/signout", {})
        assert tab.closed_with(within=2) is None
        assert tab.run().shows(server.installation.case_no)


# --- what every answer carries ----------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/queue",
        "/signin",
        "/healthz",
        "/assets/tokens.css",
        "/assets/none",
        "/_stcore/health",
        "/_stcore/metrics",
        "/favicon.png",
        "/manifest.json",
    ],
)
@pytest.mark.parametrize("who", ["anonymous", "duty"])
def test_every_answer_carries_the_security_headers(server, path, who):
    browser = server.browser() if who == "anonymous" else server.signed_in(who)
    headers = browser.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    assert "strict-transport-security" not in headers  # without TLS it would lock people out
    (policy,) = headers.get_all("content-security-policy")
    assert "frame-ancestors 'self'" in policy
    assert "http:" not in policy
    assert "https:" not in policy
    assert "*" not in policy
    assert "'unsafe-eval'" not in policy
    assert "script-src 'unsafe-inline'" not in policy


def test_own_pages_allow_no_script_at_all(server):
    policy = server.browser().get("/signin").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy


def test_versioned_assets_are_kept_and_others_asked_for(server):
    browser = server.browser()
    assert "immutable" in browser.get("/assets/tokens.css?v=abc").headers["cache-control"]
    assert browser.get("/assets/tokens.css").headers["cache-control"] == "no-cache"
    assert browser.get("/signin").headers["cache-control"] == "no-store"


def test_log_holds_neither_names_nor_passwords_nor_tokens(server):
    browser = server.signed_in("duty")
    browser.sign_in("nobody.of.this.name", "a-Secret-Word-7")
    with browser.tab("queue", query="case=" + server.installation.case_no) as tab:
        tab.run()
    for secret in (
        PASSWORD,
        "a-Secret-Word-7",
        "nobody.of.this.name",
        "王小明",
        *browser.cookies.values(),
    ):
        assert secret not in server.installation.log
