"""People and organisations that cannot exist: their names are common, their numbers impossible.

An identity number begins with 29, a province that GB/T 2260 never gave out, so its check digit is
right and still nobody can bear it. A phone begins with 1440, a range for devices whose numbers have
13 digits, so the 11 digits here can be dialled from nowhere. An organisation's name says （演示）.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from faker.providers.person.zh_CN import Provider

from data_access.demo.chance import Weighted, one_of
from data_access.demo.county import County
from domain.identity import check_digit
from domain.organisation import PartyKind

UNUSED_AREA = "290129"
UNDIALLABLE = "1440"
DEMO_MARK = "（演示）"

_FIRST_BIRTH = date(1942, 1, 1)
_BIRTH_DAYS = 63 * 365
_ROADS = (
    "桂花", "银杏", "芙蓉", "锦绣", "滨河", "书院",
    "东升", "文昌", "平安", "春晖", "梧桐", "稻香",
)  # fmt: skip
_ESTATES = (
    "翠湖苑", "锦官苑", "金桂园", "蜀风苑",
    "清水湾", "望江苑", "和顺里", "杏林苑",
)  # fmt: skip
_FIRM_WORDS = (
    "青禾", "云杉", "晨曦", "远山", "白鹭", "金穗",
    "松涛", "禾润", "鼎新", "百川", "竹韵", "明月",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Person:
    """A party as it is written down: what is None was not asked or not told. Sex by GB/T 2261.1."""

    kind: PartyKind
    name: str
    sex: str
    identity: str | None
    phone: str | None
    address: str


class Population:
    """Makes persons. Equal seeds make equal persons in equal order."""

    def __init__(self, county: County, *, seed: int | list[int]) -> None:
        self._county = county
        self._rng = np.random.default_rng(seed)
        surnames = Provider.last_names
        self._surnames = Weighted(list(surnames), surnames.values())
        self._given = {
            "1": tuple(Provider.first_names_male),
            "2": tuple(Provider.first_names_female),
        }
        self._identities: set[str] = set()

    def name(self, sex: str) -> str:
        """A common name for a sex ("1" male, "2" female)."""
        return self._surnames.pick(self._rng) + one_of(self._rng, self._given[sex])

    def identity(self, sex: str) -> str:
        """18 digits in the form of GB 11643-1999 that nobody bears; never twice the same."""
        while True:
            born = _FIRST_BIRTH + timedelta(days=int(self._rng.integers(_BIRTH_DAYS)))
            order = int(self._rng.integers(500)) * 2 + (sex == "1")
            body = f"{UNUSED_AREA}{born:%Y%m%d}{order:03d}"
            number = body + check_digit(body)
            if number not in self._identities:
                self._identities.add(number)
                return number

    def phone(self) -> str:
        """An 11-digit number that cannot be dialled."""
        return f"{UNDIALLABLE}{int(self._rng.integers(10**7)):07d}"

    def resident(self, community: int, *, known: float = 1.0) -> Person:
        """Somebody who lives in a community; `known` is the chance that the numbers were told."""
        rng = self._rng
        sex = "1" if rng.random() < 0.54 else "2"  # noqa: PLR2004 - men are a little more often parties
        return Person(
            PartyKind.PERSON,
            self.name(sex),
            sex,
            self.identity(sex) if rng.random() < known else None,
            self.phone() if rng.random() < known else None,
            self.address(community),
        )

    def organisation(self, community: int, trade: str) -> Person:
        """A firm, clinic or school of a trade ("物业服务有限公司") at a place in the county."""
        name = f"{one_of(self._rng, _FIRM_WORDS)}{DEMO_MARK}{trade}"
        road = self.place(community)
        return Person(PartyKind.ORGANISATION, name, "9", None, self.phone(), road)

    def address(self, community: int) -> str:
        """Where somebody lives: a flat in a 社区, a group in a 村."""
        rng, place = self._rng, self._county.communities[community]
        town = self._county.towns[place.parent].name
        if place.is_village:
            return f"{town}{place.name}{rng.integers(1, 16)}组{rng.integers(1, 90)}号"
        flat = f"{rng.integers(1, 15)}栋{rng.integers(1, 4)}单元{rng.integers(101, 1106)}号"
        return f"{town}{place.name}{one_of(rng, _ROADS)}路{rng.integers(1, 200)}号{flat}"

    def place(self, community: int, setting: str = "street") -> str:
        """Where something happened; `setting`: "street", "estate", "rural" (a group of houses)."""
        rng, place = self._rng, self._county.communities[community]
        if setting == "rural" or (setting == "street" and place.is_village):
            return f"{place.name}{rng.integers(1, 16)}组"
        if setting == "estate":
            estate = "安置小区" if place.is_village else one_of(rng, _ESTATES)
            return f"{place.name}{estate}{rng.integers(1, 15)}栋"
        return f"{place.name}{one_of(rng, _ROADS)}路{rng.integers(1, 200)}号附近"
