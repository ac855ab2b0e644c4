"""The process that opens a file nobody trusts: alone, within limits, printing plain rows.

A 1.4 kB workbook whose cells stand in opposite corners makes the parser allocate the whole
rectangle and abort its process; a few megabytes unpack to gigabytes. Whatever a file does, it does
it here. This script is started by its path, isolated, with an empty environment; of the product it
imports the readers of formats alone. It reads the file from standard input and writes JSON lines:

    {"kind": "xls", "encoding": "", "sheet": 1, "sheets": [["Sheet1", false, 20, 9]]}   then rows,
    [[7, ["cell", "cell"]], [9, ["cell"], true]]        many in a line, none of them blank; at last
    {"end": 12345}     or at any time     {"problem": "too_heavy", "names": []}

A third value says that merged cells of the row were filled.
"""

import json
import resource
import sys
from contextlib import ExitStack
from dataclasses import astuple
from pathlib import Path
from typing import Any

# Only this script's own path tells where the product is: no variable and no folder reaches it.
sys.path.insert(0, str(Path(__file__).parents[2]))

from data_access.imports.formats.archives import looked_into
from data_access.imports.formats.cells import Filling, texts, without_controls
from data_access.imports.formats.ods import CONTENT, is_spreadsheet, open_ods
from data_access.imports.formats.ole import MAGIC
from data_access.imports.formats.opened import Opened, Order, ReadLimits, Refused
from data_access.imports.formats.plain_text import open_plain_text
from data_access.imports.formats.xls import open_xls
from data_access.imports.formats.xlsx import WORKBOOK, open_xlsx

_ZIP = b"PK\x03\x04"
_ARCHIVES = (b"PK\x05\x06", b"PK\x07\x08", b"Rar!\x1a", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08")
_DOCUMENTS = (b"%PDF-", b"{\\rtf")
# Rows go out when there are this many of them, or this many characters.
_ROWS_AT_ONCE, _CHARACTERS_AT_ONCE = 200, 200_000


def main() -> None:
    """Read the file from standard input as the JSON in the first argument orders."""
    told = json.loads(sys.argv[1])
    order = Order(ReadLimits(**told["limits"]), told["sheet"], told["first"])
    _confine(order.limits)
    try:
        _give_file(sys.stdin.buffer.read(order.limits.file_bytes + 1), order)
    except Refused as refused:
        _print({"problem": refused.args[0], "names": list(refused.args[1:])})
    except (MemoryError, RecursionError):
        _print({"problem": "too_heavy", "names": []})


def _confine(limits: ReadLimits) -> None:
    """Give up what a reader of tables does not need, for good."""
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _give_file(content: bytes, order: Order) -> None:
    if len(content) > order.limits.file_bytes:
        raise Refused("too_large")
    if not content.strip():
        raise Refused("empty")
    with ExitStack() as stack:
        _give(_opened(content, order, stack), order)


def _opened(content: bytes, order: Order, stack: ExitStack) -> Opened:
    """Open what the content is, whatever the file is called."""
    if content.startswith(MAGIC):
        return open_xls(content, order)
    if content.startswith(_ARCHIVES):
        raise Refused("archive")
    if content.startswith(_DOCUMENTS):
        raise Refused("not_a_table")
    if not content.startswith(_ZIP):
        return open_plain_text(content)
    archive = stack.enter_context(looked_into(content, order.limits))
    names = set(archive.namelist())
    if WORKBOOK in names:
        return open_xlsx(content, archive, order)
    if CONTENT in names and is_spreadsheet(archive):
        return open_ods(archive, order)
    is_document = names & {"[Content_Types].xml", "mimetype"}
    raise Refused("not_a_table" if is_document else "archive")


def _give(opened: Opened, order: Order) -> None:
    sheets = [astuple(sheet) for sheet in opened.sheets]
    _print(
        {
            "kind": opened.kind,
            "encoding": opened.encoding,
            "sheet": opened.sheet,
            "sheets": sheets,
        }
    )
    limits = order.limits
    batch = _Batch()
    for number, cells, filled in Filling(opened.merges).rows(opened.rows):
        row = texts(cells, limits.cell_characters + 1)
        if not row:
            continue
        if len(row) > limits.columns:
            raise Refused("too_many_columns")
        if batch.count == limits.rows:
            raise Refused("too_many_rows")
        batch.add(number, row, filled=filled)
        if batch.count == order.first:
            break
    batch.send()
    _print({"end": batch.count})


class _Batch:
    """Rows that go out in one line: a line for each would cost both sides more than its rows."""

    def __init__(self) -> None:
        self.count = 0
        self._rows: list[Any] = []
        self._characters = 0

    def add(self, number: int, row: list[str], *, filled: bool) -> None:
        self.count += 1
        self._rows.append((number, row, True) if filled else (number, row))
        self._characters += sum(map(len, row))
        if len(self._rows) == _ROWS_AT_ONCE or self._characters > _CHARACTERS_AT_ONCE:
            self.send()

    def send(self) -> None:
        if self._rows:
            _print(self._rows)
        self._rows, self._characters = [], 0


_JSON = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":"))


def _print(line: Any) -> None:
    text = _JSON.encode(line)
    if "\\u00" in text and isinstance(line, list):
        text = _JSON.encode(
            [(number, without_controls(row), *filled) for number, row, *filled in line]
        )
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


if __name__ == "__main__":
    main()
