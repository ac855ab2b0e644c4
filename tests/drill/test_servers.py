"""The real server is killed while people reassign through its page, and comes back.

Whoever read that a case was handed over finds it so; whoever was told of a conflict finds their own
choice nowhere; whoever was told nothing looks again. Beside the server the command line works on.
"""

import os
import random
import signal
import threading
import time
from uuid import uuid4

from websockets.exceptions import WebSocketException

from data_access import accounts
from data_access.vault import open_vault
from tests.drill.answers import Answers
from tests.drill.conftest import KEY, SEED, Workers
from tests.drill.desk_by_wire import DeskByWire, NotShown
from tests.drill.work import Log
from tests.server.conftest import PASSWORD, Installation, free_port, start

KILLS = int(os.environ.get("DRILL_SERVER_KILLS", "6"))
PEOPLE = 3
# The connection went with the server, before or while it was used.
GONE = (OSError, WebSocketException, TimeoutError)
DONE = "已交给"
# A conflict, a rule, and whatever else says that nothing was done.
REFUSED = ("没有生效", "没有提交", "不能交给", "没有做任何改动")


class Person(threading.Thread):
    """Somebody at the page, who opens a case, hands it over, and writes down what they read."""

    def __init__(self, county, server_now, number):
        super().__init__(name=f"person {number}", daemon=True)
        self._county, self._server = county, server_now
        self._random = random.Random(f"{SEED} person {number}")
        self._login, self._log = f"person{number}", Log(county.log)
        self._cases = county.case_numbers
        self._browser = None
        self.home, self.trouble = threading.Event(), None

    def run(self):
        try:
            while not self.home.is_set():
                self._hand_over()
        except Exception as error:  # noqa: BLE001 - told by the thread that started this one
            self.trouble = error

    def _hand_over(self):
        try:
            browser = self._signed_in()
            case_no = self._random.choice(self._cases)
            with browser.tab("queue") as tab:
                desk, identity = DeskByWire(tab, case_no), uuid4().hex
                self._write("try", identity, operation="page", request={"case_no": case_no})
                chosen = desk.fill_in(choose=self._random.choice, note=f"{identity} 分流")
                self._confirm(desk, identity, chosen)
        except (*GONE, NotShown):
            time.sleep(0.1)

    def _confirm(self, desk, identity, chosen):
        """Until the page says what became of it: a database that was away comes back."""
        while True:
            said = desk.confirm()
            if DONE in said:
                self._write("done", identity, answer=chosen)
            elif any(word in said for word in REFUSED):
                self._write("refused", identity, why=said)
            else:
                self._write("lost", identity, said=said)
                time.sleep(0.2)
                continue
            return

    def _write(self, what, identity, **more):
        self._log.write(what, identity, **more)

    def _signed_in(self):
        """A sign-in outlives the server: the same cookie is good after it came back."""
        server = self._server()
        if self._browser is None or self._browser.base != server.base:
            browser = server.browser()
            assert browser.sign_in(self._login, PASSWORD).status == 303
            self._browser = browser
        return self._browser


def installed(county):
    """The county's folder and database as an installation, with an account for each person."""
    (county.folder / "secret.key").write_text(KEY.hex())
    open_vault(county.folder / "secret.key", create=False)
    password = accounts.hash_password(PASSWORD)
    for number in range(PEOPLE):
        county.world.user(f"某甲{number}", login=f"person{number}", password_hash=password)
    environment = {"DATABASE_URL": county.url, "SESSION_HOURS": "8"}
    return Installation(county.folder, environment=environment)


class Front:
    """The server that is up now, always at one address, and the people in front of it."""

    def __init__(self, county, installation):
        self._installation, self._port = installation, free_port()
        self.server = start(installation, port=self._port)
        self.back = []
        self.people = [Person(county, lambda: self.server, number) for number in range(PEOPLE)]

    def __enter__(self):
        for person in self.people:
            person.start()
        return self

    def __exit__(self, *_):
        for person in self.people:
            person.home.set()
        for person in self.people:
            person.join(timeout=60)
        self.kill()

    def kill(self):
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def start_again(self):
        begun = time.monotonic()
        self.server = start(self._installation, port=self._port)
        self.back.append(time.monotonic() - begun)


def test_servers_are_killed_under_people_at_the_page(county, chance, say):
    installation, lost, started = installed(county), 0, time.monotonic()
    with Front(county, installation) as front, Workers(county.place, 1, chance) as workers:
        workers.wait_until_at_work()
        for _ in range(KILLS):
            at_work(county)
            time.sleep(chance.uniform(0, 1.0))
            if county.postgres is not None:
                lost += strike(county, chance)
                at_work(county)
            front.kill()
            county.check()
            front.start_again()
        at_work(county)
    assert [person.trouble for person in front.people] == [None] * PEOPLE
    county.settle()
    answers, reckoning = county.check()
    pages = {what: len(answers.of("page", among)) for what, among in _among(answers).items()}
    seconds = time.monotonic() - started
    say(f"{KILLS + 1} kills of the server and {lost} of its database in {seconds:.0f} s")
    say(f"back after {sum(front.back) / KILLS:.1f} s, the longest {max(front.back):.1f} s")
    say(f"{pages['done']} moves answered through the page, {pages['refused']} refused,")
    say(f"{pages['tried']} begun; {len(answers.done) - pages['done']} answered beside the server")
    say(f"{reckoning.late} done without an answer, 0 answered and lost, 0 invariants broken")
    assert pages["done"] > KILLS
    # A database that goes away under it may be told in the log; a mistake of its own may not.
    if county.is_sqlite:
        assert "Traceback" not in installation.log


def _among(answers):
    return {"done": answers.done, "refused": answers.refused, "tried": answers.tried}


def strike(county, chance):
    """The database goes under the server, which stays. Returns how many kills that was."""
    if chance.random() < 0.3:
        county.postgres.restart()
        return 1
    backends = county.postgres.backends(county.db.bind.url.database)
    if backends:
        county.postgres.kill_backend(chance.choice(backends))
    return len(backends[:1])


def at_work(county):
    """Wait until people have been answered through the page that is up now."""
    before, until = answered(county), time.monotonic() + 60
    while answered(county) < before + 2:
        assert time.monotonic() < until, "nobody is answered"
        time.sleep(0.05)


def answered(county):
    answers = Answers(county.log)
    return len(answers.of("page", answers.done))
