// Open cases on the map: one marker a place, in it a shape and a number for each lamp. What a marker says is text.

(function () {
  const map = (window.wusongMap = window.wusongMap || {});

  // Draws the markers of a frame into the pane; only what differs from the frame before is touched.
  class Markers {
    constructor(leaflet, state, send) {
      Object.assign(this, { leaflet, state, send });
      this.places = new Map();
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
      return { box, layer, parts: new Map(), rank: 0 };
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
      place.rank = (order.length - worst) * 1e6 + parts.reduce((sum, part) => sum + part.count, 0);
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

    // Where two would cover each other, the lesser shrinks to its shapes; zooming in gives it its numbers back.
    _makeRoom() {
      const CELL = 96;
      const taken = new Map();
      const ranked = [...this.places.values()].sort((one, other) => other.rank - one.rank);
      for (const place of ranked) {
        const { x, y } = this.leaflet.latLngToLayerPoint(place.layer.getLatLng());
        // Without asking the browser for a size, which would lay the page out once for each marker.
        const digits = [...place.parts.values()].reduce((sum, part) => sum + part.count.textContent.length, 0);
        const half = (place.parts.size * 26 + digits * 9) / 2;
        const box = [x - half, y - 14, x + half, y + 14];
        const cells = [];
        for (let across = Math.floor(box[0] / CELL); across <= Math.floor(box[2] / CELL); across++) {
          for (let down = Math.floor(box[1] / CELL); down <= Math.floor(box[3] / CELL); down++) cells.push(`${across} ${down}`);
        }
        const covered = cells.some((cell) => (taken.get(cell) || []).some((other) =>
          box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]));
        place.box.classList.toggle("small", covered);
        if (covered) continue;
        for (const cell of cells) {
          if (!taken.has(cell)) taken.set(cell, []);
          taken.get(cell).push(box);
        }
      }
    }
  }

  map.Markers = Markers;
})();
