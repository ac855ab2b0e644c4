"""Workbooks of Excel before 2007 (BIFF), which many systems still export."""

import struct

from data_access.imports.formats.calamine import open_workbook
from data_access.imports.formats.ole import Container
from data_access.imports.formats.opened import Opened, Order, ReadLimits, Refused

_STREAMS = ("Workbook", "Book")
_BEGIN, _PASSWORD = (0x0009, 0x0209, 0x0409, 0x0809), 0x002F
# Records of one cell with something in it: number, text, formula, truth.
_CELLS = frozenset((0x0006, 0x00D6, 0x0203, 0x0204, 0x0205, 0x00FD, 0x027E))
_SEVERAL_NUMBERS = 0x00BD


def open_xls(content: bytes, order: Order) -> Opened:
    """Look at the container and at every record, then parse."""
    container = Container(content)
    if container.names & {"EncryptedPackage", "EncryptionInfo"}:
        raise Refused("password")
    stream = next((name for name in _STREAMS if name in container.names), None)
    if stream is None:
        raise Refused("not_a_table")
    _inspect(container.read(stream), order.limits)
    return open_workbook(content, order, kind="xls", sizes={})


def _inspect(records: bytes, limits: ReadLimits) -> None:
    """Refuse a password, and cells right of the last column that is taken.

    A sheet has no more than 65,536 rows, so only columns can make the rectangle large that the
    parser allocates for each sheet.
    """
    if len(records) < 4 or struct.unpack_from("<H", records)[0] not in _BEGIN:  # noqa: PLR2004
        raise Refused("damaged")
    at, last, read = 0, len(records) - 4, struct.Struct("<HH").unpack_from
    while at <= last:
        kind, length = read(records, at)
        if kind == _PASSWORD:
            raise Refused("password")
        if kind in _CELLS and length >= 4:  # noqa: PLR2004 - a row and a column
            column = int.from_bytes(records[at + 6 : at + 8], "little")
            if column >= limits.columns:
                raise Refused("too_many_columns")
        elif kind == _SEVERAL_NUMBERS and length >= 6:  # noqa: PLR2004
            end = at + 4 + length
            if int.from_bytes(records[end - 2 : end], "little") >= limits.columns:
                raise Refused("too_many_columns")
        at += 4 + length
