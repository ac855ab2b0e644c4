"""Who gets a case: out of those who may take it, the one the centre usually turns to.

The rules are the product's own (domain.eligibility). That some carry much and others little comes
from habit alone: how often each is asked, and which committee is asked first.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from data_access.demo.chance import pick
from data_access.demo.county import County
from data_access.demo.people import CommitteePlan, MediatorPlan, Workforce
from data_access.demo.story import Story
from domain.cases import Difficulty
from domain.eligibility import (
    Candidate,
    CaseFacts,
    CommitteeKind,
    Objection,
    objections,
    speciality_match,
)

# The part-time are spared: with two cases in hand they are not asked for a third.
_PART_TIME_PATIENCE = 2
_NEARBY_FIRST = {
    Difficulty.SIMPLE: 0.55,
    Difficulty.ORDINARY: 0.3,
    Difficulty.COMPLEX: 0.06,
    Difficulty.MAJOR: 0.0,
}
_NOTHING: frozenset[Objection] = frozenset()
_INDUSTRY_FIRST = 0.7
_ROOM_FIRST = 0.42
_TOWN_SPECIALIST_FIRST = 0.15
_NAMED_TWICE_AS_OFTEN = 2.0


@dataclass(slots=True)
class Load:
    """What one mediator has in hand."""

    cases: int = 0
    weight: int = 0


class Desk:
    """The centre's desk: knows everybody's load at this moment of the flow, and chooses."""

    def __init__(
        self,
        county: County,
        workforce: Workforce,
        rng: np.random.Generator,
        *,
        specialist_types: frozenset[str],
    ) -> None:
        self._county, self._rng = county, rng
        self._mediators = workforce.mediators
        self._specialist_types = specialist_types
        self._committees = workforce.committees
        self.loads = [Load() for _ in workforce.mediators]
        self._people: list[list[int]] = [[] for _ in workforce.committees]
        for index, mediator in enumerate(workforce.mediators):
            self._people[mediator.committee].append(index)
        self._serving: dict[tuple[CommitteeKind, int | str | None], list[int]] = defaultdict(list)
        for index, committee in enumerate(workforce.committees):
            self._serving[committee.kind, _served(committee)].append(index)
        self._rows = [self._row(index, one) for index, one in enumerate(workforce.mediators)]

    def take(self, mediator: int, story: Story) -> None:
        """Count a case in a mediator's hand."""
        self.loads[mediator].cases += 1
        self.loads[mediator].weight += story.weight

    def give_back(self, mediator: int, story: Story) -> None:
        """Count a case out of a mediator's hand."""
        self.loads[mediator].cases -= 1
        self.loads[mediator].weight -= story.weight

    def busy(self, mediator: int, day: date) -> float:
        """Cases in hand per capacity of the day."""
        return self.loads[mediator].cases / max(1, self.capacity(mediator, day))

    def capacity(self, mediator: int, day: date) -> int:
        """The most cases a mediator was to hold on a day."""
        plan = self._mediators[mediator]
        return plan.capacity if day >= plan.reviewed_on else plan.earlier_capacity

    def within_reach(self, story: Story) -> list[int]:
        """Everybody whose committee could be asked, the near first."""
        return [one for committee in self._in_order(story) for one in self._people[committee]]

    def choose(self, story: Story, day: date, *, named_only: bool = False) -> int | None:
        """Somebody eligible on that day, by committee and habit; None where there is nobody.

        `named_only` asks for a speciality that names the type.
        """
        facts = self._facts(story)
        for committee in self._in_order(story):
            able = [
                one
                for one in self._people[committee]
                if self._may(one, story, facts, day)
                and (not named_only or speciality_match(self._rows[one], facts.type_code) > 1)
            ]
            if able:
                return pick(self._rng, able, [self._habit(one, facts.type_code) for one in able])
        return None

    def _habit(self, mediator: int, type_code: str) -> float:
        named = speciality_match(self._rows[mediator], type_code) > 1
        return self._mediators[mediator].habit * (_NAMED_TWICE_AS_OFTEN if named else 1.0)

    def _may(self, mediator: int, story: Story, facts: CaseFacts, day: date) -> bool:
        plan, load = self._mediators[mediator], self.loads[mediator]
        if not plan.full_time and load.cases >= _PART_TIME_PATIENCE:
            return False
        candidate = replace(
            self._rows[mediator],
            capacity=self.capacity(mediator, day),
            open_cases=load.cases,
            open_weight=load.weight,
            active=plan.left_on is None or day < plan.left_on,
            absent=any(absence.covers(day) for absence in plan.absences),
            grounds=story.recused.get(mediator, _NOTHING),
        )
        return not objections(candidate, facts)

    def _facts(self, story: Story) -> CaseFacts:
        dispute = story.dispute
        return CaseFacts(
            town_id=self._county.town_of(dispute.community),
            community_id=dispute.community,
            type_code=dispute.type.code,
            needs_specialist=dispute.type.code in self._specialist_types,
            mediator_id=story.now.mediator,
            weight=story.weight,
        )

    def _in_order(self, story: Story) -> list[int]:
        """The committees in reach, in the order in which they are asked this time."""
        dispute, rng = story.dispute, self._rng
        town = self._county.town_of(dispute.community)
        nearby = self._serving[CommitteeKind.COMMUNITY, dispute.community]
        towns = self._serving[CommitteeKind.TOWN, town]
        rooms = self._serving[CommitteeKind.BRAND_ROOM, town]
        industry = self._serving[CommitteeKind.INDUSTRY, dispute.type.industry]
        if dispute.type.code in self._specialist_types:
            at_home = rng.random() < _TOWN_SPECIALIST_FIRST
            return towns + industry if at_home else industry + towns
        near_first = rng.random() < _NEARBY_FIRST[dispute.difficulty]
        first = nearby + towns if near_first else towns + nearby
        if industry and rng.random() < _INDUSTRY_FIRST:
            return industry + first + rooms
        if rooms and rng.random() < _ROOM_FIRST:
            return rooms + first + industry
        return first + rooms + industry

    def _row(self, index: int, plan: MediatorPlan) -> Candidate:
        committee = self._committees[plan.committee]
        return Candidate(
            mediator_id=index,
            name=plan.name,
            committee_id=plan.committee,
            committee_name=committee.name,
            committee_kind=committee.kind,
            town_id=committee.town,
            community_id=committee.community,
            specialities=frozenset(plan.specialities),
            capacity=plan.capacity,
            open_cases=0,
            open_weight=0,
            full_time=plan.full_time,
        )


def _served(committee: CommitteePlan) -> int | str | None:
    """What a committee of its kind is looked up by: its community, its industry or its town."""
    match committee.kind:
        case CommitteeKind.COMMUNITY:
            return committee.community
        case CommitteeKind.INDUSTRY:
            return committee.industry
        case CommitteeKind.TOWN | CommitteeKind.BRAND_ROOM:
            return committee.town
