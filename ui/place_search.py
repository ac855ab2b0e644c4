"""Finding a place by its name as people type it: characters, pinyin, or the initials of it."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, TypeVar

from pypinyin import lazy_pinyin


class Named(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str:
        """As it is written."""


T = TypeVar("T", bound=Named)
# Both ways to say what a name can be shortened to: 安仁镇, 安仁.
_KINDS = ("街道", "社区", "镇", "乡", "村", "县", "网格")


@lru_cache(maxsize=65_536)
def spelled(name: str) -> tuple[str, str]:
    """A name in pinyin without tones, and its initials: 安仁镇 is "anrenzhen" and "arz".

    What has no reading, a digit for one, stands as it is.
    """
    syllables = [syllable.casefold() for syllable in lazy_pinyin(name)]
    return "".join(syllables), "".join(syllable[:1] for syllable in syllables)


def find(places: Iterable[T], typed: str, *, most: int = 8) -> list[T]:
    """The places that were meant, the likeliest first; in the given order where equally likely."""
    term = "".join(typed.casefold().split())
    if not term:
        return []
    ranked = ((rank, place) for place in places if (rank := _rank(place.name, term)) is not None)
    # Sorting is stable, and a rank alone decides: places are not comparable.
    return [place for _rank_of, place in sorted(ranked, key=lambda one: one[0])][:most]


def _rank(name: str, term: str) -> int | None:
    """How well a name fits, 0 best; None where it does not."""
    written = "".join(name.casefold().split())
    whole, initials = spelled(name)
    fits = (
        written == term or any(written == term + kind for kind in _KINDS),
        written.startswith(term),
        term in written,
        initials.startswith(term) or whole.startswith(term),
        term in whole and len(term) > 2,  # noqa: PLR2004 - two letters are in every other name
    )
    return next((rank for rank, fit in enumerate(fits) if fit), None)
