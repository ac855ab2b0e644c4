"""Catalogs, compiled in memory from the .po files that people edit."""

import gettext as standard
from contextvars import ContextVar
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES = ("zh", "en")
_FOLDER = Path(__file__).parent / "locale"
_language: ContextVar[str] = ContextVar("language", default="zh")


def use(chosen: str | None) -> None:
    """Speak this language in the running thread; Chinese where it is unknown or None."""
    _language.set(chosen if chosen in LANGUAGES else "zh")


def language() -> str:
    """The language in use: "zh" or "en"."""
    return _language.get()


def gettext(message: str) -> str:
    """The message in the language in use; the Chinese itself where there is no translation."""
    return _catalog(_language.get()).gettext(message)


def ngettext(singular: str, plural: str, count: int) -> str:
    """The message for a count; Chinese has one form, English two."""
    return _catalog(_language.get()).ngettext(singular, plural, count)


@cache
def _catalog(chosen: str) -> standard.NullTranslations:
    path = _FOLDER / chosen / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return standard.NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as file:
        write_mo(compiled, read_po(file))
    compiled.seek(0)
    return standard.GNUTranslations(compiled)
