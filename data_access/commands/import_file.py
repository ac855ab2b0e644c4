"""Take a file in: all of it in one transaction with one audit line, or nothing."""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from data_access import audit, numbers
from data_access.engine import Database, vault_of
from data_access.imports.collecting import collected_seldom
from data_access.imports.load_cases import CasePlan, plan_cases
from data_access.imports.load_committees import CommitteePlan, plan_committees
from data_access.imports.load_units import UnitPlan, plan_units
from data_access.imports.prepare_cases import prepare_cases, prepare_here
from data_access.imports.progress import Listener, Run
from data_access.imports.rejects import RejectedRow, load_rejects, store_rejects
from data_access.imports.source import AlreadyTaken, Plan, ReadFile, Source, read_file, require_new
from data_access.imports.staging import SEEN, Staging
from data_access.imports.task import Task
from data_access.imports.write_cases import (
    PlanOutdated,
    hold_cases,
    hold_mediators,
    require_room,
    require_still_true,
    write_cases,
    write_spans,
)
from data_access.imports.write_committees import write_committees
from data_access.imports.write_units import write_units
from data_access.queries import imports
from data_access.tables import ImportBatch
from data_access.tables.imports import file_name_place
from domain.errors import Conflict, NotFound
from domain.imports import FileMapping, Profile, Report, Step
from domain.people import Actor, Permission

# How often a plan for cases is made without making anybody wait, before it is made under the lock.
_ATTEMPTS_OUTSIDE = 3
_ATTEMPTS_HELD = 5


@dataclass(frozen=True)
class StagedCases:
    """What will happen to the cases of a file, and where its rows wait for it."""

    plan: CasePlan
    staging: Staging


def import_file(
    db: Database,
    *,
    content: bytes,
    file_name: str,
    profile: Profile | None = None,
    sheet: int = 1,
    again: bool = False,
    mapping: FileMapping | None = None,
    actor: Actor,
    now: datetime,
    progress: Listener | None = None,
) -> Report:
    """Take a file in, and say what came of every row.

    `profile` is told by the headers where it is None; `sheet` counts from 1; `mapping` says how the
    file is to be read where its own words are not known. The very same file is not read twice in
    the same way unless `again`. `progress` is told how far it is, until the report or a refusal
    says the end. Raises NotAllowed or FileRefused, and then nothing was changed.
    """
    actor.scope(Permission.IMPORT_RUN)
    source = Source(content, file_name, profile, sheet, mapping or FileMapping())
    try:
        with collected_seldom, Run(db, progress, now=now) as run:
            file = read_file(db, source, actor, now, run, again=again)
            if file.task.profile is Profile.CASES:
                return _import_cases(db, file, run, again=again)
            return _import_organisation(db, file, run, again=again)
    except AlreadyTaken as taken:
        return taken.report


def rehearse_file(
    db: Database,
    *,
    content: bytes,
    file_name: str,
    profile: Profile | None = None,
    sheet: int = 1,
    mapping: FileMapping | None = None,
    actor: Actor,
    now: datetime,
    progress: Listener | None = None,
) -> Report:
    """What would come of a file if it were taken in now. Changes nothing."""
    actor.scope(Permission.IMPORT_RUN)
    source = Source(content, file_name, profile, sheet, mapping or FileMapping())
    run = Run(None, progress, now=now)
    with collected_seldom:
        file = read_file(db, source, actor, now, run, again=True)
        with db.read() as session:
            return file.report(_plan(session, file, run))


def take_rejects(db: Database, *, batch_id: int, actor: Actor, now: datetime) -> list[RejectedRow]:
    """The rows of a batch that were sent back, in the clear, to be mended; an audit line says so.

    For the importer and for whoever imports for the whole county. Raises NotFound or NotAllowed.
    """
    scope = actor.scope(Permission.IMPORT_RUN)
    # Decrypting many rows takes seconds: nobody is to wait for that under the lock.
    with db.read() as session:
        batch = imports.batch(session, scope=scope, actor_id=actor.user_id, batch_id=batch_id)
        # They are due on that day, whether or not the day's work has come to them.
        due = now >= batch.rejects_until
        rows = [] if due else load_rejects(session, batch_id=batch_id)
    if not rows:
        raise NotFound(f"import:{batch_id}")
    payload = {"profile": batch.profile, "rows": len(rows)}
    deed = audit.Deed("import:take_rejects", f"import:{batch_id}", payload)
    db.write(lambda session: audit.append(session, [deed], actor=actor, at=now, changes_data=False))
    return rows


def _plan(session: Session, file: ReadFile, run: Run) -> Plan:
    if file.task.profile is Profile.CASES:
        return plan_cases(session, file.portions(run.tell), file.task)
    return _plan_organisation(session, file, run)


def _plan_organisation(session: Session, file: ReadFile, run: Run) -> UnitPlan | CommitteePlan:
    entries = chain.from_iterable(file.portions(run.tell))
    if file.task.profile is Profile.UNITS:
        return plan_units(session, entries, file.task)
    return plan_committees(session, entries, file.task)


def _import_organisation(db: Database, file: ReadFile, run: Run, *, again: bool) -> Report:
    """Units, committees and mediators: few rows, decided on and written in one transaction."""

    def work(session: Session) -> Report:
        _take_turn(session, file.task, run, again=again)
        plan = _plan_organisation(session, file, run)
        return _store(session, file, plan, file.report(plan))

    run.wait()
    return db.write(work)


def _import_cases(db: Database, file: ReadFile, run: Run, *, again: bool) -> Report:
    """Decide, number, encrypt and put aside while others work; then lock, look again, and write.

    Where cases of the file keep changing meanwhile, they are held first in the end.
    """
    with db.aside() as connection:
        staging = Staging(connection)
        for _attempt in range(_ATTEMPTS_OUTSIDE):
            plan = prepare_cases(db, file.portions(run.at, Step.SEALING), file.task, staging)
            what, report = StagedCases(plan, staging), file.report(plan)
            store = partial(_store_if_true, file=file, what=what, report=report, run=run)
            run.wait()
            with suppress(PlanOutdated, IntegrityError):
                return db.write(partial(store, again=again), on=connection)
        run.wait()
        store = partial(_hold_and_store, file=file, staging=staging, run=run)
        return db.write(partial(store, again=again), on=connection)


def _store_if_true(
    session: Session, file: ReadFile, what: StagedCases, report: Report, run: Run, *, again: bool
) -> Report:
    _take_turn(session, file.task, run, again=again)
    county_id = file.task.actor.county_id
    require_still_true(session, what.staging, what.plan, county_id=county_id)
    return _store(session, file, what, report)


def _hold_and_store(
    session: Session, file: ReadFile, staging: Staging, run: Run, *, again: bool
) -> Report:
    """Decide and write in one transaction."""
    _take_turn(session, file.task, run, again=again)
    plan = _held(session, file, staging, run)
    return _store(session, file, StagedCases(plan, staging), file.report(plan))


def _held(session: Session, file: ReadFile, staging: Staging, run: Run) -> CasePlan:
    """A plan with all held that it rests on: until commit nobody else changes that.

    Somebody may have been faster than the holding; then what was held stays so, and it is planned
    anew. Raises Conflict where that does not help.
    """
    county_id = file.task.actor.county_id
    for _attempt in range(_ATTEMPTS_HELD):
        plan = prepare_here(session, file.portions(run.tell, Step.SEALING), file.task, staging)
        hold_cases(session, SEEN, county_id=county_id)
        hold_mediators(session, plan)
        try:
            require_still_true(session, staging, plan, county_id=county_id)
        except PlanOutdated:
            # What was read for the plan that is given up must not be taken for what is there.
            session.expire_all()
        else:
            return plan
    raise Conflict


def _take_turn(session: Session, task: Task, run: Run, *, again: bool) -> None:
    """Imports of one county go one after the other: this counter's row is their lock."""
    numbers.reserve(session, "import", county_id=task.actor.county_id)
    run.tell(Step.WRITING)
    if not again:
        require_new(session, task)


def _store(
    session: Session, file: ReadFile, what: UnitPlan | CommitteePlan | StagedCases, report: Report
) -> Report:
    """Write what was decided, its rejects, its batch, and the one audit line."""
    task, county_id = file.task, file.task.actor.county_id
    plan = what.plan if isinstance(what, StagedCases) else what
    batch_id = _add_batch(session, task, report)
    match what:
        case UnitPlan():
            write_units(session, what, county_id=county_id)
        case CommitteePlan():
            write_committees(session, what)
        case StagedCases():
            write_cases(session, what.staging, task, batch_id=batch_id)
    store_rejects(session, file.header, plan.rejected, batch_id=batch_id)
    if isinstance(what, StagedCases):
        require_room(session, what.plan, county_id=county_id)
    stamp = audit.append(
        session,
        [audit.Deed("import:run", f"import:{batch_id}", _counts(task, report))],
        actor=task.actor,
        at=task.now,
        changes_data=bool(plan.added or plan.changed),
    )
    if isinstance(what, StagedCases):
        write_spans(session, recorded_seq=stamp.data_seq)
    return replace(report, batch_id=batch_id)


def _add_batch(session: Session, task: Task, report: Report) -> int:
    batch = ImportBatch(
        county_id=task.actor.county_id,
        profile=task.profile,
        file_name_encrypted=b"",
        sha256=task.sha256,
        actor_id=task.actor.user_id,
        at=task.now,
        rows=report.rows,
        added=report.added,
        changed=report.changed,
        unchanged=report.unchanged,
        rejected=report.rejected,
        dropped=asdict(report.dropped),
    )
    session.add(batch)
    session.flush()
    # Where it is encrypted is part of the seal, and only the database knows the batch's number.
    place = file_name_place(batch.id)
    batch.file_name_encrypted = vault_of(session).encrypt(task.file_name, place=place)
    session.flush()
    return batch.id


def _counts(task: Task, report: Report) -> dict[str, Any]:
    """What the trail keeps of an import: numbers only."""
    names = ("rows", "added", "changed", "unchanged", "rejected")
    counts = {name: getattr(report, name) for name in names}
    return {"profile": task.profile, "sha256": task.sha256, **counts}
