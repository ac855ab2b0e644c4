// Open cases on the map: one marker a place, in it a shape and a number for each lamp. What a marker says is text.

(function () {
  const map = (window.wusongMap = window.wusongMap || {});

  // Draws the markers of a frame into the pane; only what differs from the frame before is touched.
  class Markers {
    constructor(leaflet, state, send) {
      Object.assign(this, { leaflet, state, send });
      this.places = new Map();
      this.boxes = [];
      leaflet.on("zoomend", () => this._makeRoom());
    }

    show(list) {
      const wanted = new Map();
      for (const [id, lat, lon, lamp, count, label, isNew] of list) {
        const key = `${lat} ${lon}`;
        if (!wanted.has(key)) wanted.set(key, { lat, lon, parts: [] });
        wanted.get(key).parts.push({ id, lamp, count, label, isNew: Boolean(isNew) });
      }
      for (const [key, place] of this.places) {
        if (!wanted.has(key)) {
          place.layer.remove();
          this.places.delete(key);
        }
      }
      for (const [key, { lat, lon, parts }] of wanted) {
        let place = this.places.get(key);
        if (!place) this.places.set(key, (place = this._place(lat, lon)));
        this._fill(place, parts);
      }
      this._makeRoom();
    }

    _place(lat, lon) {
      const box = document.createElement("div");
      box.className = "marker";
      const icon = L.divIcon({ html: box, className: "marker-place", iconSize: null });
      const layer = L.marker([lat, lon], { icon, pane: "markers", keyboard: false, bubblingMouseEvents: false });
      layer.addTo(this.leaflet);
      L.DomEvent.disableClickPropagation(box);
      return { box, layer, parts: new Map(), cases: 0, rank: 0 };
    }

    _fill(place, parts) {
      const seen = new Set(parts.map((part) => part.id));
      for (const [id, part] of place.parts) {
        if (!seen.has(id)) {
          part.node.remove();
          place.parts.delete(id);
        }
      }
      const order = this.state.look.lampOrder;
      parts.sort((one, other) => order.indexOf(one.lamp) - order.indexOf(other.lamp));
      for (const part of parts) {
        let drawn = place.parts.get(part.id);
        if (!drawn) place.parts.set(part.id, (drawn = this._part(part.id)));
        this._say(drawn, part);
        if (place.box.children[parts.indexOf(part)] !== drawn.node) {
          place.box.insertBefore(drawn.node, place.box.children[parts.indexOf(part)] || null);
        }
      }
      const worst = order.indexOf(parts[0].lamp);
      place.cases = parts.reduce((sum, part) => sum + part.count, 0);
      place.rank = (order.length - worst) * 1e6 + place.cases;
    }

    _part(id) {
      const node = document.createElement("button");
      node.type = "button";
      node.tabIndex = -1; // the table beside the map is the way without a pointer
      const shape = document.createElement("span");
      const count = document.createElement("span");
      shape.className = "shape";
      count.className = "count";
      node.append(shape, count);
      node.onclick = () => this.send({ event: "marker", id });
      // Only what it began is taken away, so that the next one can begin.
      node.addEventListener("animationend", () => node.classList.remove("pulse"));
      return { node, shape, count, said: "", isNew: false };
    }

    _say(drawn, { lamp, count, label, isNew }) {
      const said = JSON.stringify([lamp, count, label, this.state.theme]);
      if (drawn.said !== said) {
        drawn.said = said;
        const colours = this.state.look.lamps[lamp] || this.state.look.lamps.closed;
        drawn.shape.textContent = colours.shape;
        drawn.count.textContent = String(count);
        drawn.node.setAttribute("aria-label", label);
        drawn.node.title = label;
        drawn.node.style.color = colours.ink;
        drawn.node.style.backgroundColor = colours.ground;
      }
      if (isNew && !drawn.isNew) drawn.node.classList.add("pulse");
      drawn.isNew = isNew;
    }

    // Every marker first takes the little room of its shapes; then, the worst first, those get their numbers that cover
    // no other by it. Clusters move aside within their areas for that; a single case stays where it is.
    _makeRoom() {
      const taken = new Boxes();
      const ranked = [...this.places.values()].sort((one, other) => other.rank - one.rank);
      const stands = new Map();
      const settle = (place, half) => {
        const latlng = place.layer.getLatLng();
        const at = this.leaflet.latLngToLayerPoint(latlng);
        const ways = place.cases > 1 ? ASIDE.filter((aside) => this._within(at, aside, latlng)) : ASIDE.slice(0, 1);
        const aside = ways.find((one) => !taken.crossed(around(at, half, one), place));
        if (aside || !stands.has(place)) {
          const stand = { latlng, x: at.x + (aside || [0])[0], aside: aside || [0, 0], box: around(at, half, aside || [0, 0]) };
          taken.give(stand.box, place);
          stands.set(place, stand);
        }
        return Boolean(aside);
      };
      for (const place of ranked) settle(place, [place.parts.size * 7, 8]);
      for (const place of ranked) {
        // Without asking the browser for a size, which would lay the page out once for each marker.
        const digits = [...place.parts.values()].reduce((sum, part) => sum + part.count.textContent.length, 0);
        place.box.classList.toggle("small", !settle(place, [(place.parts.size * 26 + digits * 9) / 2, 14]));
        const { aside } = stands.get(place);
        place.box.style.left = `${aside[0]}px`;
        place.box.style.top = `${aside[1]}px`;
      }
      this.boxes = [...stands.values()];
    }

    _within(at, aside, latlng) {
      const { areas } = this.state;
      const moved = this.leaflet.layerPointToLatLng(L.point(at).add(aside));
      return !areas || areas.at(moved) === areas.at(latlng);
    }
  }

  // Where a marker may stand instead of its place, in pixels.
  const ASIDE = [[0, 0], [24, 0], [-24, 0], [0, 20], [0, -20], [44, 0], [-44, 0], [24, 20], [-24, 20], [24, -20], [-24, -20]];

  function around({ x, y }, half, aside) {
    return [x + aside[0] - half[0], y + aside[1] - half[1], x + aside[0] + half[0], y + aside[1] + half[1]];
  }

  // Boxes that were given to somebody, found again by the cells that they lie in.
  class Boxes {
    constructor() {
      this.cells = new Map();
      this.given = new Map();
    }

    _cells([west, north, east, south]) {
      const CELL = 96;
      const found = [];
      for (let across = Math.floor(west / CELL); across <= Math.floor(east / CELL); across++) {
        for (let down = Math.floor(north / CELL); down <= Math.floor(south / CELL); down++) {
          const key = `${across} ${down}`;
          if (!this.cells.has(key)) this.cells.set(key, new Set());
          found.push(this.cells.get(key));
        }
      }
      return found;
    }

    crossed(box, but) {
      return this._cells(box).some((cell) =>
        [...cell].some((owner) => owner !== but && map.crosses(box, this.given.get(owner))));
    }

    give(box, owner) {
      if (this.given.has(owner)) for (const cell of this._cells(this.given.get(owner))) cell.delete(owner);
      this.given.set(owner, box);
      for (const cell of this._cells(box)) cell.add(owner);
    }
  }

  map.crosses = (one, other) => one[0] < other[2] && one[2] > other[0] && one[1] < other[3] && one[3] > other[1];
  map.Markers = Markers;
})();
