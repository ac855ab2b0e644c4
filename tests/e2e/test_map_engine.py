"""The map by itself, over made-up counties, under a base path, with the policy of the real site."""

import base64
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
import streamlit_folium
from playwright.sync_api import expect

from server.security_headers import MAP_POLICY
from tests.e2e.conftest import ROOT, STREAMLITS_FRAME
from tests.e2e.square_grids import HOSTILE, Squares
from ui import county_map
from ui.map_events import event_from

PATIENCE = 20  # seconds


class MapServer:
    """`streamlit run tests/e2e/map_bench_app.py` on a port of its own."""

    def __init__(self, folder, *, policy=True):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/gov/map/"
        self._log = (folder / f"map-{port}.log").open("w+")
        command = (sys.executable, "-m", "streamlit", "run", "tests/e2e/map_bench_app.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own server
            [*command, "--server.port", str(port), "--server.baseUrlPath", "gov/map"],
            cwd=ROOT,
            env={**os.environ, "MAP_POLICY": "on" if policy else "off"},
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            try:
                with urllib.request.urlopen(f"{self.url}_stcore/health", timeout=2) as answer:  # noqa: S310
                    if answer.status == 200:
                        return
            except OSError:
                time.sleep(0.1)
        pytest.fail(f"the server did not start:\n{self.stop()}")

    def log(self):
        self._log.seek(0)
        return self._log.read()

    def stop(self):
        """End it. Returns what it logged."""
        self._process.terminate()
        self._process.wait(timeout=15)
        logged = self.log()
        self._log.close()
        return logged


class Sheet:
    """A page with the map in it: what it shows, asks for and complains about."""

    def __init__(self, page, server):
        self.page, self._server = page, server
        self.foreign, self.complaints, self.received = [], [], 0
        page.on("request", self._asked)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("websocket", lambda socket: socket.on("framereceived", self._received))

    def _asked(self, request):
        if not request.url.startswith((self._server.root, "data:", "blob:")):
            self.foreign.append(request.url)

    def _said(self, message):
        # Below a base path, Streamlit's page finds its own root by asking.
        probing = message.location.get("url", "").endswith(("/health", "/host-config"))
        known = message.text.startswith(STREAMLITS_FRAME) or probing
        if message.type in ("error", "warning") and not known:
            self.complaints.append(f"{message.type}: {message.text}")

    def _received(self, frame):
        self.received += len(frame)

    def open(self, question):
        self.page.goto(f"{self._server.url}?{question}")
        return self

    @property
    def frame(self):
        return next(one for one in self.page.frames if "streamlit_folium" in one.url)

    def painted(self):
        self.until(lambda: any("streamlit_folium" in one.url for one in self.page.frames))
        self.until(lambda: int(self.data("frames") or 0) > 0)
        return self

    def data(self, name):
        try:
            return self.frame.evaluate(f"document.getElementById('map_div')?.dataset.{name}")
        except StopIteration:
            return None

    def view(self):
        return self.frame.evaluate(
            "(({lat, lng}, zoom) => [lat, lng, zoom])"
            "(wusongMap.view.leaflet.getCenter(), wusongMap.view.leaflet.getZoom())"
        )

    def still(self):
        """The view, once it no longer moves."""
        last = None
        while (now := self.view()) != last:
            last = now
            self.page.wait_for_timeout(150)
        return now

    def point(self, lat, lon):
        """Where in the window a place on the ground is."""
        x, y = self.frame.evaluate(
            f"(({{x, y}}) => [x, y])(wusongMap.view.leaflet.latLngToContainerPoint([{lat}, {lon}]))"
        )
        box = self.page.locator("iframe").first.bounding_box()
        return box["x"] + x, box["y"] + y

    def until(self, condition):
        end = time.monotonic() + PATIENCE
        while not (found := condition()):
            if time.monotonic() > end:
                pytest.fail("it did not come to pass")
            self.page.wait_for_timeout(50)
        return found

    def event(self, kind):
        """The newest event, once it is of this kind."""
        shown = self.page.locator(".st-key-state [data-testid=stText]").last
        self.until(lambda: f'"event": "{kind}"' in shown.inner_text())
        return json.loads(shown.inner_text())[0]

    def turn(self):
        return int(
            self.page.locator(".st-key-state [data-testid=stText]").first.inner_text().split()[1]
        )


@pytest.fixture(scope="module")
def map_server(tmp_path_factory):
    running = MapServer(tmp_path_factory.mktemp("map"))
    yield running
    before, *raised = running.stop().split("Exception in ASGI application")
    assert "Traceback" not in before
    # Streamlit may still write to a tab that has just been closed; the product's gate drops that.
    assert [one for one in raised if "once a close message has been sent" not in one] == []


@pytest.fixture
def sheet(map_server, chromium):
    opened = []

    def open_sheet(question, **options):
        context = chromium.new_context(viewport={"width": 1366, "height": 768}, **options)
        one = Sheet(context.new_page(), map_server).open(question)
        opened.append((context, one))
        return one

    yield open_sheet
    for context, one in opened:
        context.close()
        assert one.foreign == []
        assert one.complaints == []


def test_one_frame_and_one_view_over_two_hundred_refreshes(sheet):
    one = sheet("n=147&decked=1&every=0.05").painted()
    one.frame.evaluate("window.stays = 'here'")
    x, y = one.point(*Squares(147).middle("town", 0))
    one.page.mouse.move(x, y)
    one.page.mouse.down()
    one.page.mouse.move(x + 60, y + 40, steps=5)
    one.page.mouse.up()
    one.page.mouse.move(x, y - 60)  # beside the marker
    view, turn, frames = one.still(), one.turn(), int(one.data("frames"))
    one.until(lambda: one.turn() >= turn + 200)
    assert one.frame.evaluate("window.stays") == "here"
    assert one.view() == view
    assert int(one.data("frames")) > frames + 100  # those that follow too fast are drawn as one
    # The pointer has not moved: the tooltip is still there, with the newest number.
    assert one.frame.locator(".tip").is_visible()
    assert one.frame.locator(".marker .pulse").count() == 0
    assert one.frame.evaluate("document.head.querySelectorAll('style').length") < 10
    assert one.frame.evaluate("(window.feature_group || []).length") == 0
    assert one.page.locator("[data-stale=true]").evaluate_all(
        "all => all.every(one => getComputedStyle(one).opacity === '1')"
    )


def test_levels_change_in_the_same_frame_and_the_rest_fades(sheet):
    county = Squares(147)
    one = sheet("n=147&level=town").painted()
    one.frame.evaluate("window.stays = 'here'")
    one.page.mouse.click(*one.point(*county.middle("town", 1)))
    picked = one.event("area")
    assert (picked["level"], picked["id"]) == ("town", county.ids("town")[1])
    one.until(lambda: one.data("level") == "community")
    one.still()
    shown = one.frame.evaluate("wusongMap.view.frame.show")
    assert 0 < shown.count("1") < len(shown)
    outside = county.levels["community"][shown.index("0")]
    faded = shown.index("0")
    assert outside
    turn = picked["turn"]
    one.page.mouse.click(*one.point(*county.middle("community", faded)))
    one.page.wait_for_timeout(300)
    assert one.event("area")["turn"] == turn  # what is faded is no button
    one.page.mouse.click(*one.point(*county.middle("community", shown.index("1"))))
    one.until(lambda: one.data("level") == "grid")
    one.frame.locator("#map_div").press("Escape")
    one.event("back")
    one.until(lambda: one.data("level") == "community")
    assert one.frame.evaluate("window.stays") == "here"


def test_keyboard_walks_from_area_to_area(sheet):
    county = Squares(147)
    one = sheet("n=147&level=town").painted()
    box = one.frame.locator("#map_div")
    assert box.get_attribute("aria-label") == "在办纠纷"
    assert "方向键" in one.frame.locator("#map-description").inner_text()
    for key in ("ArrowRight", "ArrowUp", "ArrowDown", "ArrowRight"):
        box.press(key)
    assert one.frame.locator(".spoken[aria-live]").inner_text().startswith("第2网格 在办")
    box.press("Enter")
    assert one.event("area")["id"] == county.ids("town")[1]


@pytest.mark.parametrize("touch", [False, True])
def test_a_stroke_sends_a_ring_and_escape_takes_it_back(sheet, touch):
    county = Squares(147)
    one = sheet("n=147&mode=draw").painted()
    view = one.still()
    x, y = one.point(*county.middle("grid", 6 * 13 + 6))
    kind = "touch" if touch else "mouse"
    one.frame.evaluate(STROKE, [x, y, kind, "Escape"])
    one.page.wait_for_timeout(300)
    assert one.page.locator(".st-key-state [data-testid=stText]").last.inner_text() == "[]"
    one.frame.evaluate(STROKE, [x, y, kind, None])
    ring = one.event("ring")["points"]
    assert 8 <= len(ring) <= 200
    assert one.view() == view
    lats, lons = zip(*ring, strict=True)
    south, west, north, east = county.box("county", 0)
    assert all(south < lat < north for lat in lats)
    assert all(west < lon < east for lon in lons)


# A circle of 2,000 points around a point of the window, by a pointer of either kind.
STROKE = """([x, y, kind, key]) => {
  const box = document.getElementById("map_div");
  box.setPointerCapture = () => {};
  const frame = window.frameElement.getBoundingClientRect();
  const send = (name, turn) => box.dispatchEvent(new PointerEvent(name, {
    pointerId: 7, pointerType: kind, button: 0, bubbles: true,
    clientX: x - frame.left + 60 * Math.cos(turn) + (turn * 1000) % 3,
    clientY: y - frame.top + 60 * Math.sin(turn),
  }));
  send("pointerdown", 0);
  for (let step = 1; step < 2000; step++) send("pointermove", step / 2000 * 6.28);
  if (key) box.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  send("pointerup", 6.28);
}"""


def test_hostile_words_run_nowhere(sheet, map_server):
    """In names, values, marker ids and labels, zones, title, description and addresses."""
    one = sheet("n=147&decked=1&hostile=1&level=community").painted()
    county = Squares(147)
    for place, words in enumerate(HOSTILE):
        one.page.mouse.move(*one.point(*county.middle("community", place)))
        expect(one.frame.locator(".tip strong")).to_have_text(words)
        expect(one.frame.locator(".tip span")).to_have_text(words)
    assert one.frame.locator("#map_div").get_attribute("aria-label") == HOSTILE[3]
    assert one.frame.locator("#map_div img, #map_div script").count() == 0
    assert one.frame.locator(".marker").first.locator("button").first.get_attribute("title")
    assert one.frame.evaluate("window.ran") is None
    assert one.page.evaluate("window.ran") is None
    assert "1337" not in map_server.log()


@pytest.mark.parametrize("words", HOSTILE)
def test_nothing_of_the_data_stands_in_what_folium_renders(words):
    layers = county_map.MapLayers((("grid", words),), title=words, description=words)
    frame = county_map.Frame(
        level="grid",
        classes=words,
        show=words,
        values=(words,),
        zones=(county_map.ZoneOutline(1, words, ()),),
        view=county_map.View(words, (0, 0, 1, 1)),
    )
    whole = _rendered(county_map._Refresh(county_map._packed(_message(layers, frame))))
    assert words not in whole
    assert 'wusongMap.frame("' in whole


def _message(layers, frame):
    return county_map._message(layers, frame, "desk")


def _rendered(refresh):
    drawn = county_map._CountyMap()
    drawn.get_root().render()
    drawn.render()
    return streamlit_folium._get_feature_group_string(refresh, map=drawn)


def test_policy_lets_the_one_script_begin_the_map_and_no_other():
    drawn = county_map._CountyMap()
    drawn.get_root().render()
    drawn.render()
    # As st_folium's frontend puts it into the page.
    script = streamlit_folium._get_map_string(drawn)
    script += "window.map = map_div; window.initComponent(map_div, false);"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{digest}'" in MAP_POLICY
    assert "unsafe-eval" not in MAP_POLICY
    assert "script-src 'self' 'sha256-" in MAP_POLICY
    assert "://" not in script


def test_map_page_alone_has_the_maps_policy(map_server):
    def policy(path):
        try:
            with urllib.request.urlopen(map_server.url + path, timeout=5) as answer:  # noqa: S310
                return answer.headers["content-security-policy"]
        except urllib.error.HTTPError as error:
            return error.headers["content-security-policy"]

    assert policy("component/streamlit_folium.st_folium/index.html") == MAP_POLICY
    assert policy("component/other/index.html") != MAP_POLICY
    assert policy("") != MAP_POLICY


def test_shapes_that_do_not_come_say_so_and_can_be_asked_for_again(map_server, chromium):
    context = chromium.new_context()
    try:
        one = Sheet(context.new_page(), map_server)
        asked = []
        context.route("**/geometry/147-grid.json", lambda route: (asked.append(1), route.abort()))
        one.open("n=147")
        one.until(lambda: any("streamlit_folium" in frame.url for frame in one.page.frames))
        expect(one.frame.locator(".notice")).to_contain_text("边界图形没有取到")
        context.unroute("**/geometry/147-grid.json")
        one.frame.locator(".notice button").click()
        one.painted()
        assert one.frame.locator(".notice").is_hidden()
        assert asked == [1]
    finally:
        context.close()


def test_a_new_marker_pulses_once_and_not_for_those_who_want_no_movement(sheet):
    moving = "getComputedStyle(document.querySelector('.marker .pulse')).animationName"
    calm = sheet("n=147&decked=1&level=town", reduced_motion="reduce").painted()
    assert calm.frame.evaluate(moving) == "none"
    assert calm.frame.locator(".marker button").first.inner_text().split() == ["■", "3"]


@pytest.mark.parametrize(
    "sent",
    [
        None,
        "back",
        {"event": "back"},
        {"event": "back", "mount": "m", "n": "1"},
        {"event": "other", "mount": "m", "n": 1},
        {"event": "area", "level": "street", "id": 1, "mount": "m", "n": 1},
        {"event": "area", "level": "grid", "id": "1", "mount": "m", "n": 1},
        {"event": "marker", "id": "x" * 65, "mount": "m", "n": 1},
        {"event": "ring", "points": [[0, 0]] * 2, "mount": "m", "n": 1},
        {"event": "ring", "points": [[0, 0]] * 201, "mount": "m", "n": 1},
        {"event": "ring", "points": [[0, 0], [1, 1], [91, 0]], "mount": "m", "n": 1},
        {"event": "ring", "points": [[0, 0], [1, 1], [float("nan"), 0]], "mount": "m", "n": 1},
        {"event": "ring", "points": [[0, 0], [1, 1], [0, "0"]], "mount": "m", "n": 1},
    ],
)
def test_what_is_no_event_is_none(sent):
    assert event_from(sent) is None


def test_an_event_keeps_nothing_else_that_was_sent():
    sent = {"event": "ring", "points": [[0, 1], [1, 1], [1, 0]], "mount": "m", "n": 2, "id": "x"}
    points = ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0))
    assert event_from(sent) == {"event": "ring", "turn": ("m", 2), "points": points}
