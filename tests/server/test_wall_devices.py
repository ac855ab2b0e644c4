"""A wall signs in with its own token: what it may ask for, from where, and how it is shut out."""

import asyncio
import json
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from starlette.types import Message

from data_access import accounts, reference, site
from data_access.commands.wall_orders import order_wall
from data_access.commands.walls import add_wall, bind_wall, new_wall_token, revoke_wall
from data_access.map_layers import write_shapes
from data_access.queries.trail import Filters, page
from data_access.queries.walls import walls
from data_access.tables import MapLayer, OrganisationUnit
from data_access.walls import FoundWall
from domain.organisation import UnitLevel
from domain.people import Scope, system_actor
from domain.walls import Asked, OrderKind, Presence, SceneKey
from server import clock, gate, open_walls
from server.open_walls import OpenWalls
from server.open_walls import Stream as Leashed
from server.walls import may_ask
from tests.server.conftest import PASSWORD, Installation, start, stop
from tests.server.test_events import Stream
from tests.server.test_gate import ask
from tests.squares import new_shape

COOKIE = "wusong_wall"
# Only the wall's own page is drawn with its scenes.
SCENE, NOT_THEIRS, SIGN_IN_OFFERED = "场景 ", "您的岗位不能打开这个页面", "重新登录"
SHUT_OUT_WITHIN = 2.0


class Keeper:
    """Whoever keeps walls at the desk of an installation, by commands beside the server."""

    def __init__(self, installation):
        self.db = installation.db
        with self.db.read() as session:
            self.county = reference.county_id(session)
        self.actor = system_actor(self.county)
        self._keys = 0

    def _asked(self):
        self._keys += 1
        return {
            "actor": self.actor,
            "now": clock.now(),
            "key": f"{id(self)} {self._keys} {time.monotonic_ns()}",
        }

    def add(self, name="前厅大屏", *, unit=None, address=None):
        unit = unit or self.county
        return add_wall(self.db, name=name, unit_id=unit, address=address, **self._asked())

    def revoke(self, wall):
        revoke_wall(self.db, wall_id=wall.wall_id, **self._asked())

    def bind(self, wall, address):
        named = {"wall_id": wall.wall_id, "address": address}
        bind_wall(self.db, **named, expected_version=1, **self._asked())

    def another_token(self, wall):
        named = {"wall_id": wall.wall_id, "expected_version": wall.version}
        return new_wall_token(self.db, **named, **self._asked())

    def pin(self, wall, scene):
        asked = Asked(OrderKind.PIN, scene)
        named = {"wall_id": wall.wall_id, "asked": asked, "expected_version": 0}
        order_wall(self.db, **named, **self._asked())

    def presence(self, wall):
        scope = Scope(self.county, whole_county=True)
        with self.db.read() as session:
            rows = walls(session, scope=scope, now=clock.now())
        return next(row.presence for row in rows if row.standing.wall_id == wall.wall_id)

    def town(self):
        with self.db.read() as session:
            found = session.query(OrganisationUnit).filter_by(level=UnitLevel.TOWN).first()
            return found.id

    def trail(self, wall):
        scope = Scope(self.county, whole_county=True)
        with self.db.read() as session:
            found = page(session, scope=scope, filters=Filters(subject=f"wall:{wall.wall_id}"))
        return [(line.action, line.address) for line in reversed(found.lines)]


@pytest.fixture(scope="module")
def server(template, tmp_path_factory):
    """A server whose county has shapes: the wall's page has a map."""
    folder = tmp_path_factory.mktemp("walls")
    for name in ("wusong.db", "secret.key"):
        (folder / name).write_bytes((template.folder / name).read_bytes())
    installation = Installation(folder, template.case_no, template.other_case_no)
    draw(installation)
    running = start(installation)
    yield running
    stop(running)
    assert "Traceback" not in running.installation.log
    assert "script.failed" not in running.installation.log


def draw(installation):
    db = installation.db

    def work(session):
        units = session.scalars(select(OrganisationUnit)).all()
        shapes = [new_shape(unit.id, 103.4, 103.6) for unit in units]
        write_shapes(session, shapes, county_id=reference.county_id(session))

    db.write(work)
    db.dispose()


@pytest.fixture
def keeper(server):
    made = Keeper(server.installation)
    yield made
    made.db.dispose()


def device(server, wall):
    """A kiosk's browser that has entered with the wall's token."""
    browser = server.browser()
    answer = enter(browser, wall.token)
    assert (answer.status, answer.location) == (303, "/wall"), answer.text
    return browser


def enter(browser, token, **headers):
    """Once the server's watcher may have seen what was changed beside it."""
    time.sleep(0.6)
    return browser.post("/wall/enter", {"token": token, "lang": "zh"}, **headers)


# --- coming in -----------------------------------------------------------------------------------


def test_a_kiosk_enters_by_its_token_and_draws_the_wall(server, keeper):
    browser = device(server, keeper.add())
    assert browser.get("/wall").status == 200
    with browser.tab("wall") as tab:
        assert tab.run().shows(SCENE)
        assert not tab.shows(SIGN_IN_OFFERED)
        for fragment in tab.fragments:
            assert tab.run(fragment=fragment).shows(SCENE)


def test_a_wall_of_a_town_draws_itself_too(server, keeper):
    with device(server, keeper.add(unit=keeper.town())).tab("wall") as tab:
        assert tab.run().shows(SCENE)


def test_the_cookie_is_for_long_and_for_this_site_alone(server, keeper):
    browser = server.browser()
    wall = keeper.add()
    line = enter(browser, wall.token).set_cookies[COOKIE]
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(line.split("; "))
    (age,) = [one for one in line.split("; ") if one.startswith("Max-Age=")]
    assert int(age.removeprefix("Max-Age=")) > 365 * 24 * 3600
    # Each opening of the page begins the year anew; other answers leave the cookie alone.
    assert COOKIE in browser.get("/wall").set_cookies
    assert COOKIE not in browser.get("/healthz").set_cookies


def test_the_form_asks_for_the_token_and_keeps_what_stands_in_its_address_out_of_the_page(server):
    answer = server.browser().get("/wall/enter?token=secret-token")
    assert answer.status == 200
    assert "secret-token" not in answer.text
    # A browser offers to keep a password, in a bubble over the wall.
    assert 'name="token"' in answer.text
    assert 'type="password"' not in answer.text
    assert 'role="alert"' not in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    "token", ["", "nonsense", "0" * 43, "'; DROP TABLE wall; --", "a" * 15_000]
)
def test_what_is_no_token_opens_nothing(server, token):
    browser = server.browser()
    answer = enter(browser, token)
    assert answer.status == 403
    assert 'role="alert"' in answer.text
    assert COOKIE not in browser.cookies
    browser.cookies[COOKIE] = token.replace(";", "") or "x"
    assert browser.get("/wall").location == "/wall/enter?next=/wall"


def test_a_form_that_is_none_is_refused(server):
    answer = server.browser().request(
        "POST", "/wall/enter", headers={"Origin": server.base, "Content-Type": "text/plain"}
    )
    assert answer.status == 400


def test_no_other_site_enters_a_token(server, keeper):
    wall = keeper.add()
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": None},
        {"origin": "", "Sec-Fetch-Site": "cross-site"},
    ):
        browser = server.browser()
        assert enter(browser, wall.token, **headers).status == 403
        assert COOKIE not in browser.cookies


def test_a_token_is_in_no_log_and_in_no_answer(server, keeper):
    wall = keeper.add()
    browser = device(server, wall)
    answers = [browser.get(path) for path in ("/wall", "/wall/enter", "/queue", "/healthz")]
    with browser.tab("wall") as tab:
        drawn = tab.run().raw
    enter(server.browser(), "wrong" + wall.token)
    refused = server.browser()
    refused.cookies[COOKIE] = wall.token + "x"
    refused.get("/wall")
    for hidden in (wall.token, accounts.hash_token(wall.token)):
        assert hidden not in server.installation.log
        assert hidden not in "".join(one.text for one in answers)
        assert hidden.encode() not in drawn
    assert "wall.entered" in server.installation.log
    assert "wall.refused" in server.installation.log


def test_who_came_in_from_where_is_a_line_in_the_trail(server, keeper):
    wall = keeper.add()
    device(server, wall)
    assert keeper.trail(wall) == [("wall:add", ""), ("wall:enter", "127.0.0.1")]


def test_the_desk_knows_that_a_wall_draws(server, keeper):
    wall = keeper.add()
    browser = device(server, wall)
    assert keeper.presence(wall) is Presence.NEVER
    with browser.tab("wall") as tab:
        tab.run()
    assert keeper.presence(wall) is Presence.SHOWING


# --- what a wall may ask for ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/wall", "/wall/enter", "/assets/tokens.css", "/healthz", "/readyz", "/_stcore/health"],
)
def test_a_wall_has_its_page_and_what_belongs_to_it(server, keeper, path):
    assert device(server, keeper.add()).get(path).status == 200


def test_a_wall_has_the_shapes_of_places(server, keeper):
    with keeper.db.read() as session:
        sha = session.scalars(select(MapLayer.sha).where(MapLayer.level == UnitLevel.TOWN)).one()
    browser = device(server, keeper.add())
    assert browser.get(f"/geometry/{sha}.json").status == 200
    assert server.browser().get(f"/geometry/{sha}.json", Accept="*/*").status == 401


def test_a_wall_hears_the_bell(server, keeper):
    wall = keeper.add()
    stream = Stream(device(server, wall))
    try:
        assert stream.answer.status == 200
        before, _waited = stream.next()
        keeper.pin(wall, SceneKey.DUTY)
        after, waited = stream.next()
        assert after["seq"] > before["seq"]
        assert waited < 1
    finally:
        stream.close()


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/queue",
        "/map",
        "/people",
        "/walls",
        "/wall/",
        "/wall/x",
        "/signin",
        "/signed-in",
        "/password",
        "/setup",
        "/files/rejects/1",
        "/files/empty/cases",
        "/media/abc.csv",
        "/no-such-page",
    ],
)
def test_everything_else_leads_back_or_is_refused(server, keeper, path):
    browser = device(server, keeper.add())
    page_asked = browser.get(path)
    assert (page_asked.status, page_asked.location) == (303, "/wall")
    assert browser.get(path, Accept="*/*").status == 403


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/wall"),
        ("POST", "/signin"),
        ("POST", "/signout"),
        ("POST", "/api/events"),
        ("PUT", "/_stcore/upload_file/a/b"),
        ("DELETE", "/_stcore/upload_file/a/b"),
        ("OPTIONS", "/wall"),
    ],
)
def test_a_wall_changes_nothing(server, keeper, method, path):
    browser = device(server, keeper.add())
    answer = browser.request(method, path, headers={"Origin": server.base})
    assert answer.status == 403


@pytest.mark.parametrize("name", ["queue", "map", "people", "trail", "case", "walls"])
def test_no_other_page_is_drawn_for_a_wall(server, keeper, name):
    """Over the websocket a page is asked for by its name, past every address."""
    with device(server, keeper.add()).tab(name) as tab:
        tab.run()
        assert not tab.shows(server.installation.case_no)
        assert not tab.shows(SCENE)
        assert tab.shows(NOT_THEIRS)
        for fragment in tab.fragments:
            assert not tab.run(fragment=fragment).shows(server.installation.case_no)


def test_the_bare_address_leads_a_wall_to_its_page(server, keeper):
    with device(server, keeper.add()).tab("") as tab:
        assert tab.run().shows(SCENE)
        assert not tab.shows(server.installation.case_no)


@pytest.mark.parametrize(
    ("method", "path", "may"),
    [
        ("GET", "/wall", True),
        ("HEAD", "/wall", True),
        ("POST", "/wall/enter", True),
        ("POST", "/wall", False),
        ("PUT", "/wall/enter", False),
        ("GET", "/geometry/0.json", True),
        ("GET", "/component/streamlit_folium.st_folium/index.html", True),
        ("GET", "/_stcore/bidi-components/x.js", True),
        ("GET", "/_stcore/upload_file/x", False),
        ("GET", "/wallpaper", False),
        ("GET", "/assetsx", False),
        ("GET", "/media/x", False),
    ],
)
def test_what_a_wall_may_ask_for(method, path, may):
    assert may_ask(method, path) is may


# --- where it comes from, and pretending ---------------------------------------------------------


def test_a_wall_that_is_bound_elsewhere_does_not_come_in(server, keeper):
    wall = keeper.add(address="10.1.2.3")
    browser = server.browser()
    assert enter(browser, wall.token).status == 403
    # Somebody took the cookie along from where the wall hangs, and says to be there.
    browser.cookies[COOKIE] = wall.token
    forged = {
        "X-Forwarded-For": "10.1.2.3",
        "X-Real-IP": "10.1.2.3",
        "Forwarded": "for=10.1.2.3",
        "X-Wusong-Address": "10.1.2.3",
    }
    assert browser.get("/wall", **forged).location == "/wall/enter?next=/wall"
    with browser.tab("wall", headers=forged) as tab:
        tab.run()
        assert tab.shows(SIGN_IN_OFFERED)
        assert not tab.shows(SCENE)


def test_a_wall_that_is_bound_to_where_it_is_comes_in(server, keeper):
    with device(server, keeper.add(address="127.0.0.1")).tab("wall") as tab:
        assert tab.run().shows(SCENE)


def test_behind_a_trusted_proxy_its_last_word_counts_and_nobody_elses(opened, installation):
    keeper = Keeper(installation)
    wall = keeper.add(address="10.1.2.3")
    here = opened(trust_proxy=True)
    here.watcher.look()
    cookie = f"{COOKIE}={wall.token}"
    assert ask("/wall", cookie=cookie, x_forwarded_for="6.6.6.6, 10.1.2.3").status == 200
    away = ask("/wall", cookie=cookie, x_forwarded_for="10.1.2.3, 6.6.6.6")
    assert (away.status, away.headers["location"]) == (303, "/wall/enter?next=/wall")


def test_identity_of_a_wall_is_the_gates_word(opened, installation):
    keeper = Keeper(installation)
    wall = keeper.add()
    here = opened()
    here.watcher.look()
    forged = {"X-Wusong-Wall": "7.1", "x-wusong-session": "1", "X-WUSONG-User": "1"}
    seen = ask("/wall", cookie=f"{COOKIE}={wall.token}", **forged).seen
    ours = {name: value for name, value in seen.items() if "wusong" in name.lower()}
    ours.pop("cookie", None)
    assert ours == {
        "x-wusong-address": "127.0.0.1",
        "x-wusong-user": f"wall-{wall.wall_id}",
        "x-wusong-signed-in": "1",
        "x-wusong-wall": f"{wall.wall_id}.1",
    }
    # Without a token the same words say nothing.
    assert ask("/wall", **forged).status == 303
    assert "x-wusong-wall" not in {name.lower() for name in ask("/healthz", **forged).seen}


def test_pretending_to_be_a_wall_opens_no_tab(server, keeper):
    wall = keeper.add()
    forged = {
        "X-Wusong-Wall": f"{wall.wall_id}.1",
        "X-Wusong-User": f"wall-{wall.wall_id}",
        "X-Wusong-Signed-In": "1",
    }
    with server.browser().tab("wall", headers=forged) as tab:
        tab.run()
        assert tab.shows(SIGN_IN_OFFERED)
        assert not tab.shows(SCENE)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", None])
def test_a_websocket_with_a_walls_cookie_comes_from_this_sites_page_alone(server, keeper, origin):
    browser = device(server, keeper.add())
    with pytest.raises(Exception, match="403"), browser.tab("wall", origin=origin):
        pass


# --- shut out ------------------------------------------------------------------------------------


@contextmanager
def open_wall(server, wall):
    """A wall that hangs: its page, and its bell."""
    browser = device(server, wall)
    stream = Stream(browser)
    try:
        with browser.tab("wall") as tab:
            tab.run()
            stream.next()
            yield browser, tab, stream
    finally:
        stream.close()


def seconds_until_end(stream):
    begun = time.monotonic()
    while stream.answer.readline():
        pass
    return time.monotonic() - begun


@pytest.mark.parametrize("how", ["revoke", "bind", "another_token"])
def test_an_open_wall_is_shut_out_at_once(server, keeper, how):
    wall = keeper.add()
    with open_wall(server, wall) as (browser, tab, stream):
        begun = time.monotonic()
        match how:
            case "revoke":
                keeper.revoke(wall)
            case "bind":
                keeper.bind(wall, "10.1.2.3")
            case "another_token":
                keeper.another_token(wall)
        assert tab.closed_with(within=SHUT_OUT_WITHIN) == 1012
        assert seconds_until_end(stream) < SHUT_OUT_WITHIN
        assert time.monotonic() - begun < SHUT_OUT_WITHIN
        assert browser.get("/wall").location == "/wall/enter?next=/wall"
        assert 'role="alert"' in browser.get("/wall/enter?next=/wall").text
        # The page connects again by itself: nothing of the county is drawn any more.
        with browser.tab("wall") as again:
            assert not again.run().shows(SCENE)
            assert again.shows(SIGN_IN_OFFERED)


def test_a_wall_that_was_shut_out_leaves_the_others_alone(server, keeper):
    gone, stays = keeper.add("甲"), keeper.add("乙")
    with open_wall(server, stays) as (browser, tab, stream):
        keeper.revoke(gone)
        assert tab.closed_with(within=1.5) is None
        assert browser.get("/wall").status == 200
        assert stream.next()[0] is not None


def test_a_renewed_token_opens_where_the_old_cookie_lies(server, keeper):
    wall = keeper.add()
    browser = device(server, wall)
    another = keeper.another_token(wall)
    assert enter(browser, another.token).status == 303
    assert browser.get("/wall").status == 200


def test_a_wall_is_never_idle(opened, installation, monkeypatch):
    keeper = Keeper(installation)
    wall = keeper.add()
    here = opened()
    here.watcher.look()
    later = clock.now() + timedelta(days=1000)
    monkeypatch.setattr(gate, "now", lambda: later)
    assert ask("/wall", cookie=f"{COOKIE}={wall.token}").status == 200


# --- people and walls ----------------------------------------------------------------------------


def test_a_person_opens_the_wall_too(server):
    with server.signed_in("leader").tab("wall") as tab:
        assert tab.run().shows(SCENE)


def test_a_person_who_signs_in_where_a_wall_hangs_is_themselves(server, keeper):
    browser = server.signed_in("duty")
    wall = keeper.add()
    assert enter(browser, wall.token).status == 303
    with browser.tab("queue") as tab:
        assert tab.run().shows(server.installation.case_no)
    # Once they are gone the wall goes on.
    browser.post("/signout", {})
    assert COOKIE in browser.cookies
    assert browser.get("/wall").status == 200
    assert browser.get("/queue").location == "/wall"


def test_who_was_at_the_desk_before_leaves_nothing_to_the_wall(server, keeper):
    browser = server.signed_in("duty")
    with browser.tab("queue") as tab:
        session = tab.run().session_id
    browser.cookies.clear()
    kiosk = device(server, keeper.add())
    with kiosk.tab("wall", resume=session) as tab:
        assert not tab.run().shows(server.installation.case_no)


# --- what is open --------------------------------------------------------------------------------


class Ended:
    def __init__(self):
        self.closed = 0

    async def close(self):
        self.closed += 1


def looked_at(monkeypatch, holds, *held):
    """What a look closes, of what is held."""
    fake = SimpleNamespace(walls=SimpleNamespace(holds=holds))
    monkeypatch.setattr(open_walls, "site", SimpleNamespace(current=lambda: fake))

    async def drive():
        known = OpenWalls()
        managers = [known.held(*one) for one in held]
        for one in managers:
            one.__enter__()
        assert len(known) == len(held)
        await known.look()
        for one in managers:
            one.__exit__(None, None, None)
        assert len(known) == 0

    asyncio.run(drive())


def test_a_look_closes_what_opens_nothing_any_more(monkeypatch):
    good, gone = Ended(), Ended()
    looked_at(
        monkeypatch,
        lambda found, *, address: found.epoch == 2 and address == "a",
        (good, FoundWall(1, 2), "a"),
        (gone, FoundWall(1, 1), "a"),
    )
    assert (good.closed, gone.closed) == (0, 1)


def test_while_nobody_can_tell_nothing_is_closed(monkeypatch):
    def away(_found, *, address):
        raise site.DatabaseError("", {}, OSError(address))

    held = Ended()
    looked_at(monkeypatch, away, (held, FoundWall(1, 1), "a"))
    assert held.closed == 0


@pytest.mark.parametrize("begun", [True, False])
def test_a_long_answer_that_is_stopped_ends_as_an_answer(begun):
    sent: list[Message] = []

    async def send(message):
        sent.append(message)

    async def drive():
        leashed = Leashed(send)

        async def work():
            if begun:
                start = {"type": "http.response.start", "status": 200, "headers": []}
                await leashed.send(start)
            await asyncio.sleep(60)

        running = asyncio.create_task(leashed.run(work()))
        await asyncio.sleep(0.05)
        await leashed.close()
        await running

    asyncio.run(drive())
    assert sent[0]["status"] == (200 if begun else 403)
    assert sent[-1] == {"type": "http.response.body", "body": b"", "more_body": False}
    assert len(sent) == 2


# --- ready ---------------------------------------------------------------------------------------


def ready(here, now=None):
    return here.ready.ask(now or clock.now()).value


def test_ready_says_nothing_but_ready(server):
    answer = server.browser().get("/readyz")
    assert (answer.status, json.loads(answer.text)) == (200, {"status": "ready"})
    assert answer.headers["cache-control"] == "no-store"


def test_not_ready_while_nothing_confirms_the_figures(opened):
    here = opened()
    assert ready(here) == "ready"
    here.watcher.stop()
    assert ready(here, clock.now() + timedelta(seconds=6)) == "database does not answer"


def test_not_ready_over_tables_of_another_version(opened):
    here = opened()
    assert ready(here) == "ready"

    def migrated(session):
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    here.db.write(migrated)
    # Tables are looked at every few seconds, however often a monitor asks.
    assert ready(here) == "ready"
    fresh = replace(here.watcher.latest, read_at=clock.now() + timedelta(seconds=11))
    here.watcher.stop()
    here.watcher._latest = fresh
    assert ready(here, fresh.read_at) == "tables are of another version"


def test_passwords_of_people_are_no_tokens(server):
    """Guards the tests above: they would pass if the form took anything that opens a session."""
    assert enter(server.browser(), PASSWORD).status == 403
