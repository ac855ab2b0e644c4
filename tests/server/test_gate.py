"""The gate alone, around an application that shows what reaches it; and the log."""

import asyncio
import dataclasses
import json
import logging
from datetime import timedelta

import pytest
import structlog
from sqlalchemy import update
from starlette.responses import Response

from data_access import accounts, site
from data_access.commands import sign_in
from data_access.door import SignedIn
from data_access.tables import User
from server import clock, gate, script_errors, sockets
from server.address import Address, listening_address
from server.arrival import arrival_of, is_loopback, safe_next
from server.demo_site import refuse_exposure
from server.gate import Gate
from server.journal import set_up_log, where
from server.language import in_language, of_referrer
from server.security_headers import with_security_headers
from server.sign_in import to_all_tabs
from server.sockets import Connection, OpenSockets, Strangers

PASSWORD = "Zhen-de-9-ci"
SECRET = "张三 510129199001011234"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here
LOCAL, OTHER = ("127.0.0.1", 8501), ("10.1.2.3", 8501)


@pytest.fixture
def journal():
    """Call it to log as the product does; other tests get back what they had."""
    factory = logging.getLogRecordFactory()
    yield set_up_log
    logging.setLogRecordFactory(factory)
    structlog.reset_defaults()


async def mirror(scope, receive, send):
    """Answers with what it was given; fails on /fail and, half way, on /half."""
    if scope["path"] == "/fail":
        raise ValueError(SECRET)
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if scope["path"] == "/half":
        raise ValueError(SECRET)
    await send({"type": "http.response.body", "body": json.dumps(headers).encode()})


class Answer:
    def __init__(self, messages):
        start = next(one for one in messages if one["type"] == "http.response.start")
        self.status = start["status"]
        self.headers = {name.decode(): value.decode() for name, value in start["headers"]}
        body = b"".join(one.get("body", b"") for one in messages)
        self.text = body.decode()

    @property
    def seen(self):
        """The headers that passed the gate."""
        return json.loads(self.text)


def ask(
    path="/healthz", *, method="GET", scheme="http", server=LOCAL, client="127.0.0.1", **headers
):
    sent = {"host": "desk.example", "accept": "text/html", **headers}
    scope = {
        "type": "http",
        "method": method,
        "scheme": scheme,
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "server": server,
        "client": (client, 50_000),
        "headers": [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in sent.items()
        ],
    }
    messages = []

    async def send(message):
        messages.append(message)

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    asyncio.run(Gate(mirror)(scope, receive, send))
    return Answer(messages)


def a_session(here):
    return sign_in.sign_in(
        here.db,
        login="duty",
        password=PASSWORD,
        address="127.0.0.1",
        lifetime=timedelta(hours=8),
        now=clock.now(),
    )


def test_identity_is_the_users_id_and_the_session_goes_beside_it(opened):
    here = opened()
    session = a_session(here)
    here.watcher.look()
    seen = ask("/queue", cookie=f"a=b; wusong_session={session.token}").seen
    assert seen["x-wusong-user"] == str(session.user_id)
    assert seen["x-wusong-signed-in"] == "1"
    assert seen["x-wusong-session"] == str(session.session_id)


def test_pretended_headers_are_dropped_whatever_their_case(opened):
    opened()
    seen = ask(**{"X-Wusong-User": "1", "x-WUSONG-anything": "1", "x_wusong_user": "1"}).seen
    assert [name for name in seen if "wusong" in name.lower()] == ["x-wusong-address"]


def test_forwarded_headers_count_only_behind_a_trusted_proxy(opened):
    forwarded = {
        "x_forwarded_for": "6.6.6.6, 10.9.8.7",
        "x_forwarded_host": "public.example",
        "x_forwarded_proto": "https",
    }
    opened()
    plain = ask(client="10.0.0.1", **forwarded)
    assert plain.seen["x-wusong-address"] == "10.0.0.1"
    assert plain.seen["host"] == "desk.example"
    assert "strict-transport-security" not in plain.headers
    site.close_site(site.current())
    opened(trust_proxy=True)
    proxied = ask(client="10.0.0.1", **forwarded)
    assert proxied.seen["x-wusong-address"] == "10.9.8.7"
    assert proxied.seen["host"] == "public.example"
    assert proxied.headers["strict-transport-security"] == "max-age=31536000"


def test_cookie_is_secure_behind_tls(opened):
    scope = {"type": "http", "scheme": "https", "headers": [], "client": None, "server": None}
    opened = SignedIn("token", session_id=1, user_id=1)
    answer = to_all_tabs(Response(), arrival_of(scope, trust_proxy=False), opened)
    for line in answer.headers.getlist("set-cookie"):
        assert "Secure" in line
        assert "HttpOnly" in line


@pytest.mark.parametrize("secure", [True, False])
def test_every_cookie_stays_within_tls_whoever_sets_it(secure):
    """Streamlit marks none of its own."""
    sent = []

    async def send(message):
        sent.append(message)

    ours = [
        (b"set-cookie", b"a=1; Path=/; secure"),
        (b"Set-Cookie", b"_streamlit_session=x; path=/"),
    ]
    start = {"type": "http.response.start", "status": 200, "headers": ours}
    asyncio.run(with_security_headers(send, secure=secure)(start))
    cookies = [value.lower() for name, value in sent[0]["headers"] if name.lower() == b"set-cookie"]
    assert [value.count(b"; secure") for value in cookies] == [1, int(secure)]


def test_streamlits_own_identity_is_stripped_from_what_a_browser_sends(opened):
    opened()
    cookie = "_streamlit_user=2|x; a=b; _streamlit_user_tokens=t; _streamlit_user_1=c; c=d"
    assert ask("/signin", cookie=cookie).seen["cookie"] == "a=b; c=d"


@pytest.mark.parametrize(
    ("scheme", "origin", "status"),
    [
        ("http", "http://desk.example", 200),
        ("http", "https://desk.example", 200),  # TLS ends at a proxy that says nothing
        ("https", "https://desk.example", 200),
        ("https", "http://desk.example", 403),
        ("http", "http://DESK.example", 200),
        ("http", "http://desk.example:81", 403),
        ("http", "http://desk.example.evil.example", 403),
        ("http", "ftp://desk.example", 403),
        ("http", "desk.example", 403),
        ("http", "http://", 403),
    ],
)
def test_only_this_sites_own_pages_may_post(opened, scheme, origin, status):
    opened()
    assert ask("/signout", method="POST", scheme=scheme, origin=origin).status == status


def test_failure_is_a_calm_page_and_a_log_line_without_data(opened, capsys, journal):
    opened()
    journal()
    answer = _as_open_path("/fail")
    assert answer.status == 500
    assert "编号" in answer.text
    logged = capsys.readouterr().err
    assert "ValueError" in logged
    assert "test_gate.py" in logged
    assert SECRET not in logged + answer.text
    (reference,) = [json.loads(line)["reference"] for line in logged.splitlines() if "ref" in line]
    assert reference in answer.text


def test_failure_after_the_head_was_sent_is_logged_and_nothing_more_sent(opened, capsys, journal):
    opened()
    journal()
    answer = _as_open_path("/half")
    assert (answer.status, answer.text) == (200, "")
    assert SECRET not in capsys.readouterr().err


def _as_open_path(path):
    """Ask for a path that the gate lets everybody have."""
    kept = gate._OPEN
    gate._OPEN = kept | {path}
    try:
        return ask(path)
    finally:
        gate._OPEN = kept


# --- demonstration accounts stay on this machine ----------------------------------------------


def with_demo_account(here):
    here.db.write(lambda session: session.execute(update(User).values(demo=True)))
    here._front.clear()


HERE = "127.0.0.1:8501"


def test_demo_site_answers_only_through_the_loopback_address(opened):
    here = opened()
    assert ask(server=OTHER).status == 200
    with_demo_account(here)
    assert ask(server=OTHER).status == 403
    assert ask(server=OTHER, path="/signin").status == 403
    assert ask(server=("::ffff:127.0.0.1", 8501), host=HERE).status == 200
    assert ask(server=LOCAL, host=HERE).status == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8501", 200),
        ("localhost:8501", 200),
        ("LocalHost", 200),
        ("[::1]:8501", 200),
        ("wusong.county.example", 403),  # by a proxy on this machine, or leading here
        ("127.0.0.1.evil.example", 403),
        ("localhost.evil.example:8501", 403),
        ("10.1.2.3:8501", 403),
        ("[::1", 403),
        ("", 403),
    ],
)
def test_demo_site_answers_only_to_a_loopback_name(opened, host, status):
    with_demo_account(opened())
    assert ask("/signin", server=LOCAL, host=host).status == status


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "x_forwarded_proto", "X-FORWARDED-HOST", "Forwarded", "X-Real-IP"]
)
def test_demo_site_answers_nobody_whom_a_proxy_hands_on(opened, header):
    with_demo_account(opened())
    assert ask("/signin", server=LOCAL, host=HERE, **{header: "127.0.0.1"}).status == 403


def test_behind_a_trusted_proxy_nobody_is_local(opened):
    """Accounts that a command loaded beside the running server; a proxy need not add a header."""
    with_demo_account(opened(trust_proxy=True))
    assert ask("/signin", server=LOCAL, host=HERE).status == 403
    site.close_site(site.current())
    with_demo_account(opened(trust_proxy=True, demo=True))
    assert ask("/signin", server=LOCAL, host=HERE).status == 200


class Snatched(dict):
    """Is emptied right after every look into it, as by a thread for which the trail has moved."""

    def __contains__(self, key):
        try:
            return super().__contains__(key)
        finally:
            self.clear()

    def get(self, key, default=None):
        try:
            return super().get(key, default)
        finally:
            self.clear()


def test_door_is_read_once_whatever_another_thread_takes_away(opened):
    here = opened()
    said = here.front()
    mine = dataclasses.replace(here, _front=Snatched(here._front))
    assert mine.front() == said
    assert mine.front() == said


def test_door_is_remembered_while_the_trail_stands_still(opened, monkeypatch):
    here = opened()
    assert here.front() is here.front()
    monkeypatch.setattr(site, "front", lambda _session: pytest.fail("asked again"))
    assert here.front().has_users


def test_demo_site_may_be_opened_on_purpose(opened):
    with_demo_account(opened(demo=True))
    assert ask(server=OTHER).status == 200


@pytest.mark.parametrize(
    ("host", "settings", "refused"),
    [
        ("127.0.0.1", {}, False),
        ("localhost", {}, False),
        (EVERYWHERE, {}, True),
        ("10.1.2.3", {}, True),
        ("127.0.0.1", {"trust_proxy": True}, True),
        (EVERYWHERE, {"demo": True}, False),
    ],
)
def test_start_with_demo_accounts_is_refused_where_others_can_connect(
    opened, host, settings, refused
):
    here = opened(**settings)
    refuse_exposure(here, Address(host, 8501))  # no demo accounts yet: nothing to say
    with_demo_account(here)
    if refused:
        with pytest.raises(site.CannotStart, match="DEMO=1"):
            refuse_exposure(here, Address(host, 8501))
    else:
        refuse_exposure(here, Address(host, 8501))


@pytest.mark.parametrize(
    ("arguments", "host", "port", "loopback"),
    [
        (["/x/bin/uvicorn", "app:app"], "127.0.0.1", 8000, True),
        (["/x/bin/uvicorn", "app:app", "--host", EVERYWHERE], EVERYWHERE, 8000, False),
        (["/x/uvicorn/__main__.py", "app:app", "--host=::1", "--port=9"], "::1", 9, True),
        (["/x/bin/streamlit", "run", "app.py"], "127.0.0.1", 8501, True),
    ],
)
def test_address_is_read_from_the_command_line(arguments, host, port, loopback, monkeypatch):
    monkeypatch.setattr(
        "server.address.config.get_option",
        {
            "server.address": "127.0.0.1",
            "server.port": 8501,
            "server.sslCertFile": None,
        }.get,
    )
    address = listening_address(arguments)
    assert (address.host, address.port, address.is_loopback) == (host, port, loopback)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        (EVERYWHERE, False),
        ("::", False),
        ("192.168.1.1", False),
        ("desk.example", False),
        ("", False),
    ],
)
def test_loopback(address, expected):
    assert is_loopback(address) is expected


def test_link_to_type_into_a_browser():
    assert Address(EVERYWHERE, 8501).link == "http://localhost:8501"
    assert Address("::1", 8501, secure=True).link == "https://[::1]:8501"


# --- small parts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", ["/", "/queue", "/queue?a=1&b=%E5%AE%89", "/a//b", "/q?u=http://x.example"]
)
def test_paths_of_this_site_are_kept(target):
    assert safe_next(target) == target


def test_language_chosen_on_the_way_is_taken_along():
    assert in_language("/queue?stage=a", "en") == "/queue?stage=a&lang=en"
    assert in_language("/queue?lang=en&a=", "zh") == "/queue?a="
    assert in_language("/queue?lang=en", None) == "/queue?lang=en"
    assert in_language("/queue", "xx") == "/queue"


def test_language_of_the_page_that_led_here():
    assert of_referrer("http://desk.example/queue?stage=a&lang=en") == "en"
    for silent in (
        None,
        "",
        "http://desk.example/queue",
        "http://x/?lang=xx",
        "http://[x/?lang=en",
    ):
        assert of_referrer(silent) is None


def test_close_reaches_every_connection_of_one_browser_only():
    sent = []

    async def drive():
        sockets, connections = OpenSockets(), []
        for browser in ("a", "a", "b", None):

            async def send(message, browser=browser):
                sent.append((browser, message["type"]))

            connection = Connection(send)
            sockets.add(browser, connection)
            connections.append((browser, connection))
            await connection.send({"type": "websocket.accept"})
        assert len(sockets) == 3
        sent.clear()
        await sockets.close("a")
        await sockets.close("a")
        await connections[0][1].send({"type": "websocket.send", "bytes": b"late"})
        for browser, connection in connections:
            sockets.remove(browser, connection)
        assert len(sockets) == 0

    asyncio.run(drive())
    assert sent == [("a", "websocket.close")] * 2


def test_close_leaves_the_tab_that_has_the_new_session_already():
    closed = []

    async def drive():
        sockets = OpenSockets()
        for session_id in (1, 2, None):

            async def send(message, session_id=session_id):
                if message["type"] == "websocket.close":
                    closed.append(session_id)

            connection = Connection(send, session_id)
            sockets.add("a", connection)
            await connection.send({"type": "websocket.accept"})
        await sockets.close("a", but=2)

    asyncio.run(drive())
    assert sorted(closed, key=str) == [1, None]


class Knocking:
    """Websockets of strangers, held open until they are told to end."""

    def __init__(self):
        self.answers = []
        self.end = asyncio.Event()

    async def app(self, scope, receive, send):
        await send({"type": "websocket.accept"})
        await self.end.wait()

    async def knock(self, gate, address):
        async def receive():
            return {"type": "websocket.connect"}

        async def send(message):
            self.answers.append((address, message["type"].partition(".")[2]))

        scope = {
            "type": "websocket",
            "scheme": "ws",
            "path": "/_stcore/stream",
            "raw_path": b"/_stcore/stream",
            "query_string": b"",
            "client": (address, 40000),
            "server": LOCAL,
            "headers": [(b"host", b"desk.example")],
        }
        await gate(scope, receive, send)


def test_strangers_do_not_fill_the_server(opened, monkeypatch):
    opened()
    monkeypatch.setattr(sockets, "STRANGERS_OF_ONE_ADDRESS", 3)
    monkeypatch.setattr(sockets, "STRANGERS", 5)
    knocked = Knocking()

    async def drive():
        gate = Gate(knocked.app)
        addresses = ["10.0.0.1"] * 4 + ["2001:db8::1", "2001:db8::2"] + ["10.0.0.2"]
        tasks = []
        for address in addresses:
            tasks.append(asyncio.create_task(knocked.knock(gate, address)))
            await asyncio.sleep(0.05)
        knocked.end.set()
        await asyncio.gather(*tasks)
        first = list(knocked.answers)
        # Whoever goes leaves the place to the next.
        await knocked.knock(gate, "10.0.0.1")
        return first

    first = asyncio.run(drive())
    assert first == [
        *[("10.0.0.1", "accept")] * 3,
        ("10.0.0.1", "close"),
        ("2001:db8::1", "accept"),
        ("2001:db8::2", "accept"),
        ("10.0.0.2", "close"),
    ]
    assert knocked.answers[-1] == ("10.0.0.1", "accept")


def test_one_network_of_ipv6_is_one_stranger(monkeypatch):
    monkeypatch.setattr(sockets, "STRANGERS_OF_ONE_ADDRESS", 1)
    places = Strangers()
    with (
        places.place(accounts.address_block("2001:db8::1")) as first,
        places.place(accounts.address_block("2001:db8::2")) as second,
        places.place(accounts.address_block("2001:db8:0:1::1")) as elsewhere,
    ):
        assert (first, second, elsewhere) == (True, False, True)
    assert not places._of_address


def fail():
    raise ValueError(SECRET)


def fail_because_of_a_failure():
    try:
        fail()
    except ValueError as error:
        raise RuntimeError(SECRET) from error


def test_no_librarys_log_shows_what_an_exception_said(caplog, journal):
    journal()
    with pytest.raises(RuntimeError) as failure:
        fail_because_of_a_failure()
    logging.getLogger("some.library").error("it failed", exc_info=failure.value)
    for told in (caplog.text, str(where(failure.value))):
        assert "RuntimeError" in told
        assert "ValueError" in told
        assert "test_gate.py" in told
        assert SECRET not in told


def test_failing_script_shows_a_number_and_logs_no_data(monkeypatch, capsys, journal):
    journal()
    shown = []
    monkeypatch.setattr(script_errors.st, "error", shown.append)
    with pytest.raises(ValueError, match="张三") as failure:
        fail()
    assert script_errors.on_script_error(failure.value) is True
    logged = json.loads(capsys.readouterr().err)
    assert logged["reference"] in shown[0]
    assert logged["trace"][0] == "ValueError"
    assert SECRET not in str(logged) + shown[0]


def test_passwords_of_the_installation_are_what_the_tests_think(opened):
    """Guards the tests above: a refused sign-in would make them pass for the wrong reason."""
    here = opened()
    with pytest.raises(Exception, match="wrong"):
        sign_in.sign_in(
            here.db,
            login="duty",
            password="another",
            address="127.0.0.1",
            lifetime=timedelta(hours=8),
            now=clock.now(),
        )
    assert accounts.hash_token(a_session(here).token)
