"""What every site starts with: its county, the code lists, the limits and the work calendar."""

import csv
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from data_access import audit
from data_access.tables import (
    CaseType,
    Code,
    LimitRule,
    OrganisationUnit,
    Site,
    WorkDay,
)
from domain.clocks import DEFAULT_LIMITS, Clock, Limit, day_of
from domain.organisation import UnitLevel
from domain.work_calendar import FULL_DAY, NamedDay, WorkCalendar

_FOLDER = Path(__file__).parent / "codes"
# What the note of a day says while its year has only the holidays of the law (全国年节及纪念日放假
# 办法, 2024): the State Council's notice for the year will add days off and make-up days.
ARRANGEMENT_MISSING = "(法定节假日,调休未公布)"
_FOUNDED = date(1949, 10, 1)
# Injuries and occupational disputes need somebody who knows the field; the county can change it.
_NEEDS_SPECIALIST = frozenset({"0502", "0503", "0505", "0701", "0702", "0703", "0704"})


def create_county(session: Session, *, code: str, name: str) -> int:
    """The county of this site, with its audit chain. Returns its unit id.

    `code` is the 6-digit division code of GB/T 2260.
    """
    county = OrganisationUnit(
        code=code,
        level=UnitLevel.COUNTY,
        parent_id=None,
        path="",
        name=name,
        kind="县",
        valid_from=_FOUNDED,
    )
    session.add(county)
    session.flush()
    county.path = f"/{county.id}/"
    session.flush()
    audit.open_chain(session, county_id=county.id)
    return county.id


def seed_reference(session: Session) -> None:
    """Fill the code lists, limits and calendar of a site that has none."""
    if session.scalar(select(func.count()).select_from(CaseType)):
        return
    session.execute(
        insert(CaseType),
        [
            {
                "code": row["code"],
                "parent_code": row["parent"] or None,
                "name_zh": row["name_zh"],
                "name_en": row["name_en"],
                "needs_specialist": row["code"] in _NEEDS_SPECIALIST,
            }
            for row in _rows("case_type")
        ],
    )
    session.execute(
        insert(Code),
        [
            {key: row[key] for key in ("code", "name_zh", "name_en")} | {"kind": kind}
            for kind in ("event_scale", "outcome", "source_channel")
            for row in _rows(kind)
        ],
    )
    session.execute(insert(LimitRule), [_limit_row(limit) for limit in DEFAULT_LIMITS])
    session.execute(
        insert(WorkDay),
        [
            {
                "day": date.fromisoformat(row["day"]),
                "halves": FULL_DAY if row["working"] == "1" else 0,
                "note": row["note"],
                "official": not row["note"].endswith(ARRANGEMENT_MISSING),
            }
            for row in _rows("work_day")
        ],
    )


def load_clock(session: Session) -> Clock:
    """The limits and the calendar in force, as the domain wants them."""
    rows = session.scalars(select(LimitRule).order_by(LimitRule.id)).all()
    return Clock(tuple(limit_of(row) for row in rows), load_calendar(session))


def limit_of(row: LimitRule) -> Limit:
    """A stored rule as the domain wants it."""
    return Limit(
        row.stage,
        row.amount,
        row.unit,
        row.difficulty,
        row.valid_from,
        row.valid_to,
        row.source,
        level=row.level,
    )


def load_calendar(session: Session) -> WorkCalendar:
    """The work calendar, complete until the end of the last year that has its official days."""
    days = session.execute(select(WorkDay.day, WorkDay.halves, WorkDay.note, WorkDay.official))
    rows = days.all()
    # A notice also names days of the New Year around its own year, so those say nothing of a year.
    entered = {row.day.year for row in rows if row.official and 1 < row.day.month < 12}  # noqa: PLR2004
    until = date.min
    if entered:
        # A year counts only where none before it is missing.
        year = min(entered)
        while year + 1 in entered:
            year += 1
        until = date(year, 12, 31)
    return WorkCalendar(complete_until=until).with_days(NamedDay(*row[:3]) for row in rows)


def calendar_gap(session: Session, *, now: datetime) -> date | None:
    """The first day from which deadlines may still move, when it is within 60 days or has passed.

    None while the official arrangement is entered for longer than that.
    """
    return load_calendar(session).gap(today=day_of(now))


def county_id(session: Session) -> int | None:
    """The county of this site, or None before it is set up."""
    return session.scalar(
        select(OrganisationUnit.id).where(OrganisationUnit.level == UnitLevel.COUNTY).limit(1)
    )


def site_fact(session: Session, name: str) -> str | None:
    """A fact about this installation, or None."""
    return session.scalar(select(Site.value).where(Site.name == name))


def set_site_fact(session: Session, name: str, value: str) -> None:
    """Remember a fact about this installation."""
    session.merge(Site(name=name, value=value))


def _limit_row(limit: Limit) -> dict[str, object]:
    return {
        "stage": limit.stage,
        "difficulty": limit.difficulty,
        "level": limit.level,
        "amount": limit.amount,
        "unit": limit.unit,
        "valid_from": limit.valid_from,
        "valid_to": limit.valid_to,
        "source": limit.source,
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
