"""A file as it came and as it was read: what it is for, its header, its rows, its report."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import chain, islice
from pathlib import PurePath

from sqlalchemy.orm import Session

from data_access.engine import Database
from data_access.imports.codes import CodeLists, load_code_lists
from data_access.imports.headers import HEADER_WITHIN, Header, recognise
from data_access.imports.ledger import records
from data_access.imports.lines import PORTION, Lines
from data_access.imports.load_cases import CasePlan
from data_access.imports.load_committees import CommitteePlan
from data_access.imports.load_units import UnitPlan
from data_access.imports.progress import Run
from data_access.imports.read import open_table
from data_access.imports.rows import Entry, RowReader, problems_of
from data_access.imports.task import Task
from data_access.imports.unmapped import unknown_words
from data_access.queries import imports
from domain.imports import FileMapping, Note, Problem, Profile, Report, Step
from domain.people import Actor, Permission

Plan = CasePlan | CommitteePlan | UnitPlan
_FIRST_PROBLEMS = 20
_LONGEST_FILE_NAME = 200


class AlreadyTaken(Exception):
    """The very same file was taken before; `report` says when."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.same_as)
        self.report = report


@dataclass(frozen=True)
class Source:
    """A file as it came, and how it is to be read."""

    content: bytes
    file_name: str
    profile: Profile | None
    sheet: int
    mapping: FileMapping


@dataclass(frozen=True)
class ReadFile:
    """A file that was read: what it is for, its header, its rows, and what was done to them."""

    task: Task
    header: Header
    lines: Lines
    lists: CodeLists
    notes: Counter[Note]

    def portions(
        self, tell: Callable[[Step, int, int], None], step: Step = Step.CHECKING
    ) -> Iterator[list[Entry]]:
        """The rows read anew: whoever decides on them may change them."""
        reader, total, done = RowReader(self.header, self.lists), len(self.lines), 0
        for lines in self.lines.portions():
            tell(step, done, total)
            yield [reader.read(line) for line in lines]
            done += len(lines)

    def report(self, plan: Plan) -> Report:
        return Report(
            profile=self.task.profile,
            file_name=self.task.file_name,
            rows=len(self.lines),
            added=plan.added,
            changed=plan.changed,
            unchanged=plan.unchanged,
            rejected=len(plan.rejected),
            dropped=self.header.dropped,
            notes={note: count for note, count in self._notes(plan).items() if count},
            first_problems=self._first_problems(plan),
            unmapped=unknown_words(self.header, plan.rejected, self.lists),
        )

    def _notes(self, plan: Plan) -> dict[Note, int]:
        return {**plan.notes, **self.notes}

    def _first_problems(self, plan: Plan) -> tuple[Problem, ...]:
        found = (problem for entry in plan.rejected for problem in problems_of(self.header, entry))
        return tuple(islice(found, _FIRST_PROBLEMS))


def read_file(
    db: Database, source: Source, actor: Actor, now: datetime, run: Run, *, again: bool
) -> ReadFile:
    """Read the file in its child process; keep of each row the known cells."""
    run.tell(Step.READING)
    with open_table(source.content, sheet=source.sheet) as table:
        head = list(islice(table.rows, HEADER_WITHIN))
        rows = [(row.number, row.cells) for row in head]
        header = recognise(rows, source.profile, source.mapping)
        name = PurePath(source.file_name).name[:_LONGEST_FILE_NAME]
        task = Task(header.profile, name, _digest(source, actor), actor, now, source.mapping)
        with db.read() as session:
            if not again:
                require_new(session, task)
            lists = load_code_lists(session, source.mapping)
        run.begin(task)
        below = (row for row in head if row.number > header.row_number)
        reader, lines = RowReader(header, lists), Lines()
        notes: Counter[Note] = Counter()
        for row in records(header, chain(below, table.rows), notes):
            lines.add(reader.pack(row))
            if len(lines) % PORTION == 0:
                run.at(Step.READING, len(lines))
    return ReadFile(task, header, lines, lists, notes)


def require_new(session: Session, task: Task) -> None:
    """Raise AlreadyTaken where the very same file was taken before."""
    same = imports.same_file(
        session,
        scope=task.scope,
        actor_id=task.actor.user_id,
        profile=task.profile,
        sha256=task.sha256,
    )
    if same is not None:
        raise AlreadyTaken(Report(task.profile, task.file_name, same_as=same[0], same_at=same[1]))


def _digest(source: Source, actor: Actor) -> str:
    """SHA-256 of the file. Another sheet, another way to read it, or another part of the county to
    take of it, is another file.
    """
    digest = hashlib.sha256(source.content)
    if source.sheet > 1:
        digest.update(f"\nsheet {source.sheet}".encode())
    if source.mapping != FileMapping():
        digest.update(json.dumps(asdict(source.mapping), sort_keys=True).encode())
    scope = actor.scope(Permission.IMPORT_RUN)
    if not scope.whole_county:
        parts = [sorted(part) for part in (scope.towns, scope.communities, scope.grids)]
        digest.update(f"\nof {parts}".encode())
    return digest.hexdigest()
