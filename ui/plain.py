"""Text from data, safe inside Streamlit's Markdown."""

import re

_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:&^])")


def plain(text: str) -> str:
    """The text so that Markdown shows it letter by letter: no link, image, colour or formula."""
    return _MARKS.sub(r"\\\1", text.replace("\n", " "))
