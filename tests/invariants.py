"""What must be true of a county's tables after whatever happened to it.

`broken` asks all of it of one moment and gives a sentence for each thing that is not so; nothing
here is taken from the product's own checks, so that both would have to be wrong together.
"""

import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC
from itertools import pairwise

from sqlalchemy import select, text

from data_access.history import SPAN_FIELDS
from data_access.queries import queue
from data_access.queries.queue import Filters
from data_access.tables import (
    Assignment,
    AuditHead,
    AuditLine,
    BatchMove,
    Case,
    CaseEvent,
    CaseSpan,
    EmergencyResponse,
    IdempotencyKey,
    ImportBatch,
    ImportReject,
    OrganisationUnit,
    Party,
    RedEvent,
    UnmaskReason,
    User,
    UserRole,
)
from data_access.tables import (
    Counter as LastNumber,
)
from domain.clocks import BEIJING
from domain.organisation import UnitLevel
from domain.people import Scope
from domain.transitions import TRANSITIONS

# What gives a case to somebody, with the operation whose key makes it safe.
GIVING = {"assigned": "reassign", "reassigned": "reassign", "undone": "undo_reassign"}
# Kinds of event that somebody at a screen causes, with the operations whose key makes them safe.
BY_HAND = {
    **{kind: {operation} for kind, operation in GIVING.items()},
    "registered": {"register"},
    "on_the_spot": {"register"},
    **{
        transition.event.value: {
            one.action.value for one in TRANSITIONS.values() if one.event is transition.event
        }
        for transition in TRANSITIONS.values()
    },
}
BY_HAND |= {
    "objected": {"object"},
    "objection_withdrawn": {"withdraw_objection"},
    "objection_lifted": {"lift_objection"},
    "consented": {"consent"},
    "consent_approved": {"approve_consent"},
    "consent_revoked": {"revoke_consent"},
    "chosen": {"choose"},
    "choice_ended": {"end_choice"},
    "pinned": {"pin"},
    "unpinned": {"unpin"},
    "meeting_booked": {"book_meeting"},
    "meeting_cancelled": {"cancel_meeting"},
    "met": {"meet"},
    "risk_assessed": {"assess_risk"},
    "red_acknowledged": {"acknowledge_red"},
    "response_begun": {"begin_response"},
    "response_ended": {"end_response"},
}
# What happens to a case by what is done to another one: told, but under the other's key.
BY_ANOTHER = {"merged_into", "unmerged_from"}
# A closed case has no span; these open it again.
OPENING = {"reopened", "unmerged"}
_GENESIS = "0" * 64


class County:
    """One county's rows as of one moment, read once; lists are in the order of their numbers."""

    def __init__(self, session, county_id):
        self.session, self.id = session, county_id
        self.cases = {case.id: case for case in self._all(Case)}
        self.by_number = {case.case_no: case for case in self.cases.values()}
        self.events = self._of_cases(CaseEvent)
        self.spans = self._of_cases(CaseSpan)
        self.assignments = self._of_cases(Assignment)
        self.alarms = self._of_cases(RedEvent)
        self.responses = self._of_cases(EmergencyResponse)
        self.lines = self._all(AuditLine, AuditLine.seq)
        self.head = session.get(AuditHead, county_id)
        self.keys = {key.key: key for key in self._all(IdempotencyKey)}
        self.batches = {batch.id: batch for batch in self._all(ImportBatch)}
        self.units = {unit.id: unit for unit in session.scalars(select(OrganisationUnit))}

    def _all(self, table, *order):
        query = select(table).where(table.county_id == self.id).order_by(*order)
        return list(self.session.scalars(query))

    def _of_cases(self, table):
        found = defaultdict(list)
        for row in self._all(table, table.case_id, table.seq):
            found[row.case_id].append(row)
        return found


def broken(db, *, county_id):
    """A sentence for each invariant that does not hold, with what it does not hold of."""
    with db.read() as session:
        return wrong_with(County(session, county_id))


def wrong_with(county):
    """The same for a county that is read already."""
    found = []
    if county.session.get_bind().dialect.name == "sqlite":
        verdicts = county.session.scalars(text("PRAGMA integrity_check")).all()
        found += [f"integrity_check: {verdict}" for verdict in verdicts if verdict != "ok"]
        found += [f"refers to nothing: {row}" for row in foreign_keys(county.session)]
    for invariant in INVARIANTS:
        found += [f"{invariant.__name__}: {what}" for what in invariant(county)]
    return found


def foreign_keys(session):
    return [tuple(row) for row in session.execute(text("PRAGMA foreign_key_check"))]


def assert_hold(db, *, county_id):
    """All invariants hold, or the failure names those that do not."""
    found = broken(db, county_id=county_id)
    assert not found, "\n".join(found[:20])


# --- a case and its history ------------------------------------------------------------------


def version_counts_the_changes(county):
    """1 + changes: the events are numbered from 1 without a gap, and the last is the version."""
    for case in county.cases.values():
        numbers = [event.seq for event in county.events[case.id]]
        if numbers != list(range(1, case.version + 1)):
            yield f"{case.case_no} version {case.version}, events {numbers}"


def events_do_not_go_back(county):
    """By their number, whatever the clock did."""
    for case in county.cases.values():
        moments = [event.at for event in county.events[case.id]]
        if moments != sorted(moments):
            yield case.case_no


def history_belongs_to_a_case(county):
    for kind in ("events", "spans", "assignments"):
        for case_id in getattr(county, kind).keys() - county.cases.keys():
            yield f"{kind} of no case: {case_id}"


def open_means_open(county):
    """An open case has a deadline and no end; a closed one has an end and no deadline."""
    for case in county.cases.values():
        is_open = case.stage.value != "closed"
        said = (bool(case.is_open), case.due_at is not None, case.closed_at is None)
        if said != (is_open,) * 3:
            yield f"{case.case_no} {case.stage} {said}"


def spans_follow_each_other(county):
    """One open span for an open case and none for a closed one; no gap, no overlap."""
    for case in county.cases.values():
        spans = county.spans[case.id]
        unended = [span.seq for span in spans if span.ends_at is None]
        if len(unended) != case.is_open or (unended and unended != [spans[-1].seq]):
            yield f"{case.case_no} open {case.is_open}, spans without an end {unended}"
        moments = {event.seq: event.at for event in county.events[case.id]}
        opened = {e.seq for e in county.events[case.id] if e.kind.value in OPENING}
        for before, after in pairwise(spans):
            # It was closed in between, by what happened after the one span and before the other;
            # a file that changes nothing which a screen counts leaves no span of its own.
            between = {moments.get(seq) for seq in range(before.seq + 1, after.seq)}
            closed = (
                after.seq in opened
                and before.ends_at in between
                and after.starts_at == moments[after.seq]
            )
            if before.ends_at != after.starts_at and not closed:
                yield f"{case.case_no} between spans {before.seq} and {after.seq}"
            if before.recorded_seq > after.recorded_seq:
                yield f"{case.case_no} span {after.seq} was known before {before.seq}"
        last = county.head.data_seq
        if any(span.seq > case.version or span.recorded_seq > last for span in spans):
            yield f"{case.case_no} has a span from the future"


def open_span_says_what_the_case_says(county):
    for case in county.cases.values():
        for span in county.spans[case.id]:
            if span.ends_at is None:
                unlike = [n for n in SPAN_FIELDS if getattr(span, n) != getattr(case, n)]
                if unlike:
                    yield f"{case.case_no} {unlike}"


def one_holds_it(county):
    """The open assignment is the case's mediator, and no two assignments overlap."""
    for case in county.cases.values():
        held = county.assignments[case.id]
        unended = [one.mediator_id for one in held if one.ends_at is None]
        if unended != [case.mediator_id] * (case.mediator_id is not None):
            yield f"{case.case_no} held by {case.mediator_id}, assigned to {unended}"
        for before, after in pairwise(held):
            if before.ends_at is None or before.ends_at > after.starts_at:
                yield f"{case.case_no} assignments {before.seq} and {after.seq} overlap"
        for one in held:
            if not 1 <= one.seq <= case.version:
                yield f"{case.case_no} assignment {one.seq} of no version"


def every_move_left_its_history(county):
    """The new holder of an event is the one of that version's assignment and of its span."""
    for case in county.cases.values():
        assigned = {one.seq: one.mediator_id for one in county.assignments[case.id]}
        held = {span.seq: span.mediator_id for span in county.spans[case.id]}
        for event in county.events[case.id]:
            if event.kind.value not in GIVING:
                continue
            to = event.data["to"]
            if assigned.get(event.seq) != to or held.get(event.seq, "none") != to:
                yield f"{case.case_no} event {event.seq}"


def alarms_follow_their_cases(county):
    """An open case at R1 has one alarm that goes on, any other has none; history has none at all.

    Only a file brings history, and it stays quiet until somebody judges the case anew.
    """
    for case in county.cases.values():
        going_on = [one.seq for one in county.alarms[case.id] if one.ended_at is None]
        is_red = bool(case.is_open) and case.risk == 1
        history = is_red and case.batch_id is not None and not going_on
        if len(going_on) != is_red and not history:
            yield f"{case.case_no} open {case.is_open}, R{case.risk}, alarms {going_on}"
        for before, after in pairwise(county.alarms[case.id]):
            if before.ended_at is None or before.ended_at > after.raised_at:
                yield f"{case.case_no} alarms {before.seq} and {after.seq} overlap"


def what_was_done_about_alarms_is_told(county):
    """Each acknowledgement and each response has its event, and no response outlives its alarm."""
    for case in county.cases.values():
        told = [event for event in county.events[case.id] if event.kind.value in _OF_ALARMS]
        begun = [event.seq for event in told if event.kind.value == "response_begun"]
        responses, alarms = county.responses[case.id], county.alarms[case.id]
        if begun != [one.seq for one in responses]:
            yield f"{case.case_no} responses {begun} are told"
        noticed = [e.at for e in told if e.seq not in begun or e.data.get("acknowledged")]
        if noticed != [one.acknowledged_at for one in alarms if one.acknowledged_at]:
            yield f"{case.case_no} acknowledged at {noticed}, as is told"
        by_number = {one.seq: one for one in alarms}
        for one in responses:
            alarm = by_number[one.red_seq]
            if alarm.acknowledged_at is None or (alarm.ended_at and not one.ended_at):
                yield f"{case.case_no} response {one.seq} to alarm {alarm.seq}"


_OF_ALARMS = {"red_acknowledged", "response_begun"}


# --- the trail -------------------------------------------------------------------------------


def chain_recomputes(county):
    """From the first line to the head, by the documented form, without the product's function."""
    previous, names = _GENESIS, [column.name for column in AuditLine.__table__.columns]
    for expected, line in enumerate(county.lines, start=1):
        row = {name: getattr(line, name) for name in names if name != "hash"}
        row["at"] = row["at"].astimezone(UTC).isoformat(timespec="microseconds")
        written = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(written.encode()).hexdigest()
        if (line.seq, line.previous_hash, line.hash) != (expected, previous, digest):
            yield f"line {expected}"
            return
        previous = digest
    if (county.head.seq, county.head.hash) != (len(county.lines), previous):
        yield f"head {county.head.seq}, lines {len(county.lines)}"
    if county.head.data_seq > county.head.seq:
        yield f"watermark {county.head.data_seq} beyond the head {county.head.seq}"


def moves_and_lines_and_keys_are_one(county):
    """Each change by hand has one line in the trail and one key; there is none of either beside."""
    done = {
        (county.cases[case_id].case_no, event.seq): event.kind.value
        for case_id, events in county.events.items()
        for event in _told(events)
        if event.kind.value in {*BY_HAND, *BY_ANOTHER} and case_id in county.cases
    }
    told = Counter(
        (line.subject.removeprefix("case:"), line.payload["version"])
        for line in county.lines
        if line.subject.startswith("case:") and "version" in line.payload and line.actor_id
    )
    operations = set().union(*BY_HAND.values())
    kept = Counter(
        (key.result["case_no"], key.result["version"])
        for key in county.keys.values()
        if key.operation in operations
    )
    if told != Counter(done.keys()):
        yield f"events {len(done)}, lines {told.total()}: {_unlike(told, Counter(done.keys()))}"
    by_batch = _by_batch(county)
    made = Counter(
        place for place, kind in done.items() if kind not in BY_ANOTHER and place not in by_batch
    )
    if missing := by_batch - done.keys():
        yield f"moves of batches without an event: {missing}"
    if kept != made:
        yield f"events {made.total()}, keys {kept.total()}: {_unlike(kept, made)}"
    for key in county.keys.values():
        kind = done.get((key.result.get("case_no"), key.result.get("version")))
        if key.operation in operations and key.operation not in BY_HAND.get(kind, ()):
            yield f"{key.result['case_no']} {kind}: the key says {key.operation}"


def _by_batch(county):
    """The changes that came under the one key of a batch, or of its undo."""
    moves = county.session.scalars(select(BatchMove).where(BatchMove.county_id == county.id)).all()
    told = [(one.case_id, one.version) for one in moves]
    told += [(one.case_id, one.restored_version) for one in moves if one.restored_version]
    return {(county.cases[case_id].case_no, version) for case_id, version in told}


def _told(events):
    """The changes that somebody made, each of which is told in the trail by its version.

    What is settled on the spot is registered and closed at once, and told as one.
    """
    kinds = {event.seq: event.kind.value for event in events}
    at_once = kinds.get(2) == "on_the_spot"
    return [event for event in events if event.actor_id and not (at_once and event.seq == 1)]


def reasons_stand_beside_their_lines(county):
    """Who looked behind a mask left a line, and beside it the reason."""
    asked = {line.seq for line in county.lines if line.action == "case:unmask"}
    query = select(UnmaskReason.seq).where(UnmaskReason.county_id == county.id)
    kept = set(county.session.scalars(query))
    if asked != kept:
        yield f"lines without a reason {asked - kept}, reasons without a line {kept - asked}"


def accounts_and_posts_are_told(county):
    """What the trail says was made is there."""
    users = set(county.session.scalars(select(User.id)))
    posts = {post.id: post for post in county.session.scalars(select(UserRole))}
    for line in county.lines:
        if line.action == "user:create" and int(line.subject.removeprefix("user:")) not in users:
            yield f"line {line.seq}: no {line.subject}"
        if line.action in {"user:grant", "user:end_post"} and line.payload["post"] not in posts:
            yield f"line {line.seq}: no post {line.payload['post']}"


# --- files -----------------------------------------------------------------------------------


def files_came_whole(county):
    """A batch's rows, new cases, changes, rejects and its one line in the trail agree."""
    told = Counter(line.subject for line in county.lines if line.action == "import:run")
    rejects = Counter(county.session.scalars(select(ImportReject.batch_id)))
    added = Counter(case.batch_id for case in county.cases.values())
    changed = Counter(
        event.data.get("batch")
        for events in county.events.values()
        for event in events
        if event.kind.value == "updated"
    )
    for batch in county.batches.values():
        came_of = batch.added + batch.changed + batch.unchanged + batch.rejected
        if came_of != batch.rows or rejects[batch.id] not in (0, batch.rejected):
            yield f"batch {batch.id}: {batch.rows} rows, {came_of} of them accounted for"
        if told[f"import:{batch.id}"] != 1:
            yield f"batch {batch.id}: {told[f'import:{batch.id}']} lines in the trail"
        if batch.profile == "cases" and (added[batch.id], changed[batch.id]) != (
            batch.added,
            batch.changed,
        ):
            yield f"batch {batch.id}: {batch.added} and {batch.changed}, there are"
            yield f"        {added[batch.id]} new and {changed[batch.id]} changed"
    for name in told.keys() - {f"import:{batch_id}" for batch_id in county.batches}:
        yield f"{name} is told and not there"
    for batch_id in (added.keys() | changed.keys()) - county.batches.keys() - {None}:
        yield f"cases of batch {batch_id}, which is not there"


def parties_belong_to_a_case(county):
    query = select(Party.case_id).where(Party.county_id == county.id)
    for case_id in set(county.session.scalars(query)) - county.cases.keys():
        yield f"parties of no case: {case_id}"


# --- numbers and sums ------------------------------------------------------------------------


def case_numbers_have_no_gap(county):
    """Of each year 1, 2, 3 … up to what the counter says was handed out last."""
    by_year = defaultdict(list)
    for case in county.cases.values():
        by_year[case.registered_at.astimezone(BEIJING).year].append(case.case_no)
    counters = select(LastNumber).where(LastNumber.county_id == county.id)
    last = {one.name: one.last for one in county.session.scalars(counters)}
    for year, numbers in by_year.items():
        expected = [f"D{year}-{n:05d}" for n in range(1, last.get(f"case_no:{year}", 0) + 1)]
        if sorted(numbers) != expected:
            missing = sorted(set(expected) - set(numbers))[:5]
            yield f"{year}: {len(numbers)} cases, last number {len(expected)}, missing {missing}"


def parts_sum_to_the_county(county):
    """As a screen counts them: grids to communities, communities to towns, towns to the county.

    A case that is not placed as deeply counts where it is placed.
    """
    for case in county.cases.values():
        units = [case.grid_id, case.community_id, case.town_id, county.id]
        known = [county.units[one] for one in units if one is not None]
        if any(below.parent_id != above.id for below, above in pairwise(known)):
            yield f"{case.case_no} lies in units that do not lie in each other"
    counted = {level: _counted(county, level) for level in _PLACES}
    for above, below in pairwise(_PLACES):
        direct = _not_placed_below(county, above, below)
        sums = Counter(direct)
        for unit_id, count in counted[below].items():
            sums[county.units[unit_id].parent_id] += count
        if sums != counted[above]:
            yield f"{below} to {above}: {_unlike(sums, counted[above])}"


_PLACES = (UnitLevel.COUNTY, UnitLevel.TOWN, UnitLevel.COMMUNITY, UnitLevel.GRID)
_SCOPE_OF = {UnitLevel.TOWN: "towns", UnitLevel.COMMUNITY: "communities", UnitLevel.GRID: "grids"}
_COLUMN_OF = {
    UnitLevel.TOWN: "town_id",
    UnitLevel.COMMUNITY: "community_id",
    UnitLevel.GRID: "grid_id",
}


def _counted(county, level):
    """Open cases by unit of a level, asked as a person of that unit would ask."""
    if level is UnitLevel.COUNTY:
        scopes = {county.id: Scope(county.id, whole_county=True)}
    else:
        column = _COLUMN_OF[level]
        places = {getattr(case, column) for case in county.cases.values()} - {None}
        scopes = {
            place: Scope(county.id, **{_SCOPE_OF[level]: frozenset({place})}) for place in places
        }
    return Counter(
        {place: total for place, scope in scopes.items() if (total := _total(county, scope))}
    )


def _total(county, scope):
    moment = max(case.updated_at for case in county.cases.values())
    found = queue.counts(county.session, scope=scope, filters=Filters(), now=moment)
    return sum(count.total for count in found.values())


def _not_placed_below(county, above, below):
    column = _COLUMN_OF[below]
    here = _COLUMN_OF.get(above, "county_id")
    return Counter(
        getattr(case, here)
        for case in county.cases.values()
        if case.is_open and getattr(case, column) is None and getattr(case, here) is not None
    )


def _unlike(one, other):
    return sorted(((one - other) + (other - one)).items(), key=str)[:5]


INVARIANTS = (
    version_counts_the_changes,
    events_do_not_go_back,
    history_belongs_to_a_case,
    open_means_open,
    spans_follow_each_other,
    open_span_says_what_the_case_says,
    one_holds_it,
    every_move_left_its_history,
    alarms_follow_their_cases,
    what_was_done_about_alarms_is_told,
    chain_recomputes,
    moves_and_lines_and_keys_are_one,
    reasons_stand_beside_their_lines,
    accounts_and_posts_are_told,
    files_came_whole,
    parties_belong_to_a_case,
    case_numbers_have_no_gap,
    parts_sum_to_the_county,
)
