"""The container of Office files before 2007: a small file system, walked with a loop in mind."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from data_access.imports.formats.opened import Refused

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_END = 0xFFFFFFF0  # numbers from here on are marks, not sectors
_HEADER, _IN_HEADER, _ENTRY = 512, 109, 128
_STREAM, _ROOT = 2, 5
_SHIFTS, _MINI_SHIFT = frozenset((9, 12)), 6
_MOST_ENTRIES = 10_000


@dataclass(frozen=True, slots=True)
class _Stream:
    start: int
    size: int


class Container:
    """The streams in a container by their names. Refuses what is inconsistent."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        try:
            self._open()
        except (struct.error, IndexError, UnicodeDecodeError):
            raise Refused("damaged") from None

    def _open(self) -> None:
        shift, mini_shift = struct.unpack_from("<HH", self._content, 30)
        directory, _, self._cutoff, mini_table, _, more, _ = struct.unpack_from(
            "<IIIIIII", self._content, 48
        )
        if shift not in _SHIFTS or mini_shift != _MINI_SHIFT:
            raise Refused("damaged")
        self._size, self._mini_size = 1 << shift, 1 << mini_shift
        self._next = self._numbers(self._table_sectors(more))
        self._streams: dict[str, _Stream] = {}
        self._root = _Stream(_END, 0)
        for entry in self._entries(directory):
            self._note(entry)
        self._mini_next = self._numbers(list(self._chain(mini_table, self._next)))

    @property
    def names(self) -> frozenset[str]:
        """The names of all streams."""
        return frozenset(self._streams)

    def read(self, name: str) -> bytes:
        """A stream's bytes. Refuses a name that is not there."""
        try:
            found = self._streams[name]
            if found.size >= self._cutoff:
                sectors = self._chain(found.start, self._next)
                return b"".join(map(self._sector, sectors))[: found.size]
            small = b"".join(map(self._sector, self._chain(self._root.start, self._next)))
            size = self._mini_size
            places = self._chain(found.start, self._mini_next)
            return b"".join(small[at * size : (at + 1) * size] for at in places)[: found.size]
        except (KeyError, IndexError):
            raise Refused("damaged") from None

    def _table_sectors(self, more: int) -> list[int]:
        """The sectors of the allocation table: some are named in the header, others in a chain."""
        found = list(struct.unpack_from(f"<{_IN_HEADER}I", self._content, 76))
        seen: set[int] = set()
        while more < _END:
            if more in seen:
                raise Refused("suspicious")
            seen.add(more)
            *named, more = self._numbers([more])
            found += named
        return [sector for sector in found if sector < _END]

    def _numbers(self, sectors: list[int]) -> list[int]:
        content = b"".join(map(self._sector, sectors))
        return list(struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4]))

    def _sector(self, number: int) -> bytes:
        at = (number + 1) * self._size
        if at >= len(self._content):
            raise Refused("damaged")
        return self._content[at : at + self._size]

    def _chain(self, start: int, following: list[int]) -> Iterator[int]:
        """Sector after sector. Refuses a chain that comes back to itself."""
        steps = 0
        while start < _END:
            yield start
            start = following[start]
            steps += 1
            if steps > len(following):
                raise Refused("suspicious")

    def _entries(self, start: int) -> Iterator[bytes]:
        content = b"".join(map(self._sector, self._chain(start, self._next)))
        if len(content) > _MOST_ENTRIES * _ENTRY:
            raise Refused("suspicious")
        return (content[at : at + _ENTRY] for at in range(0, len(content), _ENTRY))

    def _note(self, entry: bytes) -> None:
        length, kind = struct.unpack_from("<HB", entry, 64)
        start, size = struct.unpack_from("<II", entry, 116)
        if kind == _ROOT:
            self._root = _Stream(start, size)
        elif kind == _STREAM:
            name = entry[: max(0, min(length, 64) - 2)].decode("utf-16-le")
            self._streams.setdefault(name, _Stream(start, size))
