// What is drawn: a sheet of filled areas, and above it a sheet of marks (zones, names, selection, hover, focus).
// Each is one canvas that follows the map's own pan and zoom, and is painted at most once a frame.

(function () {
  const map = (window.wusongMap = window.wusongMap || {});
  const IN_ONE_PATH = 400; // areas: longer paths cost more than they save
  const FADED = 0.08;

  const Sheet = L.Renderer.extend({
    initialize(paint, options) {
      L.Renderer.prototype.initialize.call(this, options);
      this._paint = paint;
    },
    _initContainer() {
      this._container = document.createElement("canvas");
      this._container.setAttribute("aria-hidden", "true");
      this._context = this._container.getContext("2d");
    },
    _destroyContainer() {
      L.Util.cancelAnimFrame(this._asked);
      this._container.remove();
      delete this._container;
    },
    _updatePaths() {},
    _update() {
      if (this._map._animatingZoom && this._bounds) return;
      L.Renderer.prototype._update.call(this);
      const size = this._bounds.getSize();
      const density = Math.min(window.devicePixelRatio || 1, 2);
      L.DomUtil.setPosition(this._container, this._bounds.min);
      this._container.width = Math.round(size.x * density);
      this._container.height = Math.round(size.y * density);
      this._container.style.width = `${size.x}px`;
      this._container.style.height = `${size.y}px`;
      this._density = density;
      // At once: the change of size has emptied the canvas.
      this._draw();
    },
    _draw() {
      L.Util.cancelAnimFrame(this._asked);
      this._asked = null;
      const { min } = this._bounds;
      const context = this._context;
      context.setTransform(1, 0, 0, 1, 0, 0);
      context.clearRect(0, 0, this._container.width, this._container.height);
      context.setTransform(this._density, 0, 0, this._density, -min.x * this._density, -min.y * this._density);
      this._paint(context, this._bounds, this._zoom);
    },
    // While the map is moving by itself, the end of the movement paints.
    redraw() {
      if (!this._map || this._asked) return;
      this._asked = L.Util.requestAnimFrame(() => {
        this._asked = null;
        if (this._map && !this._map._animatingZoom) this._draw();
      });
    },
  });

  // From the areas' own numbers to the pixels of a sheet.
  function placing(leaflet, areas, zoom) {
    const scale = 2 ** zoom;
    const origin = leaflet.getPixelOrigin();
    return { scale, dx: areas.origin.x * scale - origin.x, dy: areas.origin.y * scale - origin.y };
  }

  function trace(context, areas, place, { scale, dx, dy }) {
    const { xy, ringStart, vertexStart } = areas;
    for (let ring = ringStart[place]; ring < ringStart[place + 1]; ring++) {
      let at = vertexStart[ring] * 2;
      const to = vertexStart[ring + 1] * 2;
      if (at === to) continue;
      context.moveTo(xy[at] * scale + dx, xy[at + 1] * scale + dy);
      for (at += 2; at < to; at += 2) context.lineTo(xy[at] * scale + dx, xy[at + 1] * scale + dy);
      context.closePath();
    }
  }

  function visible(areas, bounds, { scale, dx, dy }) {
    const b = areas.bounds;
    const west = (bounds.min.x - dx) / scale;
    const east = (bounds.max.x - dx) / scale;
    const north = (bounds.min.y - dy) / scale;
    const south = (bounds.max.y - dy) / scale;
    const found = [];
    for (let place = 0, at = 0; place < areas.count; place++, at += 4) {
      if (b[at] <= east && b[at + 2] >= west && b[at + 1] <= south && b[at + 3] >= north) found.push(place);
    }
    return found;
  }

  function hatch(context, look, code) {
    const tile = document.createElement("canvas"), wide = Math.round(8 * (look.times || 1));
    tile.width = tile.height = wide;
    const pen = tile.getContext("2d");
    pen.fillStyle = look.fills[code];
    pen.fillRect(0, 0, wide, wide);
    pen.strokeStyle = look.hatch;
    pen.lineWidth = wide * 0.16;
    pen.beginPath();
    for (const shift of [-wide, 0, wide]) {
      pen.moveTo(shift - 1, wide + 1);
      pen.lineTo(shift + wide + 1, -1);
    }
    pen.stroke();
    return context.createPattern(tile, "repeat");
  }

  // The state that both sheets draw: {areas, frame, look, ...}; see county_map.js.
  map.areaSheet = function (leaflet, state) {
    let patterns = {};
    let patternsOf = null;
    const fill = (context, code) => {
      if (patternsOf !== state.look) [patterns, patternsOf] = [{}, state.look];
      if (!state.look.hatched.includes(code)) return state.look.fills[code];
      return (patterns[code] = patterns[code] || hatch(context, state.look, code));
    };
    return new Sheet((context, bounds, zoom) => {
      const { areas, frame, look } = state;
      if (!areas || !frame) return;
      const place = placing(leaflet, areas, zoom);
      const groups = new Map();
      for (const number of visible(areas, bounds, place)) {
        const code = state.code(number);
        const key = state.shown(number) ? code : `${code} faded`;
        if (!groups.has(key)) groups.set(key, []);
        groups.get(key).push(number);
      }
      const width = look.borders[frame.level] || 1;
      for (const [key, members] of groups) {
        context.globalAlpha = key.endsWith("faded") ? FADED : 1;
        context.fillStyle = fill(context, key[0]);
        for (let from = 0; from < members.length; from += IN_ONE_PATH) {
          context.beginPath();
          for (const number of members.slice(from, from + IN_ONE_PATH)) trace(context, areas, number, place);
          context.fill("evenodd");
          context.lineJoin = "round";
          context.lineWidth = width;
          context.strokeStyle = look.line;
          context.stroke();
        }
      }
      context.globalAlpha = 1;
      state.painted();
    }, { pane: "areas", padding: 0.15 });
  };

  function outline(context, areas, members, place, strokes) {
    for (const [colour, width] of strokes) {
      context.beginPath();
      for (const number of members) trace(context, areas, number, place);
      context.lineJoin = "round";
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.stroke();
    }
  }

  function write(context, text, x, y, look, size) {
    context.font = `${size}px ${look.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    context.lineWidth = 3;
    context.strokeStyle = look.halo;
    context.strokeText(text, x, y);
    context.fillStyle = look.text;
    context.fillText(text, x, y);
  }

  // Names beside the markers of their areas, the largest areas first; one that finds no room is left to the tooltip.
  function drawNames(context, state, bounds, place) {
    const { areas, frame, look, markers } = state;
    if (frame.level === "grid") return;
    context.font = `${look.size}px ${look.font}`;
    const taken = markers.boxes.map((one) => one.box);
    const marker = new Map(markers.boxes.map((one) => [areas.at(one.latlng), one]));
    const b = areas.bounds;
    const extent = (number) => (b[number * 4 + 2] - b[number * 4]) * (b[number * 4 + 3] - b[number * 4 + 1]);
    const named = visible(areas, bounds, place).filter((number) => state.shown(number) && areas.names[number]);
    for (const number of named.sort((one, other) => extent(other) - extent(one))) {
      const inner = areas.inner(number);
      const half = context.measureText(areas.names[number]).width / 2 + 2;
      const held = marker.get(number);
      const [x, y] = [inner.x * place.scale + place.dx, inner.y * place.scale + place.dy];
      const spots = held ? [[held.x, held.box[1] - look.size * 0.8], [held.x, held.box[3] + look.size * 0.8], [x, y]] : [[x, y]];
      const wide = inner.width * place.scale;
      for (const [left, top] of spots) {
        const box = [left - half, top - look.size * 0.65, left + half, top + look.size * 0.65];
        const within = held ? areas.contains(number, (left - place.dx) / place.scale, (top - place.dy) / place.scale)
          : 2 * half <= wide;
        if (!within || taken.some((other) => map.crosses(box, other))) continue;
        taken.push(box);
        write(context, areas.names[number], left, top, look, look.size);
        break;
      }
    }
  }

  function drawZones(context, state, leaflet) {
    const { look } = state;
    for (const zone of state.zones) {
      context.beginPath();
      let top = null;
      for (const ring of zone.rings) {
        ring.forEach((latlng, number) => {
          const point = leaflet.latLngToLayerPoint(latlng);
          if (number) context.lineTo(point.x, point.y);
          else context.moveTo(point.x, point.y);
          if (!top || point.y < top.y) top = point;
        });
        context.closePath();
      }
      context.lineJoin = "round";
      context.strokeStyle = look.halo;
      context.lineWidth = 5;
      context.stroke();
      context.setLineDash([8, 5]);
      context.strokeStyle = look.zone;
      context.lineWidth = 2.5;
      context.stroke();
      context.setLineDash([]);
      if (top) write(context, zone.name, top.x, top.y - look.size, { ...look, text: look.zone }, look.size);
    }
  }

  map.markSheet = function (leaflet, state) {
    return new Sheet((context, bounds, zoom) => {
      const { areas, frame, look } = state;
      if (!areas || !frame) return;
      const place = placing(leaflet, areas, zoom);
      if (state.selected.length) {
        outline(context, areas, state.selected, place, [[look.halo, 7], [look.text, 3.5]]);
      }
      drawZones(context, state, leaflet);
      drawNames(context, state, bounds, place);
      if (state.hovered >= 0) outline(context, areas, [state.hovered], place, [[look.halo, 5], [look.action, 2.5]]);
      if (state.focused >= 0) {
        outline(context, areas, [state.focused], place, [[look.halo, 8]]);
        context.setLineDash([6, 3]);
        outline(context, areas, [state.focused], place, [[look.action, 4]]);
        context.setLineDash([]);
      }
    }, { pane: "marks", padding: 0.15 });
  };
})();
