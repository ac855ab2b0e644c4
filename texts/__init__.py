"""The words: catalogs, numbers, dates, and the sentence for each reason and refusal.

Chinese is the source language: a msgid is the Chinese sentence itself. `use(language)` chooses for
the thread that runs; screens, HTTP answers, files and the command line share what is here.
"""

from texts.catalog import LANGUAGES, gettext, language, ngettext, use

__all__ = ["LANGUAGES", "gettext", "language", "ngettext", "use"]
