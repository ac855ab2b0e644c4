"""To whom cases come: of all that somebody may read, what is theirs to be told of."""

from typing import NamedTuple

from domain.people import Actor, Permission, Scope


class Receiving(NamedTuple):
    """Where cases come to a person: into their hands or care (`own`), or back to be given out.

    Whoever oversees a town or the county receives nothing of what goes to others there, or they
    would be told of everything; to a town's station comes back what nobody there holds any more.
    """

    own: Scope
    gives: Scope

    @property
    def anything(self) -> bool:
        """Whether any case could come to this person at all."""
        nowhere = Scope(self.own.county_id)
        return self.own != nowhere or self.gives != nowhere


def receiving(actor: Actor) -> Receiving:
    """Where cases come to this person. Raises NotAllowed where they may read none."""
    read = actor.scope(Permission.CASE_READ)
    moves = actor.grants.get(Permission.CASE_REASSIGN, Scope(actor.county_id))
    return Receiving(
        # A community is its head's; a grid worker only looks at it.
        Scope(
            actor.county_id,
            communities=moves.communities,
            committees=read.committees,
            mediators=read.mediators,
        ),
        Scope(actor.county_id, towns=moves.towns, committees=moves.committees),
    )
