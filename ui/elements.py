"""Our own elements: a script and a style each, drawing plain JSON into the page.

They draw by `textContent` alone, so nothing that people typed can become markup. Script and style
are files that a browser fetches once; a refresh carries the JSON, not the code that draws it.
"""

import hashlib
from pathlib import Path
from typing import Any

import streamlit as st

ASSETS = Path(__file__).parent / "assets"
_FOLDER = ASSETS / "elements"


def element(name: str) -> Any:
    """Register the element of `name`.js and `name`.css; call what comes back to draw it."""
    return st.components.v2.component(
        f"wusong_{name}",
        html=f'<link rel="stylesheet" href="{address(f"{name}.css")}"><div class="root"></div>',
        # The inline part has no address of its own, so that it cannot import by a relative one.
        js="const [part, held] = await Promise.all([\n"
        f"  import(location.origin + '{address(f'{name}.js')}'),\n"
        f"  import(location.origin + '{address('while_pressed.js')}'),\n"
        "]);\nexport default held.default(part.default);\n",
    )


def style(name: str) -> str:
    """The text of a style that belongs to the page itself."""
    return (_FOLDER / name).read_text(encoding="utf-8")


def address(file_name: str) -> str:
    """The file's address; it changes with the content, because what is served is kept for ever."""
    digest = hashlib.sha256((_FOLDER / file_name).read_bytes()).hexdigest()[:12]
    return f"/assets/elements/{file_name}?v={digest}"
