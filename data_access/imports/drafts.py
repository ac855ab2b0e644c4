"""Committees and mediators as they will be, before they are written."""

from dataclasses import dataclass, field
from typing import Any

from data_access.tables import Committee, Mediator


@dataclass(slots=True, eq=False)
class CommitteeDraft:
    """A committee as it will be; `changes` are the columns that a known one gets."""

    values: dict[str, Any]
    id: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class MediatorDraft:
    """A mediator as they will be. `specialities` is None where they stay as they are."""

    values: dict[str, Any]
    committee: CommitteeDraft
    id: int | None = None
    changes: dict[str, Any] = field(default_factory=dict)
    specialities: tuple[str, ...] | None = None


def columns_of(row: Committee | Mediator) -> dict[str, Any]:
    """A row's columns by name, free of its session."""
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}
