"""Who should get one case: everybody in reach scored, the best three, and who was left out and why.

What a mediator did before counts as little as it tells: that a case of the same parties was
settled, and a rate of settling this type that is drawn towards what is usual. The parties are found
by their blind indexes; no name is read.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, and_, select, union
from sqlalchemy.orm import Session, aliased

from data_access.queries.candidates import choice
from data_access.queries.planning import Planning, planning
from data_access.scope import cases_within
from data_access.tables import Assignment, Case, Party
from domain.balancing.suggesting import (
    EXCLUDED_SHOWN,
    Experience,
    LeftOut,
    Past,
    Suggestion,
    suggest,
)
from domain.eligibility import Judged, Objection
from domain.errors import NotFound
from domain.kpi import NOT_TO_BE_SETTLED, SETTLED_OUTCOMES
from domain.locks import Lock
from domain.people import Scope

# Of what a mediator settled so much of the past counts.
_LOOKS_BACK = timedelta(days=730)
# Who is not asked at all where the case lies, or holds it already, was not left out.
_NEVER_MEANT = frozenset(
    {
        Objection.OTHER_JURISDICTION,
        Objection.NO_SPECIALITY,
        Objection.ALREADY_HOLDS,
        Objection.LEFT_POST,
    }
)


@dataclass(frozen=True, slots=True)
class Suggested:
    """The best for a case, and those next to them who were left out: for want of room, or barred.

    `tau`: the load per full-time post, in tenths of points, that counts as full. `locks` hold the
    case where it is: then a suggestion is for somebody who moves it all the same.
    """

    best: tuple[Suggestion, ...]
    full: tuple[LeftOut, ...]
    barred: tuple[Judged, ...]
    tau: int
    locks: frozenset[Lock]
    names: Mapping[int, str]


def suggestions(
    session: Session, *, scope: Scope, case_no: str, now: datetime, assigner: int | None = None
) -> Suggested:
    """Whom to give the case to, in a fixed number of statements.

    `scope` is that of CASE_REASSIGN. A case that cannot be moved has no suggestions. Raises
    NotFound out of scope. No consent that `assigner` approved lets anybody pass.
    """
    plan = planning(session, scope=scope, case_nos=(case_no,), now=now, assigner=assigner)
    if not plan.rows:
        if not plan.stuck:
            raise NotFound(case_no)
        return Suggested((), (), (), 0, frozenset(), {})
    (case_id,) = plan.rows
    experience = _experience(session, plan, case_id, scope=scope, now=now)
    found = suggest(plan.pool, case_id, experience=experience)
    judged = choice(session, scope=scope, case_no=case_no, now=now, assigner=assigner).judged
    barred = sorted(
        (one for one in judged if one.objections and _NEVER_MEANT.isdisjoint(one.objections)),
        key=lambda one: (one.distance, len(one.objections), one.load_after),
    )
    full = {one.suggestion.mediator_id for one in found.left_out}
    barred = [one for one in barred if one.candidate.mediator_id not in full]
    return Suggested(
        found.best,
        found.left_out,
        tuple(barred[: EXCLUDED_SHOWN - len(found.left_out)]),
        found.tau,
        plan.locks.get(case_id, frozenset()),
        {one.mediator_id: one.name for one in plan.people.values()},
    )


def _experience(
    session: Session, plan: Planning, case_id: int, *, scope: Scope, now: datetime
) -> Experience:
    """What the people who may have the case did before, with its parties and with its type."""
    (work,) = (one for one in plan.pool.works if one.case_id == case_id)
    handled = _handled(session, work.eligible, plan.rows[case_id].type_code, scope=scope, now=now)
    known = set(session.scalars(_settled_with_parties(case_id, scope)))
    settled, all_handled = (sum(one[place] for one in handled.values()) for place in (0, 1))
    return Experience(
        {
            one: Past(
                settled_with_parties=one in known,
                settled=handled[one][0],
                handled=handled[one][1],
            )
            for one in work.eligible
        },
        usual=settled / all_handled if all_handled else Experience().usual,
    )


def _handled(
    session: Session, who: Collection[int], type_code: str, *, scope: Scope, now: datetime
) -> dict[int, tuple[int, int]]:
    """By mediator the cases of this type, or of its group, that came to an end: settled, all."""
    rows = session.execute(
        select(Assignment.mediator_id, Case.outcome_code)
        .join(
            Case,
            and_(
                Case.county_id == Assignment.county_id,
                Case.id == Assignment.case_id,
                Case.mediator_id == Assignment.mediator_id,
            ),
        )
        .where(
            Assignment.county_id == scope.county_id,
            Assignment.mediator_id.in_(sorted(who)),
            Assignment.starts_at >= now - _LOOKS_BACK,
            Assignment.ends_at.is_(None),
            Case.type_code.startswith(type_code[:2], autoescape=True),
            Case.outcome_code.is_not(None),
            Case.outcome_code.not_in(sorted(NOT_TO_BE_SETTLED)),
        )
    )
    found: dict[int, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for mediator_id, outcome in rows:
        settled, handled = found[mediator_id]
        found[mediator_id] = (settled + (outcome in SETTLED_OUTCOMES), handled + 1)
    return found


def _settled_with_parties(case_id: int, scope: Scope) -> Select[int | None]:
    """Who settled another case, within the scope, of one of this case's parties.

    The same person is who has the same identity number, or the same name and telephone: a name
    alone is shared by many.
    """
    own, other = aliased(Party), aliased(Party)
    alike = (
        other.identity_index == own.identity_index,
        and_(other.phone_index == own.phone_index, other.name_index == own.name_index),
    )
    cases = union(
        *(
            select(other.case_id)
            .select_from(own)
            .join(other, and_(other.county_id == own.county_id, same))
            .where(
                own.county_id == scope.county_id, own.case_id == case_id, other.case_id != case_id
            )
            for same in alike
        )
    )
    return (
        select(Case.mediator_id)
        .where(
            cases_within(scope),
            Case.id.in_(cases),
            Case.mediator_id.is_not(None),
            Case.outcome_code.in_(sorted(SETTLED_OUTCOMES)),
        )
        .distinct()
    )
