"""What of the workloads is in sight: a place in somebody's reach, its people, what to look at."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from data_access.queries.choices import Choices
from data_access.queries.loads import CommitteeLoad, Workload
from domain.clocks import day_of
from domain.organisation import UnitLevel
from domain.spread import Spread
from domain.workload import Concern, LookAt, MediatorLoad, Term, concerns_of, spread_among
from texts import gettext as _
from texts import loads as load_texts
from texts.numbers import count
from ui import workload_state
from ui.workload_state import Looked

COUNTY = 0
_NAMED = 8


class Sight:
    """What of a workload is looked at, narrowed by the address."""

    def __init__(self, found: Workload, looked: Looked, offered: Choices, now: datetime) -> None:
        self._found = found
        self._committees = {one.committee_id: one for one in found.committees}
        self._by_id = {one.mediator_id: one for one in found.mediators}
        self._towns = {
            one.unit_id: one.name for one in offered.places if one.level is UnitLevel.TOWN
        }
        self.codes = {one.mediator_id: one.code for one in offered.holders}
        self.looked = self._within(looked)
        self.today = looked.day or day_of(now)

    def _within(self, looked: Looked) -> Looked:
        """Without what is not in reach; above a person is their committee, above it its town.

        Whose reach is one person or one committee is there at once: above it is nothing to choose.
        """
        reached = {one.committee_id for one in self._found.mediators}
        only = next(iter(reached)) if len(reached) == 1 else None
        alone = next(iter(self._by_id)) if len(self._by_id) == 1 else None
        person = self._by_id.get(looked.person or alone or -1)
        asked = looked.committee if looked.committee in self._committees else only
        committee_id = person.committee_id if person else asked
        committee = self._committees.get(committee_id or -1)
        town = self.town(committee_id) if committee else looked.town
        known = {self.town(one.committee_id) for one in self._found.mediators}
        return replace(
            looked,
            person=person.mediator_id if person else None,
            committee=committee.committee_id if committee else None,
            town=town if town in known else None,
        )

    def town(self, committee_id: int | None) -> int:
        """The town of a committee; COUNTY for those of the county itself."""
        committee = self._committees.get(committee_id or -1)
        return (committee.town_id if committee else None) or COUNTY

    def town_name(self, town: int) -> str:
        """What a town is called, and the county's own level."""
        return self._towns.get(town, _("其他乡镇")) if town else _("县级")

    def committee(self, committee_id: int) -> CommitteeLoad | None:
        """A committee in reach."""
        return self._committees.get(committee_id)

    def committees(self) -> dict[int, str]:
        """The names of all committees in reach, by town and name."""
        order = list(self._towns)
        places = {town: place for place, town in enumerate(order)}
        found = sorted(
            self._committees.values(),
            key=lambda one: (places.get(one.town_id or COUNTY, -1), one.name),
        )
        return {one.committee_id: one.name for one in found}

    def person(self) -> MediatorLoad | None:
        """Who alone is looked at, if anybody."""
        return self._by_id.get(self.looked.person or -1)

    def people(self) -> list[MediatorLoad]:
        """Everybody at the place that is looked at, by what they are narrowed to."""
        seen = self.looked
        return [
            one
            for one in self._found.mediators
            if (seen.person is None or one.mediator_id == seen.person)
            and self._is_at(one, seen)
            and (not seen.over or one.over_capacity)
            and (not seen.away or one.leave is not None)
            and (seen.speciality is None or _versed(one, seen.speciality))
        ]

    def _is_at(self, one: MediatorLoad, place: Looked) -> bool:
        if place.committee is not None:
            return one.committee_id == place.committee
        return place.town is None or self.town(one.committee_id) == place.town

    def _at_place(self) -> list[MediatorLoad]:
        return [one for one in self._found.mediators if self._is_at(one, self.looked)]

    def path(self) -> list[tuple[str, Looked]]:
        """The way from the whole reach down to here."""
        top = replace(self.looked, town=None, committee=None, person=None)
        steps = [(_("全部"), top)]
        if self.looked.town in {COUNTY, *self._towns}:
            top = replace(top, town=self.looked.town)
            steps.append((self.town_name(self.looked.town or COUNTY), top))
        if self.looked.committee is not None:
            top = replace(top, committee=self.looked.committee)
            steps.append((self._committees[self.looked.committee].name, top))
        if self.looked.person is not None:
            steps.append((self._by_id[self.looked.person].name, self.looked))
        return steps

    def spread(self) -> Spread | None:
        """Among the people of this place, whatever else narrows them; of one person none."""
        if self.looked.person is not None:
            return None
        if self.looked.committee is not None:
            return self._committees[self.looked.committee].spread
        if self.looked.town is None:
            return self._found.spread
        return spread_among(self._at_place())

    def there(self) -> int:
        """How many people of this place are at work these days."""
        return sum(one.available > 0 for one in self._at_place())

    def concerns(self) -> list[dict[str, Any]]:
        """What to look at first at this place, each name a link; what else is looked at stays."""
        alone = self.person()
        people = [alone] if alone else self._at_place()
        reached = set() if alone else {one.committee_id for one in people}
        terms = [
            Term(one.committee_id, one.name, one.term_to)
            for one in self._found.committees
            if one.committee_id in reached
        ]
        return [self._concern(one) for one in concerns_of(people, terms, today=self.today)]

    def _concern(self, one: Concern) -> dict[str, Any]:
        names = load_texts.concerned(one, today=self.today)[:_NAMED]
        more = len(one.ids) - len(names)
        by_committee = one.kind is LookAt.TERM_ENDING
        return {
            "kind": one.kind.value,
            "text": load_texts.concern(one),
            "href": "" if by_committee else workload_state.link(self._all_of(one.kind)),
            "names": [
                {
                    "name": name,
                    "href": workload_state.link(self._one(number, by_committee=by_committee)),
                }
                for name, number in zip(names, one.ids, strict=False)
            ],
            "more": _("等 {count} 个").format(count=count(len(one.ids))) if more else "",
        }

    def _one(self, number: int, *, by_committee: bool) -> Looked:
        if by_committee:
            return Looked(committee=number, day=self.looked.day)
        return Looked(person=number, day=self.looked.day)

    def _all_of(self, kind: LookAt) -> Looked:
        start = Looked(town=self.looked.town, committee=self.looked.committee, day=self.looked.day)
        if kind is LookAt.OVER_CAPACITY:
            return replace(start, over=True)
        if kind is LookAt.AWAY_WITH_DUE:
            return replace(start, away=True)
        return replace(start, people=True, sort="late" if kind is LookAt.LATE_CLUSTER else "load")


def _versed(one: MediatorLoad, code: str) -> bool:
    return any(own == code or own.startswith(code) for own in one.specialities)
