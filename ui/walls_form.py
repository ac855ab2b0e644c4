"""The forms of the page of walls."""

from domain.errors import WallChanged
from ui.entry_form import EntryForm

_FORM = EntryForm("walls", WallChanged)
PLACE = _FORM.place
field, begin_anew, key, seen = _FORM.field, _FORM.begin_anew, _FORM.key, _FORM.seen
acted_on = _FORM.acted_on
