"""Where records come from, and how long each way in may be silent before somebody should ask.

What is taken down at a desk or in the field comes when somebody comes: a quiet night is no fault.
What another system sends comes through a line that can break, and then silence is all that is seen.
"""

from datetime import datetime, timedelta

# Hours without a record after which a line is more likely broken than quiet, weekends included. No
# document sets them: they are this county's usual gaps with room to spare.
_QUIET_HOURS = {
    "S07": 72,  # 12345 热线转办
    "S08": 72,  # 110 非警务分流
    "S09": 168,  # 法院委派/委托
    "S11": 240,  # 信访转送
    "S13": 168,  # 天府市民云/小程序
    "S14": 240,  # 和合智解 e 调解
}
# The others are entered here by hand, or come too seldom for their silence to say anything.
EXPECTED_WITHIN = {code: timedelta(hours=hours) for code, hours in _QUIET_HOURS.items()}


def is_beyond(code: str, newest: datetime | None, *, now: datetime) -> bool:
    """Whether a source has been silent for longer than expected; one without such a time never.

    `newest` is its newest record. Of a source that never sent anything nothing is expected: it may
    not be connected here at all.
    """
    within = EXPECTED_WITHIN.get(code)
    return within is not None and newest is not None and now - newest > within
