"""The mediators a file may name, and whether one of them may take a new case."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from data_access.imports.codes import plain
from data_access.tables import (
    Case,
    CaseType,
    Committee,
    Mediator,
    MediatorAbsence,
    MediatorRelation,
    MediatorSpeciality,
)
from data_access.tables.cases import IS_OPEN
from domain.clocks import day_of
from domain.eligibility import (
    GROUND_OF_RELATION,
    Candidate,
    CaseFacts,
    Objection,
    distance,
    objections,
)

_REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Holder:
    """A mediator as imports know them: what eligibility asks, and who they must not judge."""

    candidate: Candidate
    code: str
    identity_index: bytes | None
    related: frozenset[tuple[bytes, bytes | None, Objection]]

    def grounds(self, persons: set[bytes], unnumbered: set[bytes]) -> frozenset[Objection]:
        """Why they must withdraw from a case of these parties, by blind indexes.

        `unnumbered`: the names of those of whom no number is known.
        """
        found = {
            ground
            for person, name, ground in self.related
            if person in persons or name in unnumbered
        }
        return frozenset(found | {Objection.IS_PARTY} if self.identity_index in persons else found)


@dataclass(frozen=True, slots=True)
class Bench:
    """A committee as imports know it."""

    id: int
    code: str
    name: str
    town_id: int | None
    community_id: int | None
    active: bool

    def serves(self, town_id: int, community_id: int | None) -> bool:
        """Whether cases of this place are the committee's."""
        return self.town_id in (None, town_id) and self.community_id in (None, community_id)


class Roster:
    """All committees and mediators of the county, with their load; a batch adds to the load."""

    def __init__(self, holders: list[Holder], benches: list[Bench], special: set[str]) -> None:
        self.by_id = {one.candidate.mediator_id: one for one in holders}
        self._benches: dict[str, list[Bench]] = defaultdict(list)
        for bench in benches:
            for word in {plain(bench.name), plain(bench.code)}:
                self._benches[word].append(bench)
        self._special = special
        # Committees and mediators come again and again, and act in their office.
        self._plain = lru_cache(_REMEMBERED)(plain)
        self._by_code = {plain(one.code): one for one in holders}
        self._by_name: dict[str, list[Holder]] = defaultdict(list)
        self._taken: dict[int, int] = defaultdict(int)
        for one in holders:
            self._by_name[plain(one.candidate.name)].append(one)

    def committee(self, text: str, *, town_id: int, community_id: int | None) -> Bench | None:
        """The committee that a cell means; of several with one name the one that serves there."""
        found = self._benches.get(self._plain(text), [])
        serving = [one for one in found if one.serves(town_id, community_id)]
        return serving[0] if len(serving) == 1 else found[0] if len(found) == 1 else None

    def mediator(
        self, *, code: str, name: str, committee: str, bench: Bench | None, facts: CaseFacts
    ) -> Holder | None:
        """The mediator that a row names, by code, or by a name that only one of them can mean.

        Of several with one name: those of the named committee; where none is named, the nearest to
        the case. Beside a committee that nobody here knows, a name must be the county's only one.
        """
        if code:
            return self._by_code.get(self._plain(code))
        found = self._by_name.get(self._plain(name), [])
        if bench is not None:
            found = [one for one in found if one.candidate.committee_id == bench.id]
        elif not committee and found:
            nearest = min(distance(one.candidate, facts) for one in found)
            found = [one for one in found if distance(one.candidate, facts) is nearest]
        return found[0] if len(found) == 1 else None

    def facts(
        self, *, town_id: int, community_id: int | None, type_code: str, weight: int
    ) -> CaseFacts:
        """What eligibility needs to know of a case that is not there yet."""
        special = type_code in self._special
        return CaseFacts(town_id, community_id, type_code, special, None, weight)

    def may_take(self, holder: Holder, facts: CaseFacts, grounds: frozenset[Objection]) -> bool:
        """Whether nothing speaks against it; `grounds` are why the mediator must withdraw."""
        candidate = replace(
            holder.candidate,
            grounds=grounds,
            open_cases=holder.candidate.open_cases + self._taken[holder.candidate.mediator_id],
        )
        return not objections(candidate, facts)

    def take(self, holder: Holder) -> None:
        """Count one more case of this batch to a mediator's load."""
        self._taken[holder.candidate.mediator_id] += 1


def load_roster(session: Session, *, county_id: int, now: datetime) -> Roster:
    """Everybody, in six queries whatever the size of the file."""
    special = set(session.scalars(select(CaseType.code).where(CaseType.needs_specialist)))
    committees = session.scalars(select(Committee)).all()
    benches = [
        Bench(one.id, one.code, one.name, one.town_id, one.community_id, one.active)
        for one in committees
    ]
    return Roster(_holders(session, committees, county_id, now), benches, special)


def _holders(
    session: Session, committees: Sequence[Committee], county_id: int, now: datetime
) -> list[Holder]:
    by_id = {one.id: one for one in committees}
    specialities, relations = _specialities(session), _relations(session)
    loads, absent = _loads(session, county_id), _absent(session, now)
    today = day_of(now)
    return [
        Holder(
            Candidate(
                mediator_id=one.id,
                name=one.name,
                committee_id=one.committee_id,
                committee_name=by_id[one.committee_id].name,
                committee_kind=by_id[one.committee_id].kind,
                town_id=by_id[one.committee_id].town_id,
                community_id=by_id[one.committee_id].community_id,
                specialities=frozenset(specialities[one.id]),
                capacity=one.capacity,
                open_cases=loads.get(one.id, 0),
                open_weight=0,
                active=one.active and by_id[one.committee_id].active,
                absent=one.id in absent,
                full_time=one.full_time,
                licence_over=one.licence_until is not None and one.licence_until < today,
                term_over=by_id[one.committee_id].term_to < today,
            ),
            one.code,
            one.identity_index,
            frozenset(relations[one.id]),
        )
        for one in session.scalars(select(Mediator).order_by(Mediator.id))
    ]


def _specialities(session: Session) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = session.execute(select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code))
    for mediator_id, code in rows:
        found[mediator_id].add(code)
    return found


def _relations(session: Session) -> dict[int, set[tuple[bytes, bytes | None, Objection]]]:
    found: dict[int, set[tuple[bytes, bytes | None, Objection]]] = defaultdict(set)
    relation = MediatorRelation
    rows = session.execute(
        select(relation.mediator_id, relation.person_index, relation.name_index, relation.kind)
    )
    for mediator_id, person, name, kind in rows:
        found[mediator_id].add((person, name, GROUND_OF_RELATION[kind]))
    return found


def _loads(session: Session, county_id: int) -> dict[int, int]:
    rows = session.execute(
        select(Case.mediator_id, func.count())
        .where(IS_OPEN, Case.county_id == county_id, Case.mediator_id.is_not(None))
        .group_by(Case.mediator_id)
    )
    return {mediator_id: count for mediator_id, count in rows if mediator_id is not None}


def _absent(session: Session, now: datetime) -> set[int]:
    today = day_of(now)
    return set(
        session.scalars(
            select(MediatorAbsence.mediator_id).where(
                MediatorAbsence.first_day <= today, MediatorAbsence.last_day >= today
            )
        )
    )
