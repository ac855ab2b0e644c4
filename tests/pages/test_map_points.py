"""Exact places on the map: who gets them, who never does, and what the legend says."""

import base64
import json
import re
import zlib
from datetime import date

import pytest

import ui.session
from data_access.tables import OrganisationUnit, UserRole
from domain.people import GRANTS, Permission, Role
from tests.desk import data_of, everything_sent
from tests.pages.test_map import MAP, opened
from tests.squares import draw_squares

# Neither is where its case would stand without it: within 50 m of the grid's middle.
IN_A, IN_B = (30.53217, 103.43291), (30.56123, 103.57645)
ELSEWHERE = (39.90469, 116.40717)
BESIDE = "案件标记画在所属网格内,不是实际地点。"
EXACT = "有确切地点的案件画在实际地点,其余画在所属网格内。"
_REFRESH = re.compile(r'wusongMap\.frame\("([A-Za-z0-9+/=]+)"\)')


@pytest.fixture
def county(desk):
    """In 安仁镇 a case with a point, one without, two with a wrong one; in 䢺江镇 one with."""
    world = desk.world
    draw_squares(world)
    in_b = {"town_id": world.town_b, "community_id": world.community_b, "grid_id": world.grid_b}
    world.exact = world.case(point=IN_A, parties=("王小明",), title="王小明家漏水").case_no
    world.without = world.case().case_no
    world.wrong = world.case(point=ELSEWHERE).case_no
    world.in_no_grid = world.case(point=ELSEWHERE, grid_id=None).case_no
    world.exact_in_b = world.case(point=IN_B, **in_b).case_no
    return world


def code_of(world, unit_id):
    with world.db.read() as session:
        return session.get(OrganisationUnit, unit_id).code


def community(desk, role, unit_id, *, unit="county", **address):
    area = code_of(desk.world, unit_id)
    return opened(desk, role, unit=unit, area=area, level="07", **address)


def messages(at):
    """What the map was told, unpacked."""
    found = []
    for node in at.get("component_instance"):
        said = json.loads(node.proto.json_args).values()
        packed = [one for text in said if isinstance(text, str) for one in _REFRESH.findall(text)]
        found += [zlib.decompress(base64.b64decode(one)).decode() for one in packed]
    assert found, "the map was told nothing"
    return found


def markers(at):
    (message,) = messages(at)
    return {one[0].removeprefix("case:"): one for one in json.loads(message)["markers"]}


def place(marker):
    return tuple(marker[1:3])


def told(at):
    """All that reached the browser, the map's own message unpacked."""
    return (
        everything_sent(at)
        + "".join(messages(at))
        + "".join(one.value.to_csv() for one in at.dataframe)
    )


def numbers(*points):
    return [f"{degrees:.5f}"[:-1] for point in points for degrees in point]


def test_whoever_may_see_it_gets_the_exact_place(desk, county):
    at = community(desk, Role.DUTY, county.community_a)
    found = markers(at)
    assert place(found[county.exact]) == IN_A
    assert found[county.exact][5] == f"■ 超期 {county.exact} 确切地点"
    # Without a point, or with one far outside the county, it stands beside its grid's middle.
    for number in (county.without, county.wrong):
        lat, lon = place(found[number])
        assert 0 < abs(lat - 30.55) + abs(lon - 103.45) < 0.001
        assert found[number][5] == f"■ 超期 {number}"
    assert county.in_no_grid not in found
    notes = data_of(at, "map_legend")["notes"]
    assert EXACT in notes
    assert BESIDE not in notes
    assert not [one for one in ("王小明", *numbers(ELSEWHERE)) if one in told(at)]


READERS = [
    Role.DUTY,
    Role.COMMITTEE_HEAD,
    Role.GRID_WORKER,
    Role.LEADER,
    Role.JUSTICE,
    Role.COURT,
    Role.ADVISER,
    Role.WALL,
]


@pytest.mark.parametrize("role", READERS)
def test_the_coordinates_are_sent_to_nobody_else(desk, county, role):
    at = community(desk, role, county.community_a)
    sent = [one for one in numbers(IN_A) if one in told(at)]
    assert bool(sent) == (Permission.CASE_PLACE in GRANTS[role]), role
    if Permission.CASE_READ in GRANTS[role]:
        assert {county.exact, county.without} <= set(markers(at))
        assert (EXACT in data_of(at, "map_legend")["notes"]) == bool(sent)
    else:
        assert markers(at) == {}


def test_one_readers_answer_is_not_anothers(desk, county, monkeypatch):
    """Both see all of the county's cases; what is kept for the one is not given to the other."""
    signed_in = {}
    for role in (Role.LEADER, Role.DUTY):
        at = desk.sign_in(role)
        at.query_params["area"] = code_of(county, county.community_a)
        at.query_params["level"] = "07"
        signed_in[role] = at, (desk.user.id, desk.session.id)
    exact = {}
    for role in (Role.DUTY, Role.LEADER, Role.DUTY):
        at, presented = signed_in[role]
        monkeypatch.setattr(ui.session, "presented", lambda one=presented: one)
        at.run()
        at.switch_page(MAP).run()
        assert {county.exact, county.without} <= set(markers(at))
        exact[role] = [one for one in numbers(IN_A) if one in told(at)]
    assert exact == {Role.DUTY: numbers(IN_A), Role.LEADER: []}


def test_a_town_sees_the_exact_places_of_its_own_cases_only(desk, county):
    at = community(desk, Role.TOWN, county.community_a, unit=county.town_a)
    assert place(markers(at)[county.exact]) == IN_A
    at.session_state["map_cut"]["area"] = code_of(county, county.community_b)
    at.run()
    assert markers(at) == {}
    assert not [one for one in numbers(IN_B) if one in told(at)]


def test_who_reads_the_county_and_works_in_a_town_sees_exact_places_of_the_town_only(desk, county):
    at = desk.sign_in(Role.LEADER)
    post = {"role": Role.TOWN, "unit_id": county.town_b, "valid_from": date(2020, 1, 1)}
    desk.world.add(UserRole(user_id=desk.user.id, **post))
    at.query_params["level"] = "07"
    at.query_params["area"] = code_of(county, county.community_b)
    at.run()
    at.switch_page(MAP).run()
    assert place(markers(at)[county.exact_in_b]) == IN_B
    at.session_state["map_cut"]["area"] = code_of(county, county.community_a)
    at.run()
    assert county.exact in markers(at)
    assert not [one for one in numbers(IN_A) if one in told(at)]


def test_a_projector_gets_none(desk, county):
    at = community(desk, Role.DUTY, county.community_a, present="1")
    assert markers(at) == {}
    assert not [one for one in numbers(IN_A) if one in told(at)]


def test_clusters_stand_in_the_middle_of_their_areas(desk, county):
    at = opened(desk, level="07")
    assert not [one for one in numbers(IN_A, IN_B) if one in told(at)]
    # No marker is a single case, so none needs a word on where it stands.
    assert not {BESIDE, EXACT} & set(data_of(at, "map_legend")["notes"])
