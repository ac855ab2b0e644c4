"""What a screen may take for "the database does not answer", without knowing its library."""

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

# The connection is lost, the file is locked or the disk is full, or no connection gets free: what
# was read before is then shown, with its time.
UNREADABLE: tuple[type[Exception], ...] = (DBAPIError, PoolTimeout)
