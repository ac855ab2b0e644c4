"""A signed-in browser for the page tests, and what it gets to see."""

import json
from datetime import timedelta

from streamlit.testing.v1 import AppTest

import ui.session
from data_access.commands.reassign import reassign_case
from data_access.tables import AuthSession
from domain.cases import ReassignReason
from domain.people import Role
from ui import clock

QUEUE = "../../pages/desk/queue.py"


class Desk:
    """One signed-in browser on the page of a small county."""

    def __init__(self, here, world, monkeypatch):
        self.here, self.world, self._patch = here, world, monkeypatch

    def session_of(self, user, **over):
        now = clock.now()
        return self.world.add(
            AuthSession(
                **{
                    "token_hash": f"hash{user.id}-{self.world.next()}",
                    "user_id": user.id,
                    "epoch": 1,
                    "created_at": now,
                    "last_seen_at": now,
                    "expires_at": now + timedelta(hours=8),
                    "address": "127.0.0.1",
                    **over,
                }
            )
        )

    def sign_in(self, role=Role.DUTY, *, unit="county", name="周值班", mediator_id=None, **session):
        """A browser of a new person in this post; what the gate would vouch for is given."""
        user = self.world.user(name, role=role, unit=unit, mediator_id=mediator_id)
        opened = self.session_of(user, **session)
        self._patch.setattr(ui.session, "presented", lambda: (user.id, opened.id))
        self.here.watcher.look()
        self.user = user
        self.session = opened
        return self.browser()

    def browser(self):
        """Another window of whoever signed in last."""
        return AppTest.from_file("../ui/entry/main.py", default_timeout=30)

    def queue(self, role=Role.DUTY, **over):
        """The queue page as such a person sees it."""
        at = self.sign_in(role, **over)
        at.run()
        return at.switch_page(QUEUE).run()


def somebody_else_moves(office, case, to):
    """A case changes hands while its page or drawer stands open on a desk."""
    reassign_case(
        office.here.db,
        case_no=case.case_no,
        to_mediator_id=to,
        reason=ReassignReason.OVERLOAD,
        note="负荷过高,分流",
        expected_version=1,
        actor=office.world.actor("李站长"),
        now=clock.now(),
        key="other",
    )
    office.here.watcher.look()


def data_of(at, name):
    """The data of our own element of this name, as the browser gets it; None where it is not."""
    found = [
        json.loads(node.proto.json)
        for node in at.get("bidi_component")
        if node.proto.component_name == f"wusong_{name}"
    ]
    assert len(found) <= 1 or name in ("case_card", "candidates", "import_view")
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def blocks_of(at, kind):
    """The blocks of this kind on all cards."""
    cards = data_of(at, "case_card") or []
    cards = cards if isinstance(cards, list) else [cards]
    return [block for card in cards for block in card["blocks"] if block["kind"] == kind]


def everything_sent(at):
    """All text that reached the browser, whatever element it is in."""
    own = [json.loads(node.proto.json) for node in at.get("bidi_component")]
    return json.dumps(own, ensure_ascii=False) + repr(at.main)


def record_key(at, case_no, name):
    """Where the records' form of a case keeps a field now."""
    turn_key = f"record_turn_{case_no}"
    turn = at.session_state[turn_key] if turn_key in at.session_state else 0  # noqa: SIM401
    return f"record_{name}_{case_no}" + (f"_{turn}" if turn else "")
