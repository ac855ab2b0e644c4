"""The file in somebody's hand: read from what they upload, kept in their session and nowhere else.

Its bytes are gone as soon as it was taken in, was put away, or the session ends.
"""

import secrets
from dataclasses import dataclass, field

import streamlit as st
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFile

from data_access import site
from data_access.imports.outline import Outline, Rows, best_saved, needed, outline
from data_access.imports.read import LIMITS, Peek, peek
from data_access.queries.import_mappings import SavedMapping, mappings
from domain.imports import NOT_TAKEN, FileMapping, FileProblem, FileRefused, Profile
from domain.people import Scope

MEGABYTES = LIMITS.file_bytes // 1_000_000
_KEPT = "import_file"
_LOOKED_AT = 40


@dataclass
class FileInHand:
    """A file and how it is to be read so far.

    `stamp` grows whenever the page itself changes what was chosen, `seen` is the last choice that
    came from the browser, by table. `rehearsal` is the key of the rehearsal, "" before one;
    `rehearsed` is the mapping that it was made with; `order` makes one import of many clicks, and
    `ordered` says that it was begun.
    """

    content: bytes = field(repr=False)
    name: str
    peek: Peek = field(repr=False)
    profile: Profile
    header_row: int
    mapping: FileMapping
    saved: SavedMapping | None = None
    stamp: int = 0
    seen: dict[str, int] = field(default_factory=dict)
    rehearsal: str = ""
    rehearsed: FileMapping | None = None
    order: str = field(default_factory=lambda: secrets.token_hex(16))
    ordered: bool = False

    @property
    def rows(self) -> Rows:
        """The first rows as (row number, cells)."""
        return [(row.number, row.cells) for row in self.peek.rows]

    def outline(self) -> Outline:
        """The file's columns as they would be read."""
        found = outline(
            self.rows, profile=self.profile, mapping=self.mapping, header_row=self.header_row
        )
        if found is None:
            raise FileRefused(FileProblem.EMPTY)
        return found

    def other_header_row(self) -> int | None:
        """The row that an import would take for the header, where that is not the chosen one."""
        found = outline(self.rows, profile=self.profile, mapping=self.needed())
        return found.header_row if found and found.header_row != self.header_row else None

    def needed(self) -> FileMapping:
        """The mapping to read the file with."""
        return needed(self.rows, self.profile, self.mapping)

    def change(self, mapping: FileMapping) -> None:
        """Read the columns in another way: what was rehearsed holds no more."""
        self.mapping = mapping
        self.rehearsal = ""


def in_hand() -> FileInHand | None:
    """The session's file, or None."""
    found: FileInHand | None = st.session_state.get(_KEPT)
    return found


def open_file(content: bytes, name: str, scope: Scope) -> None:
    """Look at a file and take it in hand; the saved mapping that fits it is used at once.

    Raises FileRefused.
    """
    st.session_state[_KEPT] = _looked_at(content, name, None, scope)


def put_away() -> None:
    """Forget the file, its bytes first of all."""
    st.session_state.pop(_KEPT, None)


def turn_to_sheet(hand: FileInHand, sheet: int, scope: Scope) -> None:
    """Another sheet of the same workbook. Raises FileRefused."""
    st.session_state[_KEPT] = _looked_at(hand.content, hand.name, sheet, scope)


def judge_anew(hand: FileInHand, profile: Profile, header_row: int | None) -> None:
    """Another kind of file, or another row as its header: what was chosen before holds no more."""
    found = outline(hand.rows, profile=profile, mapping=FileMapping(), header_row=header_row)
    if found is None:
        return
    hand.profile, hand.header_row, hand.saved = profile, found.header_row, None
    hand.stamp += 1
    hand.change(FileMapping())


def use_saved(hand: FileInHand, saved: SavedMapping | None) -> None:
    """Read the file as it was saved under a name, or as the product does by itself."""
    mapping = saved.mapping if saved else FileMapping()
    profile = saved.profile if saved else hand.profile
    found = outline(hand.rows, profile=profile, mapping=mapping)
    if found is not None:
        hand.profile, hand.header_row, hand.saved = profile, found.header_row, saved
        hand.stamp += 1
        hand.change(mapping)


def mean(hand: FileInHand, header: str, key: str) -> None:
    """Say which column a header stands for; whatever stood for it before is not taken."""
    others = {
        one.header: NOT_TAKEN
        for one in hand.outline().columns
        if key != NOT_TAKEN and one.key == key and one.header != header
    }
    headers = hand.mapping.headers | others | {header: key}
    hand.change(FileMapping(headers, hand.mapping.codes, hand.mapping.places))


def saved_mappings(scope: Scope) -> list[SavedMapping]:
    """The county's saved mappings."""
    with site.current().db.read() as session:
        return mappings(session, scope=scope)


def taken_out(uploaded: object) -> tuple[str, bytes] | None:
    """What was uploaded, name and bytes, taken out of Streamlit's own store, where it would stay.

    None where nothing is, or nothing any more: a run that another one overtakes is begun again, and
    its callback with it.
    """
    if not isinstance(uploaded, UploadedFile):
        return None
    content = uploaded.getvalue()
    context = get_script_run_ctx()
    if context is not None and isinstance(context.uploaded_file_mgr, MemoryUploadedFileManager):
        context.uploaded_file_mgr.remove_file(context.session_id, uploaded.file_id)
    return uploaded.name, content


def _looked_at(content: bytes, name: str, sheet: int | None, scope: Scope) -> FileInHand:
    look = peek(content, sheet=sheet, rows=_LOOKED_AT)
    rows = [(row.number, row.cells) for row in look.rows]
    saved = best_saved(rows, saved_mappings(scope))
    mapping = saved.mapping if saved else FileMapping()
    found = outline(rows, profile=saved.profile if saved else None, mapping=mapping)
    if found is None:
        raise FileRefused(FileProblem.EMPTY)
    return FileInHand(content, name, look, found.profile, found.header_row, mapping, saved)
