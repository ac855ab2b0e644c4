"""What a reader does on the map, as the browser sends it: checked before anybody acts on it."""

import math
from typing import Any, Literal, NotRequired, TypedDict

MOST_POINTS = 200  # of a drawn ring; the browser thins it to as many
_FEWEST_POINTS = 3
_LONGEST = 64  # characters of an identifier
_FURTHEST = (90.0, 180.0)  # degrees of latitude, of longitude


class MapEvent(TypedDict):
    """`event` says which of the others are there.

    "area": an area was chosen, `level` and `id` (a unit's id) are given; "marker": `id` is the
    marker's; "ring": a shape was drawn, `points` are (latitude, longitude), the first not repeated
    at the end; "back": one level up. `turn` is unlike that of every other event of the page.
    """

    event: Literal["area", "marker", "ring", "back"]
    turn: tuple[str, int]
    level: NotRequired[Literal["county", "town", "community", "grid"]]
    id: NotRequired[int | str]
    points: NotRequired[tuple[tuple[float, float], ...]]


def event_from(sent: Any) -> MapEvent | None:
    """The event in what the browser sent, or None where it is none: anybody can write to a socket.

    Whether the area or the marker exists, and whether this reader may see it, the caller decides.
    """
    if not isinstance(sent, dict):
        return None
    turn = _turn(sent.get("mount"), sent.get("n"))
    return None if turn is None else _event(sent, turn)


def _event(sent: dict[str, Any], turn: tuple[str, int]) -> MapEvent | None:
    found: MapEvent | None = None
    match sent:
        case {"event": "back"}:
            found = {"event": "back", "turn": turn}
        case {
            "event": "area",
            "level": "county" | "town" | "community" | "grid" as level,
            "id": int(unit),
        }:
            found = {"event": "area", "turn": turn, "level": level, "id": unit}
        case {"event": "marker", "id": str(marker)} if len(marker) <= _LONGEST:
            found = {"event": "marker", "turn": turn, "id": marker}
        case {"event": "ring", "points": list(points)}:
            ring = _ring(points)
            found = None if ring is None else {"event": "ring", "turn": turn, "points": ring}
        case _:
            pass
    return found


def _turn(mount: Any, number: Any) -> tuple[str, int] | None:
    if isinstance(mount, str) and len(mount) <= _LONGEST and isinstance(number, int):
        return mount, number
    return None


def _ring(points: list[Any]) -> tuple[tuple[float, float], ...] | None:
    if not _FEWEST_POINTS <= len(points) <= MOST_POINTS:
        return None
    ring = tuple(point for point in map(_point, points) if point is not None)
    return ring if len(ring) == len(points) else None


def _point(value: Any) -> tuple[float, float] | None:
    match value:
        case [int() | float() as lat, int() | float() as lon]:
            within = abs(lat) <= _FURTHEST[0] and abs(lon) <= _FURTHEST[1]
            return (float(lat), float(lon)) if math.isfinite(lat + lon) and within else None
        case _:
            return None
