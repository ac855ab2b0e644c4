"""An audit trail of real shape, as long as asked, with hashes that fit.

A few people do most of the work, most lines are sign-ins and cases, and few are unmaskings.
"""

import random
from datetime import datetime, timedelta
from functools import partial
from itertools import accumulate

from sqlalchemy import insert, text, update

from data_access import audit
from data_access.tables import AuditHead, AuditLine

PEOPLE, CASES, SECONDS_APART = 300, 100_000, 6
_STEP = 20_000
_ACTIONS = {
    "session:open": 40,
    "session:close": 30,
    "session:refuse": 3,
    "case:reassign": 20,
    "case:assign": 20,
    "case:accept": 20,
    "case:unmask": 4,
    "import:run": 1,
    "user:grant": 1,
}


class LongTrail:
    """Fills the empty trail of a county in `db`; the first line is of the moment `since`."""

    def __init__(self, db, county_id: int, *, since: datetime) -> None:
        self.db, self.county_id, self.since = db, county_id, since
        self._chance = random.Random(510129)
        self._busy = [*accumulate(100 // (one + 1) + 1 for one in range(PEOPLE))]

    def write(self, lines: int) -> None:
        """Write so many lines, and what autovacuum or the day's work would do next."""
        previous = audit.GENESIS
        for start in range(1, lines + 1, _STEP):
            rows = []
            for seq in range(start, min(start + _STEP, lines + 1)):
                rows.append(self._row(seq, previous))
                previous = rows[-1]["hash"]
            self.db.write(partial(self._insert, rows=rows))
        self._settle()

    def at(self, seq: int) -> datetime:
        """When line `seq` was written."""
        return self.since + timedelta(seconds=SECONDS_APART * seq)

    def _insert(self, session, rows):
        session.connection().execute(insert(AuditLine.__table__), rows)
        last = {"seq": rows[-1]["seq"], "hash": rows[-1]["hash"]}
        session.execute(
            update(AuditHead).where(AuditHead.county_id == self.county_id).values(**last)
        )

    def _row(self, seq, previous):
        chance = self._chance
        (actor,) = chance.choices(range(1, PEOPLE + 1), cum_weights=self._busy)
        (action,) = chance.choices([*_ACTIONS], _ACTIONS.values())
        of_case = action.startswith("case:")
        row = {
            "county_id": self.county_id,
            "seq": seq,
            "at": self.at(seq),
            "actor_id": actor,
            "session_id": seq // 10,
            "address": "10.1.2.3",
            "action": action,
            "subject": f"case:D2026-{chance.randrange(CASES):05d}" if of_case else f"user:{actor}",
            "payload": (
                {"from": 1, "to": 2, "reason": "overload", "version": 3}
                if of_case
                else {"session": seq // 10, "how": "password"}
            ),
            "previous_hash": previous,
        }
        return row | {"hash": audit.line_hash(row)}

    def _settle(self):
        if self.db.is_sqlite:
            with self.db.bind.begin() as connection:
                connection.execute(text("ANALYZE"))
            self.db.bind.dispose()
            return
        with self.db.bind.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
