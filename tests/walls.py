"""What drills, soaks and browser tests of walls share: a wall's token, its page, its word."""

import re
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import select

from data_access import reference
from data_access.accounts import hash_token
from data_access.commands.red_events import acknowledge_red_event
from data_access.commands.wall_orders import order_wall
from data_access.commands.walls import add_wall, set_program
from data_access.engine import Database, open_engine
from data_access.tables import Case, RedEvent, Wall
from data_access.vault import open_vault
from domain.errors import Conflict
from domain.people import system_actor
from domain.walls import Asked, OrderKind

LIVE_SAYS, FROZEN_SAYS = "●", "▲"
# What the wall says of itself: its word, its time of day, whether all of it is marked as frozen.
WORD = """() => {
  const found = [...document.querySelectorAll('*')]
    .find((one) => one.shadowRoot?.querySelector('.wall'));
  const root = found?.shadowRoot ?? document, wall = root.querySelector('.wall');
  if (!wall) return null;
  return { live: root.querySelector('.live').textContent, marked: wall.classList.contains('frozen'),
    said: [...root.querySelectorAll('.said')].map((one) => one.textContent) };
}"""


@contextmanager
def desk_of(folder, url=None):
    """The database of an installation, beside its server."""
    engine = open_engine(url or f"sqlite:///{folder / 'wusong.db'}")
    try:
        yield Database(engine, open_vault(folder / "secret.key", create=False))
    finally:
        engine.dispose()


def hang(db, name, program=None):
    """A wall of the county. Returns its token."""
    with db.read() as session:
        county = reference.county_id(session)
    asked = {"actor": system_actor(county), "now": datetime.now(UTC)}
    made = add_wall(db, name=name, unit_id=county, key=f"{name} {time.monotonic_ns()}", **asked)
    if program is not None:
        named = {"wall_id": made.wall_id, "expected_version": made.version, "program": program}
        set_program(db, **named, **asked, key=f"{name} program {time.monotonic_ns()}")
    return made.token


def pin(db, token, scene, *, version):
    """Pin the wall of this token to a scene."""
    with db.read() as session:
        wall = session.scalar(select(Wall).where(Wall.token_hash == hash_token(token)))
        county, wall_id = wall.county_id, wall.id
    order_wall(
        db,
        wall_id=wall_id,
        asked=Asked(OrderKind.PIN, scene),
        expected_version=version,
        actor=system_actor(county),
        now=datetime.now(UTC),
        key=f"pin {wall_id} {version}",
    )


def answer_alarms(db, now):
    """Let the desk take notice of every alarm that stands over the scenes."""
    alarms = select(Case.case_no, Case.version, Case.county_id).join(
        RedEvent, (RedEvent.county_id == Case.county_id) & (RedEvent.case_id == Case.id)
    )
    with db.read() as session:
        standing = session.execute(alarms.where(RedEvent.acknowledged_at.is_(None))).all()
    for case_no, version, county_id in standing:
        # What somebody has changed meanwhile is answered the next time.
        with suppress(Conflict):
            acknowledge_red_event(
                db,
                case_no=case_no,
                expected_version=version,
                actor=system_actor(county_id),
                now=now,
                key=f"alarm {case_no} {version}",
            )


def enter(page, url, token):
    """Show the token as a kiosk does, and wait until the wall is drawn."""
    page.goto(f"{url}/wall/enter#{token}")
    page.locator(".wall .live").wait_for()


@dataclass
class Watch:
    """What a wall said, four times a second, and whether it ever lied.

    A lie is the word "live" beside figures that were last confirmed longer ago than `OLDEST`. One
    clock: browser and server are on this machine.
    """

    page: object
    samples: list = field(default_factory=list)
    OLDEST = 10.5

    def look(self, seconds=0.25):
        """One sample after a moment. Returns it: (seconds, live or not, age of the figures)."""
        self.page.wait_for_timeout(seconds * 1000)
        word, at = self.page.evaluate(WORD), time.time()
        if word is None:
            self.samples.append((at, None, None))
            return self.samples[-1]
        live = word["live"].startswith(LIVE_SAYS)
        said = re.search(r"\d\d:\d\d:\d\d", word["live"]).group()
        age = _seconds_since(said, at)
        assert word["marked"] is not live
        if not live:
            assert all(one.startswith(FROZEN_SAYS) for one in word["said"]), word["said"]
        assert not (live and age > self.OLDEST), f"it says {word['live']} at {at}: {age} s old"
        self.samples.append((at, live, age))
        return self.samples[-1]

    def go_on(self, seconds):
        """Look for so long."""
        end = time.time() + seconds
        while time.time() < end:
            self.look()

    def until(self, live, longest):
        """Seconds until it says so. Fails after `longest`."""
        begun = time.time()
        while self.look()[1] is not live:
            assert time.time() - begun < longest, f"not within {longest} s: {self.samples[-1]}"
        return time.time() - begun


def _seconds_since(said, at):
    """Since a time of day in Beijing, today or before midnight."""
    hour, minute, second = map(int, said.split(":"))
    told = (hour * 60 + minute) * 60 + second
    return ((at + 8 * 3600) % 86_400 - told) % 86_400
