"""Exact points: written and read again, and what may be a place in China."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.points import is_latitude, is_longitude, point_of, point_text


@given(st.floats(3, 54), st.floats(73, 136))
def test_a_point_is_read_as_it_was_written_to_the_metre(lat, lon):
    assert point_of(point_text(lat, lon)) == (float(f"{lat:.5f}"), float(f"{lon:.5f}"))
    assert is_latitude(lat)
    assert is_longitude(lon)
    # So that swapped ones are always seen.
    assert not is_latitude(lon)
    assert not is_longitude(lat)


@pytest.mark.parametrize("text", ["", "30.5", "30.5,103.5,0", "30.5;103.5", "here,there"])
def test_what_is_no_point_does_not_pass_for_one(text):
    with pytest.raises(ValueError, match=r"unpack|convert"):
        point_of(text)
