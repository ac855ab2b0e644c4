// The areas of one level: fetched once by an address that names its content, then kept as flat arrays of numbers.
// Vertices are in pixels of the world at zoom 0 (Web Mercator), relative to the first one, so that single precision
// holds a millimetre; a map at zoom z only multiplies by 2^z.

(function () {
  const map = (window.wusongMap = window.wusongMap || {});

  const WORLD = 256; // pixels across at zoom 0

  class Areas {
    constructor(collection) {
      const features = collection.features;
      const count = features.length;
      this.count = count;
      this.ids = new Array(count);
      this.names = new Array(count);
      this.bounds = new Float64Array(count * 4); // west, north, east, south; north is the smaller y
      this.ringStart = new Int32Array(count + 1);
      const rings = [];
      features.forEach((feature, place) => {
        this.ids[place] = feature.id;
        this.names[place] = String((feature.properties || {}).name ?? "");
        this.ringStart[place] = rings.length;
        const { type, coordinates } = feature.geometry || { type: "Polygon", coordinates: [] };
        for (const polygon of type === "MultiPolygon" ? coordinates : [coordinates]) rings.push(...polygon);
      });
      this.ringStart[count] = rings.length;
      this.places = new Map(this.ids.map((id, place) => [id, place]));
      this._flatten(rings);
      this._measure();
      this._inner = new Map();
    }

    _flatten(rings) {
      this.vertexStart = new Int32Array(rings.length + 1);
      let total = 0;
      rings.forEach((ring, number) => {
        this.vertexStart[number] = total;
        total += ring.length;
      });
      this.vertexStart[rings.length] = total;
      this.xy = new Float32Array(total * 2);
      const first = rings.find((ring) => ring.length);
      this.origin = first ? Areas.world(first[0][1], first[0][0]) : { x: 0, y: 0 };
      let at = 0;
      for (const ring of rings) {
        for (const [lon, lat] of ring) {
          const point = Areas.world(lat, lon);
          this.xy[at++] = point.x - this.origin.x;
          this.xy[at++] = point.y - this.origin.y;
        }
      }
    }

    _measure() {
      this.extent = [Infinity, Infinity, -Infinity, -Infinity];
      for (let place = 0; place < this.count; place++) {
        const box = [Infinity, Infinity, -Infinity, -Infinity];
        const from = this.vertexStart[this.ringStart[place]];
        const to = this.vertexStart[this.ringStart[place + 1]];
        for (let at = from * 2; at < to * 2; at += 2) {
          box[0] = Math.min(box[0], this.xy[at]);
          box[1] = Math.min(box[1], this.xy[at + 1]);
          box[2] = Math.max(box[2], this.xy[at]);
          box[3] = Math.max(box[3], this.xy[at + 1]);
        }
        this.bounds.set(box, place * 4);
        for (const side of [0, 1]) {
          this.extent[side] = Math.min(this.extent[side], box[side]);
          this.extent[side + 2] = Math.max(this.extent[side + 2], box[side + 2]);
        }
      }
    }

    static world(lat, lon) {
      // As L.CRS.EPSG3857, without two objects for each of some hundred thousand vertices.
      const y = Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
      return { x: WORLD * (lon / 360 + 0.5), y: WORLD * (0.5 - y) };
    }

    latLng(x, y) {
      return L.CRS.EPSG3857.pointToLatLng(L.point(x + this.origin.x, y + this.origin.y), 0);
    }

    local(latlng) {
      const point = Areas.world(latlng.lat, latlng.lng);
      return { x: point.x - this.origin.x, y: point.y - this.origin.y };
    }

    // The bounds of some areas, or of all, as Leaflet takes them; null where there are none.
    latLngBounds(wanted) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let place = 0; place < this.count; place++) {
        if (wanted && !wanted(place)) continue;
        const at = place * 4;
        for (const side of [0, 1]) {
          box[side] = Math.min(box[side], this.bounds[at + side]);
          box[side + 2] = Math.max(box[side + 2], this.bounds[at + side + 2]);
        }
      }
      return box[0] <= box[2] ? L.latLngBounds(this.latLng(box[0], box[1]), this.latLng(box[2], box[3])) : null;
    }

    contains(place, x, y) {
      let inside = false;
      for (let ring = this.ringStart[place]; ring < this.ringStart[place + 1]; ring++) {
        const from = this.vertexStart[ring] * 2;
        const to = this.vertexStart[ring + 1] * 2;
        for (let at = from, last = to - 2; at < to; last = at, at += 2) {
          const above = this.xy[at + 1] > y;
          if (above !== this.xy[last + 1] > y) {
            const share = (y - this.xy[at + 1]) / (this.xy[last + 1] - this.xy[at + 1]);
            if (x < this.xy[at] + share * (this.xy[last] - this.xy[at])) inside = !inside;
          }
        }
      }
      return inside;
    }

    // The area at a point, or -1. Twenty thousand boxes are looked through in a tenth of a millisecond.
    at(latlng) {
      const { x, y } = this.local(latlng);
      const b = this.bounds;
      for (let place = 0, at = 0; place < this.count; place++, at += 4) {
        if (x >= b[at] && x <= b[at + 2] && y >= b[at + 1] && y <= b[at + 3] && this.contains(place, x, y)) return place;
      }
      return -1;
    }

    centre(place) {
      const at = place * 4;
      return { x: (this.bounds[at] + this.bounds[at + 2]) / 2, y: (this.bounds[at + 1] + this.bounds[at + 3]) / 2 };
    }

    // A point inside, with the width that text has there: the middle of the longest stretch of a horizontal line.
    inner(place) {
      let found = this._inner.get(place);
      if (!found) {
        const [, north, , south] = this.bounds.subarray(place * 4, place * 4 + 4);
        for (const share of [0.5, 0.4, 0.6]) {
          const stretch = this._stretch(place, north + (south - north) * share);
          // The middle line, unless another is a good deal longer.
          if (!found || stretch.width > found.width * 1.2) found = stretch;
        }
        this._inner.set(place, found);
      }
      return found;
    }

    _stretch(place, y) {
      const crossings = [];
      for (let ring = this.ringStart[place]; ring < this.ringStart[place + 1]; ring++) {
        const from = this.vertexStart[ring] * 2;
        const to = this.vertexStart[ring + 1] * 2;
        for (let at = from, last = to - 2; at < to; last = at, at += 2) {
          if (this.xy[at + 1] > y !== this.xy[last + 1] > y) {
            const share = (y - this.xy[at + 1]) / (this.xy[last + 1] - this.xy[at + 1]);
            crossings.push(this.xy[at] + share * (this.xy[last] - this.xy[at]));
          }
        }
      }
      crossings.sort((a, b) => a - b);
      let best = { ...this.centre(place), width: 0 };
      for (let number = 0; number + 1 < crossings.length; number += 2) {
        const width = crossings[number + 1] - crossings[number];
        if (width > best.width) best = { x: crossings[number] + width / 2, y, width };
      }
      return best;
    }

    // The nearest area in a direction: [1, 0] is to the right. Sideways distance counts double.
    next(place, [right, down], wanted) {
      const from = this.centre(place);
      let best = -1;
      let least = Infinity;
      for (let other = 0; other < this.count; other++) {
        if (other === place || !wanted(other)) continue;
        const to = this.centre(other);
        const ahead = (to.x - from.x) * right + (to.y - from.y) * down;
        const aside = Math.abs((to.x - from.x) * down) + Math.abs((to.y - from.y) * right);
        if (ahead > 0 && ahead >= aside * 0.5 && ahead + 2 * aside < least) {
          least = ahead + 2 * aside;
          best = other;
        }
      }
      return best;
    }
  }

  // Shapes stay for as long as the frame does: a few levels and a few dates, oldest out first.
  const KEPT = 8;
  const kept = new Map();

  // A promise of the areas at an address of this site.
  map.fetchAreas = function (address) {
    const url = new URL(address, location.href);
    if (url.origin !== location.origin) return Promise.reject(new Error("not an address of this site"));
    let promise = kept.get(url.href);
    kept.delete(url.href);
    if (!promise) {
      promise = fetch(url, { credentials: "same-origin" }).then((answer) => {
        if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
        return answer.json();
      }).then((collection) => new Areas(collection));
      promise.catch(() => kept.delete(url.href));
    }
    kept.set(url.href, promise);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return promise;
  };
})();
