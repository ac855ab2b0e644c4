"""The one place where screens read the time."""

from datetime import UTC, datetime


def now() -> datetime:
    """This moment, aware."""
    return datetime.now(UTC)


def minute(moment: datetime) -> datetime:
    """The minute a moment lies in: lamps and words change by the minute, without any write."""
    return moment.replace(second=0, microsecond=0)
