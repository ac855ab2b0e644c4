"""Addresses that are no page, and pages that are not for everybody: said in our own words."""

import ast
from pathlib import Path

import pytest

from server.nowhere import ADDRESSES

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def duty(server):
    return server.signed_in("duty")


@pytest.mark.parametrize(
    "path", ["/nowhere", "/queue/x", "/admin/people", "/%E7%99%BB%E5%BD%95", "/pages", "/x/"]
)
def test_no_such_page(duty, path):
    answer = duty.get(path)
    assert answer.status == 404
    assert "没有这个页面" in answer.text
    assert 'href="/"' in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_no_such_page_in_english(duty):
    answer = duty.get("/nowhere?lang=en")
    assert answer.status == 404
    assert 'lang="en"' in answer.text
    assert 'href="/?lang=en"' in answer.text


def test_stranger_learns_nothing_about_which_pages_there_are(server):
    stranger = server.browser()
    assert stranger.get("/nowhere").location == "/signin?next=/nowhere"
    assert stranger.get("/queue").location == "/signin?next=/queue"


@pytest.mark.parametrize("path", ["/", "/queue", "/queue?stage=open", "/index.html"])
def test_pages_are_where_they_were(duty, path):
    answer = duty.get(path)
    assert answer.status == 200
    assert "没有这个页面" not in answer.text


def test_slash_at_the_end_leads_to_the_page(duty):
    answer = duty.get("/queue/")
    assert (answer.status, answer.location) == (301, "/queue")


def test_what_a_page_fetches_is_left_to_streamlit(duty):
    assert "没有这个页面" not in duty.request("GET", "/queue/_stcore/health").text
    assert duty.request("GET", "/_stcore/health").status == 200
    assert duty.get("/manifest.json").status == 200


def test_every_address_is_the_name_of_its_file():
    tree = ast.parse((ROOT / "ui/entry/main.py").read_text("utf-8"))
    screens = [
        [one.value for one in node.args if isinstance(one, ast.Constant)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Screen"
    ]
    assert screens
    for script, address in screens:
        assert script.rpartition("/")[2] == f"{address}.py"
        assert address in ADDRESSES


def test_page_of_others_says_so_in_place(server):
    """The court's liaison opens the duty's queue by its address."""
    with server.signed_in("court").tab("queue") as tab:
        tab.run()
        assert tab.shows("您的岗位不能打开这个页面")
        assert not tab.shows("楼上漏水")
