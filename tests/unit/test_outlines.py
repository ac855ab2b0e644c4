"""Outlines of areas: what is one, where it reaches, what lies inside."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.outlines import NoOutlineError, outline_of

SQUARE = [[103.0, 30.0], [103.4, 30.0], [103.4, 30.4], [103.0, 30.4], [103.0, 30.0]]
HOLE = [[103.1, 30.1], [103.1, 30.2], [103.2, 30.2], [103.2, 30.1], [103.1, 30.1]]
FAR = [[104.0, 31.0], [104.1, 31.0], [104.1, 31.1], [104.0, 31.0]]


def polygon(*rings):
    return {"type": "Polygon", "coordinates": list(rings)}


def test_a_hole_and_what_lies_outside_are_not_covered():
    outline = outline_of(polygon(SQUARE, HOLE))
    assert outline.covers(103.05, 30.05)
    assert not outline.covers(103.15, 30.15)
    assert not outline.covers(103.5, 30.1)


def test_several_polygons_are_one_outline():
    both = {"type": "MultiPolygon", "coordinates": [[SQUARE], [FAR]]}
    outline = outline_of(both)
    assert outline.bounds == (30.0, 103.0, 31.1, 104.1)
    assert outline.covers(104.08, 31.03)
    assert outline.covers(103.3, 30.3)
    assert json.loads(outline.text())["type"] == "MultiPolygon"


def test_what_is_kept_is_rounded_and_short():
    ring = [[lon + 0.000_001_4, lat] for lon, lat in SQUARE]
    text = outline_of(polygon(ring)).text()
    assert text == outline_of(json.loads(text)).text()
    assert json.loads(text) == polygon(SQUARE)
    assert " " not in text


@pytest.mark.parametrize(
    "geometry",
    [
        {},
        {"type": "Point", "coordinates": [103, 30]},
        {"type": "Polygon"},
        {"type": "Polygon", "coordinates": []},
        {"type": "Polygon", "coordinates": "103"},
        {"type": "MultiPolygon", "coordinates": []},
        {"type": "MultiPolygon", "coordinates": [[SQUARE], []]},
        polygon(SQUARE[:-1]),
        polygon(SQUARE[:2]),
        polygon("103,30"),
        polygon([*SQUARE[:-1], [float("nan"), 30.0]]),
        polygon([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]),
        polygon([[103.0], [103.4], [103.4], [103.0]]),
        polygon([["{{ 7*191 }}", 30.0]] * 4),
        polygon([[10**400, 30.0]] * 4),
    ],
)
def test_what_is_no_outline_is_refused(geometry):
    with pytest.raises(NoOutlineError):
        outline_of(geometry)


@given(st.floats(102.9, 103.5), st.floats(29.9, 30.5))
def test_a_square_covers_what_is_between_its_sides(lon, lat):
    inside = 103.0 < lon < 103.4 and 30.0 < lat < 30.4
    near = min(abs(lon - 103.0), abs(lon - 103.4), abs(lat - 30.0), abs(lat - 30.4)) < 1e-9
    assert near or outline_of(polygon(SQUARE)).covers(lon, lat) is inside
