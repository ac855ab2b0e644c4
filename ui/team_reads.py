"""The reads of the committees' page: shared, and again when the county's data changed."""

from dataclasses import replace
from datetime import date, datetime

from data_access import site
from data_access.queries import duty, relations, teams
from data_access.queries.relations import Namesake, Withdrawal
from domain.people import Actor, Permission, Scope
from texts import gettext as _
from ui.cache import cached

OPENED_TO = (Permission.TEAM_READ,)


def scope_of(actor: Actor) -> Scope:
    """Where the person sees committees."""
    return actor.scope(Permission.TEAM_READ)


def page(scope: Scope, filters: teams.Filters, number: int, now: datetime) -> teams.Page:
    """One page of the committees."""
    return cached(
        f"team_page {filters!r} {number}",
        lambda session: teams.committees(
            session, scope=scope, filters=filters, now=now, number=number
        ),
        scope=scope,
        now=now,
    )


def committee(scope: Scope, committee_id: int, now: datetime) -> teams.CommitteeView:
    """One committee with its people. Raises TeamNotFound."""
    return cached(
        f"team_committee {committee_id}",
        lambda session: teams.committee(session, scope=scope, committee_id=committee_id, now=now),
        scope=scope,
        now=now,
    )


def person(scope: Scope, mediator_id: int, now: datetime) -> teams.PersonView:
    """One person's card. Raises TeamNotFound."""
    return cached(
        f"team_person {mediator_id}",
        lambda session: teams.person(session, scope=scope, mediator_id=mediator_id, now=now),
        scope=scope,
        now=now,
    )


def withdrawals(actor: Actor) -> tuple[Withdrawal, ...]:
    """Relations that others ask to withdraw and this person may decide on."""
    if not actor.may(Permission.TEAM_KEEP):
        return ()
    scope = actor.scope(Permission.TEAM_KEEP)
    asked = cached(
        "team_withdrawals",
        lambda session: relations.withdrawals(session, scope=scope),
        scope=scope,
    )
    return tuple(one for one in asked if one.may_be_decided_by(actor.user_id))


def changes(
    scope: Scope, committee_id: int, mediator_id: int | None
) -> tuple[teams.ChangeRow, ...]:
    """The dated changes of a committee, or of one person in it."""
    return cached(
        f"team_changes {committee_id} {mediator_id}",
        lambda session: teams.changes(
            session, scope=scope, committee_id=committee_id, mediator_id=mediator_id
        ),
        scope=scope,
    )


def offer(scope: Scope, now: datetime) -> teams.Offer:
    """Where committees can stand, and which types of dispute there are."""
    return cached(
        "team_offer",
        lambda session: teams.offer(session, scope=scope, now=now),
        scope=scope,
        now=now,
    )


def month(scope: Scope, committee_id: int, day: date) -> duty.Month:
    """A committee's leave and duties in the month of a day. Raises TeamNotFound."""
    return cached(
        f"team_month {committee_id} {day:%Y-%m}",
        lambda session: duty.month(session, scope=scope, committee_id=committee_id, day=day),
        scope=scope,
    )


def namesakes(actor: Actor, name: str) -> tuple[Namesake, ...]:
    """Who of this name serves or served anywhere in the county and is barred from some cases.

    Whose committee is not the person's to see is of "another committee".
    """
    if not name.strip():
        return ()
    county = Scope(actor.county_id, whole_county=True)
    with site.current().db.read() as session:
        found = relations.namesakes(session, scope=county, name=name)
        theirs = relations.namesakes(session, scope=scope_of(actor), name=name)
    seen = {one.mediator_id for one in theirs}
    elsewhere = _("本县其他调委会")
    return tuple(
        one if one.mediator_id in seen else replace(one, committee=elsewhere) for one in found
    )
