"""The one place where the server reads the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware."""
    return datetime.now(UTC)
