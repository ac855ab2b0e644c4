"""What a row of a case file says, checked as a whole: its key, its place, its persons, its end."""

import json
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from data_access.imports import values
from data_access.imports.codes import plain
from data_access.imports.places import Places, Position, in_scope
from data_access.imports.rows import Entry, RowRefused
from data_access.imports.values import BadValue
from data_access.vault import Indexed, Vault
from domain.cases import HELD_STAGES, Stage
from domain.clocks import day_of
from domain.imports import RejectReason, StatedEnd, contradiction
from domain.organisation import PartyKind, PartyRole
from domain.people import Scope
from domain.points import is_latitude, is_longitude, point_text
from domain.privacy import normalise_name

_RESIDENT_CARDS = frozenset({"111", "112"})
_LOOKS_LIKE_IDENTITY = re.compile(r"[0-9]{15}|[0-9]{17}[0-9Xx]")
_ORGANISATION = re.compile(
    r"(公司|集团|厂|店|超市|酒店|经营部|合作社|银行|医院|诊所|学校|幼儿园|事务所|中心|局|委员会|政府|办事处)$"
)
# Says that a number was made here, of keyed hashes, because the source has none.
_MADE_UP = "F-"


@dataclass(slots=True)
class Person:
    """A party as a row states it; an empty string says nothing."""

    role: PartyRole
    kind: PartyKind
    name: str
    identity: str = ""
    phone: str = ""
    address: str = ""
    sex: str = ""
    _indexes: dict[Indexed, bytes] = field(default_factory=dict, compare=False, repr=False)

    def index(self, kind: Indexed, vault: Vault) -> bytes | None:
        """The blind index of a value, made when it is first asked for; None for one not stated."""
        text: str = getattr(self, kind)
        if text and kind not in self._indexes:
            self._indexes[kind] = vault.index(text, kind)
        return self._indexes.get(kind)

    def disclosing(self, vault: Vault) -> set[bytes]:
        """The blind indexes under which a mediator's relation to this person would be disclosed."""
        found = {self.index(kind, vault) for kind in (Indexed.NAME, Indexed.IDENTITY)}
        return {index for index in found if index is not None}


@dataclass(slots=True)
class StatedCase:
    """A row of a case file that stands on its own feet. None and "" say nothing.

    `facts` are columns of the case with a value; `texts` are its encrypted columns in the clear.
    """

    entry: Entry
    external_no: str
    position: Position
    facts: dict[str, Any]
    texts: dict[str, str]
    persons: tuple[Person, ...]
    end: StatedEnd
    registered_at: datetime | None
    closed_at: datetime | None
    due_day: date | None
    method_code: str | None
    committee: str
    mediator: str
    mediator_code: str
    result: str

    def facts_fingerprint(self, vault: Vault) -> str:
        """A keyed hash of what the row says of the matter: equal for equal statements."""
        persons = [
            (one.role, one.kind, one.name, one.identity, one.phone, one.address, one.sex)
            for one in self.persons
        ]
        facts, texts, position = self.facts, self.texts, self.position
        said = [facts.get(name) for name in FACTS[1:]]
        told = [texts.get(name) for name in _TEXTS]
        units = (position.town_id, position.community_id, position.grid_id)
        day = str(facts.get(_DAY))
        return vault.fingerprint(_canonical((day, said, told, persons, units)))

    def state_fingerprint(self, vault: Vault) -> str:
        """A keyed hash of what the row says of where the case stands and who holds it."""
        end = self.end
        said = (end.stage, end.settled, end.outcome_code, self.method_code)
        when = (str(self.registered_at), str(self.closed_at), str(self.due_day))
        who = (self.committee, self.mediator, self.mediator_code, self.result)
        return vault.fingerprint(_canonical((said, when, who)))


# What is encoded has its order by its place, and nothing of it refers to itself.
_canonical = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":")
).encode


_TEXTS = ("title", "place", "summary", "point")
_DAY = "occurred_on"
FACTS = (
    _DAY,
    "type_code",
    "source_code",
    "scale_code",
    "people_count",
    "amount_yuan",
    "risk",
    "difficulty",
)


def state_case(
    entry: Entry, *, places: Places, scope: Scope, vault: Vault, now: datetime
) -> StatedCase | None:
    """The row as a whole, or None with every reason in `entry.problems`."""
    _check_identity(entry, "identity", entry.get("document"))
    _check_identity(entry, "other_identity", None)
    _check_times(entry, now)
    _check_point(entry)
    end = StatedEnd(
        Stage(entry.values["stage"]) if "stage" in entry.values else None,
        entry.get("settled"),
        entry.get("outcome_code"),
    )
    if reason := contradiction(end):
        entry.refuse("stage", reason)
    if end.stage in HELD_STAGES - {Stage.IN_MEDIATION} and not (
        entry.get("mediator") or entry.get("mediator_code")
    ):
        entry.refuse("mediator", RejectReason.MISSING)
    position = _position(entry, places, scope)
    if entry.problems or position is None:
        return None
    return _stated(entry, position, end, vault)


def _stated(entry: Entry, position: Position, end: StatedEnd, vault: Vault) -> StatedCase:
    said = entry.values
    facts = {name: said[name] for name in FACTS if name in said}
    if "amount_wan" in said:
        facts.setdefault("amount_yuan", said["amount_wan"])
    if "risk" in facts:
        facts["risk"] = int(facts["risk"])
    texts: dict[str, str] = {name: said[name] for name in _TEXTS if name in said}
    if "lon" in said:
        texts["point"] = point_text(said["lat"], said["lon"])
    return StatedCase(
        entry=entry,
        external_no=_external_no(entry, vault),
        position=position,
        facts=facts,
        texts=texts,
        persons=_persons(entry),
        end=end,
        registered_at=said.get("registered_at"),
        closed_at=said.get("closed_at"),
        due_day=said.get("due_day"),
        method_code=said.get("method"),
        committee=said.get("committee", ""),
        mediator=said.get("mediator", ""),
        mediator_code=said.get("mediator_code", ""),
        result=said.get("result", ""),
    )


def _external_no(entry: Entry, vault: Vault) -> str:
    """The number by which a later file finds the case again.

    Two systems may use one number, so a stated system goes before it. Where the source has no
    number, keyed hashes of name, day, place and main party make one: the same row gives the same.
    """
    if number := entry.get("external_no"):
        system = entry.get("system")
        return f"{system}:{number}" if system else str(number)
    said = entry.values
    parts = (
        plain(said["title"]),
        said["occurred_on"].isoformat(),
        plain(said.get("place", "")),
        normalise_name(said["name"]),
    )
    return _MADE_UP + vault.fingerprint("\n".join(parts))


def _position(entry: Entry, places: Places, scope: Scope) -> Position | None:
    if "occurred_on" not in entry.values:
        return None
    try:
        position = places.position(
            town=entry.get("town") or "",
            community=entry.get("community") or "",
            grid=entry.get("grid") or "",
            place=entry.get("place") or "",
            on=entry.values["occurred_on"],
        )
    except RowRefused as refused:
        entry.refuse(refused.key, refused.reason)
        return None
    if not in_scope(scope, position):
        entry.refuse("town", RejectReason.OUTSIDE_SCOPE)
    return position


def _check_identity(entry: Entry, key: str, document: str | None) -> None:
    """A resident identity number must be right: a wrong one finds no relation to a mediator."""
    number = entry.get(key)
    if number is None:
        return
    if document in _RESIDENT_CARDS or (document is None and _LOOKS_LIKE_IDENTITY.fullmatch(number)):
        try:
            entry.values[key] = values.resident_identity(number)
        except BadValue as bad:
            entry.refuse(key, bad.reason)


def _check_times(entry: Entry, now: datetime) -> None:
    occurred, registered = entry.get("occurred_on"), entry.get("registered_at")
    closed, due = entry.get("closed_at"), entry.get("due_day")
    if occurred is not None and occurred > day_of(now):
        entry.refuse("occurred_on", RejectReason.IN_FUTURE)
    for key, moment in (("registered_at", registered), ("closed_at", closed)):
        if moment is not None and moment > now:
            entry.refuse(key, RejectReason.IN_FUTURE)
        elif moment is not None and occurred is not None and day_of(moment) < occurred:
            entry.refuse(key, RejectReason.WRONG_ORDER)
    if closed is not None and registered is not None and day_of(closed) < day_of(registered):
        entry.refuse("closed_at", RejectReason.WRONG_ORDER)
    if due is not None and occurred is not None and due < occurred:
        entry.refuse("due_day", RejectReason.WRONG_ORDER)


def _check_point(entry: Entry) -> None:
    """Longitude and latitude of a place in China, both or neither."""
    lon, lat = entry.get("lon"), entry.get("lat")
    if lon is None or lat is None:
        if lon is not lat:
            entry.refuse("lon" if lon is None else "lat", RejectReason.HALF_A_POINT)
    elif is_longitude(lat) and is_latitude(lon):
        entry.refuse("lon", RejectReason.SWAPPED_DEGREES)
    else:
        if not is_longitude(lon):
            entry.refuse("lon", RejectReason.OUT_OF_RANGE)
        if not is_latitude(lat):
            entry.refuse("lat", RejectReason.OUT_OF_RANGE)


def _persons(entry: Entry) -> tuple[Person, ...]:
    said = entry.values
    found = [
        Person(
            PartyRole.APPLICANT,
            _kind(said["name"]),
            said["name"],
            said.get("identity", ""),
            said.get("phone", ""),
            said.get("address", ""),
            said.get("sex", ""),
        )
    ]
    if "other_name" in said:
        found.append(
            Person(
                PartyRole.RESPONDENT,
                _kind(said["other_name"]),
                said["other_name"],
                said.get("other_identity", ""),
                said.get("other_phone", ""),
                said.get("other_address", ""),
            )
        )
    if "organisation" in said:
        found.append(Person(PartyRole.OTHER, PartyKind.ORGANISATION, said["organisation"]))
    return tuple(found)


def _kind(name: str) -> PartyKind:
    return PartyKind.ORGANISATION if _ORGANISATION.search(name) else PartyKind.PERSON
