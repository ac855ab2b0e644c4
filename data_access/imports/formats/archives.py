"""A zip file is looked at, part by part, before anything parses it."""

import io
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from data_access.imports.formats.opened import ReadLimits, Refused

_CHUNK = 1 << 20
# The longest thing that a look must see whole when it lies across two chunks.
_OVERLAP = 512
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
# RuntimeError is how zipfile says that a part is encrypted, ValueError that its place is wrong.
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, NotImplementedError, EOFError, OSError,
    RuntimeError, ValueError, OverflowError,
)  # fmt: skip
# Above this, a part that unpacks to many times its size is a bomb and no table.
_SMALL_PART = 5_000_000


@contextmanager
def looked_into(content: bytes, limits: ReadLimits) -> Iterator[zipfile.ZipFile]:
    """The archive, once its directory was looked at. Whatever is wrong with it becomes Refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _inspect_directory(archive.infolist(), limits)
            yield archive
    except _BROKEN:
        raise Refused("damaged") from None


def _inspect_directory(parts: list[zipfile.ZipInfo], limits: ReadLimits) -> None:
    names = {part.filename.casefold() for part in parts}
    if len(parts) > limits.entries or len(names) < len(parts):
        raise Refused("suspicious")
    if any(stat.S_ISLNK(part.external_attr >> 16) for part in parts):
        raise Refused("suspicious")
    if sum(part.file_size for part in parts) > limits.unpacked_bytes:
        raise Refused("too_heavy")
    for part in parts:
        packed = max(1, part.compress_size)
        if part.file_size > _SMALL_PART and part.file_size / packed > limits.ratio:
            raise Refused("too_heavy")


def pieces(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> Iterator[tuple[bytes, bytes]]:
    """A part unpacked once: each piece with the end of the one before it, and the piece alone.

    Refuses a document type. A part that is not as long as the directory says is damaged.
    """
    tail = b""
    with archive.open(part) as stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            if _DTD.search(window):
                raise Refused("suspicious")
            yield window, chunk
            tail = window[-_OVERLAP:]
