"""One case as the drawer shows it: masked persons, timeline, who holds it since when."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.history import note_place
from data_access.queries import queue
from data_access.scope import cases_within
from data_access.tables import Case, CaseEvent, Code, Committee, Mediator, Party, User
from domain import privacy
from domain.cases import EventKind
from domain.errors import NotFound
from domain.organisation import PartyKind, PartyRole
from domain.people import Scope

TIMELINE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class PartyView:
    """One party; masked unless it came from an unmasking."""

    role: PartyRole
    kind: PartyKind
    name: str
    phone: str
    identity: str
    address: str


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of the timeline. `note` is redacted free text; names are of staff only.

    `onward` is where the case went from here, in Chinese and in English.
    """

    seq: int
    kind: EventKind
    at: datetime
    actor_id: int
    actor: str
    data: dict[str, Any]
    from_name: str | None
    to_name: str | None
    onward: tuple[str, str] | None
    note: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the drawer shows without a reason being given.

    `extension_asked` is in the unit of the stage's limit and waits for an answer.

    `events` are the newest first, TIMELINE_LENGTH at most; `earlier_events` is how many there are
    before them.
    """

    row: queue.QueueRow
    soon_at: datetime | None
    stage_since: datetime
    held_since: datetime | None
    extension_asked: int | None
    committee: str | None
    occurred_on: date
    source_zh: str
    source_en: str
    outcome_zh: str | None
    outcome_en: str | None
    onward_zh: str | None
    onward_en: str | None
    people_count: int
    amount_yuan: int | None
    title: str
    summary: str
    parties: tuple[PartyView, ...]
    events: tuple[EventView, ...]
    earlier_events: int


@dataclass(frozen=True, slots=True)
class OpenText:
    """The case's free text and parties in the clear. Only an audited unmasking hands it out."""

    title: str
    summary: str
    place: str
    parties: tuple[PartyView, ...]


def case_view(session: Session, *, scope: Scope, case_no: str, now: datetime) -> CaseView:
    """One case, masked. Raises NotFound outside the scope."""
    found = session.scalar(select(Case).where(Case.case_no == case_no, cases_within(scope)))
    if found is None:
        raise NotFound(case_no)
    (row,) = queue.by_numbers(session, scope=scope, case_nos=(case_no,), now=now)
    clear = open_text(session, found)
    redacted = _redaction(clear.parties)
    events = _timeline(session, found, redacted)
    source, outcome, onward = _codes(session, found)
    committee = session.scalar(select(Committee.name).where(Committee.id == found.committee_id))
    return CaseView(
        row=row,
        soon_at=found.soon_at,
        stage_since=found.stage_since,
        held_since=found.held_since,
        extension_asked=found.extension_asked,
        committee=committee,
        occurred_on=found.occurred_on,
        source_zh=source.name_zh,
        source_en=source.name_en,
        outcome_zh=outcome.name_zh if outcome else None,
        outcome_en=outcome.name_en if outcome else None,
        onward_zh=onward.name_zh if onward else None,
        onward_en=onward.name_en if onward else None,
        people_count=found.people_count,
        amount_yuan=found.amount_yuan,
        title=redacted(clear.title),
        summary=redacted(clear.summary),
        parties=tuple(_masked(party) for party in clear.parties),
        events=events,
        earlier_events=_count_before(session, found, events),
    )


def open_text(session: Session, found: Case) -> OpenText:
    """Decrypt a case's text and parties: for masking here, or for an audited unmasking."""
    vault = vault_of(session)
    key = f"{found.county_id}:{found.id}"

    def text(stored: bytes | None, field: str) -> str:
        return vault.decrypt(stored, place=f"case.{field}:{key}") if stored else ""

    def party(row: Party) -> PartyView:
        def value(stored: bytes | None, field: str) -> str:
            place = f"party.{field}:{row.county_id}:{row.id}"
            return vault.decrypt(stored, place=place) if stored else ""

        return PartyView(
            row.role,
            row.kind,
            value(row.name_encrypted, "name"),
            value(row.phone_encrypted, "phone"),
            value(row.identity_encrypted, "identity"),
            value(row.address_encrypted, "address"),
        )

    rows = session.scalars(
        select(Party)
        .where(Party.county_id == found.county_id, Party.case_id == found.id)
        .order_by(Party.id)
    )
    return OpenText(
        text(found.title_encrypted, "title"),
        text(found.summary_encrypted, "summary"),
        text(found.place_encrypted, "place"),
        tuple(party(row) for row in rows),
    )


def redaction(session: Session, found: Case) -> Callable[[str], str]:
    """Makes free text of a case fit to be shown, for a case that was read in a scope."""
    return _redaction(open_text(session, found).parties)


def _masked(party: PartyView) -> PartyView:
    return PartyView(
        party.role,
        party.kind,
        privacy.mask_name(party.name, party.kind),
        privacy.mask_phone(party.phone),
        privacy.mask_identity_number(party.identity),
        privacy.mask_address(party.address),
    )


def _redaction(parties: tuple[PartyView, ...]) -> Callable[[str], str]:
    """Makes free text of this case fit to be shown: nothing known of its parties is left in it."""

    def names(kind: PartyKind) -> list[str]:
        return [party.name for party in parties if party.kind is kind]

    return partial(
        privacy.redact,
        names=names(PartyKind.PERSON),
        organisations=names(PartyKind.ORGANISATION),
        addresses=[party.address for party in parties],
        numbers=[number for party in parties for number in (party.phone, party.identity)],
    )


def _codes(session: Session, found: Case) -> tuple[Code, Code | None, Code | None]:
    """Where it came from, what it came to, and where it went on; in one query."""
    wanted = (
        ("source_channel", found.source_code),
        ("outcome", found.outcome_code),
        ("outcome", found.onward_code),
    )
    codes = session.scalars(
        select(Code).where(
            Code.kind.in_({kind for kind, _code in wanted}),
            Code.code.in_([code for _kind, code in wanted if code is not None]),
        )
    )
    known = {(code.kind, code.code): code for code in codes}
    source, outcome, onward = (known.get((kind, code or "")) for kind, code in wanted)
    if source is None:
        raise LookupError(found.source_code)
    return source, outcome, onward


def _timeline(
    session: Session, found: Case, redacted: Callable[[str], str]
) -> tuple[EventView, ...]:
    vault = vault_of(session)
    rows = session.execute(
        select(CaseEvent, User.name)
        .outerjoin(User, User.id == CaseEvent.actor_id)
        .where(CaseEvent.county_id == found.county_id, CaseEvent.case_id == found.id)
        .order_by(CaseEvent.seq.desc())
        .limit(TIMELINE_LENGTH)
    ).all()
    ends = ("from", "to", "mediator")
    named = {event.data.get(end) for event, _ in rows for end in ends} - {None}
    staff = dict(
        session.execute(select(Mediator.id, Mediator.name).where(Mediator.id.in_(named))).all()
    )
    answering = _names_of_accounts(
        session, {event.data["responsible"] for event, _ in rows if "responsible" in event.data}
    )
    ways = _names_of_outcomes(
        session, [event.data["onward"] for event, _ in rows if event.data.get("onward")]
    )

    def note(event: CaseEvent) -> str:
        if event.note_encrypted is None:
            return ""
        place = note_place("case_event.note", event.county_id, event.case_id, event.seq)
        return redacted(vault.decrypt(event.note_encrypted, place=place))

    return tuple(
        EventView(
            event.seq,
            event.kind,
            event.at,
            event.actor_id,
            actor or "",
            event.data,
            staff.get(event.data.get("from", 0)),
            # Who is given the case, whom the parties or a supervisor spoke of, or who answers for
            # what is done about a red event.
            staff.get(event.data.get("to", event.data.get("mediator", 0)))
            or answering.get(event.data.get("responsible", 0)),
            ways.get(event.data.get("onward", "")),
            note(event),
        )
        for event, actor in rows
    )


def _names_of_accounts(session: Session, ids: Collection[int]) -> dict[int, str]:
    if not ids:
        return {}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(ids))).all())


def _names_of_outcomes(session: Session, codes: list[str]) -> dict[str, tuple[str, str]]:
    if not codes:
        return {}
    rows = session.execute(
        select(Code.code, Code.name_zh, Code.name_en).where(
            Code.kind == "outcome", Code.code.in_(codes)
        )
    )
    return {row.code: (row.name_zh, row.name_en) for row in rows}


def _count_before(session: Session, found: Case, events: tuple[EventView, ...]) -> int:
    """How many events of the case are older than those shown."""
    oldest = events[-1].seq if events else 0
    earlier = select(func.count()).where(
        CaseEvent.county_id == found.county_id,
        CaseEvent.case_id == found.id,
        CaseEvent.seq < oldest,
    )
    return session.execute(earlier).scalar_one()
