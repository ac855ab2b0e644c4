"""The audit trail: who did what to what, and when; the newest first, in pages that stay stable.

For those who read the trail of the whole county, and nobody else: what lines tell of one town's
people, no other's scope could be drawn around.
"""

import json
import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, literal_column, or_, select, tuple_, union_all
from sqlalchemy.orm import Session

from data_access.accounts import LOGIN_FORM, normalise_login
from data_access.engine import vault_of
from data_access.reference import site_fact
from data_access.scope import cases_within, require_whole_county
from data_access.tables import (
    AuditLine,
    Case,
    Code,
    Committee,
    ImportMapping,
    Mediator,
    OrganisationUnit,
    User,
    UserRole,
    Wall,
)
from domain.people import Permission, Scope
from domain.trail import (
    Account,
    Line,
    Names,
    PostHeld,
    SubjectKind,
    Verification,
    verification_from_json,
)

PAGE_SIZE = 50
LAST_VERIFICATION = "trail_verified"
_CASE_NUMBER = re.compile(r"D?(\d{4})-(\d{1,7})", re.IGNORECASE)
_BATCH = re.compile(r"(?:第|批次|import:)? ?(\d{1,9}) ?批?")
_MAPPING = re.compile(r"(?:对照方案|import_mapping:) ?(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Filters:
    """What the trail is narrowed to; None or empty means everything.

    `actor_id` 0 is the system itself; `subject` is a line's own, like "case:D2026-00001"; the time
    is from `since` to `until`, the latter not included.
    """

    actor_id: int | None = None
    subject: str | None = None
    actions: frozenset[str] = frozenset()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of one line in the order of the screen; the next page begins behind it."""

    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Page:
    """Up to PAGE_SIZE lines, what their ids are called, and where the next page begins."""

    lines: tuple[Line, ...]
    names: Names
    next: Cursor | None


def page(
    session: Session,
    *,
    scope: Scope,
    filters: Filters,
    after: Cursor | None = None,
    cases: Scope | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """One page of lines: by time, then by number, the newest first.

    `cases` is where the reader may open cases (None: nowhere). Raises NotAllowed.
    """
    require_whole_county(scope, Permission.TRAIL_READ)
    # Which lines, out of one index in its order; then what is shown of these few. In one statement,
    # SQLite walks the whole order of the screen to find them in it.
    which = session.scalars(_which(scope, filters, after, size)).all()
    found = session.execute(
        select(
            AuditLine.seq,
            AuditLine.at,
            AuditLine.actor_id,
            AuditLine.session_id,
            AuditLine.address,
            AuditLine.action,
            AuditLine.subject,
            AuditLine.payload,
        ).where(AuditLine.county_id == scope.county_id, AuditLine.seq.in_(which[:size]))
    )
    rows = {row.seq: row for row in found}
    lines = [Line(*rows[seq]) for seq in which[:size]]
    last = Cursor(lines[-1].at, lines[-1].seq) if len(which) > size else None
    opens = _open_cases(session, cases, lines)
    shown = tuple(replace(line, opens=line.subject in opens) for line in lines)
    return Page(shown, _names(session, lines), last)


def accounts(session: Session, *, scope: Scope) -> list[Account]:
    """Everybody who has or had an account, by name. Raises NotAllowed."""
    require_whole_county(scope, Permission.TRAIL_READ)
    rows = session.execute(
        select(User.id, User.name, User.login, User.active)
        .where(User.county_id == scope.county_id)
        .order_by(User.active.desc(), User.name, User.login)
    )
    return [Account(*row) for row in rows]


def subject_named(session: Session, *, scope: Scope, text: str) -> str | None:
    """The subject of lines about what somebody typed; None where nothing or too much fits.

    A case number (also 2026-31), a batch (第 12 批), a mapping (对照方案 3), a user name, also one
    that nobody has, or the whole name of one account. Raises NotAllowed.
    """
    require_whole_county(scope, Permission.TRAIL_READ)
    text = unicodedata.normalize("NFKC", text).strip()
    if match := _CASE_NUMBER.fullmatch(text):
        return f"{SubjectKind.CASE}:D{match[1]}-{int(match[2]):05d}"
    if match := _BATCH.fullmatch(text):
        return f"{SubjectKind.IMPORT}:{int(match[1])}"
    if match := _MAPPING.fullmatch(text):
        return f"{SubjectKind.MAPPING}:{int(match[1])}"
    login = normalise_login(text)
    found = session.execute(
        select(User.id, User.login).where(
            User.county_id == scope.county_id, or_(User.login == login, User.name == text)
        )
    ).all()
    # Whose user name it is comes before those whose name it is.
    ids = [row.id for row in found if row.login == login] or [row.id for row in found]
    if len(ids) == 1:
        return f"{SubjectKind.USER}:{ids[0]}"
    if ids or not LOGIN_FORM.fullmatch(login):
        return None
    return f"{SubjectKind.LOGIN}:{vault_of(session).fingerprint(login)}"


def last_verification(session: Session, *, scope: Scope) -> Verification | None:
    """What the last check of the trail came to; None before the first. Raises NotAllowed."""
    require_whole_county(scope, Permission.TRAIL_READ)
    kept = site_fact(session, LAST_VERIFICATION)
    return verification_from_json(json.loads(kept)) if kept else None


_NEWEST_FIRST = (AuditLine.at.desc(), AuditLine.seq.desc())


def _which(
    scope: Scope, filters: Filters, after: Cursor | None, size: int
) -> Select[*tuple[Any, ...]]:
    """The numbers of the lines of one page, and of one more.

    Each action by its own index, in the order of the screen, and no further than a page: over all
    of them at once, a planner would sort every line that they have.
    """
    narrowed = _conditions(scope, filters, after)
    # The limit is a literal: behind a parameter, a plan for all values expects a tenth of the rows.
    limit: ColumnElement[int] = literal_column(str(size + 1))
    every = select(AuditLine.seq, AuditLine.at).where(*narrowed)
    ways = [every.where(AuditLine.action == one) for one in sorted(filters.actions)] or [every]
    cut = (way.order_by(*_NEWEST_FIRST).limit(limit).subquery().select() for way in ways)
    found = union_all(*cut).subquery()
    return select(found.c.seq).order_by(found.c.at.desc(), found.c.seq.desc()).limit(limit)


def _conditions(scope: Scope, filters: Filters, after: Cursor | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [AuditLine.county_id == scope.county_id]
    if filters.actor_id is not None:
        wanted.append(AuditLine.actor_id == filters.actor_id)
    if filters.subject is not None:
        wanted.append(AuditLine.subject == filters.subject)
    if filters.since is not None:
        wanted.append(AuditLine.at >= filters.since)
    if filters.until is not None:
        wanted.append(AuditLine.at < filters.until)
    if after is not None:
        wanted.append(tuple_(AuditLine.at, AuditLine.seq) < (after.at, after.seq))
    return wanted


# --- what ids are called -----------------------------------------------------------------------


def _open_cases(session: Session, cases: Scope | None, lines: Iterable[Line]) -> set[str]:
    """The subjects among these lines that are cases of this scope."""
    prefix = f"{SubjectKind.CASE}:"
    numbers = {
        line.subject.removeprefix(prefix) for line in lines if line.subject.startswith(prefix)
    }
    if cases is None or not numbers:
        return set()
    found = session.scalars(
        select(Case.case_no).where(Case.case_no.in_(numbers), cases_within(cases))
    )
    return {f"{prefix}{number}" for number in found}


def _names(session: Session, lines: Collection[Line]) -> Names:
    """One query for each kind of thing that is named at all, however many lines name it."""
    actors = {line.actor_id for line in lines}
    users = actors | _subjects(lines, SubjectKind.USER) | _ids(lines, "user", "responsible")
    posts = _posts(session, actors, _ids(lines, "post"))
    of_actors: dict[int, list[PostHeld]] = {}
    for _post_id, user_id, post in posts:
        of_actors.setdefault(user_id, []).append(post)
    of_cases = [line for line in lines if line.subject.startswith(SubjectKind.CASE)]
    return Names(
        accounts=_accounts(session, users),
        posts_of={user_id: tuple(held) for user_id, held in of_actors.items()},
        posts={post_id: post for post_id, _user_id, post in posts},
        mediators=_called(
            session,
            Mediator,
            _ids(of_cases, "from", "to")
            | _ids(lines, "mediator")
            | _subjects(lines, SubjectKind.MEDIATOR)
            | _people(lines)
            | _suggested(of_cases),
        ),
        units=_called(session, OrganisationUnit, _ids(lines, "unit", "old_unit")),
        committees=_called(
            session, Committee, _ids(lines, "committee") | _subjects(lines, SubjectKind.COMMITTEE)
        ),
        mappings=_called(session, ImportMapping, _subjects(lines, SubjectKind.MAPPING)),
        walls=_called(session, Wall, _subjects(lines, SubjectKind.WALL)),
        areas=_areas(session, lines),
        codes=_codes(session, of_cases),
    )


def _accounts(session: Session, user_ids: Collection[int]) -> dict[int, Account]:
    rows = session.execute(
        select(User.id, User.name, User.login, User.active).where(User.id.in_(user_ids))
    )
    return {row.id: Account(*row) for row in rows}


def _posts(
    session: Session, user_ids: Collection[int], post_ids: Collection[int]
) -> list[tuple[int, int, PostHeld]]:
    """(post's id, holder's id, the post) of these holders, and these posts."""
    rows = session.execute(
        select(
            UserRole.id,
            UserRole.user_id,
            UserRole.role,
            OrganisationUnit.name.label("unit"),
            Committee.name.label("committee"),
            UserRole.valid_from,
            UserRole.valid_to,
        )
        .outerjoin(OrganisationUnit, OrganisationUnit.id == UserRole.unit_id)
        .outerjoin(Committee, Committee.id == UserRole.committee_id)
        .where(or_(UserRole.user_id.in_(user_ids), UserRole.id.in_(post_ids)))
        .order_by(UserRole.id)
    )
    return [
        (
            row.id,
            row.user_id,
            PostHeld(row.role, row.unit or row.committee or "", row.valid_from, row.valid_to),
        )
        for row in rows
    ]


def _called(session: Session, table: Any, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(session.execute(select(table.id, table.name).where(table.id.in_(ids))).all())


def _codes(session: Session, lines: Iterable[Line]) -> dict[str, tuple[str, str]]:
    keys = ("outcome", "onward", "source")
    used = {line.payload.get(key) for line in lines for key in keys} - {None}
    if not used:
        return {}
    rows = session.execute(
        select(Code.code, Code.name_zh, Code.name_en).where(
            Code.kind.in_(("outcome", "source_channel")), Code.code.in_(used)
        )
    )
    return {row.code: (row.name_zh, row.name_en) for row in rows}


def _areas(session: Session, lines: Iterable[Line]) -> dict[str, str]:
    """The areas that orders to walls name by code; of two units with a code the later."""
    prefix = f"{SubjectKind.WALL}:"
    used = {line.payload.get("area") for line in lines if line.subject.startswith(prefix)} - {None}
    if not used:
        return {}
    unit = OrganisationUnit
    rows = session.execute(
        select(unit.code, unit.name).where(unit.code.in_(used)).order_by(unit.valid_from, unit.id)
    )
    return dict(rows.all())


def _ids(lines: Iterable[Line], *keys: str) -> set[int]:
    """What stands under these keys of the payloads, where it is an id."""
    found = (line.payload.get(key) for line in lines for key in keys)
    return {one for one in found if type(one) is int}


def _people(lines: Iterable[Line]) -> set[int]:
    """The mediators that changes of committees list: who sits, who is on duty."""
    prefix = f"{SubjectKind.COMMITTEE}:"
    sides = (
        line.payload.get(side) or {}
        for line in lines
        if line.subject.startswith(prefix)
        for side in ("before", "after")
    )
    lists = (one.get(key) or () for one in sides for key in ("members", "chairs", "people"))
    return {one for people in lists for one in people if type(one) is int}


def _suggested(lines: Iterable[Line]) -> set[int]:
    """The mediators whom reassignments of cases list as suggested."""
    lists = (line.payload.get("suggested") or () for line in lines)
    return {one for people in lists for one in people if type(one) is int}


def _subjects(lines: Iterable[Line], kind: SubjectKind) -> set[int]:
    prefix = f"{kind}:"
    rest = (line.subject.removeprefix(prefix) for line in lines if line.subject.startswith(prefix))
    return {int(one) for one in rest if one.isdecimal()}
