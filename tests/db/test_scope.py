"""No read shows, and no command touches, what lies outside a person's scope: all of them, always.

Every public read that takes `scope` and every public command that takes `actor` is found by
itself. One that has no recipe here fails the test: say how it would be tried on another town.
"""

import importlib
import inspect
import pkgutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from data_access import accounts, commands, numbers, queries
from data_access.commands.batches import NewBatch
from data_access.commands.consents import Given as Consented
from data_access.commands.mediators import NewMediator
from data_access.commands.reassign import reassign_case
from data_access.commands.register import NewCase, NewParty
from data_access.commands.roster import set_duty
from data_access.map_layers import NewShape, write_shapes
from data_access.queries import trail
from data_access.queries.accounts import Filters as AccountFilters
from data_access.queries.duplicates import Sought
from data_access.queries.queue import Filters
from data_access.queries.teams import Filters as TeamFilters
from data_access.recusal import grounds_and_basis
from data_access.tables import (
    AuditHead,
    AuditLine,
    AuthSession,
    Base,
    BatchMove,
    BookedMeeting,
    Case,
    CasePin,
    CaseSelection,
    Committee,
    Counter,
    EmergencyResponse,
    ImportBatch,
    ImportMapping,
    ImportReject,
    ImportRun,
    MediatorAbsence,
    MediatorRelation,
    PartyChoice,
    PartyObjection,
    ReassignBatch,
    RecusalConsent,
    RedEvent,
    SelectedCase,
    StandingDuty,
    UnitSuccession,
    UserRole,
    Wall,
)
from data_access.vault import Indexed, Vault
from domain.batches import BatchMode, PlannedMove, SeenPerson
from domain.cases import WEIGHT, ReassignReason, Risk, Stage
from domain.clocks import Limit, LimitUnit
from domain.eligibility import CommitteeKind
from domain.errors import NotFound, Refusal
from domain.imports import FileMapping, Profile, Step
from domain.kpi import FigureKey, Window
from domain.limits import RuleKind
from domain.loads import WeightTable
from domain.organisation import (
    AbsenceKind,
    DutyShift,
    PartyRole,
    RelationKind,
    UnitLevel,
    WithdrawalReason,
)
from domain.people import AccountState, Permission, Post, Role, Scope
from domain.recusal import ConsentForm
from domain.teams import MemberSeat
from domain.transitions import Action, Given, Supervision
from domain.walls import Asked, OrderKind, Program, SceneKey
from domain.work_calendar import NamedDay
from tests.world import NOW, World

# --- the other town --------------------------------------------------------------------------

# Everything of town B is named with one character, numbered from one number, due in one year.
NAME, NUMBER, DUE = "䴉", "8810", datetime(2031, 8, 8, tzinfo=UTC)
MARKS = (NAME, NUMBER, str(DUE.year))
(
    TOWN,
    COMMUNITY,
    GRID,
    COMMITTEE,
    MEDIATOR,
    SECOND,
    USER,
    POST,
    SESSION,
    BATCH,
    MAPPING,
    SELECTION,
    OLD_GRID,
    LEAVE,
    MOVED,
    WALL,
) = range(88_100_001, 88_100_017)
EMPTY_COMMITTEE = 88_100_099
CASE_NO, EXTERNAL_NO, FILE = "D2026-88101", f"{NAME}-1", "8810" * 16
MERGED_NO = "D2026-88102"  # into the other
TIED_NO = "D2026-88103"  # its holder must withdraw from it
IDLE = timedelta(minutes=30)
PHONE, KIN = "13988100000", "990129198810000019"
RELATION, STANDING = 9001, 9002
FORMER = f"{NAME}旧人"  # left the post
TERM_ENDS = datetime(2027, 5, 31, 4, tzinfo=UTC)
DISCLOSED = "990129881011001"  # one of the old, of 15 digits


class TwoTowns(World):
    """Town A with cases of its own; town B comes with `add_town_b`."""

    def __init__(self, db) -> None:
        super().__init__(db)
        self.mediator_a = self.mediator("甲调解员")
        county = self.committee("物业调委会", kind=CommitteeKind.INDUSTRY)
        self.mediator("县级调解员", committee_id=county)
        self.case_a = self.case(
            parties=("王小明", "李大华"), phones=("13812345678",), mediator_id=self.mediator_a
        )
        self.case()
        self._add_run(total=5)
        self.scopes_a = [
            Scope(self.county, **{part: frozenset({one})})
            for part, one in (
                ("towns", self.town_a),
                ("communities", self.community_a),
                ("grids", self.grid_a),
                ("committees", self.committee_a),
                ("mediators", self.mediator_a),
            )
        ]
        self.actor_a = self.actor("甲站长", scope=self.scopes_a[0])
        self.boss = self.actor("县里")
        self.whole_county = Scope(self.county, whole_county=True)
        self.scope_b = Scope(self.county, towns=frozenset({TOWN}))

    def add_town_b(self) -> None:
        self.unit(UnitLevel.TOWN, f"{NAME}溪镇", self.county, id=TOWN, code="510129881")
        self.unit(UnitLevel.COMMUNITY, f"{NAME}溪社区", TOWN, id=COMMUNITY, code="510129881001")
        self.unit(UnitLevel.GRID, f"{NAME}溪网格", COMMUNITY, id=GRID, code="510129881001001")
        self.add(
            Committee(
                id=COMMITTEE,
                code=f"{NAME}K",
                name=f"{NAME}溪调委会",
                kind=CommitteeKind.COMMUNITY,
                unit_id=COMMUNITY,
                town_id=TOWN,
                community_id=COMMUNITY,
                term_from=date(2024, 6, 1),
                term_to=date(2027, 6, 1),
            )
        )
        for mediator_id, name in ((MEDIATOR, f"{NAME}长老"), (SECOND, f"{NAME}次席")):
            self.mediator(name, id=mediator_id, committee_id=COMMITTEE, code=f"{NAME}{name}")
        self.user(f"{NAME}站长", id=USER, login="user88100007", unit=TOWN, role=Role.TOWN)
        self.add(
            UserRole(id=POST, user_id=USER, role=Role.GRID_WORKER, unit_id=GRID, valid_from=DUE)
        )
        self.add(
            UserRole(
                user_id=USER, role=Role.AUDIT_ADMIN, unit_id=self.county, valid_from=DUE.date()
            )
        )
        self.add(
            AuthSession(
                id=SESSION,
                token_hash=accounts.hash_token(NAME),
                user_id=USER,
                epoch=1,
                created_at=NOW,
                last_seen_at=NOW,
                expires_at=NOW + timedelta(hours=8),
                address="10.88.1.0",
            )
        )
        self._add_team()
        self._add_shapes()
        self._add_batch()
        self._add_mapping()
        self._add_run(total=int(NUMBER))
        self._add_case()
        self._add_wall()

    def _add_team(self) -> None:
        """A leave, duties and a relation of B's mediator, and a committee without anybody."""
        self.add(
            MediatorAbsence(
                id=LEAVE,
                mediator_id=MEDIATOR,
                first_day=date(2026, 3, 5),
                last_day=date(2026, 3, 6),
                kind=AbsenceKind.LEAVE,
            )
        )
        kin = self.db.vault.index(DISCLOSED, Indexed.IDENTITY)
        about = {"person_index": kin, "kind": RelationKind.KIN, "disclosed_on": DUE.date()}
        self.add(MediatorRelation(mediator_id=MEDIATOR, **about))
        gone = self.mediator(FORMER, committee_id=COMMITTEE, active=False)
        self.add(MediatorRelation(mediator_id=gone, **about))
        self.add(
            MediatorRelation(
                id=RELATION,
                mediator_id=SECOND,
                **about,
                withdrawal_reason=WithdrawalReason.MISTAKEN,
                withdrawal_by=USER,
                withdrawal_at=NOW,
            )
        )
        self.add(
            StandingDuty(
                id=STANDING,
                mediator_id=MEDIATOR,
                name=f"{NAME}庭",
                tenths=20,
                valid_from=date(2027, 1, 1),
            )
        )
        self.add(
            Committee(
                id=EMPTY_COMMITTEE,
                code=f"{NAME}空",
                name=f"{NAME}溪旧调委会",
                kind=CommitteeKind.COMMUNITY,
                unit_id=COMMUNITY,
                town_id=TOWN,
                community_id=COMMUNITY,
                term_from=date(2024, 6, 1),
                term_to=date(2027, 6, 1),
            )
        )
        set_duty(self.db, **duty_b(MEDIATOR), key="duty", actor=self.boss, now=NOW)

    def _add_shapes(self) -> None:
        """The town's shape, and a grid that will have given way to another."""
        old = {"id": OLD_GRID, "code": "510129881001002", "valid_to": DUE.date()}
        self.unit(UnitLevel.GRID, f"{NAME}溪旧网格", COMMUNITY, **old)
        self.add(UnitSuccession(unit_id=OLD_GRID, successor_id=GRID, day=DUE.date()))
        ring = [[103.0, 30.0], [103.1, 30.0], [103.1, 30.1], [103.0, 30.1], [103.0, 30.0]]
        geometry = {"type": "Polygon", "coordinates": [ring]}
        shape = NewShape(TOWN, geometry, (103.05, 30.05), date(2020, 1, 1))
        self.db.write(lambda session: write_shapes(session, [shape], county_id=self.county))

    def _add_batch(self) -> None:
        figures = dict.fromkeys(("rows", "added", "changed", "unchanged", "rejected"), 1)
        self.add(
            ImportBatch(
                id=BATCH,
                county_id=self.county,
                profile=Profile.CASES,
                file_name_encrypted=self.db.vault.encrypt(
                    f"{NAME}溪镇.csv", place=f"import_batch.file_name:{BATCH}"
                ),
                sha256=FILE,
                actor_id=USER,
                at=NOW,
                dropped={},
                **figures,
            )
        )
        place = f"import_reject.cells:{BATCH}:1"
        self.add(
            ImportReject(
                batch_id=BATCH,
                row_number=1,
                problems={"problems": []},
                cells_encrypted=self.db.vault.encrypt("{}", place=place),
            )
        )

    def _add_mapping(self) -> None:
        """How B's files are to be read, saved by B's importer."""
        self.add(
            ImportMapping(
                id=MAPPING,
                county_id=self.county,
                name=f"{NAME}溪台账",
                profile=Profile.CASES,
                words={"headers": {"闹啥子": "title"}, "codes": {}, "places": {}},
                actor_id=USER,
                updated_at=NOW,
                version=1,
            )
        )

    def _add_run(self, *, total: int) -> None:
        """A file that is being taken in, and gave a sign of life later than those before it."""
        self.add(
            ImportRun(
                county_id=self.county,
                actor_id=USER,
                profile=Profile.CASES,
                started_at=NOW - timedelta(seconds=9),
                beat_at=NOW + timedelta(seconds=self.next()),
                step=Step.CHECKING,
                done=0,
                total=total,
            )
        )

    def _add_wall(self) -> None:
        """A wall in B's centre."""
        self.add(
            Wall(
                id=WALL,
                county_id=self.county,
                name=f"{NAME}溪大屏",
                unit_id=TOWN,
                token_hash=accounts.hash_token(f"{NAME}wall"),
                address="10.88.1.0",
                program=Program(by_urgency=True).as_json(),
                made_at=NOW,
                made_by=USER,
                changed_at=NOW,
                changed_by=USER,
            )
        )

    def _add_case(self) -> None:
        """A case that the county has just handed from one of B's mediators to the other."""

        def skip(session):
            year = numbers.case_counter(NOW)
            numbers.reserve(session, "case", county_id=self.county, count=88_100_100)
            numbers.reserve(session, year, county_id=self.county, count=88_100 - 2)

        self.db.write(skip)
        # A party of A is a party of B too: a search for the name must not tell.
        case = self.case(
            parties=("王小明", f"{NAME}诉人"),
            phones=("13812345678", PHONE),
            identities=(None, KIN),
            town_id=TOWN,
            community_id=COMMUNITY,
            grid_id=GRID,
            mediator_id=MEDIATOR,
            external_no=EXTERNAL_NO,
            title=f"{NAME}溪漏水",
            summary=f"{NAME}诉人称漏水",
            due_at=DUE,
            soon_at=DUE,
            stated_due_on=DUE.date(),
            extension_asked=int(NUMBER),
            risk=Risk.RED.value,
        )
        assert case.case_no == CASE_NO
        reassign_case(self.db, **to_second(self.boss, "k"), now=NOW)
        self._add_response(case)
        merged = self.case(
            stage=Stage.CLOSED,
            outcome_code="O14",
            merged_into=case.id,
            town_id=TOWN,
            community_id=COMMUNITY,
            grid_id=GRID,
        )
        assert merged.case_no == MERGED_NO
        self._add_tied_case()
        self.add(
            CaseSelection(
                id=SELECTION, county_id=self.county, name=f"{NAME}溪圈选", actor_id=USER, at=NOW
            )
        )
        self.add(SelectedCase(selection_id=SELECTION, county_id=self.county, case_id=case.id))
        self.add(
            ReassignBatch(
                id=MOVED,
                county_id=self.county,
                name=f"{NAME}溪分流",
                mode=BatchMode.BY_HAND,
                reason=ReassignReason.OVERLOAD,
                owner_id=USER,
                committed_at=NOW,
            )
        )
        self.add(
            BatchMove(
                batch_id=MOVED,
                county_id=self.county,
                case_id=case.id,
                from_mediator_id=MEDIATOR,
                to_mediator_id=SECOND,
                version=2,
            )
        )

    def _add_response(self, case) -> None:
        """Somebody of B answers for what is done about the red event of the first case."""
        key = {"county_id": self.county, "case_id": case.id}

        def acknowledge(session):
            alarm = session.get(RedEvent, (self.county, case.id, 1))
            alarm.acknowledged_at, alarm.acknowledged_by = NOW, USER

        self.db.write(acknowledge)
        recorded = {"recorded_by": USER, "recorded_at": NOW}
        answers = {"red_seq": 1, "responsible_id": USER, "begun_at": NOW}
        self.add(EmergencyResponse(**key, seq=2, **answers, **recorded))

    def _add_tied_case(self) -> None:
        """A red case of which its parties, and a supervisor, have said who should hold it."""
        case = self.case(
            risk=Risk.RED.value,
            parties=("王小明", f"{NAME}诉人"),
            town_id=TOWN,
            community_id=COMMUNITY,
            grid_id=GRID,
            mediator_id=SECOND,
            title=f"{NAME}溪漏水",
            due_at=DUE,
            soon_at=DUE,
        )
        assert case.case_no == TIED_NO
        of_case = {"county_id": self.county, "case_id": case.id}
        day, recorded = date(2026, 3, 2), {"recorded_by": USER, "recorded_at": NOW}
        about = {**of_case, "mediator_id": SECOND, **recorded}
        self.add(PartyObjection(**about, side=PartyRole.APPLICANT, raised_on=day))
        gone = {"withdrawn_on": day, "withdrawn_by": USER + 900, "withdrawn_at": NOW}
        self.add(PartyObjection(**about, side=PartyRole.RESPONDENT, raised_on=day, **gone))
        self.add(PartyChoice(**about, applicant_on=day, respondent_on=day))
        self.add(CasePin(**of_case, pinned_by=USER, pinned_at=NOW))
        meets = {"meets_at": NOW + timedelta(days=1), "booked_by": USER, "booked_at": NOW}
        self.add(BookedMeeting(**of_case, **meets))
        with self.db.read() as session:
            _grounds, basis = grounds_and_basis(session, case, SECOND)
        self.add(
            RecusalConsent(
                **about,
                grounds="party_objects",
                basis=basis,
                applicant_on=day,
                applicant_form=ConsentForm.WRITTEN,
                respondent_on=day,
                respondent_form=ConsentForm.ORAL,
            )
        )


def over_tied(key, **over):
    """What is said of the holder of town B's other case."""
    return {
        "case_no": TIED_NO,
        "note": f"{NAME}溪的事",
        "expected_version": 1,
        "key": key,
        **over,
    }


def of_wall(key, **over):
    """What is asked of town B's wall."""
    return {"wall_id": WALL, "key": key, **over}


def duty_b(*people, day=date(2026, 3, 2)):
    return {
        "committee_id": COMMITTEE,
        "day": day,
        "shift": DutyShift.DAY,
        "mediator_ids": people,
    }


def leave_b(first, last):
    return {"first_day": first, "last_day": last, "kind": AbsenceKind.LEAVE}


def to_second(actor, key, **over):
    return {
        "case_no": CASE_NO,
        "to_mediator_id": SECOND,
        "reason": ReassignReason.OVERLOAD,
        "note": f"{NAME}溪的事",
        "expected_version": 1,
        "key": key,
        "actor": actor,
        **over,
    }


def over_b(action, key, note=f"{NAME}溪的事", **given):
    """A step of town B's case, as it stands after the county's reassignment."""
    return {
        "case_no": CASE_NO,
        "action": action,
        "given": Given(note=note, **given),
        "expected_version": 2,
        "key": key,
    }


def like_b(vault):
    """A dispute of the persons, the place and the kind of town B's case."""
    return Sought(
        date(2026, 3, 1),
        "0402",
        GRID,
        frozenset(vault.index(name, Indexed.NAME) for name in ("王小明", f"{NAME}诉人")),
        frozenset({vault.index(PHONE, Indexed.PHONE)}),
        frozenset({vault.index(KIN, Indexed.IDENTITY)}),
    )


@pytest.fixture
def towns(db):
    return TwoTowns(db)


# --- what is to be tried ---------------------------------------------------------------------


def public_functions(package):
    """(module.function, function) of every public function that a package's modules define."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(found.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if function.__module__ == found.name and not name.startswith("_"):
                yield f"{found.name.removeprefix(package.__name__)[1:]}.{name}", function


def taking(package, parameter):
    return {
        name: function
        for name, function in public_functions(package)
        if parameter in inspect.signature(function).parameters
    }


READS = taking(queries, "scope")
COMMANDS = taking(commands, "actor")

DAY_OFF = NamedDay(date(2026, 3, 4), 0, "县庆放假")
NEW_LIMIT = Limit(
    Stage.ACCEPTED, 9, LimitUnit.WORKING_DAYS, valid_from=NOW.date(), source="综治委文件"
)
NEW_WEIGHTS = WeightTable(2, NOW.date(), WEIGHT, repeated=125)
LATER = NOW + timedelta(days=3)
AREAS = (
    (UnitLevel.TOWN, (TOWN,)),
    (UnitLevel.COMMUNITY, (COMMUNITY,)),
    (UnitLevel.GRID, (GRID,)),
)
SAID_ON = date(2026, 3, 2)
SAID = Consented(SAID_ON, ConsentForm.WRITTEN)
YEARS = Window(date(2025, 1, 1), NOW.date())
RULE_CHANGE = {"reason": NAME * 4, "fingerprint": "", "key": "rules"}
# Stand in for the scope that is being tried, and for the whole county's.
THE_SCOPE, THE_COUNTY = object(), object()
# For each read, sets of arguments that ask for town B as openly as its parameters allow.
READ_RECIPES = {
    "accounts.account": [{"user_id": USER, "now": NOW, "idle": IDLE}],
    "accounts.page": [
        {"filters": filters, "now": NOW, "idle": IDLE}
        for filters in (
            AccountFilters(),
            AccountFilters(term=NAME),
            AccountFilters(term="user88100007"),
            AccountFilters(town_id=TOWN),
            AccountFilters(role=Role.TOWN),
            AccountFilters(state=AccountState.SIGNED_IN),
        )
    ],
    # As if everything came to them, whatever they may read.
    "arrivals.arrivals": [{"user_id": USER, "own": THE_COUNTY, "gives": THE_COUNTY}],
    "batches.batches": [{"owner_id": 1}],
    "batches.moves_of": [{"owner_id": 1, "batch_id": MOVED}],
    "suggestions.suggestions": [
        {"case_no": CASE_NO, "now": NOW},
        {"case_no": "D2026-00001", "now": NOW},
    ],
    "candidates.choice": [{"case_no": CASE_NO, "now": NOW}, {"case_no": "D2026-00001", "now": NOW}],
    "case_records.case_records": [{"case_no": CASE_NO}, {"case_no": "D2026-00001"}],
    "cases.case_view": [{"case_no": CASE_NO, "now": NOW}, {"case_no": "D2026-00001", "now": NOW}],
    "choices.choices": [{}],
    "choices.scope_name": [{}],
    "clocks.why": [{"case_no": CASE_NO}, {"case_no": "D2026-00001"}],
    # A's own case has a party and a telephone in common with B's.
    "duplicates.duplicates_of": [{"case_no": CASE_NO}, {"case_no": "D2026-00001"}],
    "duplicates.likely_duplicates": [{"like": like_b(Vault(bytes(range(32))))}],
    "duplicates.merging_of": [{"case_no": MERGED_NO}, {"case_no": "D2026-00001"}],
    "duty.month": [{"committee_id": COMMITTEE, "day": NOW.date()}],
    "figures.committees_of": [{"area": area} for area in AREAS],
    "figures.counts": [
        {"level": level, "window": YEARS, "now": NOW} for level in (UnitLevel.TOWN, UnitLevel.GRID)
    ],
    "figures.open_cases": [
        {"area": area, "now": NOW, "places": places}
        for area in AREAS
        for places in (None, THE_SCOPE, THE_COUNTY)
    ],
    "figures.trend": [{"area": area, "window": YEARS} for area in AREAS],
    "figures.types_of": [{"area": area, "window": YEARS} for area in AREAS],
    "import_mappings.mapping_named": [{"name": f"{NAME}溪台账"}],
    "import_mappings.mappings": [{}],
    "import_mappings.meanings": [{"now": NOW}],
    "import_runs.running_import": [{"now": NOW}],
    "imports.batch": [{"actor_id": 1, "batch_id": BATCH}],
    "imports.batches": [{"actor_id": 1}],
    "imports.same_file": [{"actor_id": 1, "profile": Profile.CASES, "sha256": FILE}],
    "layers.layer_body": [{"sha": "8810" * 16}],
    "layers.layers_on": [{"day": NOW.date()}],
    "layers.successions": [{}],
    "loads.committee_loads": [{"now": NOW}, {"now": NOW, "at": NOW - timedelta(hours=2)}],
    "loads.mediator_loads": [{"now": NOW}, {"now": LATER, "at": NOW + timedelta(hours=1)}],
    "loads.monthly_points": [{"month": YEARS}],
    "loads.places": [{"now": NOW}],
    "loads.working_tenths": [{"now": NOW}],
    "loads.preview_weight_table": [{"table": NEW_WEIGHTS, "now": NOW}],
    "loads.weight_tables": [{"now": NOW}],
    "loads.what_to_look_at": [{"now": NOW}, {"now": LATER}, {"now": TERM_ENDS}],
    "loads.workload": [{"now": NOW}, {"now": LATER, "at": NOW + timedelta(hours=1)}],
    "places.units_within": [{}],
    "posts.offer": [{"day": NOW.date()}],
    "posts.separation": [{"day": NOW.date()}],
    "queue.by_numbers": [{"case_nos": (CASE_NO, "D2026-00001"), "now": NOW}],
    "queue.counts": [
        {"filters": filters, "now": NOW}
        for filters in (
            Filters(),
            Filters(unit=(UnitLevel.TOWN, TOWN)),
            Filters(mediator_id=SECOND),
        )
    ],
    "planning.planning": [{"case_nos": [CASE_NO, "D2026-00001"], "now": NOW}],
    "queue.rows_of": [{"case_nos": [CASE_NO, "D2026-00001"], "now": NOW}],
    "queue.numbers": [{"filters": Filters(), "now": NOW, "most": 500}],
    "queue.page": [
        {"filters": filters, "now": NOW}
        for filters in (
            Filters(),
            Filters(unit=(UnitLevel.COUNTY, 1)),
            Filters(unit=(UnitLevel.TOWN, TOWN)),
            Filters(unit=(UnitLevel.COMMUNITY, COMMUNITY)),
            Filters(unit=(UnitLevel.GRID, GRID)),
            Filters(mediator_id=SECOND),
        )
    ],
    "queue.search": [
        {"term": term, "now": NOW, "parties": parties}
        for term in (CASE_NO, EXTERNAL_NO, "88101", "王小明", f"{NAME}诉人", PHONE, "13812345678")
        for parties in (THE_SCOPE, THE_COUNTY)
    ],
    "recusals.recusals_to_resolve": [{"now": NOW}],
    "red_events.answerable": [
        {"case_no": CASE_NO, "now": NOW},
        {"case_no": "D2026-00001", "now": NOW},
    ],
    "red_events.open_events": [{"now": NOW}],
    "red_events.unacknowledged": [{"now": NOW}],
    "relations.namesakes": [{"name": FORMER}],
    "relations.withdrawals": [{}, {"mediator_id": SECOND}],
    "rules.calendar_view": [{"now": NOW}],
    "rules.changes": [{"kind": kind} for kind in RuleKind],
    "rules.limit_table": [{"now": NOW}],
    "rules.preview_days": [{"days": [DAY_OFF], "official": False, "now": NOW}],
    "rules.preview_limit": [{"rule": NEW_LIMIT, "open_cases": True, "now": NOW}],
    "selections.selection": [{"selection_id": SELECTION}],
    "steps.step_view": [{"case_no": CASE_NO}, {"case_no": "D2026-00001"}],
    "teams.changes": [
        {"committee_id": COMMITTEE},
        {"committee_id": COMMITTEE, "mediator_id": MEDIATOR},
    ],
    "teams.committee": [{"committee_id": COMMITTEE, "now": NOW}],
    "teams.committees": [
        {"filters": filters, "now": NOW}
        for filters in (
            TeamFilters(),
            TeamFilters(term=NAME),
            TeamFilters(town_id=TOWN),
            TeamFilters(kind=CommitteeKind.COMMUNITY),
        )
    ],
    "teams.offer": [{"now": NOW}],
    "teams.person": [{"mediator_id": MEDIATOR, "now": NOW}],
    "working_times.working_time": [{"mediator_id": MEDIATOR, "day": date(2026, 3, 2)}],
    "worklist.worklist": [{"mediator_id": one, "now": NOW} for one in (MEDIATOR, SECOND)],
    "trail.accounts": [{}],
    "trail.last_verification": [{}],
    "trail.page": [
        {"filters": filters}
        for filters in (
            trail.Filters(),
            trail.Filters(actor_id=USER),
            trail.Filters(subject=f"case:{CASE_NO}"),
            trail.Filters(actions=frozenset({"case:reassign", "case:assign"})),
        )
    ],
    "trail.subject_named": [{"text": text} for text in (CASE_NO, "user88100007", f"{NAME}站长")],
    "wall.duty": [{"now": NOW}],
    "wall.ticker": [{"now": NOW}],
    "wall_map.load_map": [
        {"level": level, "town_code": code, "now": NOW}
        for level in (UnitLevel.COMMUNITY, UnitLevel.GRID)
        for code in (None, "510129881")
    ],
    # When the months of all cases are over.
    "wall_outcomes.outcomes": [{"now": NOW + timedelta(days=40)}],
    "wall_outcomes.overview": [{"now": NOW}],
    "wall_sources.sources": [{"now": NOW}],
    "wall_workload.forces": [{"now": NOW}],
    "walls.places": [{"now": NOW}],
    "walls.standing": [{"wall_id": WALL}],
    "walls.urgency": [{"at": NOW - timedelta(hours=1)}],
    "walls.walls": [{"now": NOW}, {"now": NOW, "seen": {WALL: NOW}}],
}
# Reads that answer more than the scope, and why that tells nothing.
READS_OF_THE_COUNTY = {
    **{
        f"rules.{name}": "the rules are the whole county's, and who has less is refused"
        for name in ("calendar_view", "changes", "limit_table", "preview_days", "preview_limit")
    },
    **{
        f"loads.{name}": "the weights are the whole county's, and who has less is refused"
        for name in ("preview_weight_table", "weight_tables")
    },
    "import_mappings.mapping_named": "what words mean is shared by all who import for the county",
    "import_mappings.mappings": "what words mean is shared by all who import for the county",
    **{
        f"layers.{name}": "shapes and names of places are no secret within the office"
        for name in ("layer_body", "layers_on", "successions")
    },
}
# Reads without anything of their own to show: to the whole county they show no mark either.
READS_OF_FIGURES = {
    "figures.trend",
    "figures.types_of",
    "queue.counts",
    "trail.last_verification",
    "wall_outcomes.outcomes",
    "wall_outcomes.overview",
    "wall_sources.sources",
    "walls.urgency",
}

# For each command, arguments aimed at town B, and whether somebody of the county may do the same.
COMMAND_RECIPES = {
    "reassign.reassign_case": [
        (to_second(None, "k1", expected_version=2, to_mediator_id=MEDIATOR), True),
        # A retry of what the county did: its answer is not for others.
        (to_second(None, "k"), True),
        # An own case to B's mediator: not eligible, whoever asks.
        (to_second(None, "k2", case_no="D2026-00001"), False),
    ],
    "reassign.undo_reassignment": [({"case_no": CASE_NO, "expected_version": 2, "key": "u"}, True)],
    "register.register_case": [
        (
            {
                "new": NewCase(
                    unit_id=unit_id,
                    type_code="0402",
                    source_code="S02",
                    occurred_on=date(2026, 3, 1),
                    title="楼上漏水",
                    parties=(NewParty(PartyRole.APPLICANT, "王小明"),),
                ),
                "key": "r",
            },
            True,
        )
        for unit_id in (TOWN, COMMUNITY, GRID)
    ],
    # The deadlines of all towns: nothing that a part of the county decides.
    "limits.add_limit": [({"rule": NEW_LIMIT, "open_cases": True, **RULE_CHANGE}, False)],
    "limits.remove_limit": [({"rule_id": 1, "reason": NAME * 4, "key": "r"}, False)],
    "weights.add_weight_table": [
        ({"table": NEW_WEIGHTS, "reason": NAME * 4, "seen": "", "key": "w"}, False)
    ],
    "weights.withdraw_weight_table": [({"version": 2, "reason": NAME * 4, "key": "w"}, False)],
    "work_calendar.change_calendar": [
        ({"days": [DAY_OFF], "official": False, **RULE_CHANGE}, False)
    ],
    "objections.record_objection": [
        (over_tied("o1", mediator_id=SECOND, side=PartyRole.RESPONDENT, day=SAID_ON), True)
    ],
    "objections.withdraw_objection": [
        (over_tied("o2", mediator_id=SECOND, side=PartyRole.APPLICANT, day=SAID_ON), True)
    ],
    "objections.lift_objection": [
        (over_tied("o3", mediator_id=SECOND, side=PartyRole.RESPONDENT), True)
    ],
    "consents.record_recusal_consent": [
        (over_tied("c1", mediator_id=SECOND, applicant=SAID, respondent=SAID), True)
    ],
    "consents.approve_recusal_consent": [(over_tied("c2", mediator_id=SECOND), True)],
    "consents.revoke_recusal_consent": [(over_tied("c3", mediator_id=SECOND), True)],
    "locks.record_choice": [
        (
            over_tied("l1", mediator_id=MEDIATOR, applicant_on=SAID_ON, respondent_on=SAID_ON),
            True,
        )
    ],
    "locks.end_choice": [(over_tied("l2"), True)],
    "locks.pin_case": [
        (over_tied("l3"), False),
        (over_tied("l4", case_no=CASE_NO, expected_version=2), True),
    ],
    "locks.unpin_case": [(over_tied("l5"), True)],
    "meetings.record_meeting": [(over_tied("l6", day=SAID_ON), True)],
    "meetings.book_meeting": [(over_tied("l7", meets_at=NOW + timedelta(days=2)), True)],
    "meetings.cancel_meeting": [(over_tied("l8"), True)],
    "red_events.acknowledge_red_event": [(over_tied("a1"), True)],
    "red_events.record_response": [
        (over_tied("a2", responsible_id=USER, begun_at=NOW), True),
        # An own case's response by somebody of B: nobody to be named, whoever asks.
        (
            over_tied("a3", responsible_id=USER, begun_at=NOW)
            | {"case_no": "D2026-00001", "expected_version": 1},
            False,
        ),
    ],
    "red_events.end_response": [
        (
            over_tied("a4", response=2, ended_at=NOW) | {"case_no": CASE_NO, "expected_version": 2},
            True,
        )
    ],
    "risks.assess_risk": [(over_tied("a5", risk=Risk.BLUE), True)],
    "steps.take_step": [
        (over_b(Action.SUPERVISE, "s1", level=Supervision.YELLOW), True),
        (over_b(Action.WITHDRAW, "s2"), True),
        # A case of A's merged into B's, and B's into A's.
        (
            over_b(Action.MERGE, "s3", other_case=CASE_NO)
            | {"case_no": "D2026-00001", "expected_version": 1},
            True,
        ),
        (over_b(Action.MERGE, "s4", other_case="D2026-00001"), True),
        (over_b(Action.UNMERGE, "s5") | {"case_no": MERGED_NO, "expected_version": 1}, False),
    ],
    "exports.record_figures_export": [
        (
            {
                "figure": FigureKey.OPEN,
                "window": YEARS,
                "area": "510129",
                "rows": 1,
                "suppressed": False,
            },
            False,
        )
    ],
    "exports.record_workload_export": [
        (
            {
                "town_id": None,
                "committee_id": None,
                "mediator_id": None,
                "day": NOW.date(),
                "rows": 1,
            },
            False,
        )
    ],
    "batches.commit_batch": [
        (
            {
                "batch": NewBatch(
                    NAME,
                    BatchMode.HAND_BACK,
                    ReassignReason.OVERLOAD,
                    "负荷过高,分流",
                    (PlannedMove(CASE_NO, 2, MEDIATOR),),
                    (SeenPerson(MEDIATOR, 1, 0, 0),),
                ),
                "key": "batch",
            },
            True,
        )
    ],
    "arrivals.mark_seen": [({"versions": {CASE_NO: 1}}, True)],
    # By a supervisor of A: what is not theirs stays.
    "batches.undo_batch": [({"batch_id": MOVED, "key": "undo"}, True)],
    "selections.select_open_cases": [
        ({"level": level, "unit_ids": [unit_id], "name": NAME, "key": "select"}, True)
        for level, unit_id in (
            (UnitLevel.TOWN, TOWN),
            (UnitLevel.COMMUNITY, COMMUNITY),
            (UnitLevel.GRID, GRID),
        )
    ],
    "trail.read_reasons": [({"seqs": range(1, 50)}, True)],
    "trail.verify_trail": [({"folder": Path("no-such-folder"), "key": None}, True)],
    "unmask.unmask_case": [({"case_no": CASE_NO, "reason": "核实当事人身份"}, True)],
    "people.create_user": [({"login": "new.one", "name": "新人", "mediator_id": MEDIATOR}, True)],
    "people.set_active": [({"user_id": USER, "active": False, "separated": False}, True)],
    "people.lift_lock": [({"user_id": USER}, True)],
    "passwords.set_one_time_password": [({"user_id": USER}, True)],
    # It takes nobody's name: whoever asks, it is about their own.
    "passwords.change_password": [
        ({"present": "x", "password": "short", "lifetime": timedelta(hours=8)}, False)
    ],
    "posts.grant_role": [
        (
            {
                "user_id": USER,
                "post": Post(Role.DUTY, unit_id=TOWN, valid_from=date(2026, 3, 2)),
                "separated": False,
            },
            True,
        )
    ],
    "posts.end_role": [({"post_id": POST, "ends_on": date(2031, 9, 1), "separated": False}, True)],
    "leave.add_leave": [
        (
            {
                "mediator_id": MEDIATOR,
                **leave_b(date(2026, 3, 9), date(2026, 3, 10)),
                "key": "leave 1",
            },
            True,
        )
    ],
    "leave.change_leave": [
        (
            {
                "mediator_id": MEDIATOR,
                "absence_id": LEAVE,
                **leave_b(date(2026, 3, 5), date(2026, 3, 8)),
                "key": "leave 2",
            },
            True,
        )
    ],
    "leave.cancel_leave": [
        ({"mediator_id": MEDIATOR, "absence_id": LEAVE, "key": "leave 3"}, True)
    ],
    "roster.set_duty": [({**duty_b(SECOND, day=date(2026, 3, 4)), "key": "duty 1"}, True)],
    "roster.copy_week": [
        (
            {
                "committee_id": COMMITTEE,
                "from_week": NOW.date(),
                "to_week": date(2026, 3, 9),
                "key": "duty 2",
            },
            True,
        )
    ],
    "teams.add_committee": [
        (
            {
                "name": f"{NAME}溪新调委会",
                "kind": CommitteeKind.COMMUNITY,
                "unit_id": COMMUNITY,
                "term_from": date(2026, 3, 1),
                "term_to": date(2029, 3, 1),
                "minority_area": False,
                "key": "team 1",
            },
            True,
        )
    ],
    "teams.change_committee": [
        (
            {
                "committee_id": COMMITTEE,
                "name": f"{NAME}溪改名",
                "minority_area": True,
                "key": "team 2",
            },
            True,
        )
    ],
    "teams.begin_term": [
        (
            {
                "committee_id": COMMITTEE,
                "term_from": date(2026, 3, 1),
                "term_to": date(2029, 3, 1),
                "members": [MEDIATOR, SECOND],
                "chair_id": SECOND,
                "key": "team 3",
            },
            True,
        )
    ],
    "teams.close_committee": [({"committee_id": EMPTY_COMMITTEE, "key": "team 4"}, True)],
    "mediators.add_mediator": [
        (
            {
                "committee_id": COMMITTEE,
                "new": NewMediator(f"{NAME}新人", adult=True),
                "key": "mediator 1",
            },
            True,
        )
    ],
    "mediators.set_specialities": [
        ({"mediator_id": MEDIATOR, "specialities": ["0402"], "key": "mediator 2"}, True)
    ],
    "mediators.set_capacity": [
        ({"mediator_id": MEDIATOR, "capacity": 3, "full_time": True, "key": "m 3"}, True)
    ],
    "mediators.set_particulars": [
        ({"mediator_id": MEDIATOR, "sex": "2", "minority": True, "adult": True, "key": "m4"}, True)
    ],
    "mediators.set_seat": [
        ({"mediator_id": MEDIATOR, "seat": MemberSeat.CHAIR, "key": "mediator 5"}, True)
    ],
    # The other one holds a case.
    "mediators.end_post": [({"mediator_id": MEDIATOR, "key": "mediator 6"}, True)],
    "relations.disclose_relation": [
        (
            {
                "mediator_id": MEDIATOR,
                "kind": RelationKind.KIN,
                "name": f"{NAME}诉人",
                "key": "relation 1",
            },
            True,
        )
    ],
    "relations.ask_to_withdraw": [
        (
            {
                "mediator_id": MEDIATOR,
                "identity": DISCLOSED,
                "reason": WithdrawalReason.ENDED,
                "key": "relation 2",
            },
            True,
        )
    ],
    "relations.decide_withdrawal": [
        (
            {
                "mediator_id": SECOND,
                "relation_id": RELATION,
                "agreed": agreed,
                "key": f"relation 3 {agreed}",
            },
            True,
        )
        for agreed in (True, False)
    ],
    "mediators.set_licence": [
        ({"mediator_id": MEDIATOR, "until": date(2027, 3, 2), "key": "m 7"}, True)
    ],
    "working_times.set_working_time": [
        (
            {
                "mediator_id": MEDIATOR,
                "tenths": 7,
                "first_day": date(2026, 3, 2),
                "key": "time 1",
            },
            True,
        )
    ],
    "working_times.add_duty": [
        (
            {
                "mediator_id": MEDIATOR,
                "name": f"{NAME}庭",
                "tenths": 10,
                "first_day": date(2026, 3, 2),
                "last_day": None,
                "key": "duty 8",
            },
            True,
        )
    ],
    "working_times.end_duty": [
        (
            {
                "mediator_id": MEDIATOR,
                "duty_id": STANDING,
                "last_day": date(2026, 3, 2),
                "key": "duty 9",
            },
            True,
        )
    ],
    "wall_orders.order_wall": [
        (of_wall("w1", asked=Asked(OrderKind.PIN, SceneKey.DUTY), expected_version=0), True)
    ],
    "walls.add_wall": [({"name": "镇里的", "unit_id": TOWN, "key": "w2"}, True)],
    "walls.bind_wall": [(of_wall("w3", address="10.1.2.3", expected_version=1), True)],
    "walls.change_wall": [
        (of_wall("w4", name="改名", unit_id=TOWN, expected_version=1), True),
        # Into the town of whoever asks.
        (of_wall("w5", name="改名", unit_id=1, expected_version=1), False),
    ],
    "walls.new_wall_token": [(of_wall("w6", expected_version=1), True)],
    # For a wall about itself; nobody who is a person.
    "walls.note_entered": [({}, False)],
    "walls.revoke_wall": [(of_wall("w7"), True)],
    "walls.set_program": [(of_wall("w8", program=Program(), expected_version=1), True)],
    "sign_in.sign_out": [({"session_id": SESSION}, True)],
    "oidc.link_identity": [
        ({"user_id": USER, "issuer": "https://sso.example", "subject": "s-8810"}, True),
    ],
    "sign_in.end_all_sessions": [({"user_id": USER}, True)],
    "import_file.take_rejects": [({"batch_id": BATCH}, True)],
    "import_mappings.save_mapping": [
        (
            {
                "name": f"{NAME}溪台账",
                "profile": Profile.CASES,
                "mapping": FileMapping(headers={"改过": "title"}),
                "expected_version": 1,
            },
            True,
        )
    ],
    "import_mappings.delete_mapping": [({"mapping_id": MAPPING, "expected_version": 1}, True)],
}
# Commands that do not refuse a whole request; what they may not do is tried below.
TRIED_ALONE = {"import_file.import_file", "import_file.rehearse_file"}
# What it writes is of no place: who took which figures along. What they counted was read before.
OF_NO_PLACE = {"exports.record_figures_export", "exports.record_workload_export"}
# Not commands, but steps inside one that has asked for the permission already.
STEPS = {"people.add_user", "posts.add_post"}


def missing(found, recipes):
    return [
        f"{name} has no recipe in {__file__}: add arguments that ask for town B"
        for name in sorted(set(found) - set(recipes))
    ]


def test_every_read_and_every_command_is_tried():
    assert missing(READS, READ_RECIPES) == []
    assert missing(COMMANDS, {*COMMAND_RECIPES, *TRIED_ALONE, *STEPS}) == []


def test_every_recipe_is_for_something_that_is_there():
    assert set(READ_RECIPES) == set(READS)
    assert {*COMMAND_RECIPES, *TRIED_ALONE, *STEPS} == set(COMMANDS)
    assert {*READS_OF_THE_COUNTY, *READS_OF_FIGURES} <= set(READS)


def test_a_step_never_opens_a_transaction_of_its_own():
    for name in STEPS:
        assert next(iter(inspect.signature(COMMANDS[name]).parameters)) == "session"
    for name in set(COMMANDS) - STEPS:
        assert next(iter(inspect.signature(COMMANDS[name]).parameters)) == "db", name


def test_a_function_without_a_recipe_is_seen():
    assert len(missing({"queue.page": None, "queue.new_page": None}, READ_RECIPES)) == 1


# --- reads -----------------------------------------------------------------------------------


def answers(db, name, scope):
    """What a read answers to each of its recipes, or which refusal it gives."""
    stand_ins = {THE_SCOPE: scope, THE_COUNTY: Scope(scope.county_id, whole_county=True)}
    found = []
    for recipe in READ_RECIPES[name]:
        arguments = {
            key: stand_ins[value] if type(value) is object else value
            for key, value in recipe.items()
        }
        with db.read() as session:
            try:
                found.append(repr(READS[name](session, scope=scope, **arguments)))
            except Refusal as refusal:
                found.append(type(refusal).__name__)
    return found


def marks_in(found):
    return [mark for answer in found for mark in MARKS if mark in answer]


@pytest.mark.parametrize("name", sorted(set(READS) & set(READ_RECIPES) - set(READS_OF_THE_COUNTY)))
def test_nothing_of_another_town_reaches_a_read(db, towns, name):
    """The answers to town A do not even change when town B comes into being."""
    before = [answers(db, name, scope) for scope in towns.scopes_a]
    nobody = Scope(towns.county)
    empty = answers(db, name, nobody)
    towns.add_town_b()
    after = [answers(db, name, scope) for scope in towns.scopes_a]
    assert [marks_in(found) for found in after] == [[]] * len(after)
    assert after == before
    assert answers(db, name, nobody) == empty
    # The recipe would show something if anything were to be seen.
    shown = [answers(db, name, scope) for scope in (towns.whole_county, towns.scope_b)]
    assert name in READS_OF_FIGURES or any(map(marks_in, shown))
    assert shown[0] != before[0]


# --- commands --------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_hashing(monkeypatch):
    monkeypatch.setattr(accounts, "hash_password", lambda _password: "hash")


def everything(db, without=()):
    """All rows of all tables."""
    with db.read() as session:
        return {
            table.name: session.execute(select(table).order_by(*table.primary_key)).all()
            for table in Base.metadata.sorted_tables
            if table.name not in without
        }


def attempts():
    return [
        pytest.param(name, arguments, allowed, id=f"{name}-{number}")
        for name, recipes in COMMAND_RECIPES.items()
        if name in COMMANDS and name not in OF_NO_PLACE
        for number, (arguments, allowed) in enumerate(recipes)
    ]


@pytest.mark.parametrize(("name", "arguments", "allowed_to_county"), attempts())
def test_nothing_of_another_town_is_touched(db, towns, name, arguments, allowed_to_county):
    towns.add_town_b()
    before = everything(db)
    for scope in towns.scopes_a:
        actor = replace(towns.actor_a, grants=dict.fromkeys(Permission, scope))
        with pytest.raises(Refusal) as refused:
            COMMANDS[name](db, **arguments | {"actor": actor, "now": NOW})
        assert not marks_in([repr(vars(refused.value))])
    assert everything(db) == before
    # The same attempt by somebody of the county is not refused: the recipe is a good one.
    if allowed_to_county:
        COMMANDS[name](db, **arguments | {"actor": towns.boss, "now": NOW})


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - STEPS))
def test_who_holds_no_permission_does_nothing_anywhere(db, towns, name):
    towns.add_town_b()
    before = everything(db)
    nobody = replace(towns.actor_a, grants={})
    recipes = COMMAND_RECIPES.get(name, [(hostile_file("cases"), True)])
    for arguments, _allowed in recipes:
        with pytest.raises(Refusal):
            COMMANDS[name](db, **arguments | {"actor": nobody, "now": NOW})
    assert everything(db) == before


def hostile_file(kind):
    """A file of town A's person that speaks of town B's things by every key."""
    content = {
        "cases": (
            "外部编号,事件名称,发生日期,发生地点,事件规模,事件类别,涉及人数,主要当事人姓名,所属镇街\n"
            f"{EXTERNAL_NO},改名,2026-02-20,某处,01,0201,2,王小明,{NAME}溪镇\n"
            f"{EXTERNAL_NO},改名,2026-02-20,某处,01,0201,2,王小明,安仁镇\n"
            f"X-2,新案,2026-02-20,某处,01,0201,2,王小明,{NAME}溪镇\n"
        ),
        "units": (
            f"编码,名称,停用日期\n510129881001,改名,\n510129881001001,{NAME}溪网格,2026-06-01\n"
        ),
    }[kind]
    return {"content": content.encode(), "file_name": "hostile.csv"}


@pytest.mark.parametrize("kind", ["cases", "units"])
def test_a_file_changes_nothing_of_another_town(db, towns, kind):
    towns.add_town_b()
    trail = [AuditHead, AuditLine, Counter, ImportBatch, ImportReject, ImportRun]
    beside = {table.__tablename__ for table in trail}
    before, batches = everything(db, beside), len(everything(db)["import_batch"])
    file = hostile_file(kind) | {"actor": towns.actor_a, "now": NOW}
    rehearsed = COMMANDS["import_file.rehearse_file"](db, **file)
    assert everything(db)["import_batch"][batches:] == []
    report = COMMANDS["import_file.import_file"](db, **file)
    for one in (rehearsed, report):
        assert one.rows == one.rejected > 0
    assert everything(db, beside) == before


# --- who hands a case out of their own scope -------------------------------------------------


def test_a_retry_is_answered_also_when_the_case_has_left_the_scope(db, towns):
    """A head gives a case to another committee; the answer is lost; the head asks again."""
    head = towns.actor("调委会主任", scope=towns.scopes_a[3])
    elsewhere = towns.committee("安仁镇调委会", kind=CommitteeKind.TOWN, town=towns.town_a)
    request = to_second(
        head,
        "handed-over",
        case_no=towns.case_a.case_no,
        to_mediator_id=towns.mediator("镇调解员", committee_id=elsewhere),
    )
    first = reassign_case(db, **request, now=NOW)
    with db.read() as session:
        committee = select(Case.committee_id).where(Case.case_no == towns.case_a.case_no)
        assert session.scalar(committee) == elsewhere
    after = everything(db)
    assert reassign_case(db, **request, now=NOW) == first
    assert everything(db) == after
    # Only the very same request; anything new about the case is out of reach.
    with pytest.raises(NotFound):
        reassign_case(db, **request | {"key": "another"}, now=NOW)
