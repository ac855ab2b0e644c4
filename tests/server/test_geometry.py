"""/geometry/{sha}.json: for whoever is signed in, once, and as plain JSON."""

import gzip
import http.client
import json
from datetime import date

import pytest
from sqlalchemy import select

from data_access.map_layers import NewShape, write_shapes
from data_access.tables import MapLayer, OrganisationUnit
from domain.organisation import UnitLevel
from domain.people import Role

HOSTILE = "</script>{{7*191}}{% x`${1}<img src=x onerror=alert(1)>"
RING = [[103.0, 30.0], [103.1, 30.0], [103.1, 30.1], [103.0, 30.1], [103.0, 30.0]]


@pytest.fixture(scope="module")
def path(server):
    """The address of the towns' shapes, one town with a hostile name among them."""
    db = server.installation.db

    def work(session):
        county = session.scalars(
            select(OrganisationUnit).where(OrganisationUnit.level == UnitLevel.COUNTY)
        ).one()
        town = OrganisationUnit(
            code="510129777",
            level=UnitLevel.TOWN,
            parent_id=county.id,
            path="",
            name=HOSTILE,
            kind="镇",
            valid_from=date(2020, 1, 1),
        )
        session.add(town)
        session.flush()
        town.path = f"{county.path}{town.id}/"
        session.flush()
        shape = NewShape(
            town.id,
            {"type": "Polygon", "coordinates": [RING]},
            (103.05, 30.05),
            date(2020, 1, 1),
        )
        write_shapes(session, [shape], county_id=county.id)
        return session.scalars(select(MapLayer.sha).where(MapLayer.level == UnitLevel.TOWN)).one()

    sha = db.write(work)
    db.dispose()
    return f"/geometry/{sha}.json"


@pytest.mark.parametrize("role", Role)
def test_every_role_gets_the_shapes_and_names(server, path, role):
    answer = server.signed_in(role.value.replace("_", "-")).get(path)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/geo+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    (feature,) = json.loads(answer.text)["features"]
    assert feature["properties"] == {"name": HOSTILE}
    assert feature["geometry"] == {"type": "Polygon", "coordinates": [RING]}


def test_nobody_gets_them_without_a_session(server, path):
    answer = server.browser().request("GET", path)
    assert answer.status == 401
    assert "FeatureCollection" not in answer.text
    page = server.browser().get(path)
    assert (page.status, page.location.split("?")[0]) == (303, "/signin")


def test_a_browser_asks_once(server, path):
    browser = server.signed_in("duty")
    first = browser.get(path)
    assert first.headers["cache-control"] == "private, max-age=31536000, immutable"
    tag = first.headers["etag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = browser.get(path, **{"If-None-Match": asked})
        assert (again.status, again.text, again.headers["etag"]) == (304, "", tag)
    assert browser.get(path, **{"If-None-Match": '"other"'}).status == 200
    # Whoever is signed out has no answer, also not the short one.
    stranger = server.browser().request("GET", path, headers={"If-None-Match": tag})
    assert stranger.status == 401


def test_it_travels_compressed(server, path):
    browser = server.signed_in("duty")
    plain = browser.get(path)
    assert plain.headers["content-encoding"] is None
    connection = http.client.HTTPConnection(browser.host, timeout=20)
    cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    connection.request("GET", path, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].lower()
    assert gzip.decompress(body).decode() == plain.text


@pytest.mark.parametrize("sha", ["0" * 64, "x" * 64, "0", "0" * 65, "%7B%7B7*191%7D%7D"])
def test_what_is_not_there_is_said_so(server, sha):
    answer = server.signed_in("duty").get(f"/geometry/{sha}.json")
    assert answer.status == 404
    assert "immutable" not in (answer.headers["cache-control"] or "")
    assert "1337" not in answer.text
