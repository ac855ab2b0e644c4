"""The wall of recusal: no path gives an open case to somebody who must withdraw from it.

A seeded walk over people, parties, relations, objections and consents, by every way a case can come
to a mediator. After each step the tables are asked anew, in words of their own: what is said here
of who must withdraw shares nothing with data_access.recusal.
"""

import csv
import io
import random
from datetime import date, timedelta

from sqlalchemy import delete, select

from data_access import numbers
from data_access.commands.batches import NewBatch, commit_batch, undo_batch
from data_access.commands.consents import (
    Given as Consented,
)
from data_access.commands.consents import (
    approve_recusal_consent,
    record_recusal_consent,
    revoke_recusal_consent,
)
from data_access.commands.import_file import import_file
from data_access.commands.locks import end_choice, pin_case, record_choice, unpin_case
from data_access.commands.objections import lift_objection, record_objection, withdraw_objection
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.commands.steps import take_step
from data_access.queries.planning import planning
from data_access.queries.recusals import recusals_to_resolve
from data_access.queries.suggestions import suggestions
from data_access.tables import (
    BatchMove,
    Case,
    Mediator,
    MediatorRelation,
    Party,
    PartyObjection,
    RecusalConsent,
)
from data_access.vault import Indexed
from domain.balancing import Mode
from domain.balancing import hand_back as give_back
from domain.balancing.plan import Held
from domain.balancing.proposing import Request, propose
from domain.batches import BatchMode, PlannedMove
from domain.cases import ReassignReason, Stage
from domain.errors import NotEligible, Refusal
from domain.organisation import PartyKind, PartyRole, RelationKind
from domain.people import Permission, Scope
from domain.recusal import ConsentForm
from domain.transitions import Action, AgreementForm, Given
from tests import invariants
from tests.world import NOW, World

NOTE = "当事人已经当面说清"
PEOPLE = 8
STEPS = 240
# Checksums by GB 11643: files are read with them.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def identity_of(person):
    digits = f"5101291990010{person:04d}"[:17]
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def name_of(person):
    return f"王小{'甲乙丙丁戊己庚辛'[person]}"


class Walk:
    """One county of few people, so that they meet again and again."""

    def __init__(self, db, seed):
        self.db, self.rng, self.now = db, random.Random(seed), NOW
        self.world = World(db)
        # The last mediator is one of the people; each has an account of their own.
        self.mediators = [
            self.world.mediator(f"调解员{one}", capacity=99, identity=identity_of(PEOPLE - 1))
            if one == 3
            else self.world.mediator(f"调解员{one}", capacity=99)
            for one in range(4)
        ]
        self.actors = [self.world.actor(f"值班员{one}") for one in range(3)]
        self.serial = 0
        self.done, self.refused = {}, {}
        # What each consent was given for, by its number.
        self.kept = {}
        self.assigner = self.about_whom = None
        # How often a case was in a hand that it had to leave, and passed the wall by consent.
        self.to_resolve = self.by_consent = 0
        # Whoever was offered a case by a plan or a suggestion, and the batches to take back.
        self.offered, self.batches = 0, []
        self.seen = self.truth()

    # --- what may happen ---------------------------------------------------------------------

    def cases(self, *stages):
        return [
            case
            for _id, case in sorted(self.seen.cases.items())
            if not stages or case.stage in stages
        ]

    def any_case(self, *stages):
        found = self.cases(*stages)
        return self.rng.choice(found) if found else None

    def asked(self, case):
        self.serial += 1
        actor = self.rng.choice(self.actors)
        self.assigner = actor.user_id
        return {
            "case_no": case.case_no,
            "expected_version": case.version,
            "actor": actor,
            "now": self.now,
            "key": f"k{self.serial}",
        }

    def register(self):
        people = self.rng.sample(range(PEOPLE), 2)
        roles = (PartyRole.APPLICANT, PartyRole.RESPONDENT)
        parties = tuple(
            NewParty(
                role, name_of(one), identity=identity_of(one) if self.rng.random() < 0.7 else ""
            )
            for role, one in zip(roles, people, strict=True)
        )
        self.serial += 1
        register_case(
            self.db,
            new=NewCase(
                unit_id=self.world.grid_a,
                type_code="0402",
                source_code="S02",
                occurred_on=date(2026, 3, 1),
                title="楼上漏水",
                parties=parties,
            ),
            actor=self.rng.choice(self.actors),
            now=self.now,
            key=f"r{self.serial}",
        )

    def step(self, action, *stages, **given):
        if case := self.any_case(*stages):
            asked = self.asked(case)
            given = Given(note=NOTE, **given)
            take_step(self.db, action=action, given=given, **asked)

    def accept(self):
        self.step(Action.ACCEPT, Stage.REGISTERED)

    def send_back(self):
        self.step(Action.SEND_BACK, Stage.IN_MEDIATION)

    def settle(self):
        self.step(Action.SETTLE, Stage.IN_MEDIATION, form=AgreementForm.ORAL, day=date(2026, 3, 2))

    def withdraw(self):
        self.step(Action.WITHDRAW, Stage.IN_MEDIATION)

    def reopen(self):
        self.step(Action.REOPEN, Stage.CLOSED)

    def unmerge(self):
        merged = [case for case in self.cases(Stage.CLOSED) if case.merged_into]
        if merged:
            last = max(merged, key=lambda one: one.updated_at)
            asked = self.asked(self.rng.choice([last, *merged]))
            take_step(self.db, action=Action.UNMERGE, given=Given(note=NOTE), **asked)

    def merge(self):
        case = self.any_case(Stage.ACCEPTED, Stage.IN_MEDIATION)
        other = self.any_case(Stage.ACCEPTED, Stage.IN_MEDIATION)
        if case is not None:
            given = Given(note=NOTE, other_case=other.case_no)
            take_step(self.db, action=Action.MERGE, given=given, **self.asked(case))

    def merge_and_part(self):
        """A merging, something that comes to light of who held the one, and its undoing."""
        self.take(self.merge)
        held = [case for case in self.cases(Stage.CLOSED) if case.merged_into and case.mediator_id]
        if held and self.rng.random() < 0.7:
            case = max(held, key=lambda one: one.updated_at)
            self.about_whom = case.mediator_id, self.rng.choice(self.known_parties(case))
            self.take(self.disclose)
        self.take(self.unmerge)

    def reassign(self):
        if case := self.any_case(Stage.ACCEPTED, Stage.IN_MEDIATION, Stage.AGREEMENT):
            first = case.stage is Stage.ACCEPTED
            reassign_case(
                self.db,
                to_mediator_id=self.rng.choice(self.mediators),
                reason=ReassignReason.FIRST_ASSIGNMENT if first else ReassignReason.RECUSAL,
                note=NOTE,
                **self.asked(case),
            )

    def undo(self):
        if case := self.any_case(Stage.IN_MEDIATION):
            asked = self.asked(case)
            for actor in self.actors:
                self.assigner = actor.user_id
                try:
                    undo_reassignment(self.db, **asked | {"actor": actor})
                except NotEligible:
                    raise
                except Refusal:
                    continue
                return

    def there_and_back(self):
        """A reassignment, something that comes to light, and its undo by the same person."""
        case = self.any_case(Stage.IN_MEDIATION)
        if case is None:
            return
        asked = self.asked(case)
        to = self.rng.choice([one for one in self.mediators if one != case.mediator_id])
        reason = ReassignReason.RECUSAL

        def there():
            reassign_case(self.db, to_mediator_id=to, reason=reason, note=NOTE, **asked)

        def back():
            self.assigner = asked["actor"].user_id
            again = {"key": f"{asked['key']}u", "expected_version": case.version + 1}
            undo_reassignment(self.db, **asked | again)

        self.take(there)
        if self.rng.random() < 0.6:
            self.about_whom = case.mediator_id, self.rng.choice(self.known_parties(case))
            self.take(self.disclose)
        self.take(back)

    def batch(self):
        """Several cases in one go, by a plan, to whom a suggestion names, or as it comes."""
        cases = self.cases(Stage.ACCEPTED, Stage.IN_MEDIATION, Stage.AGREEMENT)
        chosen = self.rng.sample(cases, min(len(cases), self.rng.randrange(1, 5)))
        if not chosen:
            return
        asked = self.asked(chosen[0])
        plan, found = self.planned(chosen, asked["actor"])
        to = plan.assignment if plan else {}
        if not to or self.rng.random() < 0.5:
            to = {one.id: self.rng.choice(self.mediators) for one in chosen}
        self.commit(found, to, BatchMode.ABSENCE, asked)

    def planned(self, chosen, actor):
        """What a plan for these cases is made from, by which nobody gets what they must not."""
        with self.db.read() as session:
            found = planning(
                session,
                scope=actor.scope(Permission.CASE_REASSIGN),
                case_nos=[one.case_no for one in chosen],
                now=self.now,
                assigner=actor.user_id,
            )
        for work in found.pool.works:
            if work.case_id in found.rows:
                self.require_offered(work.case_id, work.eligible, actor)
        if not found.rows:
            return None, found
        away = frozenset({one.mediator_id for one in chosen if one.mediator_id})
        mode = self.rng.choice([Mode.ABSENCE, Mode.FEWEST_LATE, Mode.LEVEL])
        return propose(
            found.pool, Request(mode, away=away if mode is Mode.ABSENCE else frozenset())
        ), found

    def require_offered(self, case_id, people, actor):
        for who in people:
            why = self.seen.against(case_id, who)
            approvers = self.seen.consented(case_id, who)
            assert not why or approvers - {actor.user_id}, (case_id, who, why)
            self.offered += 1

    def commit(self, found, to, mode, asked):
        moves = tuple(
            PlannedMove(row.case_no, row.version, to[case_id])
            for case_id, row in found.rows.items()
            if case_id in to
        )
        if moves:
            people = self.world.seen(*{one.to_mediator_id for one in moves})
            reason = ReassignReason.RECUSAL
            new = NewBatch("分流", mode, reason, NOTE, moves, people)
            given = {name: asked[name] for name in ("actor", "now", "key")}
            self.batches.append(
                (commit_batch(self.db, batch=new, **given).batch_id, asked["actor"])
            )

    def undo_batch(self):
        """The last batch that was not taken back, by who committed it."""
        if self.batches:
            batch_id, actor = self.batches.pop()
            self.serial += 1
            self.assigner = actor.user_id
            undo_batch(self.db, batch_id=batch_id, actor=actor, now=self.now, key=f"k{self.serial}")

    def batch_and_back(self):
        """A batch, something that comes to light of who held one of its cases, and its undo."""
        self.take(self.batch)
        if not self.batches:
            return
        if self.rng.random() < 0.6:
            self.unsettle(self.batches[-1][0])
        self.take(self.rng.choice([self.undo_batch, self.hand_back]))

    def unsettle(self, batch_id):
        with self.db.read() as session:
            moved = session.scalars(select(BatchMove).where(BatchMove.batch_id == batch_id)).all()
        held = [one for one in moved if one.from_mediator_id in self.mediators]
        if held:
            one = self.rng.choice(held)
            case = self.seen.cases[one.case_id]
            self.about_whom = one.from_mediator_id, self.rng.choice(self.known_parties(case))
            self.take(self.disclose)

    def hand_back(self):
        """What a batch spread goes back to whom it was taken from, by a plan and a commit."""
        if not self.batches:
            return
        batch_id, _actor = self.batches.pop()
        with self.db.read() as session:
            moved = session.scalars(select(BatchMove).where(BatchMove.batch_id == batch_id)).all()
        chosen = [self.seen.cases[one.case_id] for one in moved]
        asked = self.asked(chosen[0])
        _plan, found = self.planned(chosen, asked["actor"])
        record = [Held(one.case_id, one.from_mediator_id) for one in moved if one.from_mediator_id]
        plan = give_back(found.pool, record)
        self.commit(found, plan.assignment, BatchMode.HAND_BACK, asked)

    def suggest(self):
        """Whom one case is suggested to, and given to the best of them."""
        if case := self.any_case(Stage.ACCEPTED, Stage.IN_MEDIATION):
            asked = self.asked(case)
            actor = asked["actor"]
            with self.db.read() as session:
                found = suggestions(
                    session,
                    scope=actor.scope(Permission.CASE_REASSIGN),
                    case_no=case.case_no,
                    now=self.now,
                    assigner=actor.user_id,
                )
            people = [one.mediator_id for one in found.best]
            self.require_offered(case.id, people, actor)
            if people:
                reason = ReassignReason.RECUSAL
                reassign_case(self.db, to_mediator_id=people[0], reason=reason, note=NOTE, **asked)

    def known_parties(self, case):
        names = {self.db.vault.index(name_of(one), Indexed.NAME): one for one in range(PEOPLE)}
        return [names[one.name_index] for one in self.seen.parties if one.case_id == case.id]

    def disclose(self):
        """A mediator's relation to a person, by number or by name alone."""
        who, person = self.rng.choice(self.mediators), self.rng.randrange(PEOPLE)
        if self.about_whom:
            (who, person), self.about_whom = self.about_whom, None
        by_name, both = self.rng.random() < 0.3, self.rng.random() < 0.5
        name, identity = (
            self.db.vault.index(name_of(person), Indexed.NAME),
            self.db.vault.index(identity_of(person), Indexed.IDENTITY),
        )
        index = name if by_name else identity
        with self.db.read() as session:
            known = select(MediatorRelation).where(
                MediatorRelation.mediator_id == who, MediatorRelation.person_index == index
            )
            if session.scalar(known) is not None:
                return
        kind = self.rng.choice(list(RelationKind))
        self.world.add(
            MediatorRelation(
                mediator_id=who,
                person_index=index,
                name_index=name if both and not by_name else None,
                kind=kind,
                disclosed_on=NOW.date(),
            )
        )

    def forget(self):
        def work(session):
            found = session.scalars(select(MediatorRelation.id)).all()
            if found:
                chosen = MediatorRelation.id == self.rng.choice(found)
                session.execute(delete(MediatorRelation).where(chosen))

        self.db.write(work)

    def join(self):
        """A new party of a case that is there."""
        case = self.any_case()
        if case is None:
            return
        person = self.rng.randrange(PEOPLE)

        def work(session):
            (party_id,) = numbers.reserve(session, "party", county_id=case.county_id)
            vault, key = self.db.vault, f"{case.county_id}:{party_id}"
            values = {}
            for field, text in (("name", name_of(person)), ("identity", identity_of(person))):
                values[f"{field}_encrypted"] = vault.encrypt(text, place=f"party.{field}:{key}")
                values[f"{field}_index"] = vault.index(text, Indexed(field))
            session.add(
                Party(
                    county_id=case.county_id,
                    id=party_id,
                    case_id=case.id,
                    role=PartyRole.OTHER,
                    kind=PartyKind.PERSON,
                    sex="9",
                    **values,
                )
            )

        self.db.write(work)

    def about(self, case):
        return self.asked(case) | {
            "mediator_id": self.rng.choice(self.mediators),
            "note": NOTE,
        }

    def object_(self):
        if case := self.any_case():
            side = self.rng.choice([PartyRole.APPLICANT, PartyRole.RESPONDENT])
            record_objection(self.db, side=side, day=date(2026, 3, 2), **self.about(case))

    def withdraw_objection(self):
        with self.db.read() as session:
            standing = session.scalars(
                select(PartyObjection).where(PartyObjection.lifted_at.is_(None))
            ).all()
            cases = {case.id: case for case in session.scalars(select(Case))}
        if standing:
            one = self.rng.choice(standing)
            asked = self.about(cases[one.case_id]) | {"mediator_id": one.mediator_id}
            withdraw_objection(self.db, side=one.side, day=date(2026, 3, 2), **asked)
            if self.rng.random() < 0.7:
                again = self.about(cases[one.case_id]) | {
                    "mediator_id": one.mediator_id,
                    "expected_version": asked["expected_version"] + 1,
                }
                lift_objection(self.db, side=one.side, **again)

    def against_somebody(self):
        """A case and a mediator whom something speaks against, so that consents are about it."""
        truth = self.seen
        found = [
            (case, who)
            for case in self.cases(Stage.ACCEPTED, Stage.IN_MEDIATION)
            for who in self.mediators
            if truth.against(case.id, who)
        ]
        return self.rng.choice(found) if found else (None, None)

    def consent(self):
        case, who = self.against_somebody()
        if case is not None:
            given = Consented(date(2026, 3, 2), self.rng.choice(list(ConsentForm)))
            asked = self.about(case) | {"mediator_id": who}
            record_recusal_consent(self.db, applicant=given, respondent=given, **asked)
            after = self.truth()
            self.kept[max(one.id for one in after.consents)] = after.state(case.id, who)

    def approve(self):
        if found := self.consents(approved=False):
            approve_recusal_consent(self.db, **self.of_consent(self.rng.choice(found)))

    def use_consent(self):
        """Give the case to whom the parties agreed to, whoever approved it."""
        if found := self.consents(approved=True):
            one = self.rng.choice(found)
            asked = self.of_consent(one)
            who = asked.pop("mediator_id")
            if self.rng.random() < 0.4:
                # Who approved it tries it alone.
                (asked["actor"],) = [
                    approver for approver in self.actors if approver.user_id == one.approved_by
                ]
                self.assigner = one.approved_by
            reassign_case(self.db, to_mediator_id=who, reason=ReassignReason.RECUSAL, **asked)

    def through_consent(self):
        """All the way: recorded, approved, given; sometimes something changes in between."""
        self.take(self.consent)
        self.take(self.approve)
        if self.rng.random() < 0.3:
            self.take(self.rng.choice([self.join, self.disclose, self.object_]))
        self.take(self.use_consent)

    def revoke(self):
        if found := self.consents(approved=True):
            revoke_recusal_consent(self.db, **self.of_consent(self.rng.choice(found)))

    def consents(self, *, approved):
        with self.db.read() as session:
            found = session.scalars(
                select(RecusalConsent).where(RecusalConsent.revoked_at.is_(None))
            ).all()
        return [one for one in found if (one.approved_by is not None) == approved][-8:]

    def of_consent(self, one):
        (case,) = [case for case in self.cases() if case.id == one.case_id]
        return self.about(case) | {"mediator_id": one.mediator_id}

    def choose(self):
        if case := self.any_case():
            day = date(2026, 3, 2)
            record_choice(self.db, applicant_on=day, respondent_on=day, **self.about(case))

    def hold(self):
        if case := self.any_case(Stage.IN_MEDIATION):
            command = self.rng.choice([pin_case, unpin_case, end_choice])
            command(self.db, note=NOTE, **self.asked(case))

    def import_(self):
        """A file with new and known cases that names a mediator for each."""
        rows = []
        for number in self.rng.sample(range(40), 3):
            person = self.rng.randrange(PEOPLE)
            settled = self.rng.random() < 0.5
            over = {"当前环节": "待履行", "化解结果": "O01", "化解日期": "2026-02-27 10:00"}
            rows.append(
                {
                    "外部编号": f"A-{number}",
                    "事件名称": "楼上漏水",
                    "发生日期": "2026年2月20日",
                    "发生地点": "和众社区3栋",
                    "事件规模": "01",
                    "事件类别": "0201",
                    "涉及人数": "2",
                    "事件简述": f"第{self.rng.randrange(9)}次来访",
                    "主要当事人姓名": name_of(person),
                    "主要当事人证件号码": identity_of(person) if self.rng.random() < 0.5 else "",
                    "所属镇街": "安仁镇",
                    "所属社区": "和众社区",
                    "受理时间": "2026-02-21 09:00",
                    "调解员": f"调解员{self.rng.randrange(4)}",
                    **(over if settled else dict.fromkeys(over, "")),
                }
            )
        stream = io.StringIO()
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        import_file(
            self.db,
            content=stream.getvalue().encode(),
            file_name="台账.csv",
            again=True,
            actor=self.world.system,
            now=self.now,
        )

    # --- what must hold ----------------------------------------------------------------------

    def truth(self):
        return Truth(self)

    def take(self, path):
        before, name = self.seen, path.__name__
        self.now += timedelta(minutes=self.rng.randrange(1, 40))
        self.assigner = None
        try:
            path()
        except Refusal as refusal:
            self.refused.setdefault(name, set()).add(type(refusal).__name__)
        else:
            self.done[name] = self.done.get(name, 0) + 1
        steps_of_several = (
            self.there_and_back,
            self.through_consent,
            self.merge_and_part,
            self.batch_and_back,
        )
        if path not in steps_of_several:
            self.check(before, name)

    def check(self, before, name):
        after, held = self.truth(), set()
        self.seen = after
        for case in after.cases.values():
            if not case.is_open or case.mediator_id is None:
                continue
            why = after.against(case.id, case.mediator_id)
            if not why:
                continue
            approvers = after.consented(case.id, case.mediator_id)
            had = before.cases.get(case.id)
            came = had is None or had.mediator_id != case.mediator_id or not had.is_open
            # A case comes to nobody but by consent, approved by another than who gives it.
            assert not came or approvers - {self.assigner}, (name, case.case_no, why)
            self.by_consent += came
            if not approvers:
                held.add(case.case_no)
                # What was right before is so no longer by something that came to light, not by a
                # case that was merged into this one.
                merged = had is not None and after.group(case.id) - before.group(case.id)
                assert not merged, (name, case.case_no, why)
        scope = Scope(self.world.county, whole_county=True)
        with self.db.read() as session:
            listed = recusals_to_resolve(session, scope=scope, now=self.now)
        assert {one.case_no for one in listed} == held, name
        self.to_resolve += len(held)


class Truth:
    """Who must withdraw from what, by the rows as they stand, said once more."""

    def __init__(self, walk):
        self.kept = walk.kept
        with walk.db.read() as session:
            self.cases = {case.id: case for case in session.scalars(select(Case))}
            self.parties = session.scalars(select(Party)).all()
            self.mediators = {one.id: one for one in session.scalars(select(Mediator))}
            self.relations = session.scalars(select(MediatorRelation)).all()
            self.objections = session.scalars(select(PartyObjection)).all()
            self.consents = session.scalars(select(RecusalConsent)).all()

    def group(self, case_id):
        """The case and whatever was merged into it, however far."""
        found = {case_id}
        while more := {one.id for one in self.cases.values() if one.merged_into in found} - found:
            found |= more
        return found

    def causes(self, case_id, mediator_id):
        """(kind, of whom) of everything that speaks against the mediator."""
        group = self.group(case_id)
        own = self.mediators[mediator_id].identity_index
        for party in self.parties:
            if party.case_id not in group:
                continue
            if own is not None and party.identity_index == own:
                yield "is_party", party.id
            for relation in self.relations:
                known = {party.name_index, party.identity_index}
                named = party.identity_index is None and party.name_index == relation.name_index
                same = named or relation.person_index in known
                if relation.mediator_id == mediator_id and same:
                    yield relation.kind.value, party.id
        for one in self.objections:
            gone = one.lifted_by is not None and one.lifted_by != one.withdrawn_by
            if one.case_id in group and one.mediator_id == mediator_id and not gone:
                yield "objects", -one.id

    def against(self, case_id, mediator_id):
        return {kind for kind, _of in self.causes(case_id, mediator_id)}

    def consented(self, case_id, mediator_id):
        """Who approved, by consents that two persons recorded and nothing has outdated since."""
        if "is_party" in self.against(case_id, mediator_id):
            return set()
        return {
            one.approved_by
            for one in self.consents
            if (one.case_id, one.mediator_id) == (case_id, mediator_id)
            and one.revoked_at is None
            and one.approved_by not in {None, one.recorded_by}
            and self.unchanged(one)
        }

    def unchanged(self, consent):
        """Whether nobody and nothing came since it was recorded."""
        parties, causes = self.state(consent.case_id, consent.mediator_id)
        kept = self.kept.get(consent.id, (set(), set()))
        return parties <= kept[0] and causes <= kept[1]

    def state(self, case_id, mediator_id):
        group = self.group(case_id)
        parties = {
            (one.id, one.name_index, one.identity_index)
            for one in self.parties
            if one.case_id in group
        }
        return frozenset(parties), frozenset(self.causes(case_id, mediator_id))


PATHS = (
    *("register",) * 3,
    *("accept",) * 3,
    *("reassign",) * 8,
    *("import_",) * 2,
    *("there_and_back",) * 3,
    *("through_consent",) * 4,
    *("batch_and_back",) * 5,
    *("suggest",) * 3,
    *("disclose",) * 3,
    *("merge_and_part",) * 3,
    *("object_", "withdraw_objection", "consent", "approve", "use_consent", "revoke"),
    *(
        "send_back",
        "settle",
        "withdraw",
        "reopen",
        "undo",
        "forget",
        "forget",
        "forget",
        "join",
        "choose",
        "hold",
    ),
)


def test_no_path_passes_the_wall_without_the_two_records(db):
    walk = Walk(db, seed=20260302)
    paths = walk.rng.choices(PATHS, k=STEPS) + walk.rng.sample(PATHS, k=len(PATHS))
    for path in paths:
        walk.take(getattr(walk, path))
    # Every path was walked, the wall stood in somebody's way on each that gives, and the one way
    # through was used: a walk that meets nothing proves nothing.
    of_several = {"merge", "unmerge", "batch", "undo_batch", "hand_back"}
    assert {*PATHS, *of_several} - walk.done.keys() - walk.refused.keys() == set()
    assert {"NotEligible"} <= walk.refused["reassign"] & walk.refused["use_consent"]
    assert {"NotUndoable"} <= walk.refused["back"]
    assert {"BatchRefused"} <= walk.refused["batch"]
    assert walk.done["batch"] > 5
    assert walk.offered > 0
    assert walk.to_resolve > 0
    assert walk.by_consent > 0
    invariants.assert_hold(db, county_id=walk.world.county)
