"""What leaves as a file leaves a line in the trail, and nothing else."""

from datetime import date

import pytest
from sqlalchemy import select

from data_access.commands.exports import record_figures_export, record_workload_export
from data_access.tables import AuditHead, AuditLine
from domain.errors import NotAllowed
from domain.kpi import FigureKey, Window
from domain.people import Permission
from tests.world import NOW

TAKEN = {
    "figure": FigureKey.NEW,
    "window": Window(date(2026, 2, 1), date(2026, 3, 2)),
    "area": "510129",
    "rows": 11,
    "suppressed": True,
    "now": NOW,
}


def test_who_takes_figures_along_is_said_with_what_they_were(db, world):
    with db.read() as session:
        before = session.scalar(select(AuditHead.data_seq))
    record_figures_export(db, actor=world.actor(permissions={Permission.FIGURES_READ}), **TAKEN)
    with db.read() as session:
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
        after = session.scalar(select(AuditHead.data_seq))
    assert line.action == "figures:export"
    assert line.subject == f"county:{world.county}"
    assert line.payload == {
        "figure": "new",
        "first_day": "2026-02-01",
        "last_day": "2026-03-02",
        "area": "510129",
        "rows": 11,
        "suppressed": True,
    }
    # Nothing that a screen shows has changed.
    assert after == before


def test_who_takes_workloads_along_is_said_with_whose_they_were(db, world):
    taken = {
        "town_id": None,
        "committee_id": world.committee_a,
        "mediator_id": None,
        "day": date(2026, 3, 2),
        "rows": 5,
        "now": NOW,
    }
    record_workload_export(db, actor=world.actor(permissions={Permission.CASE_READ}), **taken)
    with db.read() as session:
        line = session.scalars(select(AuditLine).order_by(AuditLine.seq.desc())).first()
    assert (line.action, line.subject) == ("workload:export", f"county:{world.county}")
    assert line.payload == {
        "unit": None,
        "committee": world.committee_a,
        "mediator": None,
        "day": "2026-03-02",
        "rows": 5,
    }
    with pytest.raises(NotAllowed):
        record_workload_export(db, actor=world.actor(permissions=set()), **taken)


def test_whoever_may_see_no_figures_takes_none(db, world):
    with pytest.raises(NotAllowed):
        record_figures_export(db, actor=world.actor(permissions=set()), **TAKEN)
