"""The process that opens a file nobody trusts: alone, within limits, printing plain rows.

A 1.4 kB workbook whose cells stand in opposite corners makes the parser allocate the whole
rectangle and abort its process; a few megabytes unpack to gigabytes. Whatever a file does, it does
it here. This script imports nothing of the product: it is started by its path, isolated, with an
empty environment, reads the file from standard input and writes JSON lines:

    {"kind": "csv", "encoding": "gb18030", "sheet": 1, "sheets": []}     then, per row,
    [7, ["cell", "cell"]]                                    then at the end
    {"end": 12345}    or at any time    {"problem": "too_heavy", "names": []}
"""

import csv
import datetime as dt
import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_CHUNK = 1 << 20
# The longest thing that a pattern below must see whole when it lies across two chunks.
_OVERLAP = 512
_DTD = re.compile(rb"<!(?:DOCTYPE|ENTITY)")
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]{0,200}?\sr=["'](\d{1,12})["']""")
_EXACT_FLOAT = 2**53
# Above this, an entry that unpacks to many times its size is a bomb and no table.
_SMALL_ENTRY = 5_000_000
# A table has this many rows with this many cells in use, among its first rows.
_FEWEST, _LOOKED_AT = 2, 100


class Refused(Exception):
    """The file is not taken. The first argument is the name of a problem."""


def main() -> None:
    """Read the file from standard input within the limits given as JSON in the first argument."""
    limits = json.loads(sys.argv[1])
    _confine(limits)
    try:
        _emit_file(sys.stdin.buffer.read(limits["file_bytes"] + 1), limits)
    except Refused as refused:
        _print({"problem": refused.args[0], "names": list(refused.args[1:])})
    except (MemoryError, RecursionError):
        _print({"problem": "too_heavy", "names": []})


def _confine(limits: dict[str, int]) -> None:
    """Give up what a reader of tables does not need, for good."""
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory_bytes"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def _emit_file(content: bytes, limits: dict[str, int]) -> None:
    if len(content) > limits["file_bytes"]:
        raise Refused("too_large")
    if not content.strip():
        raise Refused("empty")
    if content.startswith(_OLE):
        raise Refused("old_excel")
    if content.startswith(_ZIP):
        opening, rows = _open_workbook(content, limits)
    else:
        opening, rows = _open_text(content)
    _print(opening)
    count = 0
    wanted = limits["peek"] or limits["rows"] + 1
    for number, cells in rows:
        if count == wanted:
            break
        texts = _trimmed(cells, limits["cell_characters"] + 1)
        if not texts:
            continue
        if len(texts) > limits["columns"]:
            raise Refused("too_many_columns")
        count += 1
        if count > limits["rows"]:
            raise Refused("too_many_rows")
        _print([number, texts])
    _print({"end": count})


def _trimmed(cells: list[Any], longest: int) -> list[str]:
    """The cells as text without the blank ones at the end; nothing for a blank row."""
    used = len(cells)
    while used and (cells[used - 1] == "" or str(cells[used - 1]).isspace()):
        used -= 1
    return [_text(cell)[:longest] for cell in cells[:used]]


def _print(line: Any) -> None:
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")


# ---------------------------------------------------------------------------------- plain text


def _open_text(content: bytes) -> tuple[dict[str, Any], Iterator[tuple[int, list[str]]]]:
    encoding, text = _decode(content)
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    opening = {"kind": "csv", "encoding": encoding, "sheet": 1, "sheets": []}
    return opening, _csv_rows(reader)


def _csv_rows(reader: Iterable[list[str]]) -> Iterator[tuple[int, list[str]]]:
    try:
        yield from enumerate(reader, start=1)
    except csv.Error:
        raise Refused("damaged") from None


def _decode(content: bytes) -> tuple[str, str]:
    """UTF-8, or UTF-16 with its mark, or GB18030: the first that fits without a single error."""
    utf16 = content.startswith(_UTF16)
    if b"\x00" in content and not utf16:
        raise Refused("not_a_table")
    for encoding in ("utf-16",) if utf16 else ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if _looks_binary(text):
            raise Refused("not_a_table")
        return encoding.removesuffix("-sig"), text
    raise Refused("wrong_encoding")


def _looks_binary(text: str) -> bool:
    """More than one control character in a thousand, or a NUL: no table that somebody typed."""
    controls = sum(text.count(chr(code)) for code in range(32) if chr(code) not in "\t\r\n\f\v")
    return controls * 1000 > len(text) or "\x00" in text


# ------------------------------------------------------------------------------------ workbook


def _open_workbook(
    content: bytes, limits: dict[str, int]
) -> tuple[dict[str, Any], Iterator[tuple[int, list[Any]]]]:
    _inspect(content, limits)
    import python_calamine  # noqa: PLC0415 - only after the file was looked at, and only here

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        number, sheet = _choose(book, limits["sheet"])
        sheets = [
            [one.name, "Hidden" in str(one.visible), None, None] for one in book.sheets_metadata
        ]
    except python_calamine.PasswordError:
        raise Refused("old_excel") from None
    except (python_calamine.CalamineError, OSError, ValueError):
        raise Refused("damaged") from None
    last_row, last_column = sheet.end or (-1, -1)
    sheets[number - 1][2:] = last_row + 1, last_column + 1
    opening = {"kind": "xlsx", "encoding": "", "sheet": number, "sheets": sheets}
    # It leaves out blank columns at the left, but not blank rows at the top: the count is the
    # sheet's own.
    return opening, enumerate(sheet.iter_rows(), start=1)


def _choose(book: Any, wanted: int) -> tuple[int, Any]:
    """A sheet with its number from 1: the one wanted, or for 0 the first that looks like a table.

    That is one that is shown and has two rows with two cells in use; else the first one shown.
    """
    names = list(book.sheet_names)
    if wanted:
        if not 1 <= wanted <= len(names):
            raise Refused("no_such_sheet", *names[:20])
        return wanted, book.get_sheet_by_index(wanted - 1)
    shown = [
        place for place, one in enumerate(book.sheets_metadata) if "Hidden" not in str(one.visible)
    ] or [0]
    for place in shown:
        sheet = book.get_sheet_by_index(place)
        rows = (cells for _, cells in zip(range(_LOOKED_AT), sheet.iter_rows(), strict=False))
        if sum(len(cells) - cells.count("") >= _FEWEST for cells in rows) >= _FEWEST:
            return place + 1, sheet
    return shown[0] + 1, book.get_sheet_by_index(shown[0])


def _inspect(content: bytes, limits: dict[str, int]) -> None:
    """Look at the parts of a workbook before anything parses them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            if "xl/workbook.xml" not in names:
                raise Refused("not_a_table")
            if len(entries) > limits["entries"] or len(names) < len(entries):
                raise Refused("suspicious")
            if sum(entry.file_size for entry in entries) > limits["unpacked_bytes"]:
                raise Refused("too_heavy")
            for entry in entries:
                _inspect_entry(archive, entry, limits)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError):
        raise Refused("damaged") from None
    except (OSError, RuntimeError):
        # RuntimeError is how zipfile says that an entry is encrypted.
        raise Refused("damaged") from None


def _inspect_entry(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: dict[str, int]
) -> None:
    packed = max(1, entry.compress_size)
    if entry.file_size > _SMALL_ENTRY and entry.file_size / packed > limits["ratio"]:
        raise Refused("too_heavy")
    if not entry.filename.endswith((".xml", ".rels")):
        return
    in_sheet = entry.filename.startswith("xl/worksheets/")
    far_cell = _far_cell(limits)
    tail = b""
    with archive.open(entry) as stream:
        while chunk := stream.read(_CHUNK):
            window = tail + chunk
            if _DTD.search(window):
                raise Refused("suspicious")
            if in_sheet:
                _inspect_coordinates(window, far_cell, limits)
            tail = window[-_OVERLAP:]


def _inspect_coordinates(
    window: bytes, far_cell: re.Pattern[bytes], limits: dict[str, int]
) -> None:
    for match in _ROW.finditer(window):
        if int(match[1]) > limits["rows"]:
            raise Refused("too_many_rows")
    if far := far_cell.search(window):
        raise Refused("too_many_columns" if far["column"] else "too_many_rows")


def _far_cell(limits: dict[str, int]) -> re.Pattern[bytes]:
    """Finds a cell right of the last column or below the last row that is taken."""
    last = limits["columns"]
    first, second = divmod(last - 1, 26)
    # Columns run A..Z, AA..ZZ, AAA..: those of two letters after the last one, and all of three.
    head, tail = chr(64 + first), chr(65 + second)
    beyond = [rb"[A-Z]{3,}"]
    if tail < "Z":
        beyond.append(f"{head}[{chr(ord(tail) + 1)}-Z]".encode())
    if head < "Z":
        beyond.append(f"[{chr(ord(head) + 1)}-Z][A-Z]".encode())
    digits = str(limits["rows"])
    rows = rb"[A-Z]+(?:%s)" % b"|".join(
        [rb"\d{%d,}" % (len(digits) + 1), rb"[%d-9]\d{%d}" % (int(digits[0]), len(digits) - 1)]
    )
    return re.compile(
        rb"""<(?:\w+:)?c\b[^>]{0,120}?\sr=["'](?:(?P<column>%s)|%s)""" % (b"|".join(beyond), rows)
    )


# --------------------------------------------------------------------------------------- cells


def _text(cell: Any) -> str:
    """A cell as somebody would type it; a number that lost digits keeps its exponent."""
    match cell:
        case str():
            return cell
        case bool():
            return "1" if cell else "0"
        case dt.datetime():
            midnight = cell.time() == dt.time.min
            return cell.date().isoformat() if midnight else cell.isoformat(" ", "seconds")
        case float() if cell.is_integer() and abs(cell) < _EXACT_FLOAT:
            return str(int(cell))
        case float():
            return f"{cell:.15e}" if abs(cell) >= _EXACT_FLOAT else repr(cell)
        case _:
            return str(cell)


if __name__ == "__main__":
    main()
