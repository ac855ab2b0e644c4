"""Several at one moment: one wins, the others are told so, and nothing is done by halves.

Each racer has its own connections, as another process has: on SQLite only the file's lock stands
between them, not the turn that writers of one process take.
"""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from data_access import migrate, site
from data_access.commands.people import set_active
from data_access.commands.posts import end_role, grant_role
from data_access.migrate import SchemaState
from data_access.settings import Settings
from data_access.site import CannotStart
from data_access.tables import Case, ImportBatch, User, UserRole
from domain.clocks import day_of
from domain.errors import AccountChanged, Conflict, NotUndoable, Refusal
from domain.people import Post, Role
from tests.drill.conftest import FORKSERVER, KEY
from tests.drill.work import reassign, take_in, undo, upgrade

ROOT = Path(__file__).parents[2]
ROUNDS = int(os.environ.get("DRILL_ROUNDS", "15"))
FILES, MIGRATIONS = max(1, ROUNDS // 3), ROUNDS
RACERS = 6


@pytest.fixture
def racers(county):
    """As many databases as racers: each opens the county for itself."""
    opened = [county.place.open() for _ in range(RACERS)]
    yield opened
    for db in opened:
        db.dispose()


def race(*runners):
    """Run them from one moment on. Returns what each answered, or the refusal it got."""
    together = threading.Barrier(len(runners))

    def run(runner):
        together.wait(30)
        try:
            return runner()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(runners)) as pool:
        return [one.result(60) for one in [pool.submit(run, runner) for runner in runners]]


def now():
    return datetime.now(UTC)


def move(db, county, case, to, *, key=None):
    """Whoever saw the case as `case` gives it to `to`."""
    request = {"case_no": case.case_no, "to": to, "version": case.version}
    return partial(reassign, db, county.place.actor, key or uuid4().hex, now(), **request)


def bring_in(db, county, identity, *, corrects=None):
    return partial(take_in, db, county.place.actor, now(), identity=identity, corrects=corrects)


def some_case(county, chance):
    """One of the cases as it stands now, and somebody who does not hold it."""
    with county.db.read() as session:
        number = chance.choice(county.case_numbers)
        case = session.scalars(select(Case).where(Case.case_no == number)).one()
    return case, other(county, case, chance)


def other(county, case, chance):
    """Somebody who does not hold the case."""
    return chance.choice([one for one in county.place.mediators if one != case.mediator_id])


def later(seconds, runner):
    """A runner that lets the others have a start."""

    def run():
        time.sleep(seconds)
        return runner()

    return run


def refused(answers, *kinds):
    return [one for one in answers if isinstance(one, kinds)]


def done(answers):
    return [one for one in answers if not isinstance(one, Refusal)]


def test_of_many_who_move_one_case_one_wins(county, racers, chance, say):
    for _ in range(ROUNDS):
        case, _to = some_case(county, chance)
        answers = race(*(move(db, county, case, other(county, case, chance)) for db in racers))
        (won,) = done(answers)
        conflicts = refused(answers, Conflict)
        assert len(conflicts) == RACERS - 1, answers
        # Whoever came too late is told who was faster, and to whom it went.
        assert {one.last.actor_name for one in conflicts} == {"某人0"}
        assert all(one.last.to_mediator_name for one in conflicts)
        with county.db.read() as session:
            after = session.get(Case, (case.county_id, case.id))
        assert [after.case_no, after.version, after.mediator_id] == won
        assert after.version == case.version + 1
    county.check()
    say(f"{ROUNDS} times {RACERS} writers on one case: one won, {RACERS - 1} were told who did")


def test_a_request_that_comes_many_times_at_once_is_done_once(county, racers, chance, say):
    for _ in range(ROUNDS):
        case, to = some_case(county, chance)
        key = uuid4().hex
        answers = race(*(move(db, county, case, to, key=key) for db in racers))
        assert answers == [[case.case_no, case.version + 1, to]] * RACERS
    county.check()
    say(f"{ROUNDS} times one request {RACERS} times at once: done once, one answer for all")


def test_of_two_who_take_back_one_does(county, racers, chance, say):
    for _ in range(ROUNDS):
        case, to = some_case(county, chance)
        move(racers[0], county, case, to)()
        keys = chance.choice([("same", "same"), ("one", "other")])
        request = {"case_no": case.case_no, "version": case.version + 1}
        answers = race(
            *(
                partial(
                    undo,
                    db,
                    county.place.actor,
                    f"{key} {case.case_no} {case.version}",
                    now(),
                    **request,
                )
                for db, key in zip(racers, keys, strict=False)
            )
        )
        back = [case.case_no, case.version + 2, case.mediator_id]
        if keys[0] == keys[1]:
            assert answers == [back, back]
        else:
            assert done(answers) == [back]
            assert len(refused(answers, Conflict, NotUndoable)) == 1
    county.check()
    say(f"{ROUNDS} times two took back one move: one did, or both were given the same answer")


def test_one_file_brought_in_by_many_at_once_is_one_batch(county, racers, say):
    for _ in range(FILES):
        identity = uuid4().hex[:12]
        answers = race(*(bring_in(db, county, identity) for db in racers[:4]))
        assert len(set(answers)) == 1, answers
    with county.db.read() as session:
        assert session.scalar(select(func.count()).select_from(ImportBatch)) == FILES
    county.check()
    say(f"{FILES} times four brought in one file: one batch, its number told to all")


def test_files_at_once_number_their_cases_without_gap_or_double(county, racers, say):
    for _ in range(FILES):
        answers = race(*(bring_in(db, county, uuid4().hex[:12]) for db in racers))
        assert len(set(answers)) == RACERS, answers
    county.check()  # case_numbers_have_no_gap among the rest
    with county.db.read() as session:
        count = session.scalar(select(func.count()).select_from(Case))
    say(f"{RACERS * FILES} files, {RACERS} at a time: {count} cases numbered without a gap")


def test_a_file_and_people_who_move_its_cases_do_not_fail_each_other(county, racers, chance, say):
    """The file never fails; whoever moves a case succeeds or reads that the file was faster."""
    told, first = Counter(), uuid4().hex[:12]
    bring_in(county.db, county, first)()
    theirs = select(Case).where(Case.external_no.like(f"{first}-%"))
    for _ in range(FILES):
        with county.db.read() as session:
            cases = session.scalars(theirs).all()
        movers = [
            later(chance.uniform(0, 0.6), move(db, county, case, other(county, case, chance)))
            for db, case in zip(racers[1:], cases, strict=False)
        ]
        file, *moves = race(bring_in(racers[0], county, uuid4().hex[:12], corrects=first), *movers)
        assert isinstance(file, int), file
        assert len(done(moves)) + len(refused(moves, Conflict)) == len(moves), moves
        told["moved"] += len(done(moves))
        told["told that the file was faster"] += len(refused(moves, Conflict))
    county.check()
    say(f"{FILES} files against {told.total()} moves of their cases: no file failed; {dict(told)}")


def test_a_post_is_given_and_ended_at_once(county, racers, chance, say):
    """Of two equal decisions one is carried out; what else happens at once waits for its turn."""
    day, same = day_of(now()), {"separated": False, "actor": county.place.actor, "now": now()}
    with county.db.read() as session:
        query = select(User.id).where(User.id != county.place.user_id)
        users = chance.choices(session.scalars(query).all(), k=ROUNDS)
    for user_id in users:
        with county.db.read() as session:
            version = session.get(User, user_id).version
            posts = session.scalars(select(UserRole.id).where(UserRole.user_id == user_id)).all()
        post = Post(Role.LEADER, county.id, valid_from=day)
        grant = {"user_id": user_id, "post": post, "expected_version": version, **same}
        until = day + timedelta(days=chance.randrange(1, 9))
        first, second, *_others = race(
            partial(grant_role, racers[0], **grant),
            partial(grant_role, racers[1], **grant),
            partial(end_role, racers[2], post_id=max(posts), ends_on=until, **same),
            partial(set_active, racers[3], user_id=user_id, active=True, **same),
        )
        assert len(done([first, second])) <= 1, "one decision was carried out twice"
        assert refused([first, second], AccountChanged)
        with county.db.read() as session:
            kept = session.scalars(select(UserRole.id).where(UserRole.user_id == user_id)).all()
        assert len(kept) == len(posts) + len(done([first, second]))
    county.check()
    say(f"{ROUNDS} accounts changed by four at once: no decision twice, the trail whole")


# --- the shape of the database, and the servers in front of it -------------------------------


def verb(folder, url, *words):
    """A verb of the command line, begun and not waited for."""
    return subprocess.Popen(  # noqa: S603 - our own command line
        [sys.executable, "-m", "data_access", *words],
        cwd=ROOT,
        env={**os.environ, "DATA_DIR": str(folder), "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("before", ["empty", "0001"])
def test_four_migrate_at_once(county, before, say):
    (county.folder / "secret.key").write_text(KEY.hex())
    migrate.downgrade(county.db.bind, "base" if before == "empty" else before)
    county.db.dispose()
    running = [verb(county.folder, county.url, "migrate") for _ in range(4)]
    ended = [(*one.communicate(timeout=100), one.returncode) for one in running]
    assert [status for _, _, status in ended] == [0] * 4, ended
    assert migrate.state(county.db.bind) is SchemaState.CURRENT
    if before != "empty":
        county.check()
    say(f"four processes migrated from {before} at once: all ended well, the tables are new")


def test_a_migration_is_killed(county, chance, say):
    """At any moment of it: the tables are the old ones or the new, and nothing in them is lost."""
    found, whole = Counter(), max(how_long(county) for _ in range(2))
    for part in range(MIGRATIONS):
        migrate.downgrade(county.db.bind, "0001")
        county.db.dispose()
        running = migrating(county.url)
        # Spread over the work and past its end: a busy machine does not move all to one side.
        time.sleep(2 * whole * (part + chance.random()) / MIGRATIONS)
        running.kill()
        running.join()
        state = migrate.state(county.db.bind)
        assert state in (SchemaState.OLDER, SchemaState.CURRENT)
        found[state.value] += 1
    migrate.upgrade(county.db.bind)
    county.check()
    say(f"{MIGRATIONS} migrations killed: {dict(found)}, never between, the county whole")
    assert len(found) == 2, "the kills came all before, or all behind"


def migrating(url):
    """A process that migrates, already at it."""
    process = FORKSERVER.Process(target=upgrade, args=(url,), daemon=True)
    process.start()
    return process


def how_long(county):
    """Seconds that one migration takes when nobody kills it."""
    migrate.downgrade(county.db.bind, "0001")
    county.db.dispose()
    started = time.monotonic()
    running = migrating(county.url)
    running.join()
    assert running.exitcode == 0
    return time.monotonic() - started


@pytest.mark.parametrize("county", ["sqlite"], indirect=True)
def test_of_two_servers_on_one_file_one_starts(county, say):
    settings = Settings(data_dir=county.folder, database_url=county.url)
    (county.folder / "secret.key").write_text(KEY.hex())
    opened = race_to_open(settings, 4)
    (first,) = [one for one in opened if not isinstance(one, str)]
    sentences = [one for one in opened if isinstance(one, str)]
    assert len(sentences) == 3
    assert all("正由另一个服务使用" in sentence for sentence in sentences)
    with first.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Case)) == 12
    site.close_site(first)
    (again,) = race_to_open(settings, 1)
    site.close_site(again)
    say("four servers on one file at once: one opened it, three said who has it")


def race_to_open(settings, number):
    def run():
        try:
            return site.open_site(settings, clock=now)
        except CannotStart as refusal:
            return str(refusal)

    return race(*[run] * number)
