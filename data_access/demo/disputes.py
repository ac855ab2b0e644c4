"""What comes in: type, source, place, size, difficulty, parties and words of a dispute."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data_access.demo.arrivals import Stream
from data_access.demo.chance import Weighted, lognormal, one_of
from data_access.demo.county import County
from data_access.demo.persons import Person, Population
from domain.cases import Difficulty, Risk, difficulty_of
from domain.organisation import PartyRole

GRID_WORKER = "S01"
_BY_GRID = frozenset({"S01", "S03", "S04", "S06"})
# Weights of the source channels while the hall is open, and outside its hours.
_OFFICE_SOURCES = {
    "S01": 36, "S02": 19, "S03": 3, "S04": 3, "S05": 11, "S06": 5, "S07": 7, "S08": 6, "S09": 5,
    "S10": 0.3, "S11": 2.5, "S12": 3, "S13": 3, "S14": 1.5, "S15": 1, "S99": 0.7,
}  # fmt: skip
_EVENING_SOURCES = {
    "S01": 52, "S03": 19, "S04": 8, "S05": 4, "S06": 5, "S07": 4, "S08": 10, "S13": 4,
}  # fmt: skip
# Some channels bring mostly their own kind of dispute.
_DRAWN_TO = {
    ("S08", "0503"): 5.0, ("S08", "0303"): 4.0, ("S09", "0503"): 2.0, ("S09", "0804"): 3.0,
    ("S07", "0402"): 3.0, ("S07", "0601"): 3.0, ("S12", "0703"): 3.0, ("S11", "0703"): 3.0,
    ("S11", "1102"): 5.0, ("S15", "0103"): 3.0,
}  # fmt: skip

_GROUP_MEDIAN, _GROUP_SPREAD = 14, 0.75
_MANY, _MASS = 10, 100  # where the scales of GB/T 31000 table 90 begin
_RISKS = {
    Difficulty.SIMPLE: (0.0, 0.004, 0.08, 0.916),
    Difficulty.ORDINARY: (0.001, 0.02, 0.30, 0.679),
    Difficulty.COMPLEX: (0.01, 0.14, 0.50, 0.35),
    Difficulty.MAJOR: (0.32, 0.50, 0.18, 0.0),
}
_TRADES = {
    "property": "物业服务有限公司",
    "construction": "建筑劳务有限公司",
    "factory": "制造有限公司",
    "shop": "商贸有限公司",
    "clinic": "诊所",
    "school": "学校",
}
_DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class DisputeType:
    """How a type behaves. Shares are 0..1; amounts in yuan; `industry` names a county committee."""

    code: str
    stream: Stream
    in_village: float
    by_grid: float
    on_the_spot: float
    written: float
    performs: float
    industry: str
    group: float
    amount_share: float
    amount_median: float
    other_side: str


@dataclass(frozen=True, slots=True)
class Dispute:
    """One dispute as it is registered. Units are indexes into the county's lists."""

    at: int
    type: DisputeType
    source: str
    community: int
    grid: int
    people: int
    amount: int | None
    difficulty: Difficulty
    risk: Risk
    on_the_spot: bool
    days_before: int
    parties: tuple[tuple[PartyRole, Person], ...]
    title: str
    summary: str
    place: str

    @property
    def scale(self) -> str:
        """The scale of GB/T 31000 table 90: 01 below ten people, 02 below a hundred, else 03."""
        return "01" if self.people < _MANY else "02" if self.people < _MASS else "03"


def dispute_types() -> tuple[DisputeType, ...]:
    """All types with their shares and habits."""
    return tuple(_type_of(row) for row in _rows("dispute_types"))


def _type_of(row: dict[str, str]) -> DisputeType:
    return DisputeType(
        code=row["type_code"],
        stream=Stream(float(row["share"]), row["season"]),
        in_village=float(row["in_village"]),
        by_grid=float(row["by_grid"]),
        on_the_spot=float(row["on_the_spot"]),
        written=float(row["written"]),
        performs=float(row["performs"]),
        industry=row["industry"],
        group=float(row["group"]),
        amount_share=float(row["amount_share"]),
        amount_median=float(row["amount_median"]),
        other_side=row["other_side"],
    )


class Intake:
    """Makes disputes. Equal seeds make equal disputes in equal order."""

    def __init__(self, county: County, *, seed: int | list[int]) -> None:
        self.types = dispute_types()
        self._county = county
        self._rng = np.random.default_rng(seed)
        self._people = Population(county, seed=[*np.atleast_1d(seed).tolist(), 1])
        self._grids = {kind: _grids_for(county, kind.in_village, self._rng) for kind in self.types}
        self._sources = {
            (kind, office): _sources_for(kind, office=office)
            for kind in self.types
            for office in (True, False)
        }
        self._wording: dict[str, list[dict[str, str]]] = {}
        for row in _rows("wording"):
            self._wording.setdefault(row["type_code"], []).append(row)

    def dispute(self, at: int, kind: DisputeType, *, office_open: bool) -> Dispute:
        """A dispute of a type that comes in at second `at`."""
        rng = self._rng
        grid = self._grids[kind].pick(rng)
        community = self._county.grids[grid].parent
        source = self._sources[kind, office_open].pick(rng)
        people = self._people_count(kind)
        amount = self._amount(kind, people)
        difficulty = self._difficulty(people, amount)
        easy = difficulty in {Difficulty.SIMPLE, Difficulty.ORDINARY}
        parties = self._parties(kind, community, people)
        title, summary, place = self._words(kind, community, parties, amount)
        return Dispute(
            at=at,
            type=kind,
            source=source,
            community=community,
            grid=grid,
            people=people,
            amount=amount,
            difficulty=difficulty,
            risk=Risk(1 + int(rng.choice(4, p=_RISKS[difficulty]))),
            on_the_spot=easy and source == GRID_WORKER and rng.random() < kind.on_the_spot,
            days_before=int(rng.exponential(2.5)),
            parties=parties,
            title=title,
            summary=summary,
            place=place,
        )

    def _people_count(self, kind: DisputeType) -> int:
        if self._rng.random() < kind.group:
            return 5 + int(lognormal(self._rng, median=_GROUP_MEDIAN, spread=_GROUP_SPREAD))
        return 2 + int(self._rng.poisson(0.45))

    def _amount(self, kind: DisputeType, people: int) -> int | None:
        if self._rng.random() >= kind.amount_share:
            return None
        return self._yuan(kind, max(1.0, people / 4))

    def _yuan(self, kind: DisputeType, times: float) -> int:
        each = lognormal(self._rng, median=kind.amount_median, spread=0.9)
        return max(100, int(each * times) // 100 * 100)

    def _difficulty(self, people: int, amount: int | None) -> Difficulty:
        """By people and amount, and at times graver than these show."""
        rng, counted = self._rng, difficulty_of(people, amount_yuan=amount)
        if counted is Difficulty.MAJOR or rng.random() < 0.004:  # noqa: PLR2004 - death, bad injury
            return Difficulty.MAJOR
        # 20 % are complex for what no figure shows: three sittings, two towns, an old grudge.
        if counted is Difficulty.COMPLEX or rng.random() < 0.2:  # noqa: PLR2004
            return Difficulty.MAJOR if rng.random() < 0.05 else Difficulty.COMPLEX  # noqa: PLR2004
        return Difficulty.SIMPLE if rng.random() < 0.24 else Difficulty.ORDINARY  # noqa: PLR2004

    def _parties(
        self, kind: DisputeType, community: int, people: int
    ) -> tuple[tuple[PartyRole, Person], ...]:
        rng, population = self._rng, self._people
        applicants = 1 if people < _MANY else 2 + int(rng.random() * 3)
        found = [
            (PartyRole.APPLICANT, population.resident(community, known=0.94))
            for _ in range(applicants)
        ]
        trade = _TRADES.get(kind.other_side)
        other = (
            population.organisation(community, trade)
            if trade
            else population.resident(community, known=0.8)
        )
        found.append((PartyRole.RESPONDENT, other))
        if people > 2 and rng.random() < 0.3:  # noqa: PLR2004 - more people than two sides
            found.append((PartyRole.OTHER, population.resident(community, known=0.5)))
        return tuple(found)

    def _words(
        self,
        kind: DisputeType,
        community: int,
        parties: tuple[tuple[PartyRole, Person], ...],
        amount: int | None,
    ) -> tuple[str, str, str]:
        words = one_of(self._rng, self._wording[kind.code])
        place = self._people.place(community, words["setting"])
        slots = {
            "a": parties[0][1].name,
            "b": next(person.name for role, person in parties if role is PartyRole.RESPONDENT),
            "place": place,
            "amount": str(amount or self._yuan(kind, 1.0)),
            "n": str(int(self._rng.integers(2, 10))),
        }
        return words["title"].format(**slots), words["summary"].format(**slots), place


def _grids_for(county: County, in_village: float, rng: np.random.Generator) -> Weighted[int]:
    """Grids by households, with hot and quiet ones, and a type's leaning to villages."""
    mood = rng.lognormal(0, 0.45, len(county.grids))
    weights = [
        grid.households * mood[index] * (in_village if _is_rural(county, grid.parent) else 1.0)
        for index, grid in enumerate(county.grids)
    ]
    return Weighted(range(len(county.grids)), weights)


def _is_rural(county: County, community: int) -> bool:
    return county.communities[community].is_village


def _sources_for(kind: DisputeType, *, office: bool) -> Weighted[str]:
    base = _OFFICE_SOURCES if office else _EVENING_SOURCES
    weights = [
        weight
        * (kind.by_grid if source in _BY_GRID else 1.0)
        * _DRAWN_TO.get((source, kind.code), 1.0)
        for source, weight in base.items()
    ]
    return Weighted(tuple(base), weights)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_DATA / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
