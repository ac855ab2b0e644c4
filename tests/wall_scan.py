"""Looks for what tells of anybody in all that reaches the browser of a wall.

All that the demonstration county keeps sealed is opened with its key and looked for, byte by byte,
in what the wall draws, in each frame of its websocket, in each answer and each address.
"""

import base64
import re
import zlib
from collections import defaultdict

from playwright.sync_api import Error
from sqlalchemy import select

from data_access.tables import Case, Code, Mediator, OrganisationUnit, Party, User
from tests.e2e.conftest import ROOT

LEAST_RECEIVED = 1_000_000
# Bytes: two characters of a name.
BEGINNING = 6
EVERYTHING_DRAWN = """() => {
  const told = [document.documentElement.outerHTML];
  const into = (root) => {
    for (const one of root.querySelectorAll('*')) {
      if (one.shadowRoot) { told.push(one.shadowRoot.innerHTML); into(one.shadowRoot); }
    }
  };
  into(document);
  return told.join('\\n');
}"""


def secrets_of(db):
    """Everything that is kept of people by kind, and the numbers of cases."""
    found = {kind: set() for kind in ("name", "identity", "phone", "address", "text", "staff")}
    with db.read() as session:
        for party in session.scalars(select(Party)):
            for kind in ("name", "identity", "phone", "address"):
                place = f"party.{kind}:{party.county_id}:{party.id}"
                found[kind] |= opened(db, getattr(party, f"{kind}_encrypted"), place)
        for case in session.scalars(select(Case)):
            for kind in ("title", "place", "summary"):
                place = f"case.{kind}:{case.county_id}:{case.id}"
                found["text"] |= opened(db, getattr(case, f"{kind}_encrypted"), place)
        for names in (Mediator.name, User.name):
            found["staff"] |= {*session.scalars(select(names))}
        found["number"] = {*session.scalars(select(Case.case_no))}
        public = " ".join(
            [
                *session.scalars(select(OrganisationUnit.name)),
                *session.scalars(select(Code.name_zh)),
            ]
        )
    public += (ROOT / "texts/locale/en/LC_MESSAGES/messages.po").read_text("utf-8")
    # A name that is a word as well, or part of a place's, tells of nobody.
    return {kind: {one for one in many if one not in public} for kind, many in found.items()}


def opened(db, sealed, place):
    return set() if sealed is None else {db.vault.decrypt(sealed, place=place).strip()} - {""}


def body_of(answer):
    """What came, as far as the browser still has it: of a redirect nothing."""
    try:
        return answer.body()
    except Error:
        return b""


def unpacked(frames):
    """What the map was sent, which travels as base64 of deflated JSON."""
    return [
        zlib.decompress(base64.b64decode(packed))
        for frame in frames
        for packed in re.findall(rb'wusongMap\.frame\(\\*"([A-Za-z0-9+/=]+)', frame)
    ]


def found_in(everything, secrets):
    """Which of the secrets are in it, by kind. Each place is looked at once, not once for each."""
    by_beginning = defaultdict(list)
    for kind, many in secrets.items():
        for one in many:
            whole = one.encode()
            assert len(whole) >= BEGINNING, f"too short to look for: {one}"
            by_beginning[whole[:BEGINNING]].append((kind, whole))
    found = defaultdict(set)
    for place in range(len(everything) - BEGINNING + 1):
        for kind, whole in by_beginning.get(everything[place : place + BEGINNING], ()):
            if everything.startswith(whole, place):
                found[kind].add(whole.decode())
    return {kind: sorted(many) for kind, many in found.items()}


class Scan:
    """All that a page receives and draws, from now on."""

    def __init__(self, page, here):
        self._page, self._here = page, here
        self._received, self._asked, self._answers, self._drawn = [], [], [], []
        page.on("websocket", lambda one: one.on("framereceived", self._receive))
        page.on("request", lambda request: self._asked.append(request.url))
        page.on("response", self._answer)

    # Methods of this class: Playwright marks its listeners, and a list's own cannot be marked.
    def _receive(self, frame):
        self._received.append(frame)

    def _answer(self, answer):
        self._answers.append(answer)

    def look(self):
        """Keep what is drawn now."""
        self._drawn.append(self._page.evaluate(EVERYTHING_DRAWN))

    def told(self, secrets):
        """What of the secrets came, by kind; asserts that there was anything to look through."""
        frames = [one if isinstance(one, bytes) else one.encode() for one in self._received]
        maps = unpacked(frames)
        assert maps, "no map came"
        texts = [one.encode() for one in (*self._drawn, *self._asked)]
        everything = b"\n".join([*frames, *maps, *map(body_of, self._answers), *texts])
        assert len(everything) > LEAST_RECEIVED
        return found_in(everything, secrets)

    @property
    def foreign(self):
        """What was asked of another machine."""
        ours = (self._here, "data:", "blob:")
        return [one for one in self._asked if not one.startswith(ours)]
