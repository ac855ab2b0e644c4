"""Which pages the reference has."""

from collections.abc import Callable
from typing import Final

from docs.reference.audit_actions import audit_actions_page
from docs.reference.figures import figures_page
from docs.reference.import_codes import import_codes_page
from docs.reference.import_columns import import_columns_page
from docs.reference.import_reasons import import_reasons_page
from docs.reference.roles import roles_page
from docs.reference.settings import settings_page
from docs.reference.stages import limits_page, stages_page, transitions_page
from docs.reference.verbs import verbs_page
from texts import language, use

PAGES: Final[dict[str, Callable[[], str]]] = {
    "roles.md": roles_page,
    "stages.md": stages_page,
    "transitions.md": transitions_page,
    "limits.md": limits_page,
    "figures.md": figures_page,
    "settings.md": settings_page,
    "verbs.md": verbs_page,
    "import-columns.md": import_columns_page,
    "import-codes.md": import_codes_page,
    "import-reasons.md": import_reasons_page,
    "audit-actions.md": audit_actions_page,
}


def written() -> dict[str, str]:
    """Every page's text by its file name, in Chinese whatever language is in use."""
    spoken = language()
    use("zh")
    try:
        return {name: write() for name, write in PAGES.items()}
    finally:
        use(spoken)
