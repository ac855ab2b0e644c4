"""The cases of a file, a portion at a time: decided on, numbered, encrypted and put aside."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from sqlalchemy.orm import Session

from data_access.engine import Database, vault_of
from data_access.imports.load_cases import CasePlan, CasePlanner, Decided
from data_access.imports.rows import Entry
from data_access.imports.sealing import Ids, reserve_ids
from data_access.imports.sealing_ahead import Job, Sealing
from data_access.imports.staging import Staging
from data_access.imports.task import Task
from data_access.vault import Vault

Portions = Iterable[list[Entry]]


def prepare_cases(db: Database, portions: Portions, task: Task, staging: Staging) -> CasePlan:
    """While others work: nobody waits, but what was decided may no longer be true in the end."""
    prepare = _Preparation(db.read, partial(_reserve_apart, db, task), task, db.vault)
    return prepare.all(portions, staging)


def prepare_here(session: Session, portions: Portions, task: Task, staging: Staging) -> CasePlan:
    """Within the caller's transaction."""
    reserve = partial(reserve_ids, session, county_id=task.actor.county_id)
    prepare = _Preparation(lambda: nullcontext(session), reserve, task, vault_of(session))
    return prepare.all(portions, staging)


class _Preparation:
    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[Session]],
        reserve: Callable[[Decided], Ids],
        task: Task,
        vault: Vault,
    ) -> None:
        self._reading, self._reserve = reading, reserve
        self._task, self._vault = task, vault

    def all(self, portions: Portions, staging: Staging) -> CasePlan:
        staging.clear()
        with self._reading() as session:
            planner = CasePlanner(session, self._task)
        with Sealing(self._task, self._vault, staging.encoder) as sealing:
            for rows in sealing.sealed(self._decided(planner, portions)):
                staging.put(rows)
        return planner.finish()

    def _decided(self, planner: CasePlanner, portions: Portions) -> Iterator[Job]:
        for entries in portions:
            with self._reading() as session:
                decided = planner.decide(session, entries)
            yield decided, self._reserve(decided)


def _reserve_apart(db: Database, task: Task, decided: Decided) -> Ids:
    """In a transaction of its own: the ids are part of what is encrypted."""
    if not (decided.new or decided.changes):
        return range(0), range(0)
    return db.write(partial(reserve_ids, decided=decided, county_id=task.actor.county_id))
