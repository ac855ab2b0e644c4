"""The county's divisions: real names and statistics codes, invented numbers of households."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from domain.organisation import UnitLevel

CODE = "510129"
NAME = "大邑县"

_FOLDER = Path(__file__).parent / "data"
# 川府民政〔2019〕24号 made 沙渠 and 青霞 and enlarged 安仁, 王泗 and 新场 in December 2019. The
# first stands for the day, which we do not know; the other towns carry the date of the county's own
# row, which means "before anything this product keeps".
_REDISTRICTED = frozenset({"510129002", "510129003", "510129101", "510129103", "510129105"})
RECORDED_FROM = date(2019, 12, 1)
_BEFORE_ALL_RECORDS = date(1949, 10, 1)
# 178,000 households: 516,000 residents (census of 2020) at 2.9 a household, over 900 grids.
_HOUSEHOLDS_A_GRID = 190
_HOUSEHOLDS_SPREAD = 0.28


@dataclass(frozen=True, slots=True)
class Redrawn:
    """Grids of a community that gave way to others: numbers before, and how many came after.

    A number is not given again: who comes after takes the next ones behind the last.
    """

    community: str
    before: tuple[int, ...]
    into: int

    def codes_before(self) -> list[str]:
        """The codes of the grids that ended."""
        return [f"{self.community}{number:03d}" for number in self.before]

    def codes_after(self) -> list[str]:
        """The codes of the grids that came in their place: the community's last."""
        numbers = _numbers(self.community, _grid_counts()[self.community])
        return [f"{self.community}{number:03d}" for number in numbers[-self.into :]]


# Both in 安仁镇: in 韩延社区 two grids became one, in 红星街社区 one became two.
REDRAWN = (Redrawn("510129105029", (2, 3), 1), Redrawn("510129105003", (6,), 2))
_MONTHS_AGO = 5


def redrawn_on(today: date) -> date:
    """The day of these changes: the first of a month, five months before."""
    years, month = divmod(today.year * 12 + today.month - 1 - _MONTHS_AGO, 12)
    return date(years, month + 1, 1)


@dataclass(frozen=True, slots=True)
class Place:
    """One unit. `parent` is the index of its parent in the list one level up (0 for a town)."""

    level: UnitLevel
    code: str
    name: str
    kind: str
    parent: int
    households: int
    valid_from: date

    @property
    def is_village(self) -> bool:
        """A 村, as opposed to a 社区."""
        return self.kind == "村"


@dataclass(frozen=True)
class County:
    """The county as three lists; the rest of the package names a unit by its index in its list."""

    towns: tuple[Place, ...]
    communities: tuple[Place, ...]
    grids: tuple[Place, ...]

    @property
    def households(self) -> int:
        """All households of the county."""
        return sum(town.households for town in self.towns)

    def town_of(self, community: int) -> int:
        """The index of the town of a community."""
        return self.communities[community].parent


def index_of(name: str, places: tuple[Place, ...]) -> int:
    """The index of the place with this name. Raises StopIteration where there is none."""
    return next(index for index, place in enumerate(places) if place.name == name)


def plan_county(*, seed: int) -> County:
    """All units: the lists are fixed, the households drawn from the seed."""
    rng = np.random.default_rng([seed, 1])
    counts = _grid_counts()
    town_rows = list(_rows("towns"))
    town_index = {row["code9"]: index for index, row in enumerate(town_rows)}
    communities, grids = [], []
    households = np.zeros(len(town_rows), dtype=int)
    for index, row in enumerate(_rows("communities")):
        since = _since(row["town_code9"])
        sizes = _sizes(rng, counts[row["code12"]])
        grids += [
            Place(
                UnitLevel.GRID,
                f"{row['code12']}{number:03d}",
                f"第{number}网格",
                "网格",
                index,
                size,
                since,
            )
            for number, size in zip(_numbers(row["code12"], len(sizes)), sizes, strict=True)
        ]
        town = town_index[row["town_code9"]]
        households[town] += sum(sizes)
        communities.append(
            Place(
                UnitLevel.COMMUNITY,
                row["code12"],
                row["name"],
                row["kind"],
                town,
                sum(sizes),
                since,
            )
        )
    towns = [
        Place(
            UnitLevel.TOWN,
            row["code9"],
            row["name"],
            row["kind"],
            0,
            int(households[index]),
            _since(row["code9"]),
        )
        for index, row in enumerate(town_rows)
    ]
    return County(tuple(towns), tuple(communities), tuple(grids))


def grids_before(county: County) -> tuple[tuple[Place, ...], dict[int, list[int]]]:
    """The grids that ended, and of each present grid that came of them the indexes of those."""
    by_code = {grid.code: index for index, grid in enumerate(county.grids)}
    ended: list[Place] = []
    before: dict[int, list[int]] = {}
    for redrawn in REDRAWN:
        after = [by_code[code] for code in redrawn.codes_after()]
        households = sum(county.grids[index].households for index in after)
        first = len(ended)
        for number, code in zip(redrawn.before, redrawn.codes_before(), strict=True):
            share = households // len(redrawn.before)
            name = f"第{number}网格"
            ended.append(replace(county.grids[after[0]], code=code, name=name, households=share))
        before |= {index: list(range(first, len(ended))) for index in after}
    return tuple(ended), before


def _grid_counts() -> dict[str, int]:
    return {row["community_code"]: int(row["grids"]) for row in _rows("grid_counts")}


def _numbers(community: str, count: int) -> list[int]:
    """The numbers of a community's present grids."""
    gone = {number for one in REDRAWN if one.community == community for number in one.before}
    return [number for number in range(1, count + len(gone) + 1) if number not in gone]


def _sizes(rng: np.random.Generator, count: int) -> list[int]:
    drawn = rng.lognormal(np.log(_HOUSEHOLDS_A_GRID), _HOUSEHOLDS_SPREAD, count)
    return [int(size) for size in drawn]


def _since(town_code: str) -> date:
    return RECORDED_FROM if town_code in _REDISTRICTED else _BEFORE_ALL_RECORDS


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
