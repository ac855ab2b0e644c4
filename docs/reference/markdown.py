"""The few pieces that the pages are put together from."""

from collections.abc import Iterable, Sequence

NOTE = "> 本页由 `make docs` 从程序生成,请不要手改。"
_WRITTEN_PLAINLY = str.maketrans({"|": "\\|", "<": "&lt;", ">": "&gt;", "\n": " "})


def page(title: str, about: str, *sections: str) -> str:
    """A whole page: its title, what it is about, then its sections."""
    return "\n\n".join((f"# {title}", NOTE, about, *sections)) + "\n"


def section(title: str, *parts: str) -> str:
    """A heading and what stands below it; empty parts are left out."""
    return "\n\n".join((f"## {title}", *filter(None, parts)))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of plain text: nothing in a cell is taken for markup but `code` and **bold**."""
    lines = [head, ["---"] * len(head), *([_cell(one) for one in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """A name as it is typed."""
    return f"`{text}`"


def _cell(text: str) -> str:
    return text.translate(_WRITTEN_PLAINLY).strip()
