"""The forms of the committees' page."""

from data_access.queries.teams import PersonRow
from domain.errors import TeamChanged
from ui.entry_form import EntryForm

_FORM = EntryForm("team", TeamChanged)
PLACE = _FORM.place
field, begin_anew, key, acted_on = _FORM.field, _FORM.begin_anew, _FORM.key, _FORM.acted_on


def seen_version(person: PersonRow) -> int:
    """The version of a person that was seen first, until something is done to them."""
    return _FORM.seen(person.version)
