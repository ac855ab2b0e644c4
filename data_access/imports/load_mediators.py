"""The people on a roster: who is known, who is new, and what a row changes of them."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from data_access.engine import vault_of
from data_access.imports.codes import plain
from data_access.imports.drafts import CommitteeDraft, MediatorDraft, columns_of
from data_access.imports.rows import Entry, RowRefused
from data_access.imports.values import BadValue, resident_identity
from data_access.tables import Mediator, MediatorRelation, MediatorSpeciality, PartyObjection
from data_access.vault import Indexed
from domain.eligibility import GENERAL
from domain.imports import RejectReason

# How many cases somebody may hold whose roster states no limit.
FULL_TIME_CAPACITY, PART_TIME_CAPACITY = 15, 3
_SAYS = ("name", "sex", "member", "chair", "full_time", "capacity", "active")
_LONGEST_CODE = 32


class People:
    """All mediators, those of the file included as its rows are taken."""

    def __init__(self, session: Session, committees: list[CommitteeDraft]) -> None:
        self._vault = vault_of(session)
        by_id = {one.id: one for one in committees}
        skills: dict[int, set[str]] = {}
        for mediator_id, code in session.execute(
            select(MediatorSpeciality.mediator_id, MediatorSpeciality.type_code)
        ):
            skills.setdefault(mediator_id, set()).add(code)
        self._mediators: list[MediatorDraft] = []
        self._skills: dict[MediatorDraft, set[str]] = {}
        for one in session.scalars(select(Mediator)):
            draft = MediatorDraft(columns_of(one), by_id[one.committee_id], one.id)
            self._mediators.append(draft)
            self._skills[draft] = skills.get(one.id, set())
        self._touched: set[MediatorDraft] = set()
        # Whom something bars by more than their number: what a new row under their name would lose.
        barred = (
            *session.scalars(select(MediatorRelation.mediator_id)),
            *session.scalars(
                select(PartyObjection.mediator_id).where(PartyObjection.lifted_at.is_(None))
            ),
        )
        self._barred = frozenset(barred)

    def of_row(self, entry: Entry, committee: CommitteeDraft) -> MediatorDraft | None:
        """The person of the row, known or new; None where the row is of a committee alone."""
        name, code = entry.get("name"), entry.get("mediator_code")
        if name is None and code is None:
            return None
        identity = self._identity(entry)
        known = self._known_mediator(name, code, identity, committee)
        if known is None:
            if name is None:
                raise RowRefused("name", RejectReason.MISSING)
            self._require_somebody_new(name, identity)
            return self._new_mediator(entry, committee, identity)
        if identity is not None and known.values["identity_index"] not in (None, identity):
            raise RowRefused("identity", RejectReason.OTHER_NUMBER)
        if known in self._touched:
            key = "mediator_code" if code else "name"
            raise RowRefused(key, RejectReason.DUPLICATE_IN_FILE)
        renamed = name is not None and plain(name) != plain(known.values["name"])
        # A code that suddenly means somebody else is a slip; a new name comes with the number.
        if renamed and (identity is None or identity != known.values["identity_index"]):
            raise RowRefused("mediator_code", RejectReason.CODE_TAKEN)
        return known

    def _require_somebody_new(self, name: str, identity: bytes | None) -> None:
        """Refuse who is known elsewhere: under another row nothing would bar them any more."""
        for one in self._mediators:
            number = one.values["identity_index"]
            if identity is not None and number is not None:
                if number == identity:
                    raise RowRefused("identity", RejectReason.SERVED_BEFORE)
                continue
            if one.id in self._barred and plain(one.values["name"]) == plain(name):
                raise RowRefused("name", RejectReason.SERVED_BEFORE)

    def _identity(self, entry: Entry) -> bytes | None:
        """The blind index of the identity number: the number itself is not kept."""
        number = entry.get("identity")
        if number is None:
            return None
        try:
            return self._vault.index(resident_identity(number), Indexed.IDENTITY)
        except BadValue as bad:
            raise RowRefused("identity", bad.reason) from None

    def _known_mediator(
        self, name: str | None, code: str | None, identity: bytes | None, of: CommitteeDraft
    ) -> MediatorDraft | None:
        if code is not None:
            return next((one for one in self._mediators if one.values["code"] == code), None)
        colleagues = [one for one in self._mediators if one.committee is of]
        for one in colleagues:
            if identity is not None and one.values["identity_index"] == identity:
                return one
        named = [one for one in colleagues if plain(one.values["name"]) == plain(name or "")]
        if len(named) > 1:
            raise RowRefused("mediator_code", RejectReason.MISSING)
        return named[0] if named else None

    def _new_mediator(
        self, entry: Entry, committee: CommitteeDraft, identity: bytes | None
    ) -> MediatorDraft:
        full_time = bool(entry.get("full_time"))
        values = {
            "code": entry.get("mediator_code") or self._mediator_code(committee),
            "name": entry.values["name"],
            "sex": "9",
            "member": True,
            "chair": False,
            "full_time": full_time,
            "capacity": FULL_TIME_CAPACITY if full_time else PART_TIME_CAPACITY,
            "active": True,
            "identity_index": identity,
            "version": 1,
        }
        values |= {key: entry.get(key) for key in _SAYS if entry.get(key) is not None}
        skills = entry.get("specialities") or (GENERAL,)
        return MediatorDraft(values, committee, specialities=skills)

    def _mediator_code(self, committee: CommitteeDraft) -> str:
        base = str(committee.values["code"])[: _LONGEST_CODE - 4]
        taken = {one.values["code"] for one in self._mediators}
        return next(code for n in range(1, 1000) if (code := f"{base}-{n:02d}") not in taken)

    def keep(self, entry: Entry, mediator: MediatorDraft, committee: CommitteeDraft) -> bool:
        """Take a person into the plan. Whether something about a known one changes."""
        self._touched.add(mediator)
        if mediator.id is None:
            self._mediators.append(mediator)
            return False
        said = {key: entry.get(key) for key in _SAYS}
        said["identity_index"] = self._identity(entry)
        mediator.changes = {
            key: value
            for key, value in said.items()
            if value is not None and mediator.values[key] != value
        }
        moved = mediator.committee is not committee
        mediator.committee = committee
        skills = entry.get("specialities")
        if skills is not None and set(skills) != self._skills[mediator]:
            mediator.specialities = skills
        return bool(mediator.changes or moved or mediator.specialities)
