// Drawing a shape: press, drag, release. What leaves is the ring on the ground, thinned to what a person meant.

(function () {
  const map = (window.wusongMap = window.wusongMap || {});
  const MOST_POINTS = 200;
  const SMALLEST = 12; // pixels across: less is a click

  function distance(point, from, to) {
    const [dx, dy] = [to.x - from.x, to.y - from.y];
    const length = dx * dx + dy * dy;
    const share = length ? Math.max(0, Math.min(1, ((point.x - from.x) * dx + (point.y - from.y) * dy) / length)) : 0;
    return Math.hypot(point.x - from.x - share * dx, point.y - from.y - share * dy);
  }

  // Douglas-Peucker without recursion: a long stroke must not exhaust the stack.
  function thinned(points, tolerance) {
    const keep = new Uint8Array(points.length);
    keep[0] = keep[points.length - 1] = 1;
    const spans = [[0, points.length - 1]];
    while (spans.length) {
      const [from, to] = spans.pop();
      let [furthest, most] = [-1, tolerance];
      for (let at = from + 1; at < to; at++) {
        const off = distance(points[at], points[from], points[to]);
        if (off > most) [furthest, most] = [at, off];
      }
      if (furthest > 0) {
        keep[furthest] = 1;
        spans.push([from, furthest], [furthest, to]);
      }
    }
    return points.filter((_, at) => keep[at]);
  }

  map.simplified = function (points) {
    let tolerance = 1;
    let ring = thinned(points, tolerance);
    while (ring.length > MOST_POINTS) ring = thinned(points, (tolerance *= 1.5));
    return ring;
  };

  class Drawing {
    constructor(leaflet, state, send) {
      Object.assign(this, { leaflet, state, send, points: null, pointer: null, ended: 0 });
      this.box = leaflet.getContainer();
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      svg.setAttribute("class", "stroke");
      svg.setAttribute("aria-hidden", "true");
      this.line = document.createElementNS("http://www.w3.org/2000/svg", "polygon");
      svg.append(this.line);
      this.box.append(svg);
      this.box.addEventListener("pointerdown", (event) => this._press(event), true);
      this.box.addEventListener("pointermove", (event) => this._drag(event));
      this.box.addEventListener("pointerup", (event) => this._release(event));
      this.box.addEventListener("pointercancel", () => this.cancel());
    }

    // In the mode for drawing the map keeps still; the wheel and the buttons still zoom.
    mode(name) {
      if (this.name === name) return;
      this.name = name;
      const draws = name === "draw";
      this.box.classList.toggle("draws", draws);
      for (const handler of ["dragging", "touchZoom", "boxZoom", "tapHold"]) {
        if (this.leaflet[handler]) this.leaflet[handler][draws || handler === "boxZoom" ? "disable" : "enable"]();
      }
      if (!draws) this.cancel();
    }

    get active() {
      return this.points !== null;
    }

    _press(event) {
      if (this.name !== "draw" || event.button !== 0 || event.target.closest(".leaflet-control, .notice")) return;
      if (this.pointer !== null) {
        this.cancel(); // a second finger: not a stroke
        return;
      }
      this.pointer = event.pointerId;
      this.points = [this._at(event)];
      this.box.setPointerCapture(event.pointerId);
    }

    _at(event) {
      const box = this.box.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    }

    _drag(event) {
      if (event.pointerId !== this.pointer || !this.points) return;
      const point = this._at(event);
      const last = this.points[this.points.length - 1];
      if (Math.hypot(point.x - last.x, point.y - last.y) < 2) return;
      this.points.push(point);
      this.line.setAttribute("points", this.points.map(({ x, y }) => `${x},${y}`).join(" "));
    }

    _release(event) {
      if (event.pointerId !== this.pointer) return;
      const points = this.points;
      this.cancel();
      if (!points) return;
      const across = (side) => Math.max(...points.map((one) => one[side])) - Math.min(...points.map((one) => one[side]));
      if (points.length < 3 || Math.max(across("x"), across("y")) < SMALLEST) return;
      this.ended = performance.now();
      const ring = map.simplified(points).map(({ x, y }) => this.leaflet.containerPointToLatLng([x, y]));
      if (ring.length < 3) return;
      this.send({ event: "ring", points: ring.map(({ lat, lng }) => [Number(lat.toFixed(6)), Number(lng.toFixed(6))]) });
    }

    // A click that is the end of a stroke is none.
    get justEnded() {
      return performance.now() - this.ended < 300;
    }

    cancel() {
      this.pointer = this.points = null;
      this.line.setAttribute("points", "");
    }
  }

  map.Drawing = Drawing;
})();
