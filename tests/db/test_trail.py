"""The trail: found by who, what, what of and when; checked against what was signed."""

import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, event, insert, select, text, update
from sqlalchemy.exc import OperationalError

from data_access import anchors, audit, reference
from data_access.audit import Deed
from data_access.commands.trail import read_reasons, verify_trail
from data_access.commands.unmask import unmask_case
from data_access.queries import trail
from data_access.queries.trail import Filters
from data_access.settings import Settings
from data_access.tables import (
    AuditHead,
    AuditLine,
    OrganisationUnit,
    Site,
    UnmaskReason,
    UserRole,
)
from data_access.verifying import begin_verification, verifying
from domain.errors import NotAllowed
from domain.people import Permission, Role, Scope
from domain.trail import (
    ACTIONS,
    FINDINGS_KEPT,
    AnchorProblem,
    Break,
    DeedGroup,
    Finding,
    Note,
    NoteKind,
    Verification,
)
from tests.world import NOW, World

REASON = "核实王小明的身份"


def write(db, actor, action, subject="case:D2026-00001", at=NOW, **payload):
    deed = Deed(action, subject, payload)
    return db.write(
        lambda session: audit.append(session, [deed], actor=actor, at=at, changes_data=False)
    ).seq


def whole(world):
    return Scope(world.county, whole_county=True)


def found(db, world, size=50, after=None, cases=None, **filters):
    with db.read() as session:
        return trail.page(
            session,
            scope=whole(world),
            filters=Filters(**filters),
            size=size,
            after=after,
            cases=cases,
        )


def seqs(page):
    return [line.seq for line in page.lines]


# --- looking for lines -----------------------------------------------------------------------


@pytest.fixture
def reader(world):
    return world.actor("审计员", permissions=(Permission.TRAIL_READ,))


def test_lines_come_by_time_the_newest_first_whatever_their_number(db, world):
    actor = world.actor()
    later = write(db, actor, "case:accept", at=NOW + timedelta(seconds=9))
    # A command that began earlier may be written down later.
    earlier = write(db, actor, "case:assign", at=NOW)
    same = write(db, actor, "case:close", at=NOW)
    assert seqs(found(db, world)) == [later, same, earlier]


@pytest.mark.parametrize("actions", [frozenset(), frozenset({"case:accept", "case:close"})])
def test_pages_hold_every_line_once(db, world, actions):
    actor = world.actor()
    every = []
    for number in range(11):
        at = NOW + timedelta(seconds=number // 3)
        every.append(write(db, actor, ("case:accept", "case:close")[number % 2], at=at))
    seen, after = [], None
    while True:
        page = found(db, world, size=4, after=after, actions=actions)
        seen += seqs(page)
        after = page.next
        if after is None:
            break
        # What is written meanwhile moves no page that comes after.
        write(db, actor, "case:accept", at=NOW + timedelta(minutes=1))
    assert seen == every[::-1]


def test_lines_are_narrowed_by_who_what_what_of_and_when(db, world):
    one, other = world.actor("甲"), world.actor("乙")
    first = write(db, one, "case:accept", "case:D2026-00001")
    second = write(db, one, "case:assign", "case:D2026-00002", at=NOW + timedelta(hours=1))
    third = write(db, other, "case:assign", "case:D2026-00001", at=NOW + timedelta(hours=2))
    by_system = write(db, world.system, "case:assign", "user:1", at=NOW + timedelta(hours=3))
    assert seqs(found(db, world, actor_id=one.user_id)) == [second, first]
    assert seqs(found(db, world, actor_id=0)) == [by_system]
    assert seqs(found(db, world, subject="case:D2026-00001")) == [third, first]
    assert seqs(found(db, world, actions=frozenset({"case:assign"}))) == [by_system, third, second]
    since, until = NOW + timedelta(hours=1), NOW + timedelta(hours=2)
    assert seqs(found(db, world, since=since)) == [by_system, third, second]
    assert seqs(found(db, world, until=until)) == [second, first]
    assert seqs(found(db, world, since=since, until=until)) == [second]
    both = {"actions": frozenset({"case:accept", "case:assign"}), "actor_id": one.user_id}
    assert seqs(found(db, world, **both)) == [second, first]
    assert seqs(found(db, world, **both, subject="case:D2026-00002")) == [second]
    assert seqs(found(db, world, actor_id=-1)) == []


def test_another_countys_lines_are_not_there(db, world):
    other = db.write(lambda session: reference.create_county(session, code="510131", name="蒲江县"))
    write(db, replace(world.system, county_id=other), "case:accept")
    assert seqs(found(db, world)) == []


def test_ids_have_names_and_posts_are_told_with_their_days(db, world):
    mediator, to = world.mediator("张建国"), world.mediator("李红")
    actor = world.actor("甲")
    db.write(
        lambda session: session.execute(
            insert(UserRole).values(
                user_id=actor.user_id,
                role=Role.GRID_WORKER,
                committee_id=world.committee_a,
                valid_from=NOW.date(),
            )
        )
    )
    closed = world.user("退休", active=False)
    other = world.mediator("王芳")
    write(db, actor, "case:reassign", suggested=[other, to], **{"from": mediator, "to": to})
    write(db, actor, "user:grant", f"user:{closed.id}", unit=world.town_a, **{"from": "2026-03-02"})
    names = found(db, world).names
    assert names.mediators == {mediator: "张建国", to: "李红", other: "王芳"}
    assert names.units == {world.town_a: "安仁镇"}
    assert (names.accounts[closed.id].name, names.accounts[closed.id].active) == ("退休", False)
    assert names.accounts[actor.user_id].name == "甲"
    assert [(post.role, post.place) for post in names.posts_of[actor.user_id]] == [
        (Role.DUTY, "大邑县"),
        (Role.GRID_WORKER, "和众社区调委会"),
    ]


def test_a_case_opens_only_where_the_reader_may_open_cases(db, world):
    case = world.case()
    page = found(db, world)
    assert [line.opens for line in page.lines] == [False]
    assert [line.opens for line in found(db, world, cases=whole(world)).lines] == [True]
    elsewhere = Scope(world.county, towns=frozenset({world.town_b}))
    assert [line.opens for line in found(db, world, cases=elsewhere).lines] == [False]
    assert page.lines[0].subject == f"case:{case.case_no}"


def test_a_page_costs_the_same_number_of_queries_however_long_it_is(db, world):
    actor = world.actor()
    mediators = [world.mediator(f"调解员{number}") for number in range(4)]
    for number in range(30):
        payload = {"from": mediators[number % 4], "to": mediators[(number + 1) % 4]}
        write(db, actor, "case:reassign", f"case:D2026-{number:05d}", **payload)

    def queries(size):
        statements = []

        def note(connection, cursor, statement, *_):
            statements.append(statement)

        event.listen(db.bind, "before_cursor_execute", note)
        try:
            found(db, world, size=size, cases=whole(world))
        finally:
            event.remove(db.bind, "before_cursor_execute", note)
        return len([one for one in statements if "SAVEPOINT" not in one])

    assert queries(2) == queries(30) <= 10


@pytest.mark.parametrize("part", ["towns", "communities", "grids", "committees", "mediators"])
def test_a_part_of_the_county_reads_no_trail(db, world, part):
    scope = Scope(world.county, **{part: frozenset({1})})
    actor = world.actor(scope=scope)
    with db.read() as session:
        for ask in (
            lambda: trail.page(session, scope=scope, filters=Filters()),
            lambda: trail.accounts(session, scope=scope),
            lambda: trail.subject_named(session, scope=scope, text="zhou"),
            lambda: trail.last_verification(session, scope=scope),
        ):
            with pytest.raises(NotAllowed):
                ask()
    with pytest.raises(NotAllowed):
        read_reasons(db, seqs=[1], actor=actor, now=NOW)
    with pytest.raises(NotAllowed):
        verify_trail(db, folder=None, key=None, actor=actor, now=NOW)


def test_everybody_who_ever_had_an_account_can_be_chosen(db, world):
    world.user("甲", login="jia")
    world.user("乙", login="yi", active=False)
    with db.read() as session:
        known = trail.accounts(session, scope=whole(world))
    assert [(one.name, one.login, one.active) for one in known] == [
        ("甲", "jia", True),
        ("乙", "yi", False),
    ]


@pytest.fixture
def named(db, world):
    zhou = world.user("周值班", login="zhou.zb")
    world.user("同名", login="one")
    world.user("同名", login="two")
    world.user("zhou.zb", login="another")

    def ask(typed):
        with db.read() as session:
            return trail.subject_named(session, scope=whole(world), text=typed)

    return ask, zhou.id


@pytest.mark.parametrize(
    ("typed", "subject"),
    [
        ("D2026-00031", "case:D2026-00031"),
        (" 2026-31 ", "case:D2026-00031"),
        ("d2026-123456", "case:D2026-123456"),
        ("第 12 批", "import:12"),
        ("第12批", "import:12"),
        ("批次 12", "import:12"),
        ("对照方案 3", "import_mapping:3"),
        ("周值班", "user:{zhou}"),
        ("Zhou.ZB", "user:{zhou}"),
        ("同名", None),
        ("没有的人", None),
        ("…", None),
    ],
)
def test_what_was_typed_names_a_thing(named, typed, subject):
    ask, zhou = named
    assert ask(typed) == (subject and subject.format(zhou=zhou))


def test_a_user_name_that_nobody_has_is_found_by_its_fingerprint(db, named):
    ask, _zhou = named
    assert ask("nobody") == f"login:{db.vault.fingerprint('nobody')}"


# --- reasons ---------------------------------------------------------------------------------


def test_reasons_are_read_by_those_who_read_the_trail_and_that_is_a_line(db, world, reader):
    case = world.case(parties=("王小明",))
    unmask_case(db, case_no=case.case_no, reason=REASON, actor=world.actor(), now=NOW)
    (line,) = found(db, world, actions=frozenset(ACTIONS[DeedGroup.READS])).lines
    assert REASON not in repr(line)
    told = read_reasons(db, seqs=[line.seq, 999], actor=reader, now=NOW)
    assert {seq: (one.words, one.proven) for seq, one in told.items()} == {line.seq: (REASON, True)}
    lines = found(db, world, actions=frozenset(ACTIONS[DeedGroup.READS])).lines
    assert [one.action for one in lines] == ["trail:read_reasons", "case:unmask"]
    assert lines[0].payload == {"lines": [line.seq]}
    assert REASON not in repr(lines)


def test_a_reason_that_was_exchanged_or_cannot_be_opened_is_told_so(db, world, reader):
    actor = world.actor()
    for _ in range(2):
        unmask_case(db, case_no=world.case().case_no, reason=REASON, actor=actor, now=NOW)
    first, second = sorted(seqs(found(db, world, actions=frozenset({"case:unmask"}))))
    other = db.vault.encrypt("别的理由", place=f"unmask_reason:{world.county}:{first}")

    def exchange(session):
        row = update(UnmaskReason).where(UnmaskReason.county_id == world.county)
        session.execute(row.where(UnmaskReason.seq == first).values(reason_encrypted=other))
        session.execute(row.where(UnmaskReason.seq == second).values(reason_encrypted=other))

    db.write(exchange)
    told = read_reasons(db, seqs=[first, second], actor=reader, now=NOW)
    assert (told[first].words, told[first].proven) == ("别的理由", False)
    assert (told[second].words, told[second].proven) == ("", False)


def test_where_every_reason_was_erased_nothing_is_read_and_nothing_written(db, world, reader):
    unmask_case(db, case_no=world.case().case_no, reason=REASON, actor=world.actor(), now=NOW)
    db.write(lambda session: session.execute(delete(UnmaskReason)) and None)
    before = seqs(found(db, world))
    assert read_reasons(db, seqs=before, actor=reader, now=NOW) == {}
    assert seqs(found(db, world)) == before


def test_whoever_may_not_read_the_trail_reads_no_reason(db, world):
    nobody = world.actor(permissions=(Permission.CASE_READ, Permission.CASE_UNMASK))
    with pytest.raises(NotAllowed):
        read_reasons(db, seqs=[1], actor=nobody, now=NOW)
    with pytest.raises(NotAllowed):
        verify_trail(db, folder=None, key=None, actor=nobody, now=NOW)


# --- the check and the anchors ---------------------------------------------------------------


@pytest.fixture
def site(db, world, reader, tmp_path):
    """A trail of nine lines with an anchor at the fourth and one at the eighth.

    Behind each stands the line that names it.
    """
    return Anchored(db, world, reader, tmp_path)


class Anchored:
    def __init__(self, db, world, reader, folder):
        self.db, self.world, self.reader = db, world, reader
        self.folder, self.key_path = folder / "anchors", folder / "anchor.key"
        for day in (0, 1):
            for number in range(4 - day):
                write(db, world.system, "case:accept", at=self.at(day), n=number)
            assert self.sign(day).name == f"2026-03-0{2 + day}.json"

    def at(self, day):
        return NOW + timedelta(days=day)

    def sign(self, day):
        return anchors.sign_daily(
            self.db, folder=self.folder, key_path=self.key_path, now=self.at(day)
        )

    def verify(self, **over):
        return verify_trail(
            self.db,
            **{
                "folder": self.folder,
                "key": anchors.public_key(self.key_path),
                "actor": self.reader,
                "now": self.at(2),
                **over,
            },
        )

    def disarm(self):
        """What somebody with the database's password does first."""

        def work(session):
            if self.db.is_sqlite:
                for verb in ("update", "delete"):
                    session.execute(text(f"DROP TRIGGER IF EXISTS audit_log_no_{verb}"))
            else:
                session.execute(text("DROP TRIGGER IF EXISTS audit_log_append_only ON audit_log"))

        self.db.write(work)

    def tamper(self, *statements):
        self.disarm()
        self.db.write(lambda session: [session.execute(one) for one in statements] and None)

    def rewrite(self, change, *, keep=None):
        """The whole chain anew, with hashes that fit: `change` gives a line's new columns."""
        self.disarm()

        def work(session):
            lines = session.execute(select(*AuditLine.__table__.columns).order_by(AuditLine.seq))
            rows = [dict(row) for row in lines.mappings()][:keep]
            session.execute(delete(AuditLine))
            previous = audit.GENESIS
            for row in rows:
                row |= {**change(row), "previous_hash": previous}
                row["hash"] = previous = audit.line_hash(row)
                session.execute(insert(AuditLine).values(**row))
            session.execute(update(AuditHead).values(seq=len(rows), hash=previous))

        self.db.write(work)


def as_it_was(_row):
    return {}


def problems(verification):
    return [(one.problem, one.name, one.seq) for one in verification.findings]


def test_a_whole_trail_is_whole_by_every_anchor_and_the_result_is_kept(site):
    result = site.verify()
    assert result.intact
    assert (result.lines, result.anchors, result.found, result.notes) == (9, 2, 0, ())
    assert result.vouched
    assert result.seconds > 0
    with site.db.read() as session:
        kept = trail.last_verification(session, scope=whole(site.world))
    assert replace(kept, seconds=result.seconds) == result
    assert (kept.at, kept.actor_id) == (site.at(2), site.reader.user_id)
    # Who checked, and with what result, is in the trail; which is whole with that line, too.
    (line,) = found(site.db, site.world, actions=frozenset({"trail:verify"})).lines
    assert (line.actor_id, line.payload["lines"], line.payload["broken_at"]) == (
        site.reader.user_id,
        9,
        None,
    )
    assert site.verify().lines == 10


def test_progress_is_told_up_to_the_last_line(site):
    seen = []
    site.verify(progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (9, 9)


UNREADABLE = {
    # What is tampered with, by database: raw, as the product could never have written it.
    "sqlite": [
        "at = 'not a time'",
        "at = '2026-13-45 00:00:00.000000'",
        "at = x'00ff'",
        "payload = '{broken'",
        "payload = '" + "[" * 100_000 + "'",
        "payload = '\"\\ud800\"'",
        "payload = cast(x'22ff22' as text)",
        "payload = 5",
        "action = x'00'",
        "actor_id = 'nobody'",
        "session_id = 'none'",
        "subject = cast(x'ff' as text)",
        "hash = x'00'",
    ],
    "postgresql": [
        "at = 'infinity'",
        "at = '0044-03-15 BC'",
        "at = '12026-01-01'",
        "payload = '5'",
        "payload = ('1' || repeat('0', 5000))::jsonb",
        "payload = (repeat('[', 5000) || repeat(']', 5000))::jsonb",
        "hash = ''",
    ],
}


@pytest.mark.parametrize("number", range(max(map(len, UNREADABLE.values()))))
@pytest.mark.parametrize("seq", [1, 3, 9])
def test_a_line_that_cannot_even_be_read_was_changed(site, number, seq):
    ways = UNREADABLE["sqlite" if site.db.is_sqlite else "postgresql"]
    assert site.verify().intact
    site.tamper(text(f"UPDATE audit_log SET {ways[number % len(ways)]} WHERE seq = {seq}"))  # noqa: S608
    result = site.verify()
    assert (result.broken_at, result.why, result.lines) == (seq, Break.CONTENT, seq)
    with site.db.read() as session:
        assert trail.last_verification(session, scope=whole(site.world)).broken_at == seq


def test_a_check_that_came_to_no_end_takes_the_place_of_the_one_before(site, monkeypatch):
    assert site.verify().vouched

    def lost(*_, **__):
        raise OperationalError("select", {}, ConnectionError("server closed the connection"))

    monkeypatch.setattr(audit, "verify", lost)
    with pytest.raises(OperationalError):
        site.verify()
    with site.db.read() as session:
        kept = trail.last_verification(session, scope=whole(site.world))
    assert (kept.finished, kept.intact, kept.vouched) == (False, False, False)
    (line, _before) = found(site.db, site.world, actions=frozenset({"trail:verify"})).lines
    assert line.payload["finished"] is False


def test_a_database_that_is_lost_accuses_nobody(site, monkeypatch):
    """SQLite's driver has one kind of error for what is no text, and for what cannot be read."""

    def lost(*_, **__):
        raise OperationalError("select", {}, ConnectionError("disk I/O error"))

    monkeypatch.setattr(audit, "_lines", lost)
    with pytest.raises(OperationalError):
        site.verify()


def noted(verification):
    return [(one.kind, one.count, one.first) for one in verification.notes]


def test_anchors_that_the_chain_names_and_nobody_has_are_missed(site, tmp_path):
    (site.folder / "2026-03-02.json").unlink()
    result = site.verify()
    assert noted(result) == [(NoteKind.MISSING, 1, "2026-03-02.json")]
    assert (result.intact, result.vouched) == (True, False)
    result = site.verify(folder=tmp_path / "none")
    assert (result.anchors, noted(result)) == (0, [(NoteKind.MISSING, 2, "2026-03-02.json")])


def test_anchors_that_went_with_the_tail_are_missed_by_what_is_left(site):
    """All files are gone, the tail is cut and the head moved; the key is still there."""
    with site.db.read() as session:
        last = session.scalar(select(AuditLine.hash).where(AuditLine.seq == 6))
    site.tamper(
        delete(AuditLine).where(AuditLine.seq > 6), update(AuditHead).values(seq=6, hash=last)
    )
    for path in site.folder.glob("*.json"):
        path.unlink()
    result = site.verify()
    assert (result.broken_at, result.found) == (None, 0)
    assert noted(result) == [
        (NoteKind.MISSING, 1, "2026-03-02.json"),
        (NoteKind.DAYS, 1, "2026-03-03"),
    ]
    # A new anchor, also with a new key, does not make them forgotten.
    site.key_path.unlink()
    assert site.sign(2)
    assert (NoteKind.MISSING, 1, "2026-03-02.json") in noted(site.verify())


def test_a_site_of_some_days_without_any_anchor_is_not_vouched_for(site):
    site.rewrite(as_it_was, keep=4)
    for path in (*site.folder.glob("*.json"), site.key_path):
        path.unlink()
    assert site.verify(now=site.at(2)).vouched
    result = site.verify(now=site.at(2) + timedelta(minutes=1))
    assert (result.intact, noted(result)) == (True, [(NoteKind.NONE, 0, "")])


def test_a_day_of_work_without_an_anchor_is_missed_and_one_without_work_is_not(site):
    write(site.db, site.world.system, "case:accept", at=site.at(3))
    assert site.verify(now=site.at(3)).vouched  # today's may still come
    write(site.db, site.world.system, "case:accept", at=site.at(5))
    assert site.sign(6)
    assert noted(site.verify(now=site.at(7))) == [(NoteKind.DAYS, 2, "2026-03-05")]
    assert noted(site.verify(now=site.at(34))) == [(NoteKind.DAYS, 2, "2026-03-07")]


def test_what_was_set_aside_below_the_folder_is_not_missed(site):
    beside = site.folder / "clock-was-wrong"
    beside.mkdir()
    (site.folder / "2026-03-03.json").rename(beside / "2026-03-03.json")
    assert site.verify().vouched
    # A file that only looks like it is none.
    path = beside / "2026-03-03.json"
    facts = json.loads(path.read_bytes()) | {"signature": "00" * 64}
    path.unlink()
    path.write_text(json.dumps(facts), "utf-8")
    assert noted(site.verify()) == [(NoteKind.MISSING, 1, "2026-03-03.json")]


def test_an_anchor_says_in_the_trail_that_it_was_signed(site):
    lines = found(site.db, site.world, actions=frozenset({"trail:anchor"})).lines
    key = anchors.fingerprint(anchors.public_key(site.key_path))
    assert [(one.seq, one.actor_id, one.payload) for one in lines] == [
        (9, 0, {"file": "2026-03-03.json", "anchored": 8, "key": key}),
        (5, 0, {"file": "2026-03-02.json", "anchored": 4, "key": key}),
    ]
    assert site.sign(1) is None
    assert len(found(site.db, site.world, actions=frozenset({"trail:anchor"})).lines) == 2


def test_a_chain_that_takes_no_line_is_anchored_all_the_same(site):
    site.tamper(delete(AuditHead))
    assert site.sign(2).name == "2026-03-04.json"


def test_an_anchor_dated_ahead_by_a_wrong_clock_accuses_nobody(site):
    assert site.sign(300).name == "2026-12-27.json"
    assert site.sign(2)
    result = site.verify(now=site.at(3))
    assert (result.intact, result.found) == (True, 0)
    assert noted(result) == [(NoteKind.CLOCK, 1, "2026-12-27.json")]
    # Also when that day has come; until somebody sets the file aside.
    assert (NoteKind.CLOCK, 1, "2026-12-27.json") in noted(site.verify(now=site.at(301)))
    beside = site.folder / "clock-was-wrong"
    beside.mkdir()
    (site.folder / "2026-12-27.json").rename(beside / "2026-12-27.json")
    assert site.verify(now=site.at(3)).vouched


def test_an_edited_line_is_found(site):
    line = update(AuditLine).where(AuditLine.seq == 3)
    site.tamper(line.values(payload={"n": 99}))
    result = site.verify()
    assert (result.broken_at, result.why) == (3, Break.CONTENT)


def test_an_edited_line_with_its_hash_made_anew_is_found_at_the_next(site):
    with site.db.read() as session:
        columns = select(*AuditLine.__table__.columns).where(AuditLine.seq == 3)
        row = dict(session.execute(columns).mappings().one()) | {"payload": {"n": 99}}
    line = update(AuditLine).where(AuditLine.seq == 3)
    site.tamper(line.values(payload={"n": 99}, hash=audit.line_hash(row)))
    result = site.verify()
    assert (result.broken_at, result.why) == (4, Break.LINK)


def test_a_line_taken_out_of_the_middle_is_found(site):
    site.tamper(delete(AuditLine).where(AuditLine.seq == 3))
    result = site.verify()
    assert (result.broken_at, result.why) == (3, Break.GAP)


def test_a_tail_cut_off_is_found_by_the_head(site):
    site.tamper(delete(AuditLine).where(AuditLine.seq > 5))
    result = site.verify()
    assert (result.broken_at, result.why) == (6, Break.END)
    assert problems(result) == [(AnchorProblem.LINES_MISSING, "2026-03-03.json", 8)]


def test_a_tail_cut_off_with_the_head_moved_is_found_by_the_anchor(site):
    with site.db.read() as session:
        last = session.scalar(select(AuditLine.hash).where(AuditLine.seq == 5))
    site.tamper(
        delete(AuditLine).where(AuditLine.seq > 5), update(AuditHead).values(seq=5, hash=last)
    )
    result = site.verify()
    assert result.broken_at is None
    assert problems(result) == [(AnchorProblem.LINES_MISSING, "2026-03-03.json", 8)]
    assert not result.intact


def test_a_chain_written_anew_from_a_line_on_is_found_by_the_anchors_after_it(site):
    site.rewrite(lambda row: {"actor_id": 77} if row["seq"] == 6 else {})
    result = site.verify()
    assert result.broken_at is None
    assert problems(result) == [(AnchorProblem.REWRITTEN, "2026-03-03.json", 8)]


def test_a_chain_written_anew_from_its_beginning_is_found_by_every_anchor(site):
    site.rewrite(lambda row: {"actor_id": 77} if row["seq"] == 1 else {})
    result = site.verify()
    assert result.broken_at is None
    assert [one[0] for one in problems(result)] == [AnchorProblem.REWRITTEN] * 2
    # It goes on being found however the chain grows, and in the place of what was cut off.
    site.rewrite(as_it_was, keep=4)
    for number in range(9):
        write(site.db, site.world.system, "case:accept", at=site.at(3), n=number)
    assert site.verify().found == 2


def test_a_chain_cut_and_continued_is_found_by_the_anchors_before(site):
    site.rewrite(as_it_was, keep=2)
    assert site.sign(2).name == "2026-03-04.json"
    for number in range(9):
        write(site.db, site.world.system, "case:accept", at=site.at(2), n=number)
    assert problems(site.verify()) == [
        (AnchorProblem.REWRITTEN, "2026-03-02.json", 4),
        (AnchorProblem.REWRITTEN, "2026-03-03.json", 8),
    ]


def test_anchors_that_were_touched_accuse_themselves(site):
    def edit(name, **over):
        path = site.folder / name
        facts = json.loads(path.read_bytes()) | over
        path.unlink()
        path.write_text(json.dumps(facts), "utf-8")

    edit("2026-03-02.json", hash="00" * 32)
    (site.folder / "2026-03-01.json").write_text("{}", "utf-8")
    stranger = site.folder.parent / "stranger"
    anchors.sign_now(site.db, folder=stranger, key_path=stranger / "key", now=site.at(1))
    (signed,) = stranger.glob("*.json")
    signed.rename(site.folder / "2026-03-05.json")
    assert problems(site.verify()) == [
        (AnchorProblem.UNREADABLE, "2026-03-01.json", None),
        (AnchorProblem.SIGNATURE, "2026-03-02.json", 4),
    ]
    for name in ("2026-03-01.json", "2026-03-02.json"):
        (site.folder / name).unlink()
    assert problems(site.verify()) == [(AnchorProblem.OTHER_KEY, "2026-03-05.json", 9)]


def test_without_the_sites_key_no_anchor_is_taken_for_its_own(site):
    result = site.verify(key=None)
    assert [one[0] for one in problems(result)] == [AnchorProblem.OTHER_KEY] * 2


def test_copies_kept_elsewhere_are_checked_with_the_key_that_was_written_down(site, tmp_path):
    key = anchors.public_key(site.key_path)
    outside = tmp_path / "usb"
    outside.mkdir()
    for path in site.folder.glob("*.json"):
        (outside / path.name).write_bytes(path.read_bytes())
    # Somebody with the server's disk signs a history of their own.
    for path in (*site.folder.glob("*.json"), site.key_path):
        path.unlink()
    site.rewrite(lambda row: {"actor_id": 77} if row["seq"] == 2 else {})
    site.sign(1)
    assert site.verify().intact
    assert site.verify(folder=outside, key=key).found == 2


def test_another_countys_anchors_say_nothing_of_this_one(db, site):
    rename = update(OrganisationUnit).where(OrganisationUnit.id == site.world.county)
    db.write(lambda session: session.execute(rename.values(code="510131")) and None)
    assert [one[0] for one in problems(site.verify())] == [AnchorProblem.OTHER_COUNTY] * 2


def test_a_chain_that_takes_no_line_more_has_its_result_kept(site):
    """Somebody put a line behind the head: the number is taken."""
    with site.db.read() as session:
        columns = select(*AuditLine.__table__.columns).where(AuditLine.seq == 9)
        row = dict(session.execute(columns).mappings().one())
    site.tamper(insert(AuditLine).values(**row | {"seq": 10}))
    result = site.verify()
    assert (result.broken_at, result.why) == (10, Break.LINK)
    with site.db.read() as session:
        kept = trail.last_verification(session, scope=whole(site.world))
    assert kept.broken_at == 10


def test_a_chain_whose_head_was_taken_away_has_its_result_kept(site):
    site.tamper(delete(AuditHead))
    result = site.verify()
    assert (result.broken_at, result.why) == (10, Break.END)
    with site.db.read() as session:
        assert session.get(Site, trail.LAST_VERIFICATION) is not None


def test_a_result_with_every_kind_of_finding_fits_a_fact_of_the_site(site):
    for number in range(60):
        (site.folder / f"2026-04-01-1200{number:02d}.json").write_text("{}", "utf-8")
    site.tamper(delete(AuditLine).where(AuditLine.seq == 3))
    result = site.verify()
    assert (result.found, len(result.findings)) == (60, 2)
    with site.db.read() as session:
        assert len(session.get(Site, trail.LAST_VERIFICATION).value) <= 400


def test_the_longest_result_fits_a_fact_of_the_site():
    name = "2026-04-01-120000.json"
    longest = Verification(
        NOW.replace(microsecond=123456),
        999_999,
        999.999,
        99_999_999,
        99_999_999,
        Break.CONTENT,
        9_999,
        9_999,
        (Finding(AnchorProblem.LINES_MISSING, name, 99_999_999),) * FINDINGS_KEPT,
        (
            Note(NoteKind.MISSING, 9_999, name),
            Note(NoteKind.DAYS, 30, "2026-03-02"),
            Note(NoteKind.CLOCK, 9_999, name),
        ),
    )
    assert len(json.dumps(longest.as_json(), separators=(",", ":"))) <= 400


def test_a_day_has_one_anchor_and_a_backup_one_more(site):
    assert site.sign(1) is None
    extra = anchors.sign_now(
        site.db,
        folder=site.folder,
        key_path=site.key_path,
        now=datetime(2026, 3, 3, 7, 5, 9, tzinfo=UTC),
    )
    assert extra.name == "2026-03-03-150509.json"
    assert (
        anchors.sign_now(
            site.db,
            folder=site.folder,
            key_path=site.key_path,
            now=datetime(2026, 3, 3, 7, 5, 9, tzinfo=UTC),
        )
        is None
    )
    assert site.verify().anchors == 3


def test_the_day_begins_at_midnight_in_beijing(site):
    late = datetime(2026, 3, 3, 15, 59, 59, tzinfo=UTC)
    sign = anchors.sign_daily
    assert sign(site.db, folder=site.folder, key_path=site.key_path, now=late) is None
    path = sign(
        site.db, folder=site.folder, key_path=site.key_path, now=late + timedelta(seconds=1)
    )
    assert path.name == "2026-03-04.json"


def test_a_site_without_a_county_has_nothing_to_sign(committed, tmp_path):
    folder, key_path = tmp_path / "anchors", tmp_path / "anchor.key"
    assert anchors.sign_daily(committed, folder=folder, key_path=key_path, now=NOW) is None
    assert not key_path.exists()
    assert anchors.set_aside(committed, folder=folder, key_path=key_path, now=NOW) == []


def test_after_an_older_backup_was_put_back_its_future_is_set_aside(site):
    site.rewrite(as_it_was, keep=5)
    write(site.db, site.world.system, "site:restore", "site", at=site.at(2))
    (moved,) = anchors.set_aside(
        site.db, folder=site.folder, key_path=site.key_path, now=site.at(2)
    )
    assert (moved.parent.parent, moved.name) == (site.folder, "2026-03-03.json")
    result = site.verify()
    assert (result.intact, result.anchors) == (True, 1)


# --- in the background -----------------------------------------------------------------------


def until(condition):
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_check_runs_beside_and_only_one_at_a_time(committed):
    go_on = threading.Event()
    checking = verifying(committed)
    assert verifying(committed) is checking

    def check(tell):
        tell(3, 10)
        go_on.wait(30)

    assert checking.begin(check)
    until(lambda: checking.progress is not None and checking.progress.done)
    assert (checking.progress.done, checking.progress.total) == (3, 10)
    assert not checking.begin(check)
    go_on.set()
    until(lambda: checking.progress is None)
    assert (checking.ended, checking.failed) == (1, False)


def test_a_check_that_fails_says_so_and_another_can_begin(committed):
    checking = verifying(committed)

    def fails(_tell):
        raise ZeroDivisionError

    for count in (1, 2):
        assert checking.begin(fails)
        until(lambda: checking.progress is None)
        assert (checking.failed, checking.ended) == (True, count)


@pytest.mark.parametrize("key", ["as it should be", "damaged"])
def test_a_check_of_the_site_is_kept(committed, tmp_path, key):
    world, settings = World(committed), Settings(data_dir=tmp_path)
    paths = {"folder": settings.anchors_path, "key_path": settings.anchor_key_path}
    assert anchors.sign_daily(committed, **paths, now=NOW)
    if key == "damaged":
        settings.anchor_key_path.write_bytes(b"noise")
    assert begin_verification(committed, settings, actor=world.system, now=NOW)
    until(lambda: verifying(committed).progress is None)
    assert not verifying(committed).failed
    with committed.read() as session:
        kept = trail.last_verification(session, scope=whole(world))
    assert (kept.anchors, kept.broken_at, kept.intact) == (1, None, key != "damaged")
