"""A process that works in a county without a pause until it is killed.

It uses the product's own commands, and keeps a log apart from the database: a line before each
request, and one after its answer, each on the disk before the next step. What the log says was
answered must be in the database, whatever happened to either.
"""

import json
import os
import random
import resource
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError, OperationalError

from data_access import migrate
from data_access.commands.import_file import import_file
from data_access.commands.people import create_user
from data_access.commands.posts import end_role, grant_role
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.unmask import unmask_case
from data_access.engine import Database, open_engine
from data_access.tables import Case, User, UserRole
from data_access.vault import Vault
from domain.cases import ReassignReason
from domain.clocks import day_of
from domain.errors import Refusal
from domain.imports import FileRefused
from domain.people import Actor, Permission, Post, Role, Scope

NOTE = "负荷过高,分流"
ROWS = 4
# How often each is done; a file and an account cost as much as fifty moves.
SHARES = {
    "reassign": 70,
    "undo": 12,
    "unmask": 8,
    "grant": 4,
    "end": 3,
    "import": 2,
    "account": 1,
}


@dataclass(frozen=True)
class Place:
    """Where to work, and as whom: plain values, to be handed to another process."""

    url: str
    key: bytes
    log: str
    county: int
    user_id: int
    mediators: tuple[int, ...]

    def open(self) -> Database:
        return Database(open_engine(self.url), Vault(self.key))

    @property
    def actor(self) -> Actor:
        everywhere = Scope(self.county, whole_county=True)
        return Actor(self.user_id, "值班员", self.county, dict.fromkeys(Permission, everywhere))


class Log:
    """Lines that outlive the process that wrote them: one write each, appended, on the disk."""

    def __init__(self, path):
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, what, identity, **more):
        line = json.dumps({"what": what, "id": identity, "pid": os.getpid(), **more}) + "\n"
        os.write(self._descriptor, line.encode())
        os.fsync(self._descriptor)


def ledger(identity, *, title="楼上漏水"):
    """A small file: new cases whose numbers come from `identity`, and one row to be sent back."""
    lines = ["外部编号,事件名称,发生日期,受理时间,事件类别,主要当事人姓名,所属镇街,所属社区"]
    lines += [
        f"{number},{title},2026-02-20,2026-02-21 09:00,0201,王小明,安仁镇,和众社区"
        for number in numbers_of(identity)
    ]
    lines.append(f"{identity}-x,{title},2026-02-20,2026-02-21 09:00,0201,,安仁镇,和众社区")
    return "\n".join(lines).encode()


def numbers_of(identity):
    """The source's numbers of the cases that a ledger brings."""
    return [f"{identity}-{n}" for n in range(ROWS)]


class Worker:
    """Does one thing after the other; each method is one request and its log lines."""

    def __init__(self, place, seed):
        self.place, self.random = place, random.Random(seed)
        self.db, self.log, self.actor = place.open(), Log(place.log), place.actor

    def work(self):
        """For ever."""
        while True:
            (name,) = self.random.choices([*SHARES], [*SHARES.values()])
            # The database does not answer: whoever looks for something to do waits.
            with suppress(DBAPIError):
                getattr(self, f"_{name}")()
                continue
            time.sleep(0.05)

    def _now(self):
        return datetime.now(UTC)

    def _ask(self, operation, command, *, again, **request):
        """Send a request, and again after a lost answer where `again`; write down each step."""
        identity = request.pop("identity", None) or uuid4().hex
        self.log.write("try", identity, operation=operation, request=request)
        while True:
            try:
                answer = command(identity, **request)
            except (Refusal, FileRefused) as refusal:
                self.log.write("refused", identity, why=type(refusal).__name__)
                return
            except DBAPIError:
                self.log.write("lost", identity)
                if not again:
                    return
                time.sleep(self.random.uniform(0.02, 0.2))
            else:
                self.log.write("done", identity, answer=answer)
                return

    # --- cases

    def _some_case(self):
        with self.db.read() as session:
            query = select(Case.case_no, Case.version, Case.mediator_id, Case.id)
            return self.random.choice(session.execute(query.where(Case.is_open == 1)).all())

    def _reassign(self):
        case = self._some_case()
        others = [one for one in self.place.mediators if one != case.mediator_id]
        # Now and then somebody is looking at what was true a moment ago.
        stale = self.random.random() < 0.1 and case.version > 1
        self._ask(
            "reassign",
            lambda key, **request: reassign(self.db, self.actor, key, self._now(), **request),
            again=True,
            case_no=case.case_no,
            to=self.random.choice(others),
            version=case.version - stale,
        )

    def _undo(self):
        case = self._some_case()
        self._ask(
            "undo",
            lambda key, **request: undo(self.db, self.actor, key, self._now(), **request),
            again=True,
            case_no=case.case_no,
            version=case.version,
        )

    def _unmask(self):
        def command(identity, case_no):
            reason = f"核对当事人电话 {identity}"
            unmask_case(self.db, case_no=case_no, reason=reason, actor=self.actor, now=self._now())

        self._ask("unmask", command, again=False, case_no=self._some_case().case_no)

    def _import(self):
        self._ask(
            "import",
            lambda identity, **request: take_in(
                self.db, self.actor, self._now(), identity=identity, **request
            ),
            again=True,
            identity=uuid4().hex[:12],
            corrects=self._earlier_file() if self.random.random() < 0.3 else None,
        )

    def _earlier_file(self):
        """Whose cases the next file speaks of again, and otherwise; None before there is one."""
        with self.db.read() as session:
            numbers = session.scalars(
                select(Case.external_no).where(Case.external_no.like("%-0")).limit(50)
            ).all()
        return self.random.choice(numbers).removesuffix("-0") if numbers else None

    # --- accounts

    def _account(self):
        def command(identity):
            made = create_user(
                self.db, login=f"u{identity[:12]}", name="新人", actor=self.actor, now=self._now()
            )
            return made.user_id

        self._ask("account", command, again=False)

    def _grant(self):
        user = self._somebody()
        if user is None:
            return

        def command(_identity, user_id, version):
            now = self._now()
            post = Post(Role.DUTY, self.place.county, valid_from=day_of(now))
            return grant_role(
                self.db,
                user_id=user_id,
                post=post,
                separated=False,
                actor=self.actor,
                now=now,
                expected_version=version,
            )

        self._ask("grant", command, again=False, user_id=user.id, version=user.version)

    def _end(self):
        with self.db.read() as session:
            query = select(UserRole.id).where(
                UserRole.valid_to.is_(None), UserRole.user_id != self.place.user_id
            )
            posts = session.scalars(query).all()
        if not posts:
            return

        def command(_identity, post_id):
            now = self._now()
            end_role(
                self.db,
                post_id=post_id,
                ends_on=day_of(now) + timedelta(days=1),
                separated=False,
                actor=self.actor,
                now=now,
            )

        self._ask("end", command, again=False, post_id=self.random.choice(posts))

    def _somebody(self):
        with self.db.read() as session:
            query = select(User.id, User.version).where(User.id != self.place.user_id)
            found = session.execute(query).all()
        return self.random.choice(found) if found else None


def reassign(db, actor, key, now, *, case_no, to, version):
    """One move, as it is asked for and asked for again."""
    moved = reassign_case(
        db,
        case_no=case_no,
        to_mediator_id=to,
        reason=ReassignReason.OVERLOAD,
        note=NOTE,
        expected_version=version,
        actor=actor,
        now=now,
        key=key,
    )
    return [moved.case_no, moved.version, moved.mediator_id]


def undo(db, actor, key, now, *, case_no, version):
    """One move taken back."""
    moved = undo_reassignment(
        db, case_no=case_no, expected_version=version, actor=actor, now=now, key=key
    )
    return [moved.case_no, moved.version, moved.mediator_id]


def take_in(db, actor, now, *, identity, corrects):
    """One file. Returns its batch's number, or that of the batch that had taken it before."""
    content = ledger(identity)
    if corrects is not None:
        content += b"\n" + ledger(corrects, title=f"漏水 {identity}").partition(b"\n")[2]
    report = import_file(db, content=content, file_name="台账.csv", actor=actor, now=now)
    return report.batch_id or report.same_as


def work(place, seed):
    """The whole life of a worker process."""
    Worker(place, seed).work()


def upgrade(url):
    """The whole life of a process that migrates."""
    engine = open_engine(url)
    migrate.upgrade(engine)
    engine.dispose()


def move_until_it_fails(db, place):
    """Move cases until the database cannot keep another move. Returns how many, and the error."""
    for count in range(10_000):
        with db.read() as session:
            case = session.scalars(select(Case).order_by(Case.version, Case.id)).first()
        to = next(one for one in place.mediators if one != case.mediator_id)
        request = {"case_no": case.case_no, "to": to, "version": case.version}
        try:
            reassign(db, place.actor, uuid4().hex, datetime.now(UTC), **request)
        except OperationalError as error:
            return count, error
    raise AssertionError("there was always room")


def work_within(place, limit, told):
    """The life of a process that may write so many bytes to a file; it tells how far it came."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    db = place.open()
    with db.read() as session:
        session.scalar(select(Case.id))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    done, error = move_until_it_fails(db, place)
    with db.read() as session:
        cases = len(session.scalars(select(Case.id)).all())
    told.put((done, str(error.orig), cases))
