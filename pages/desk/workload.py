"""工作量: who bears how much, from the county down to one person."""

from data_access import site
from domain.clocks import day_of
from domain.people import Permission
from ui import (
    clock,
    live,
    queue_marks,
    queue_reads,
    workload_divert,
    workload_list,
    workload_reads,
    workload_rows,
    workload_state,
    workload_table,
)
from ui.session import require
from ui.workload_sight import Sight

actor = require(Permission.CASE_READ)
queue_marks.go_to_sandbox_if_asked()
scope = actor.scope(Permission.CASE_READ)
now = clock.now()
offered = queue_reads.choices(scope)
looked = workload_state.read(day_of(now))
found = workload_reads.workload(scope, now=now, at=looked.moment())
first_sight = Sight(found, looked, offered, now)
workload_state.show_filters(
    workload_list.specialities(offered),
    first_sight.committees(),
    first_sight.looked.committee,
    day_of(now),
)
looked = workload_state.read(day_of(now))
workload_state.write(looked)


@live.part
def live_list() -> None:
    """Read and show again and again: from memory unless something changed."""
    queue_marks.go_to_sandbox_if_asked(live=True)
    actor = require(Permission.CASE_READ)
    scope, now = actor.scope(Permission.CASE_READ), clock.now()
    live.show(site.current().watcher.seen(now=now))
    found = workload_reads.workload(scope, now=now, at=looked.moment())
    sight = Sight(found, looked, offered, now)
    lines = workload_rows.lines(sight)
    person = sight.person()
    of_today = person is not None and looked.day is None
    workload_list.show(
        sight,
        lines,
        offered=offered,
        worklist=workload_reads.worklist(scope, person.mediator_id, now)
        if person and of_today
        else None,
        now=now,
        on_divert=workload_divert.on_divert if actor.may(Permission.CASE_REASSIGN) else None,
    )
    workload_table.show(lines, sight, workload_list.specialities(offered), actor=actor, now=now)


live_list()
