"""The one place where screens read the time, and how often they look again."""

from datetime import UTC, datetime

# A change is on every screen within two seconds: one refresh, and the watcher's poll before it.
REFRESH_SECONDS = 1.5


def now() -> datetime:
    """This moment, aware."""
    return datetime.now(UTC)


def minute(moment: datetime) -> datetime:
    """The minute a moment lies in: lamps and words change by the minute, without any write."""
    return moment.replace(second=0, microsecond=0)
