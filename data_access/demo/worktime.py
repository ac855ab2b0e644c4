"""Time as the flow counts it: whole seconds since midnight (Beijing) of its first day."""

from datetime import UTC, date, datetime, time, timedelta

from data_access.demo.arrivals import DAY, HOUR
from domain.clocks import BEIJING
from domain.work_calendar import WorkCalendar

OPENS = 9 * HOUR
CLOSES = 17 * HOUR + HOUR // 2
LAST_MEETING = 20 * HOUR + HOUR // 2


class WorkTime:
    """Turns seconds of the flow into days and moments, and counts office hours."""

    def __init__(self, calendar: WorkCalendar, *, first_day: date) -> None:
        self.first_day = first_day
        self._calendar = calendar
        self._origin = datetime.combine(first_day, time.min, BEIJING).astimezone(UTC)
        self._working: dict[int, bool] = {}

    def moment(self, at: int) -> datetime:
        """The moment, in UTC."""
        return self._origin + timedelta(seconds=at)

    def day(self, at: int) -> date:
        """The day in Beijing."""
        return self.first_day + timedelta(days=at // DAY)

    def start_of(self, day: date) -> int:
        """Midnight of a day; negative before the first."""
        return (day - self.first_day).days * DAY

    def is_working(self, at: int) -> bool:
        """Whether offices work on the day of `at`."""
        number = at // DAY
        if number not in self._working:
            self._working[number] = self._calendar.is_working(self.day(at))
        return self._working[number]

    def is_open(self, at: int) -> bool:
        """Whether the hall is open at `at`."""
        return self.is_working(at) and OPENS <= at % DAY < CLOSES

    def after(self, at: int, office_seconds: float) -> int:
        """When this much office time has passed since `at`."""
        left = int(office_seconds)
        while True:
            midnight = at - at % DAY
            opens, closes = midnight + OPENS, midnight + CLOSES
            if self.is_working(at) and at < closes:
                begin = max(at, opens)
                if begin + left < closes:
                    return begin + left
                left -= closes - begin
            at = midnight + DAY
