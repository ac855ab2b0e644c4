"""The county's divisions: real names and statistics codes, invented numbers of households."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
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
_REDISTRICTED_FROM = date(2019, 12, 1)
_BEFORE_ALL_RECORDS = date(1949, 10, 1)
# 178,000 households: 516,000 residents (census of 2020) at 2.9 a household, over 900 grids.
_HOUSEHOLDS_A_GRID = 190
_HOUSEHOLDS_SPREAD = 0.28


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
    counts = {row["community_code"]: int(row["grids"]) for row in _rows("grid_counts")}
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
            for number, size in enumerate(sizes, start=1)
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


def _sizes(rng: np.random.Generator, count: int) -> list[int]:
    drawn = rng.lognormal(np.log(_HOUSEHOLDS_A_GRID), _HOUSEHOLDS_SPREAD, count)
    return [int(size) for size in drawn]


def _since(town_code: str) -> date:
    return _REDISTRICTED_FROM if town_code in _REDISTRICTED else _BEFORE_ALL_RECORDS


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)
