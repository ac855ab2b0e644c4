"""Why a file, a row or a cell is not taken, in the words of the report."""

import re

from docs.reference.markdown import code, page, section, table
from domain.imports import FileProblem, FileRefused, Note, RejectReason
from texts.imports import file_refused, note_sentence, reason_sentence


def import_reasons_page() -> str:
    """Refused files, rejected rows, and what the report remarks on rows that were taken."""
    return page(
        "导入时的退回原因",
        "每一句都写在报告里;退回的行取出来时,原因写在“退回原因”一列。代码是程序里的名字。",
        section(
            "整个文件没有读",
            "什么都没有改动。",
            table(
                ("代码", "原因"),
                [(code(one), file_refused(FileRefused(one, "…"))) for one in FileProblem],
            ),
        ),
        section(
            "一行被退回",
            "其余的行照常导入。一行有几处不对,几个原因都写。",
            table(("代码", "原因"), [(code(one), reason_sentence(one)) for one in RejectReason]),
        ),
        section(
            "导入了,但要知道",
            "N 是件数或行数。",
            table(("代码", "说明"), [(code(one), _note(one)) for one in Note]),
        ),
    )


def _note(note: Note) -> str:
    return re.sub(r"^0 ", "N ", note_sentence(note, 0))
