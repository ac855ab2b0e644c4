"""What went wrong with the database, for those who do not know its library."""

import errno
import os

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# The connection is lost, the file is locked or the disk is full, or no connection gets free: what
# was read before is then shown, with its time.
UNREADABLE: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout)

# Of these, what came of a write that was under way is not known: the connection may have gone
# between a commit and its answer. The other kinds of error are mistakes of ours.
AWAY: tuple[type[Exception], ...] = (OperationalError, InterfaceError, PoolTimeout)

_FULL_SQLITE, _FULL_POSTGRESQL = "SQLITE_FULL", "53100"


def disk_is_full(error: BaseException) -> bool:
    """Whether a write failed for want of space: nothing of it was kept, and reading goes on."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    origin = getattr(error, "orig", None) or error
    return (
        getattr(origin, "sqlite_errorname", None) == _FULL_SQLITE
        or getattr(origin, "sqlstate", None) == _FULL_POSTGRESQL
        # What refuses a connection comes without a state.
        or os.strerror(errno.ENOSPC) in str(origin)
    )
