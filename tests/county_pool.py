"""Made-up pools and histories of a county, skewed as real ones are: habit fills a few desks.

Everything comes from a seed; nothing is drawn from a real county. `skew` says how uneven it came
out, so that a figure measured on it can be judged.
"""

from dataclasses import dataclass

import numpy as np

from domain.balancing.pool import Lock, Person, Pool, Work, load_per_post
from domain.balancing.replay import Arrival, History, Order
from domain.spread import Bearer, spread_of

WEIGHTS, SHARES = (5, 10, 20, 40), (0.35, 0.4, 0.2, 0.05)
# Of a history: how unevenly cases come to committees and efforts lie about weights (both sigmas of
# log-normals), and the share of cases that the next committee may have too.
UNEVEN, TAIL, SHARED = 0.1, 0.6, 0.4
# Of a county: days from now until cases are due, and the share that has just changed hands.
DUE, MOVED = (-2.0, 42.0), 0.05


@dataclass(frozen=True)
class Town:
    """People by community of a town, and those of the town itself."""

    communities: tuple[tuple[int, ...], ...]
    own: tuple[int, ...]


def county(*, seed: int, people: int = 750, cases: int = 8000, towns: int = 16) -> Pool:
    """A county on one day: some are away, a tenth of the cases stays, habit decided who has what.

    Eligible are the community's own mediators, those of its town, and for a fifth of the cases
    three to eight of a county committee.
    """
    chance = np.random.default_rng(seed)
    staff, layout, committees = _staff(chance, people, towns)
    posts = np.array([0, *(one.availability for one in staff)])
    # Habit follows the post loosely: who is away now was not always, and some are better known.
    popularity = chance.lognormal(0.0, 0.4, people + 1) * (posts + 1)
    works, distance = [], {}
    for case_id in range(1, cases + 1):
        town = layout[int(chance.integers(towns))]
        community = town.communities[int(chance.integers(len(town.communities)))]
        near = {**dict.fromkeys(town.own, 8.0), **dict.fromkeys(community, 1.0)}
        if chance.random() < 0.2:
            committee = committees[int(chance.integers(len(committees)))]
            near = {**dict.fromkeys(committee, 25.0), **near}
        able = [one for one in near if chance.random() > 0.02]  # the others are recused
        for one in able:
            distance[case_id, one] = round(near[one] * float(chance.uniform(0.5, 1.5)), 1)
        works.append(_work(chance, case_id, able, popularity))
    staff = _with_room(staff, works)
    return Pool(tuple(staff), tuple(works), distance)


def _staff(chance, people, towns):
    staff = []
    for me in range(1, people + 1):
        availability = int(chance.choice([0, 2, 4, 6, 10], p=[0.03, 0.12, 0.3, 0.2, 0.35]))
        speed = 15 * float(chance.lognormal(0.0, 0.25))
        duty = int(chance.choice([0, 10, 30], p=[0.7, 0.2, 0.1]))
        staff.append(Person(me, availability, 40, duty if availability else 0, 0, speed))
    ids = list(chance.permutation(np.arange(1, people + 1)))
    at_county = max(people // 12, 3)
    committees = [tuple(map(int, one)) for one in np.array_split(ids[:at_county], 10) if len(one)]
    layout = []
    for part in np.array_split(np.array(ids[at_county:]), towns):
        town = tuple(map(int, part))
        own, rest = town[: max(len(town) // 5, 1)], town[max(len(town) // 5, 1) :] or town
        count = max(len(rest) // 4, 1)
        layout.append(Town(tuple(tuple(map(int, x)) for x in np.array_split(rest, count)), own))
    return staff, layout, committees


def _work(chance, case_id, able, popularity):
    weight = int(chance.choice(WEIGHTS, p=SHARES))
    holder = None
    if able and chance.random() > 0.01:
        drawn = popularity[able] / popularity[able].sum()
        holder = int(chance.choice(able, p=drawn))
    locked = None
    if chance.random() < 0.25:
        # Whoever is asked is asked about all: what is not among them is no lock of a case.
        real = [one for one in Lock if one is not Lock.NOT_ASKED]
        locked = real[int(chance.integers(len(real)))]
    eligible = set(able)
    if holder is not None and chance.random() < 0.005:
        eligible.discard(holder)  # a relation came out
    effort = weight * float(chance.lognormal(-0.1, 0.4)) * float(chance.uniform(0.2, 1.0))
    due = float(chance.uniform(*DUE))
    # Some have changed hands of late, and the file is still being read.
    handover = round(float(chance.uniform(0.1, 2.0)), 2) if chance.random() < MOVED else 0.0
    return Work(
        case_id, weight, effort, round(due, 2), holder, frozenset(eligible), locked, handover
    )


def _with_room(staff, works):
    """Nobody's limit is below half again of what they hold."""
    held = {one.mediator_id: 0 for one in staff}
    for work in works:
        if work.holder is not None:
            held[work.holder] += 1
    return [
        Person(
            one.mediator_id, one.availability, max(25, held[one.mediator_id]), one.fixed_weight,
            one.fixed_cases, one.speed,
        )
        for one in staff
    ]  # fmt: skip


def skew(pool: Pool) -> str:
    """How uneven the load of the pool is, in a line."""
    held = {one.mediator_id: [] for one in pool.people}
    for work in pool.works:
        if work.holder is not None:
            held[work.holder].append(work.weight)
    there = [one for one in pool.people if one.availability]
    loads = [
        load_per_post(one.fixed_weight + sum(held[one.mediator_id]), one.availability)
        for one in there
    ]
    even = spread_of(
        [Bearer(tuple(held[one.mediator_id]), one.fixed_weight, one.availability) for one in there]
    )
    locked = sum(work.locked is not None for work in pool.works)
    pairs = sum(len(work.eligible) for work in pool.works)
    return (
        f"{len(pool.people)} mediators, {len(pool.people) - len(there)} away, "
        f"{len(pool.works)} cases, {locked} locked, {pairs} pairs; load per post "
        f"Gini {even.gini.actual:.3f} (by chance {even.gini.by_chance:.3f}), "
        f"most/mean {even.max_mean.actual:.1f} ({even.max_mean.by_chance:.1f}), most {max(loads)}"
    )


def _uneven(chance, people, committees):
    """Everybody in one committee, each of at least two, some many times larger than others."""
    sizes = 2 + chance.multinomial(people - 2 * committees, chance.dirichlet([1.5] * committees))
    ends = sizes.cumsum().tolist()
    starts = [0, *ends[:-1]]
    return [tuple(range(a + 1, b + 1)) for a, b in zip(starts, ends, strict=True)]


def history(
    *, seed: int, use: float, days: int, people: int = 60, committees: int = 12,
    order: Order = Order.DUE, speed_error: float = 0.0, speed: float = 2.0,
) -> History:  # fmt: skip
    """Cases of some committees over `days`, at a share `use` of what the people can do.

    `speed`: tenths of points a full-time day clears in the mean. At 2, a standard case takes five
    such days: with faster people no rule would ever miss a deadline of thirty.

    Committees are of two to a dozen people and their places bring cases unevenly; half the people
    are there for a fifth to two fifths of a post. Habit gives a case to somebody of the own
    committee, and to some far more than to others. Eligible is the own committee, and for four in
    ten cases the next one too. What a case takes has a long tail that its weight does not tell.
    """
    chance = np.random.default_rng(seed)
    staff = [
        Person(
            me, int(chance.choice([2, 4, 6, 10], p=[0.25, 0.25, 0.2, 0.3])), 1000, 0, 0,
            speed * float(chance.lognormal(0, 0.25)),
        )
        for me in range(1, people + 1)
    ]  # fmt: skip
    groups = _uneven(chance, people, committees)
    able = [sum(staff[me - 1].speed * staff[me - 1].availability for me in one) for one in groups]
    # Where the people are is not where the cases are.
    coming = np.array(able) * chance.lognormal(0.0, UNEVEN, committees)
    coming /= coming.sum()
    popularity = chance.lognormal(0.0, 0.8, people + 1)
    daily = use * sum(able) / 10
    mean = float(np.dot(WEIGHTS, SHARES))
    arrivals, number = [], 0
    for day in range(days):
        for _ in range(int(chance.poisson(daily / mean))):
            number += 1
            group = int(chance.choice(committees, p=coming))
            own = groups[group]
            near = own + groups[(group + 1) % committees] if chance.random() < SHARED else own
            drawn = popularity[list(own)] / popularity[list(own)].sum()
            weight = int(chance.choice(WEIGHTS, p=SHARES))
            effort = weight * float(chance.lognormal(-(TAIL**2) / 2, TAIL))
            habitual = int(chance.choice(own, p=drawn))
            arrivals.append(Arrival(number, day, weight, effort, 30.0, habitual, frozenset(near)))
    wrong = np.exp(chance.normal(0.0, speed_error, people))
    believed = {
        one.mediator_id: one.speed * float(off) for one, off in zip(staff, wrong, strict=True)
    }
    return History(tuple(staff), tuple(arrivals), days, {}, believed, order)
