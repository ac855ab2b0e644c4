"""A county's work on its cases, step by step, beside a small model of what must come of it.

The model says each way on once more, in its own words: where it agrees with the product, both would
have to be wrong together. `Work` does a thing by the product's commands, expects what the model
expects, and sees that a refusal leaves every table as it was.
"""

from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from data_access.commands.limits import add_limit
from data_access.commands.reassign import reassign_case, undo_reassignment
from data_access.commands.register import NewCase, NewParty, register_case
from data_access.commands.steps import take_step
from data_access.commands.weights import add_weight_table
from data_access.commands.work_calendar import change_calendar
from data_access.queries.clocks import why
from data_access.queries.loads import preview_weight_table
from data_access.queries.rules import preview_days, preview_limit
from data_access.reference import load_clock
from data_access.tables import (
    Assignment,
    AuditHead,
    AuditLine,
    Case,
    CaseEvent,
    CaseSpan,
    Counter,
    IdempotencyKey,
    Party,
)
from domain.cases import Difficulty, ReassignReason, Stage
from domain.clocks import Pause, Running, day_of
from domain.eligibility import CommitteeKind
from domain.errors import (
    Conflict,
    Invalid,
    KeyReused,
    NotAllowed,
    NotEligible,
    NotFound,
    NotPossible,
    NotReassignable,
    NotUndoable,
)
from domain.loads import CaseWork, points
from domain.organisation import PartyRole, UnitLevel
from domain.people import Permission, Scope
from domain.transitions import Action, AgreementForm, Decision, Given, Rating, Supervision
from tests import invariants
from tests.world import NOW

NOTE = "当事人已经当面说清"
DAY = timedelta(days=1)
OPEN = {stage.value for stage in Stage} - {"closed"}

# Each way on: from where to where, and the kind of event that it leaves.
WAYS = {
    "accept": ("accepted", {"registered": "accepted"}),
    "refuse_scope": ("closed", dict.fromkeys(("registered", "accepted"), "closed")),
    "send_back": ("returned", {"in_mediation": "accepted"}),
    "settle": ("settled", {"in_mediation": "agreement"}),
    "perform_at_once": ("performed", {"agreement": "follow_up"}),
    "plan_performance": ("performance_planned", {"agreement": "performance"}),
    "apply_confirmation": (
        "confirmation_asked",
        dict.fromkeys(("agreement", "performance"), "confirmation"),
    ),
    "end_confirmation": ("confirmed", {"confirmation": "performance"}),
    "performed": ("performed", {"performance": "follow_up"}),
    "defaulted": ("defaulted", {"performance": "failed"}),
    "follow_up": ("followed_up", {"follow_up": "closed"}),
    "fail": ("failed", {"in_mediation": "failed"}),
    "party_refuses": (
        "refused",
        dict.fromkeys(("registered", "accepted", "in_mediation"), "failed"),
    ),
    "withdraw": (
        "withdrawn",
        dict.fromkeys(("registered", "accepted", "in_mediation"), "closed"),
    ),
    "tell_rights": ("rights_told", {"failed": "rights_told"}),
    "hand_over": ("handed_over", {"rights_told": "handed_over"}),
    "archive": ("closed", dict.fromkeys(("rights_told", "handed_over"), "closed")),
    "refer_to_police": ("referred", dict.fromkeys(OPEN, "closed")),
    "merge": ("merged", dict.fromkeys(("registered", "accepted", "in_mediation"), "closed")),
    "reopen": ("reopened", {"closed": "accepted"}),
    # To the stage that it was merged from.
    "unmerge": ("unmerged", {"closed": None}),
}
# What stands beside the stage.
BESIDE = {
    "park": ("parked", OPEN - {"registered"}),
    "resume": ("resumed", OPEN),
    "ask_extension": ("extension_asked", OPEN),
    "grant_extension": ("extended", OPEN),
    "refuse_extension": ("extension_refused", OPEN),
    "supervise": ("supervised", OPEN),
    "end_supervision": ("unsupervised", OPEN),
}
WHILE_PARKED = {"resume", "supervise", "end_supervision", "merge", "refer_to_police"}
ANSWERS = {"grant_extension", "refuse_extension"}
WITHOUT_NOTE = {
    *("accept", "settle", "perform_at_once", "plan_performance", "apply_confirmation"),
    *("performed", "tell_rights", "grant_extension"),
}


def days_before(work, _known):
    today = day_of(work.now)
    return [today, today - DAY, today - 28 * DAY]


def days_to_come(work, _known):
    today = day_of(work.now)
    return [today + DAY, today + 9 * DAY, today + 60 * DAY]


def any_of(*things):
    return lambda _work, _known: [*things]


def other_cases(work, known):
    return [*(one.case_no for one in work.cases if one.stage != "closed"), known.case_no]


# What a step asks for beside its note, as a person might fill it in.
ASKED = {
    "settle": {"form": any_of(*AgreementForm), "day": days_before},
    "plan_performance": {"until": days_to_come},
    "apply_confirmation": {"day": days_before},
    "end_confirmation": {"decision": any_of(*Decision), "day": days_before, "until": days_to_come},
    "performed": {"day": days_before},
    "follow_up": {
        "day": days_before,
        "applicant_rating": any_of(*Rating),
        "respondent_rating": any_of(*Rating),
    },
    "tell_rights": {"day": days_before},
    "fail": {"outcome": any_of("O04", "O06", "O07", "O08")},
    "hand_over": {"onward": any_of("O09", "O10", "O11")},
    "park": {"until": days_to_come},
    "ask_extension": {"days": any_of(1, 3, 40)},
    "supervise": {"level": any_of(*Supervision)},
    "merge": {"other_case": other_cases},
}


@dataclass
class Known:
    """What the model knows of one case."""

    case_no: str
    place: str
    units: tuple
    type_code: str
    difficulty: Difficulty
    stage: str
    since: object
    version: int = 1
    kinds: list = field(default_factory=lambda: ["registered"])
    updated_at: object = None
    mediator: int | None = None
    committee: int | None = None
    # Of the committee that held it when its stage began.
    level: UnitLevel | None = None
    # The day whose rule it is under, where that is not the day of the stage's start.
    limit_on: date | None = None
    stated: date | None = None
    parked: bool = False
    parked_at: object = None
    pauses: tuple = ()
    asked: int | None = None
    asked_by: int | None = None
    extended: int = 0
    extensions: int = 0
    supervised: int = 0
    form: AgreementForm | None = None
    agreed_on: date | None = None
    occurred_on: date | None = None
    # Of the last application for confirmation, and what became of it.
    applied_on: date | None = None
    decision: Decision | None = None
    ratings: tuple = (None, None)
    # Of the last performance, where its day was told.
    performed_on: date | None = None
    closed_at: object = None
    # The case as it was merged, and the one that it was merged into.
    merged: tuple | None = None
    # Whose giving could be taken back, and what the case was before it.
    undo: tuple | None = None

    def begins(self, stage, now, *, level, stated=None):
        self.stage, self.since, self.stated, self.level = stage, now, stated, level
        self.pauses, self.asked, self.extended, self.extensions = (), None, 0, 0
        self.limit_on = None

    def running(self):
        return Running(
            Stage(self.stage),
            self.difficulty,
            self.since,
            self.stated,
            self.pauses,
            self.extended,
            self.level,
            self.limit_on,
        )


# What a taking back restores; nothing beside the stage moves between a giving and its undo.
RESTORED = (
    *("stage", "since", "stated", "pauses", "asked", "extended", "extensions"),
    *("mediator", "committee", "level", "limit_on"),
)


class Work:
    """A small county at work. `choose` picks one of a list: by chance, or as a search wants it."""

    def __init__(self, world, choose):
        self.world, self.db, self.choose = world, world.db, choose
        self.now = NOW
        self.cases, self.sent = [], []
        self.acknowledged, self.refused, self.taken = {}, set(), []
        with self.db.read() as session:
            self.clock = load_clock(session)
        self._people()

    def _people(self):
        world = self.world
        self.heads = [world.actor("甲"), world.actor("乙")]
        self.reader = world.actor("只读", permissions=(Permission.CASE_READ,))
        self.world_wide = Scope(world.county, whole_county=True)
        # A community that no case lies in.
        self.elsewhere = world.actor("外镇", scope=Scope(world.county, grids=frozenset({-1})))
        county = world.committee("物业调委会", kind=CommitteeKind.INDUSTRY)
        self.county_wide = county
        self.mediators = {}
        for name, committee, serves, capacity in (
            ("张建国", world.committee_a, {"a"}, 5),
            ("李秀英", world.committee_a, {"a"}, 3),
            ("赵国强", world.committee_b, {"b"}, 5),
            ("周文", county, {"a", "b", "town"}, 2),
        ):
            mediator = world.mediator(name, committee_id=committee, capacity=capacity)
            self.mediators[mediator] = (committee, serves, capacity)
        self.places = {
            "a": (world.grid_a, (world.town_a, world.community_a, world.grid_a)),
            "b": (world.community_b, (world.town_b, world.community_b, None)),
            "town": (world.town_a, (world.town_a, None, None)),
        }

    # --- doing --------------------------------------------------------------------------------

    def passes(self, ahead):
        self.now += ahead

    def _do(self, command, request, *, refused=None, key=None):
        """The answer, where nothing speaks against it; else it is refused and nothing changes."""
        key = key or f"key {len(self.acknowledged) + len(self.refused)}"
        request = request | {"now": self.now, "key": key}
        if refused is None:
            answer = command(self.db, **request)
            self.acknowledged[key] = (answer.case_no, answer.version)
            self.sent.append((command, request, answer))
            return answer
        before = self.everything()
        with pytest.raises(refused) as seen:
            command(self.db, **request)
        # A subclass would be another refusal than the one that was expected.
        assert seen.type is refused, seen.value
        assert self.everything() == before
        self.refused.add(key)
        return None

    def everything(self):
        tables = (
            *(Case, CaseEvent, CaseSpan, Assignment, Party),
            *(AuditLine, AuditHead, IdempotencyKey, Counter),
        )
        with self.db.read() as session:
            return [
                session.execute(
                    select(table.__table__).order_by(*table.__table__.primary_key)
                ).all()
                for table in tables
            ]

    def register(self, place, *, on_the_spot=False, type_code="0402", difficulty=None):
        unit_id, units = self.places[place]
        difficulty = difficulty or Difficulty.ORDINARY
        new = NewCase(
            unit_id=unit_id,
            type_code=type_code,
            source_code="S02",
            occurred_on=day_of(self.now),
            title="楼上漏水",
            parties=(NewParty(PartyRole.APPLICANT, "王小明", phone="13812345678"),),
            difficulty=difficulty,
            settled=NOTE if on_the_spot else "",
        )
        answer = self._do(register_case, {"new": new, "actor": self.choose(self.heads)})
        known = Known(answer.case_no, place, units, type_code, difficulty, "registered", self.now)
        known.updated_at, known.occurred_on = self.now, day_of(self.now)
        if on_the_spot:
            known.stage, known.closed_at, known.version = "closed", self.now, 2
            known.form, known.agreed_on = AgreementForm.ORAL, day_of(self.now)
            known.kinds.append("on_the_spot")
            self.taken.append("on_the_spot")
        self.cases.append(known)
        assert (answer.stage, answer.version) == (known.stage, known.version)

    def give(self, known, mediator, actor):
        refused = self.against_giving(known, mediator)
        answer = self._do(
            reassign_case,
            {
                "case_no": known.case_no,
                "to_mediator_id": mediator,
                "reason": ReassignReason.OVERLOAD,
                "note": NOTE,
                "expected_version": known.version,
                "actor": actor,
            },
            refused=refused,
        )
        if answer is None:
            return
        first = known.stage == "accepted"
        before = {name: deepcopy(getattr(known, name)) for name in RESTORED}
        known.mediator, known.committee = mediator, self.mediators[mediator][0]
        if first:
            known.begins("in_mediation", self._time_of(known), level=self._level(known))
        self._done(known, "assigned" if first else "reassigned", answer)
        known.undo = (actor.user_id, before)
        self.taken.append("assign" if first else "reassign")

    def against_giving(self, known, mediator):
        if known.stage in {"registered", "closed"}:
            return NotReassignable
        if known.parked and known.stage == "accepted":
            return NotReassignable
        _committee, serves, capacity = self.mediators[mediator]
        load = sum(one.mediator == mediator and one.stage != "closed" for one in self.cases)
        if known.place not in serves or known.mediator == mediator or load >= capacity:
            return NotEligible
        return None

    def take_back(self, known, actor):
        whose, before = known.undo or (None, {})
        answer = self._do(
            undo_reassignment,
            {"case_no": known.case_no, "expected_version": known.version, "actor": actor},
            refused=None if whose == actor.user_id else NotUndoable,
        )
        if answer is None:
            return
        for name, value in before.items():
            setattr(known, name, value)
        self._done(known, "undone", answer)
        assert answer.mediator_id == known.mediator
        self.taken.append("undo")

    def step(self, known, action, given, actor=None):
        """Take a step; the model says what comes of it."""
        actor = actor or self._who_steps(known, action)
        refused = self.against(known, action, given, actor)
        answer = self._step(known, action, given, actor=actor, refused=refused)
        if answer is not None:
            self._after(known, action, given, answer)
            if action == "ask_extension":
                known.asked_by = actor.user_id
            assert answer.stage == known.stage, (action, answer)
            self.taken.append(action)

    def _who_steps(self, known, action):
        """Anybody; of answers to a request mostly somebody other than who asked."""
        others = [one for one in self.heads if one.user_id != known.asked_by]
        return self.choose([*self.heads, *others, *others] if action in ANSWERS else self.heads)

    def _step(self, known, action, given, *, actor=None, refused=None, version=None, key=None):
        request = {
            "case_no": known.case_no,
            "action": Action(action),
            "given": given,
            "expected_version": version or known.version,
            "actor": actor or self.choose(self.heads),
        }
        return self._do(take_step, request, refused=refused, key=key)

    def stale(self, known, action, given):
        """From somebody who saw an earlier state of the case, or one that never was."""
        earlier = known.version - 1 or known.version + 1
        self._step(known, action, given, refused=Conflict, version=earlier)

    def out_of_reach(self, known, action, given):
        self._step(known, action, given, actor=self.reader, refused=NotAllowed)
        self._step(known, action, given, actor=self.elsewhere, refused=NotFound)

    def badly_filled_in(self, known, action):
        """Without what it needs, or with a day on the wrong side of today."""
        given, today = self.given(known, action), day_of(self.now)
        wrong = [replace(given, note="短")] if given.note else [replace(given, note="长" * 501)]
        if given.day is not None:
            wrong += [replace(given, day=None), replace(given, day=today + DAY)]
        if given.until is not None:
            wrong += [replace(given, until=today), replace(given, until=today + 367 * DAY)]
        self._step(known, action, self.choose(wrong), refused=Invalid)

    def again(self):
        """The answer was lost on the way: the same request gives it again and does nothing."""
        command, request, answer = self.choose(self.sent)
        before = self.everything()
        assert command(self.db, **request | {"now": self.now}) == answer
        assert self.everything() == before

    def same_key(self, known, action, given):
        key = self.choose(list(self.acknowledged))
        before = self.everything()
        other = replace(given, note=f"{NOTE},另一件事")
        with pytest.raises(KeyReused):
            take_step(
                self.db,
                case_no=known.case_no,
                action=Action(action),
                given=other,
                expected_version=known.version,
                actor=self.heads[0],
                now=self.now,
                key=key,
            )
        assert self.everything() == before

    # --- the rules ------------------------------------------------------------------------------

    def set_days(self, *days):
        """Somebody changes the work calendar, having looked at what moves."""
        asked = {"days": days, "official": False}
        with self.db.read() as session:
            seen = preview_days(session, scope=self.world_wide, now=self.now, **asked).moves
        self._rules(change_calendar, asked, seen)

    def set_limit(self, rule, *, open_cases):
        """Somebody adds a limit; `open_cases` take it over where they may."""
        asked = {"rule": rule, "open_cases": open_cases}
        with self.db.read() as session:
            seen = preview_limit(session, scope=self.world_wide, now=self.now, **asked)
        self._rules(add_limit, asked, seen, taken=rule if open_cases else None)

    def set_weights(self, table):
        """Somebody makes a table of weights that begins today."""
        with self.db.read() as session:
            seen = preview_weight_table(session, scope=self.world_wide, table=table, now=self.now)
            weights = dict(session.execute(select(Case.case_no, Case.weight)).all())
        applied = add_weight_table(
            self.db,
            table=table,
            reason=NOTE,
            seen=seen.fingerprint,
            actor=self.heads[0],
            now=self.now,
            key=f"weights {self.now}",
        )
        moved = 0
        for known in self.cases:
            work = CaseWork(known.difficulty, known.type_code, Stage(known.stage))
            if known.stage != "closed" and points(work, table) != weights[known.case_no]:
                self._happened(known, "reweighed")
                moved += 1
        assert applied.moved == seen.moved == moved
        if moved:
            self.taken.append("add_weight_table")

    def _rules(self, command, asked, seen, *, taken=None):
        applied = command(
            self.db,
            **asked,
            reason=NOTE,
            fingerprint=seen.fingerprint,
            actor=self.heads[0],
            now=self.now,
            key=f"rules {self.now}",
        )
        before = self.clock
        with self.db.read() as session:
            self.clock = load_clock(session)
        moved = 0
        for known in self.cases:
            if known.stage == "closed":
                continue
            was = before.due(known.running()), known.limit_on
            if taken is not None and self._takes_over(known, taken, was[0]):
                known.limit_on = taken.valid_from
            if (self.clock.due(known.running()), known.limit_on) != was:
                self._happened(known, "deadline_moved")
                moved += 1
        assert applied.moved == seen.moved == moved
        if moved:
            self.taken.append(command.__name__)

    def _takes_over(self, known, rule, due):
        """Begun before the rule, not late, under no stated day and no days of another unit."""
        late = due.due_at <= (known.parked_at if known.parked else self.now)
        then = replace(known.running(), limit_on=rule.valid_from)
        mixed = known.extended and self.clock.limit(known.running()).unit is not rule.unit
        fits = self.clock.limit(then)
        same = (fits.stage, fits.difficulty, fits.level, fits.valid_from) == (
            rule.stage,
            rule.difficulty,
            rule.level,
            rule.valid_from,
        )
        begun = day_of(known.since) < rule.valid_from
        return same and begun and not late and not mixed and known.stated is None

    # --- what the model expects -----------------------------------------------------------------

    def against(self, known, action, given, actor=None):
        """The refusal that a step must meet from this person, or from whoever it is; or None."""
        sources = WAYS[action][1] if action in WAYS else BESIDE[action][1]
        asked, supervised = known.asked is not None, known.supervised > 0
        closed = (
            known.stage not in sources
            or (known.parked and action not in WHILE_PARKED)
            or (action == "resume" and not known.parked)
            or (action == "ask_extension" and (asked or known.extensions > 0))
            or (action in ANSWERS and not asked)
            or (action in ANSWERS and actor and actor.user_id == known.asked_by)
            or (action in {"ask_extension", "grant_extension"} and self._is_late(known))
            or (action == "end_supervision" and not supervised)
            or (action == "unmerge" and not known.merged)
            or (action == "apply_confirmation" and known.form is not AgreementForm.WRITTEN)
            or (action == "apply_confirmation" and known.decision is Decision.VALID)
            or (
                action == "reopen"
                and (known.merged is not None or self.now > known.closed_at + timedelta(days=180))
            )
        )
        if closed:
            return NotPossible
        if action == "ask_extension":
            return (
                Invalid if given.days > max(1, self.clock.limit(known.running()).amount) else None
            )
        if given.day is not None and not self._in_order(known, action, given.day):
            return Invalid
        if action == "apply_confirmation":
            return None if given.day <= self._confirm_by(known) else Invalid
        if action == "merge":
            other = self.numbered(given.other_case)
            fits = other is not None and other is not known and other.stage != "closed"
            return None if fits else Invalid
        return None

    def _in_order(self, known, action, day):
        """After the dispute, the agreement and the performance that it follows."""
        follows = [known.occurred_on]
        if action != "settle":
            follows.append(known.agreed_on)
        if action == "end_confirmation":
            follows.append(known.applied_on)
        if action == "follow_up":
            follows.append(known.performed_on)
        return all(earlier is None or earlier <= day for earlier in follows)

    def _is_late(self, known):
        return not known.parked and self.now >= self.clock.due(known.running()).due_at

    def _confirm_by(self, known):
        last = known.agreed_on + 30 * DAY
        while not self.clock.calendar.is_working(last):
            last += DAY
        return last

    def _level(self, known):
        if known.mediator is None:
            return None
        return UnitLevel.COUNTY if known.committee == self.county_wide else UnitLevel.COMMUNITY

    def numbered(self, case_no):
        return next((one for one in self.cases if one.case_no == case_no), None)

    def ways(self, known):
        """Every action that is open to a case, with something that can be given with it."""
        found = []
        for action in (*WAYS, *BESIDE):
            given = self.given(known, action)
            if self.against(known, action, given) is None:
                found.append((action, given))
        return found

    def given(self, known, action):
        """What a step needs, filled in as a person might."""
        said = {} if action in WITHOUT_NOTE else {"note": NOTE}
        said |= {name: self.choose(of(self, known)) for name, of in ASKED.get(action, {}).items()}
        return Given(**said)

    def _done(self, known, kind, answer):
        self._happened(known, kind)
        assert answer.version == known.version

    def _happened(self, known, kind):
        known.kinds.append(kind)
        known.version += 1
        known.updated_at = self._time_of(known)
        known.undo = None

    def _time_of(self, known):
        """A case's own time does not go back, whatever the clocks do."""
        return max(self.now, known.updated_at)

    def _back(self, known):
        """As it was, with the time in between as a pause; who was parked stands still as before."""
        was, other = known.merged
        self._happened(other, "unmerged_from")
        for name in (*RESTORED, "parked", "parked_at", "supervised"):
            setattr(known, name, getattr(was, name))
        if not known.parked:
            merged_at = known.updated_at
            known.pauses = (*known.pauses, Pause(merged_at, self._time_of(known)))
        known.closed_at = known.merged = None

    def _after(self, known, action, given, answer):
        if action in BESIDE:
            self._beside(known, action, given)
            self._done(known, BESIDE[action][0], answer)
            return
        kind, targets = WAYS[action]
        if action == "unmerge":
            self._back(known)
            self._done(known, kind, answer)
            return
        if action == "merge":
            other = self.numbered(given.other_case)
            self._happened(other, "merged_into")
            known.merged = (deepcopy(known), other)
        target = targets[known.stage]
        stays = {"plan_performance": given.until, "end_confirmation": given.until}.get(action)
        if action in {"send_back", "reopen"}:
            known.mediator = known.committee = None
        at = self._time_of(known)
        known.begins(target, at, level=self._level(known), stated=stays)
        self._told(known, action, given)
        if target == "closed":
            known.closed_at, known.supervised, known.parked = at, 0, False
        self._done(known, kind, answer)

    def _told(self, known, action, given):
        if action == "settle":
            known.form, known.agreed_on = given.form, given.day
        if action == "apply_confirmation":
            known.applied_on, known.decision = given.day, None
        if action == "end_confirmation":
            known.decision = given.decision
        if action == "follow_up":
            known.ratings = (given.applicant_rating, given.respondent_rating)
        if action in {"performed", "perform_at_once"}:
            known.performed_on = given.day
        if action == "reopen":
            known.closed_at, known.form, known.agreed_on = None, None, None
            known.decision, known.ratings = None, (None, None)

    def _beside(self, known, action, given):
        at = self._time_of(known)
        if action == "park":
            known.parked, known.parked_at = True, at
        elif action == "resume":
            known.parked = False
            known.pauses = (*known.pauses, Pause(known.parked_at, at))
        elif action == "ask_extension":
            known.asked = given.days
        elif action == "grant_extension":
            known.extended, known.extensions = known.extended + known.asked, known.extensions + 1
            known.asked = None
        elif action == "refuse_extension":
            known.asked = None
        elif action == "supervise":
            known.supervised = 1 + list(Supervision).index(given.level)
        else:
            known.supervised = 0

    # --- what must be true ------------------------------------------------------------------------

    def agrees(self):
        """Every case stands as the model says, with the events of its acknowledged changes."""
        with self.db.read() as session:
            rows = {row.case_no: row for row in session.scalars(select(Case))}
            events = {}
            for case_id, kind in session.execute(
                select(CaseEvent.case_id, CaseEvent.kind).order_by(CaseEvent.case_id, CaseEvent.seq)
            ):
                events.setdefault(case_id, []).append(kind.value)
        assert set(rows) == {known.case_no for known in self.cases}
        for known in self.cases:
            row = rows[known.case_no]
            assert events[row.id] == known.kinds, known.case_no
            assert row.version == len(known.kinds) == known.version
            assert _as_stored(row) == _as_known(known), known.case_no
            if row.is_open:
                explained = self.clock.explain(known.running()).deadline
                assert (row.due_at, row.soon_at) == (explained.due_at, explained.soon_at), known

    def holds_together(self):
        """The invariants of the tables; each key that was acknowledged, and no other."""
        invariants.assert_hold(self.db, county_id=self.world.county)
        with self.db.read() as session:
            kept = {
                row.key: (row.result["case_no"], row.result["version"])
                for row in session.scalars(select(IdempotencyKey))
                if "case_no" in row.result
            }
            assert kept == self.acknowledged
            assert not kept.keys() & self.refused
            for known in self.cases:
                explained = why(session, scope=self.world_wide, case_no=known.case_no)
                assert (explained is None) is (known.stage == "closed")
                if explained:
                    due = self.clock.explain(known.running()).deadline
                    assert explained.deadline == due, known
                    assert (explained.parked_at is not None) is known.parked


def _as_stored(row):
    beside = (row.extension_asked, row.extended, row.extensions)
    return (
        row.stage.value,
        row.mediator_id,
        row.committee_id,
        bool(row.paused),
        # What was granted to a stage is told no more once the case is closed.
        beside if row.is_open else row.extension_asked,
        row.supervised,
        row.closed_at,
        (row.town_id, row.community_id, row.grid_id),
        (row.agreement_form, row.agreed_on, row.court_decision),
        (row.applicant_rating, row.respondent_rating),
    )


def _as_known(known):
    beside = (known.asked, known.extended, known.extensions)
    return (
        known.stage,
        known.mediator,
        known.committee,
        known.parked,
        beside if known.stage != "closed" else None,
        known.supervised,
        known.closed_at,
        known.units,
        (known.form, known.agreed_on, known.decision),
        known.ratings,
    )
