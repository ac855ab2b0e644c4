"""The people's mediation committees of the demonstration county, and who sits on them."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np

from data_access.demo.chance import Weighted, lognormal
from data_access.demo.county import CODE, NAME, County, index_of
from data_access.demo.leave import Absence, absences_of
from data_access.demo.persons import Population
from domain.eligibility import GENERAL, CommitteeKind
from domain.organisation import TERM_YEARS

_WITHOUT_WOMAN = 0.07
_MEMBERS = Weighted((3, 4, 5, 6, 7), (26, 29, 27, 12, 6))
_FULL_TIME_CAPACITY = (12, 20)
_PART_TIME_CAPACITY = (2, 4)
# Full-time people per town: three, and one more for each 6,000 households.
_TOWN_FULL_TIME, _HOUSEHOLDS_A_HEAD = 3, 6_000
_DEMAND = {"traffic": 0.17, "labour": 0.15, "property": 0.07}
_LEFT_POST_SHARE = 0.02
# The name that everybody knows is asked far more often than the neighbour at the next desk.
_KNOWN_NAME = 30.0
_CHAIR = 1.6
_HABIT_SPREAD = 1.0
# The county reviews how much each can carry. Those it cut hold, for some weeks, more than their new
# figure: nobody was ever given a case above the figure of its day.
_REVIEW_DAYS_AGO = 1
_CUT = 5
_CUT_TO = 12

# Code, name, how many full-time, what they take.
_INDUSTRIES = (
    ("traffic", "道路交通事故", 8, ("0503",)),
    ("labour", "劳动争议", 7, ("07", "0507")),
    ("medical", "医疗纠纷", 3, ("0502",)),
    ("property", "物业纠纷", 5, ("0402", "0602")),
    ("finance", "金融消费纠纷", 3, ("08",)),
    ("consumer", "消费纠纷", 3, ("06",)),
    ("land", "土地承包与征地补偿纠纷", 4, ("09", "1102")),
)
# Name, community where the list has it, town, full-time people. The list of 2023 puts 芙蓉社区 into
# 青霞街道, which was made of parts of 晋原 in 2019: a community's town is what the list says today.
_BRAND_ROOMS = (
    ("王大爷调解室", "芙蓉社区", "青霞街道", 3),
    ("老吴调解室", "和众社区", "安仁镇", 4),
    ("金秋调解室", None, "䢺江镇", 3),
)
_BRAND_SPECIALITIES = (GENERAL, "01", "02")
_NAMED = ("01", "02", "03", "0402", "0601", "0602", "0804", "09", "0902", "0103")
_TOWN_SPECIALISTS = (("07", 0.22), ("0503", 0.16), ("09", 0.2))


@dataclass(frozen=True, slots=True)
class CommitteePlan:
    """A committee. `town` and `community` are indexes, None where it serves more than one."""

    code: str
    name: str
    kind: CommitteeKind
    industry: str
    town: int | None
    community: int | None
    term_from: date
    term_to: date


@dataclass(frozen=True, slots=True)
class MediatorPlan:
    """A mediator. `habit` is how often others turn to them, `pace` how long they take (1 = usual).

    `committee` is an index. `earlier_capacity` held until `reviewed_on`, `capacity` from then on;
    `left_on` is the first day on which they no longer serve.
    """

    code: str
    name: str
    sex: str
    identity: str
    committee: int
    member: bool
    chair: bool
    full_time: bool
    specialities: tuple[str, ...]
    capacity: int
    earlier_capacity: int
    reviewed_on: date
    habit: float
    pace: float
    left_on: date | None
    absences: tuple[Absence, ...]


@dataclass(frozen=True)
class Workforce:
    """All committees and mediators; the rest of the package names one by its index."""

    committees: tuple[CommitteePlan, ...]
    mediators: tuple[MediatorPlan, ...]


def plan_workforce(county: County, *, today: date, first_day: date, seed: int) -> Workforce:
    """Committees with staggered terms, and their mediators with leave from `first_day` on."""
    return _Planner(county, today=today, first_day=first_day, seed=seed).plan()


class _Planner:
    def __init__(self, county: County, *, today: date, first_day: date, seed: int) -> None:
        self._county, self._today, self._first_day = county, today, first_day
        self._rng = np.random.default_rng([seed, 3])
        self._names = Population(county, seed=[seed, 4])
        self._committees: list[CommitteePlan] = []
        self._mediators: list[MediatorPlan] = []

    def plan(self) -> Workforce:
        for index, place in enumerate(self._county.communities):
            self._add_committee(
                f"RT-{place.code}",
                f"{place.name}调委会",
                CommitteeKind.COMMUNITY,
                town=place.parent,
                community=index,
            )
            self._seat(members=_MEMBERS.pick(self._rng), full_time=0)
        for index, place in enumerate(self._county.towns):
            self._add_committee(
                f"RT-{place.code}", f"{place.name}调委会", CommitteeKind.TOWN, town=index
            )
            self._seat(
                members=_MEMBERS.pick(self._rng),
                full_time=_TOWN_FULL_TIME + place.households // _HOUSEHOLDS_A_HEAD,
            )
        for key, name, full_time, takes in _INDUSTRIES:
            code = f"RT-{CODE}-{key}"
            self._add_committee(code, f"{NAME}{name}调委会", CommitteeKind.INDUSTRY, industry=key)
            self._seat(members=min(7, full_time + 1), full_time=full_time, takes=takes)
        for number, (name, community, town, full_time) in enumerate(_BRAND_ROOMS, start=1):
            self._add_brand_room(number, name, community, town)
            self._seat(members=full_time + 1, full_time=full_time, takes=_BRAND_SPECIALITIES)
        self._cut_capacities()
        return Workforce(tuple(self._committees), tuple(self._mediators))

    def _add_brand_room(self, number: int, name: str, community: str | None, town: str) -> None:
        self._add_committee(
            f"RT-{CODE}-room{number}",
            name,
            CommitteeKind.BRAND_ROOM,
            town=index_of(town, self._county.towns),
            community=index_of(community, self._county.communities) if community else None,
        )

    def _add_committee(
        self,
        code: str,
        name: str,
        kind: CommitteeKind,
        *,
        industry: str = "",
        town: int | None = None,
        community: int | None = None,
    ) -> None:
        began = self._today - timedelta(days=int(self._rng.integers(8, TERM_YEARS * 365 - 8)))
        # The elections of one season are held on one Saturday or the next.
        began -= timedelta(days=(began.weekday() - 5) % 7)
        ends = began.replace(year=began.year + TERM_YEARS, day=min(began.day, 28))
        self._committees.append(
            CommitteePlan(code, name, kind, industry, town, community, began, ends)
        )

    def _seat(self, *, members: int, full_time: int, takes: tuple[str, ...] = ()) -> None:
        """Fill the youngest committee; whoever is full-time beyond its members is hired (13)."""
        women_wanted = self._rng.random() >= _WITHOUT_WOMAN
        for place in range(max(members, full_time)):
            woman = women_wanted and (place == 1 or self._rng.random() < 0.38)  # noqa: PLR2004
            self._add_mediator(
                sex="2" if woman else "1",
                member=place < members,
                chair=place == 0,
                full_time=place < full_time,
                takes=takes,
            )

    def _add_mediator(
        self, *, sex: str, member: bool, chair: bool, full_time: bool, takes: tuple[str, ...]
    ) -> None:
        rng = self._rng
        known = _KNOWN_NAME if chair and full_time else _CHAIR if chair else 1.0
        low, high = _FULL_TIME_CAPACITY if full_time else _PART_TIME_CAPACITY
        capacity = int(rng.integers(low, high + 1))
        left = self._left_on() if not chair and rng.random() < _LEFT_POST_SHARE else None
        self._mediators.append(
            MediatorPlan(
                code=f"TJ{len(self._mediators) + 1:04d}",
                name=self._names.name(sex),
                sex=sex,
                identity=self._names.identity(sex),
                committee=len(self._committees) - 1,
                member=member,
                chair=chair,
                full_time=full_time,
                specialities=takes or self._specialities(full_time=full_time),
                capacity=capacity,
                earlier_capacity=capacity,
                reviewed_on=self._today - timedelta(days=_REVIEW_DAYS_AGO),
                habit=lognormal(rng, median=known, spread=_HABIT_SPREAD),
                pace=lognormal(rng, median=1.0, spread=0.16),
                left_on=left,
                absences=absences_of(
                    rng, full_time=full_time, first_day=self._first_day, today=self._today
                ),
            )
        )

    def _left_on(self) -> date:
        return self._today - timedelta(days=int(self._rng.integers(20, 400)))

    def _specialities(self, *, full_time: bool) -> tuple[str, ...]:
        rng, found = self._rng, [GENERAL]
        if full_time:
            found += [code for code, share in _TOWN_SPECIALISTS if rng.random() < share]
        if rng.random() < 0.4:  # noqa: PLR2004 - four in ten are known for something
            found += [_NAMED[index] for index in rng.choice(len(_NAMED), 2, replace=False)]
        return tuple(sorted(set(found)))

    def _cut_capacities(self) -> None:
        """Lower the figure of those who are asked most."""
        serving = [
            index
            for index, mediator in enumerate(self._mediators)
            if mediator.full_time and mediator.left_on is None
        ]
        busiest = sorted(serving, key=self._expected, reverse=True)
        for index in busiest[:_CUT]:
            self._mediators[index] = replace(
                self._mediators[index],
                earlier_capacity=_FULL_TIME_CAPACITY[1],
                capacity=_CUT_TO,
            )

    def _expected(self, index: int) -> float:
        """The share of the county's work that comes to a mediator by habit, roughly."""
        mediator = self._mediators[index]
        committee = self._committees[mediator.committee]
        habits = sum(one.habit for one in self._mediators if one.committee == mediator.committee)
        demand = _DEMAND.get(committee.industry, 0.02)
        if committee.kind is CommitteeKind.TOWN and committee.town is not None:
            demand = 0.4 * self._county.towns[committee.town].households / self._county.households
        return demand * mediator.habit / habits
