"""/password: one's own is changed there; with a one-time password nothing else opens before."""

import itertools

import pytest
from sqlalchemy import select

from data_access.commands.passwords import set_one_time_password
from data_access.commands.people import create_user
from data_access.tables import AuditLine, OrganisationUnit, User
from domain.clocks import day_of
from domain.organisation import UnitLevel
from domain.people import FAILURES_BEFORE_LOCK, Post, Role, system_actor
from server import clock
from tests.server.browserless import HTML
from tests.server.conftest import PASSWORD, Installation, start, stop

NEW = "Xin-mi-ma-2026"
STRANGER = "http://evil.example"
SIGN_IN_OFFERED = "重新登录"


@pytest.fixture(scope="module")
def office(template, tmp_path_factory):
    """A server of this module's own: its accounts change their passwords."""
    folder = tmp_path_factory.mktemp("passwords")
    for name in ("wusong.db", "secret.key"):
        (folder / name).write_bytes((template.folder / name).read_bytes())
    running = start(Installation(folder, template.case_no, template.other_case_no))
    yield running
    stop(running)


_newcomers = itertools.count(1)


@pytest.fixture
def newcomer(office):
    """A duty officer with a one-time password: (login, password)."""
    db = office.installation.db
    with db.read() as session:
        county = session.scalar(
            select(OrganisationUnit.id).where(OrganisationUnit.level == UnitLevel.COUNTY)
        )
    now = clock.now()
    login = f"newcomer{next(_newcomers)}"
    made = create_user(
        db,
        login=login,
        name="新来的",
        post=Post(Role.DUTY, unit_id=county, valid_from=day_of(now)),
        actor=system_actor(county),
        now=now,
    )
    yield login, made.password
    db.dispose()


def change(browser, present, password=NEW, *, repeated=None, target="/", **over):
    entered = {
        "present": present,
        "password": password,
        "repeated": password if repeated is None else repeated,
        "next": target,
    }
    # Without its mark, no tab of this browser is made to connect again a second later.
    browser.cookies.pop("wusong_browser", None)
    return browser.post("/password", entered, **over)


# --- with a one-time password -----------------------------------------------------------------


def test_nothing_opens_before_the_one_time_password_is_changed(office, newcomer):
    login, password = newcomer
    browser = office.browser()
    answer = browser.sign_in(login, password, target="/queue?stage=accepted")
    assert (answer.status, answer.location) == (303, "/queue?stage=accepted")
    wanted = browser.get("/queue?stage=accepted")
    assert (wanted.status, wanted.location) == (
        303,
        "/password?next=/queue%3Fstage%3Daccepted",
    )
    assert browser.get("/").location == "/password"
    assert browser.get("/signin?next=/queue").location == "/queue"
    for path in ("/media/abc.csv", "/component/x", "/_stcore/upload_file/x/y"):
        assert browser.get(path, Accept="*/*").status == 401
    with browser.tab("queue") as tab:
        tab.run()
        assert tab.shows(SIGN_IN_OFFERED)
        assert not tab.shows(office.installation.case_no)
        assert not tab.shows("新来的")


def test_after_the_change_everything_opens_where_it_was_wanted(office, newcomer):
    login, password = newcomer
    browser, elsewhere = office.browser(), office.browser()
    for one in (browser, elsewhere):
        one.sign_in(login, password)
    before = browser.cookies["wusong_session"]
    form = browser.get("/password?next=/queue")
    assert "请先修改密码" in form.text
    assert form.headers["cache-control"] == "no-store"
    answer = change(browser, password, target="/queue")
    assert (answer.status, answer.location) == (303, "/queue")
    assert answer.headers["cache-control"] == "no-store"
    assert browser.cookies["wusong_session"] != before
    assert browser.get("/queue").status == 200
    with browser.tab("queue") as tab:
        assert tab.run().shows(office.installation.case_no)
    # What the old cookie opened, here or in another browser, is over.
    assert elsewhere.get("/password").location == "/signin?next=/password"
    browser.cookies["wusong_session"] = before
    assert browser.get("/queue").status == 303
    assert office.browser().sign_in(login, password).status == 401
    assert office.browser().sign_in(login, NEW).status == 303


def test_whoever_has_it_can_leave_without_changing_it(office, newcomer):
    login, password = newcomer
    browser = office.browser()
    browser.sign_in(login, password)
    kept = dict(browser.cookies)
    assert browser.post("/signout", {}).location == "/signin"
    browser.cookies = kept
    assert browser.get("/password").location == "/signin?next=/password"


def test_a_reset_ends_open_tabs_and_leads_to_the_form(office, newcomer):
    login, password = newcomer
    browser = office.browser()
    browser.sign_in(login, password)
    change(browser, password)
    db = office.installation.db
    with db.read() as session:
        user = session.scalars(select(User).where(User.login == login)).one()
    with browser.tab("queue") as tab:
        assert tab.run().shows(office.installation.case_no)
        again = set_one_time_password(
            db, user_id=user.id, actor=system_actor(user.county_id), now=clock.now()
        )
        db.dispose()
        anew = office.browser()
        assert anew.sign_in(login, again).status == 303
        tab.run()
        assert tab.shows(SIGN_IN_OFFERED)
        assert not tab.shows(office.installation.case_no)
    assert browser.get("/queue").location == "/signin?next=/queue"
    assert anew.get("/queue").location == "/password?next=/queue"


# --- everybody's own --------------------------------------------------------------------------


def test_everybody_changes_their_own_and_is_told_so(office):
    browser = office.signed_in("leader")
    form = browser.get("/password?next=/queue")
    assert form.status == 200
    assert "请先修改密码" not in form.text
    assert 'href="/queue"' in form.text
    answer = change(browser, PASSWORD, target="/queue")
    assert answer.status == 200
    assert "密码已修改" in answer.text
    assert 'href="/queue"' in answer.text
    assert browser.get("/queue").status == 200
    assert office.browser().sign_in("leader", PASSWORD).status == 401


def test_nobody_comes_to_the_form_without_signing_in(office):
    assert office.browser().get("/password").location == "/signin?next=/password"
    answer = change(office.browser(), PASSWORD)
    assert answer.status == 401


@pytest.mark.parametrize(
    ("entered", "said"),
    [
        (("falsch-Wort-1",), "现在的密码不正确"),
        ((PASSWORD, "short"), "至少 10 位"),
        ((PASSWORD, PASSWORD), "和现在的一样"),
    ],
)
def test_what_cannot_be_taken_is_said_and_no_password_comes_back(office, entered, said):
    browser = office.signed_in("justice")
    answer = change(browser, *entered)
    assert answer.status == 422
    assert said in answer.text
    assert answer.headers["cache-control"] == "no-store"
    for password in entered:
        assert password not in answer.text
    assert browser.get("/queue").status == 200


def test_the_second_entry_must_be_the_same(office):
    answer = change(office.signed_in("justice"), PASSWORD, repeated="other")
    assert answer.status == 422
    assert "两次输入的密码不一样" in answer.text


def test_guessing_the_present_password_locks_the_login(office):
    browser = office.signed_in("adviser")
    for _ in range(FAILURES_BEFORE_LOCK - 1):
        assert change(browser, "falsch-Wort-1").status == 422
    locked = change(browser, "falsch-Wort-1")
    assert locked.status == 403
    assert "锁定到" in locked.text
    assert change(browser, PASSWORD).status == 403
    assert office.browser().sign_in("adviser", PASSWORD).status == 403


@pytest.mark.parametrize(
    ("origin", "site"),
    [(STRANGER, None), ("null", None), (None, None), (None, "cross-site"), ("", "cross-site")],
)
def test_a_form_of_another_site_changes_nothing(office, origin, site):
    browser = office.signed_in("court")
    answer = change(browser, PASSWORD, origin=origin, **{"Sec-Fetch-Site": site})
    assert answer.status == 403
    assert office.browser().sign_in("court", PASSWORD).status == 303


def test_other_kinds_of_body_are_not_a_form(office):
    browser = office.signed_in("court")
    answer = browser.request(
        "POST",
        "/password",
        headers={"Origin": browser.base, "Content-Type": "application/json"},
        body="{}",
    )
    assert answer.status == 400
    wrong = browser.request("PUT", "/password", headers={**HTML, "Origin": browser.base})
    assert wrong.status == 405


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example"])
def test_nothing_leads_to_another_site_afterwards(office, target):
    browser = office.signed_in("training")
    form = browser.get(f"/password?next={target}")
    assert "evil.example" not in form.text


def test_the_form_speaks_english_when_asked(office):
    browser = office.signed_in("training")
    form = browser.get("/password?lang=en&next=/queue")
    assert '<html lang="en">' in form.text
    again = change(browser, "falsch-Wort-1", Referer=f"{browser.base}/password?lang=en")
    assert again.status == 422


def test_no_password_is_in_the_log_or_in_the_trail(office):
    log = office.installation.log
    db = office.installation.db
    with db.read() as session:
        lines = str([vars(line) for line in session.scalars(select(AuditLine))])
    db.dispose()
    for password in (NEW, PASSWORD, "falsch-Wort-1"):
        assert password not in log + lines
