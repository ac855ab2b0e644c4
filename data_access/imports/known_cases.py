"""Cases that an earlier import or somebody here already has, and what the row changes of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select
from sqlalchemy.orm import Session

from data_access.imports.stated import FACTS, Person, StatedCase
from data_access.recusal import standing_grounds
from data_access.tables import Case, CaseEvent, CaseSpan, Party
from data_access.vault import Vault
from domain.cases import BY_RULES, Difficulty, EventKind
from domain.eligibility import Objection
from domain.organisation import PartyRole

_IMPORTS = frozenset({EventKind.IMPORTED, EventKind.UPDATED})


@dataclass(slots=True)
class KnownCase:
    """A case that is there. `local`: something happened to it here that no import did; `barred`:
    which mediators must withdraw from it, and why.
    """

    row: RowMapping
    facts_fingerprint: str = ""
    state_fingerprint: str = ""
    local: bool = False
    span_starts_at: datetime | None = None
    parties: dict[PartyRole, RowMapping] = field(default_factory=dict)
    barred: dict[int, frozenset[Objection]] = field(default_factory=dict)

    @property
    def id(self) -> int:
        """The case's number in the database."""
        return int(self.row["id"])


def load_known(
    session: Session, external_numbers: Sequence[str], *, county_id: int
) -> dict[str, KnownCase]:
    """The cases that are there with what imports said of them before, by their source's number.

    For as many at a time as one statement can name.
    """
    rows = session.execute(
        select(*Case.__table__.columns).where(
            Case.county_id == county_id, Case.external_no.in_(external_numbers)
        )
    ).mappings()
    known = {row["id"]: KnownCase(row) for row in rows}
    if known:
        _add_events(session, known, county_id)
        _add_parties(session, known, county_id)
        _add_spans(session, known, county_id)
        for case_id, barred in standing_grounds(session, known, county_id=county_id).items():
            known[case_id].barred = barred
    return {one.row["external_no"]: one for one in known.values()}


def _add_events(session: Session, known: dict[int, KnownCase], county_id: int) -> None:
    rows = session.execute(
        select(CaseEvent.case_id, CaseEvent.kind, CaseEvent.data)
        .where(CaseEvent.county_id == county_id, CaseEvent.case_id.in_(known))
        .order_by(CaseEvent.case_id, CaseEvent.seq)
    )
    for case_id, kind, data in rows:
        one = known[case_id]
        if kind in _IMPORTS and "facts" in data:
            one.facts_fingerprint, one.state_fingerprint = data["facts"], data["state"]
        elif kind not in BY_RULES and "batch" not in data:
            one.local = True


def _add_parties(session: Session, known: dict[int, KnownCase], county_id: int) -> None:
    rows = session.execute(
        select(*Party.__table__.columns)
        .where(Party.county_id == county_id, Party.case_id.in_(known))
        .order_by(Party.id.desc())
    ).mappings()
    # Descending, so that the first of several with one role is the one that stays.
    for row in rows:
        known[row["case_id"]].parties[row["role"]] = row


def _add_spans(session: Session, known: dict[int, KnownCase], county_id: int) -> None:
    rows = session.execute(
        select(CaseSpan.case_id, CaseSpan.starts_at).where(
            CaseSpan.county_id == county_id,
            CaseSpan.case_id.in_(known),
            CaseSpan.ends_at.is_(None),
        )
    )
    for case_id, starts_at in rows:
        known[case_id].span_starts_at = starts_at


def facts_after(known: KnownCase, stated: StatedCase) -> dict[str, Any]:
    """The case's facts as they are after the row. A blank cell leaves what was there."""
    kept = (*FACTS, "cross_town", "repeated")
    facts: dict[str, Any] = {name: known.row[name] for name in kept} | stated.facts
    # The clock of a case that people here work on is theirs, and so is what it rests on.
    graded = known.row["difficulty"] if known.local else facts["difficulty"]
    facts["difficulty"] = Difficulty(graded)
    before, now = known.row, stated.position
    # A source that names only the town does not take away what was known more precisely.
    if now.town_id != before["town_id"] or now.community_id not in (None, before["community_id"]):
        facts |= {"community_id": now.community_id, "grid_id": now.grid_id}
    elif now.grid_id is not None:
        facts["grid_id"] = now.grid_id
    return facts | {"town_id": now.town_id}


def changed_texts(known: KnownCase, stated: StatedCase, vault: Vault) -> dict[str, str]:
    """The encrypted texts that the row changes, in the clear."""
    key = f"{known.row['county_id']}:{known.id}"

    def before(name: str) -> str | None:
        stored = known.row[f"{name}_encrypted"]
        return vault.decrypt(stored, place=f"case.{name}:{key}") if stored else None

    return {name: text for name, text in stated.texts.items() if before(name) != text}


def changed_persons(
    known: KnownCase, persons: Iterable[Person], vault: Vault
) -> list[tuple[RowMapping | None, Person]]:
    """The persons who are new (None) or of whom the row says something else, by their role."""
    found: list[tuple[RowMapping | None, Person]] = []
    for person in persons:
        row = known.parties.get(person.role)
        if row is None or _differs(row, person, vault):
            found.append((row, person))
    return found


def _differs(row: RowMapping, person: Person, vault: Vault) -> bool:
    if row["kind"] != person.kind or (person.sex and row["sex"] != person.sex):
        return True
    for name in ("name", "identity", "phone", "address"):
        said, stored = getattr(person, name), row[f"{name}_encrypted"]
        place = f"party.{name}:{row['county_id']}:{row['id']}"
        if said and (stored is None or vault.decrypt(stored, place=place) != said):
            return True
    return False


def is_another_case(known: KnownCase, stated: StatedCase, vault: Vault) -> bool:
    """Whether the number is the same and nothing else: then two systems use one number."""
    main = known.parties.get(PartyRole.APPLICANT)
    same_day = known.row["occurred_on"] == stated.facts["occurred_on"]
    if same_day or main is None or "title" not in changed_texts(known, stated, vault):
        return False
    place = f"party.name:{main['county_id']}:{main['id']}"
    return vault.decrypt(main["name_encrypted"], place=place) != stated.persons[0].name
