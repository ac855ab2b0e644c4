"""Our own elements: a script and a style each, drawing plain JSON into the page.

They draw by `textContent` alone, so nothing that people typed can become markup, and they need no
library and no request.
"""

from pathlib import Path
from typing import Any

import streamlit as st

_FOLDER = Path(__file__).parent
ICON = _FOLDER.parent / "assets" / "icon.svg"


def element(name: str) -> Any:
    """Register the element of `name`.js and `name`.css; call what comes back to draw it."""
    return st.components.v2.component(
        f"wusong_{name}",
        html='<div class="root"></div>',
        css=text(f"{name}.css"),
        js=text(f"{name}.js"),
    )


def text(file_name: str) -> str:
    """The text of one file of this folder."""
    return (_FOLDER / file_name).read_text(encoding="utf-8")
