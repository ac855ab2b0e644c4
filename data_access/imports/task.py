"""One import: which file, on whose behalf, when."""

from dataclasses import dataclass
from datetime import datetime

from domain.imports import FileMapping, Profile
from domain.people import Actor, Permission, Scope


@dataclass(frozen=True, slots=True)
class Task:
    """Everything about an import but its rows. `sha256` is of bytes, sheet and mapping."""

    profile: Profile
    file_name: str
    sha256: str
    actor: Actor
    now: datetime
    mapping: FileMapping

    @property
    def scope(self) -> Scope:
        """The part of the county that the person may import for. Raises NotAllowed."""
        return self.actor.scope(Permission.IMPORT_RUN)
