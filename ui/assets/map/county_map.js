// One map for all levels. It is begun once; after that each refresh is a frame: one character an area, the markers, and
// at most a wish for a view. Nothing that a frame carries is ever run or parsed as markup: it is JSON, and text is text.

(function () {
  const map = (window.wusongMap = window.wusongMap || {});
  const FRAME = /wusongMap\.frame\("([A-Za-z0-9+/=]*)"\)/;
  const RETRY_AFTER = 5000;
  const DIRECTIONS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] };
  let begin;
  const begun = new Promise((resolve) => (begin = resolve));

  // The component hands each refresh to `eval`. Here that word reads the frame out of the text and runs nothing, which
  // is why the policy of this page needs no 'unsafe-eval'. Anything else is left to the browser, which then refuses it.
  const browsersOwn = window.eval;
  window.eval = (text) => {
    const found = typeof text === "string" && FRAME.exec(text);
    return found ? void received(found[1]) : browsersOwn(text);
  };

  // Areas that are alike travel as one cell [class, shown, text], and each area as the character of its cell.
  function unfolded(frame) {
    frame.values = Array.from(frame.areas, (character) => {
      const code = character.codePointAt(0);
      return code - (code < 0xd800 ? 0x5d : 0x85d);
    });
    frame.classes = frame.values.map((cell) => frame.cells[cell][0]).join("");
    const all = frame.cells.every((cell) => cell[1] === "1");
    frame.show = all ? null : frame.values.map((cell) => frame.cells[cell][1]).join("");
    return frame;
  }

  let newest = 0;
  async function received(packed) {
    const number = ++newest;
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    const frame = unfolded(JSON.parse(await new Response(stream).text()));
    const view = await begun;
    if (number === newest) view.take(frame);
  }

  // The component's library leaves a <style> behind with every message; the last one is enough.
  function sweep() {
    const styles = [...document.head.querySelectorAll("style")].filter((one) => one.textContent.includes("--primary-color"));
    styles.slice(0, -1).forEach((one) => one.remove());
  }

  function make(tag, className, text) {
    const node = document.createElement(tag);
    node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  // What a still map is as high as, where its type and its lines are as the look has them.
  const STILL_HEIGHT = 800, STILL_TYPE = 30;

  class View {
    constructor(leaflet) {
      this.leaflet = leaflet;
      this.box = leaflet.getContainer();
      this.mount = Math.random().toString(36).slice(2, 10);
      this.events = 0;
      this.paints = 0;
      this.nonce = undefined;
      this.areas = this.frame = this.look = null;
      this.zones = this.selected = [];
      this.hovered = this.focused = -1;
      for (const [name, z] of [["areas", 400], ["marks", 450], ["markers", 620]]) leaflet.createPane(name).style.zIndex = z;
      for (const name of ["areas", "marks"]) leaflet.getPane(name).style.pointerEvents = "none";
      const send = (event) => this.send(event);
      this.fill = map.areaSheet(leaflet, this).addTo(leaflet);
      this.marks = map.markSheet(leaflet, this).addTo(leaflet);
      this.markers = new map.Markers(leaflet, this, send);
      this.drawing = new map.Drawing(leaflet, this, send);
      this._furnish();
      this._listen();
    }

    _furnish() {
      this.tip = make("div", "tip");
      this.tip.hidden = true;
      this.notice = make("div", "notice");
      this.notice.hidden = true;
      this.notice.setAttribute("role", "alert");
      this.spoken = make("div", "spoken");
      this.spoken.setAttribute("aria-live", "polite");
      this.description = make("div", "spoken");
      this.description.id = "map-description";
      this.box.append(this.tip, this.notice);
      // Outside of the application role, where a screen reader finds it.
      this.box.parentElement.append(this.spoken, this.description);
      this.box.tabIndex = 0;
      this.box.setAttribute("role", "application");
      this.box.setAttribute("aria-describedby", this.description.id);
      this.zoom = L.control.zoom({ position: "topright", zoomInTitle: "", zoomOutTitle: "" }).addTo(this.leaflet);
      this.whole = make("a", "whole", "");
      this.whole.href = "#";
      this.whole.setAttribute("role", "button");
      L.DomEvent.disableClickPropagation(this.whole);
      this.whole.onclick = (event) => {
        event.preventDefault();
        if (this.wished) this._fit((this.fitted = this.wished), true);
      };
      this.zoom.getContainer().append(this.whole);
    }

    _listen() {
      const { leaflet, box } = this;
      leaflet.on("mousemove", (event) => this._hover(event));
      leaflet.on("mouseout movestart", () => this._leave());
      box.addEventListener("pointerdown", () => this.drawing.name === "draw" && this._leave());
      leaflet.on("zoomstart", () => this.drawing.cancel());
      leaflet.on("click", (event) => this._click(event));
      box.addEventListener("keydown", (event) => this._key(event));
      box.addEventListener("blur", () => this._focus(-1));
      // Until the reader moves the map it follows its frame, which may get its last size after the first paint.
      for (const name of ["pointerdown", "wheel"]) box.addEventListener(name, () => (this.fitted = null), { capture: true, passive: true });
      new ResizeObserver(() => {
        leaflet.invalidateSize({ animate: false, pan: true });
        if (this.dressedAs) this._size();
        if (this.fitted) this._fit(this.fitted, false);
      }).observe(box);
      document.fonts.addEventListener("loadingdone", () => this.marks.redraw());
    }

    // What the sheets ask.
    code(place) {
      return this.frame.classes[place] in this.look.fills ? this.frame.classes[place] : "-";
    }
    shown(place) {
      return !this.frame.show || this.frame.show[place] === "1";
    }
    painted() {
      this.box.dataset.paints = ++this.paints;
    }

    send(event) {
      // The counter tells two equal events apart, the mount two lives of this page.
      window.Streamlit.setComponentValue({ ...event, mount: this.mount, n: ++this.events });
    }

    // ------------------------------------------------------------------------------------- frames

    async take(frame) {
      this.wanted = frame;
      this._dress(frame);
      const address = frame.urls[frame.level];
      if (this.address === address && this.areas) {
        this._show(frame);
        return;
      }
      if (this.failed && this.failed.address === address && performance.now() - this.failed.at < RETRY_AFTER) return;
      const slow = setTimeout(() => this._notify(frame.words.loading), 400);
      try {
        const areas = await map.fetchAreas(address);
        if (this.wanted.urls[this.wanted.level] !== address) return;
        this.failed = null;
        this.areas = areas;
        this.address = address;
        this.hovered = this.focused = -1;
        this._show(this.wanted);
      } catch {
        if (this.wanted.urls[this.wanted.level] !== address) return;
        this.failed = { address, at: performance.now() };
        this._notify(frame.words.failed, frame.words.retry);
      } finally {
        clearTimeout(slow);
      }
    }

    _show(frame) {
      this.frame = frame;
      this.notice.hidden = true;
      this.selected = frame.selected.map((id) => this.areas.places.get(id)).filter((place) => place !== undefined);
      this.zones = frame.zones;
      this.box.dataset.level = frame.level;
      if (this.focused >= 0 && !this.shown(this.focused)) this.focused = -1;
      if (this.hovered >= 0 && !this.shown(this.hovered)) this._leave();
      this.drawing.mode(frame.mode);
      this.markers.show(frame.markers);
      this._pulse(frame.pulses);
      this._look(frame);
      this.fill.redraw();
      this.marks.redraw();
      this._tell();
      this.box.dataset.frames = Number(this.box.dataset.frames || 0) + 1;
    }

    // The view is the reader's own, until somebody asks for another one.
    _look(frame) {
      const nonce = frame.view ? frame.view.nonce : null;
      if (this.nonce !== undefined && (nonce === null || nonce === this.nonce)) return;
      const first = this.nonce === undefined;
      const [south, west, north, east] = frame.view ? frame.view.bounds : [];
      const bounds = frame.view ? L.latLngBounds([south, west], [north, east])
        : this.areas.latLngBounds((place) => this.shown(place)) || this.areas.latLngBounds();
      if (!bounds) return;
      this.nonce = nonce;
      const still = first || window.matchMedia("(prefers-reduced-motion: reduce)").matches;
      this.fitted = this.wished = bounds;
      this._fit(bounds, !still);
    }

    _fit(bounds, animate) {
      this.leaflet.fitBounds(bounds, { animate, padding: [12, 12] });
    }

    // Rings around places that changed: each once, and gone by itself.
    _pulse(pulses) {
      const drawn = this.pulsed || new Set(), now = new Set(pulses.map(([id]) => id));
      this.pulsed = now;
      for (const [id, lat, lon] of pulses) {
        if (drawn.has(id)) continue;
        const ring = make("div", "changed");
        const layer = L.marker([lat, lon], { icon: L.divIcon({ html: ring, className: "marker-place", iconSize: null }), pane: "markers", interactive: false, keyboard: false });
        ring.addEventListener("animationend", () => layer.remove());
        layer.addTo(this.leaflet);
        this.box.dataset.pulses = Number(this.box.dataset.pulses || 0) + 1;
      }
    }

    // A still map is read from far: what is written on it grows with its frame.
    _size() {
      const look = this.dressedAs, times = this.box.clientHeight / STILL_HEIGHT;
      this.look = !this.still ? look : {
        ...look, times: 1.5 * times, size: STILL_TYPE * times,
        borders: Object.fromEntries(Object.entries(look.borders).map(([level, width]) => [level, width * Math.max(1, times)])),
      };
    }

    _dress(frame) {
      const dressed = JSON.stringify([frame.look, frame.words, frame.still]);
      if (this.dressed === dressed) return;
      this.dressed = dressed;
      this.dressedAs = frame.look;
      this.still = frame.still;
      this.box.classList.toggle("still", this.still);
      this.box.tabIndex = this.still ? -1 : 0;
      this._size();
      this.theme = frame.look.theme;
      document.documentElement.dataset.theme = this.theme;
      for (const [name, value] of Object.entries(frame.look.css)) this.box.style.setProperty(`--${name}`, value);
      this.box.setAttribute("aria-label", frame.words.title);
      this.description.textContent = frame.words.description;
      for (const [part, word] of [["_zoomInButton", frame.words.zoom_in], ["_zoomOutButton", frame.words.zoom_out]]) {
        this.zoom[part].title = word;
        this.zoom[part].setAttribute("aria-label", word);
      }
      this.whole.title = frame.words.whole;
      this.whole.setAttribute("aria-label", frame.words.whole);
    }

    _notify(sentence, again) {
      this.notice.replaceChildren(make("p", "", sentence));
      if (again) {
        const button = make("button", "again", again);
        button.type = "button";
        button.onclick = () => {
          this.failed = null;
          this.take(this.wanted);
        };
        L.DomEvent.disableClickPropagation(button);
        this.notice.append(button);
      }
      this.notice.hidden = false;
    }

    // ------------------------------------------------------------------------------------ pointer

    _hover(event) {
      if (!this.areas || !this.frame || this.drawing.active) return;
      const overMarker = event.originalEvent.target.closest && event.originalEvent.target.closest(".marker");
      const place = overMarker ? -1 : this.areas.at(event.latlng);
      const found = place >= 0 && this.shown(place) ? place : -1;
      this.pointer = event.containerPoint;
      if (found !== this.hovered) {
        this.hovered = found;
        this.box.classList.toggle("over", found >= 0);
        this.marks.redraw();
      }
      this._tell();
    }

    _leave() {
      if (this.hovered < 0) return;
      this.hovered = -1;
      this.box.classList.remove("over");
      this.marks.redraw();
      this._tell();
    }

    value(place) {
      return (this.frame.cells[this.frame.values[place]] || [])[2] || "";
    }

    // The tooltip is made anew from the newest frame, where it stands: a repaint does not take it away.
    _tell() {
      const place = this.hovered;
      this.tip.hidden = place < 0 || !this.pointer;
      if (this.tip.hidden) return;
      const [name, value] = [this.areas.names[place], this.value(place)];
      const said = `${name}\n${value}`;
      if (this.tip.said !== said) {
        this.tip.said = said;
        this.tip.replaceChildren(make("strong", "", name), make("span", "", value));
      }
      const { x, y } = this.pointer;
      const size = this.leaflet.getSize();
      const [width, height] = [this.tip.offsetWidth, this.tip.offsetHeight];
      const left = x + 16 + width > size.x ? x - 16 - width : x + 16;
      const top = y + 16 + height > size.y ? y - 16 - height : y + 16;
      this.tip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
    }

    _click(event) {
      if (!this.areas || !this.frame || this.drawing.justEnded) return;
      const place = this.areas.at(event.latlng);
      if (place >= 0 && this.shown(place)) this._pick(place);
    }

    _pick(place) {
      this.send({ event: "area", level: this.frame.level, id: this.areas.ids[place] });
    }

    // ----------------------------------------------------------------------------------- keyboard

    // Arrows go from area to area, Enter chooses, Esc goes back; + and - zoom.
    _key(event) {
      if (event.target !== this.box || !this.areas || !this.frame) return;
      if (event.altKey || event.ctrlKey || event.metaKey) return;
      if (DIRECTIONS[event.key]) this._move(DIRECTIONS[event.key]);
      else if (event.key === "Home") this._focus(this._firstShown());
      else if ((event.key === "Enter" || event.key === " ") && this.focused >= 0) this._pick(this.focused);
      else if (event.key === "0" && this.wished) this._fit((this.fitted = this.wished), true);
      else if (event.key === "+" || event.key === "=") this.leaflet.zoomIn();
      else if (event.key === "-") this.leaflet.zoomOut();
      else if (event.key === "Escape" || event.key === "Backspace") this._back();
      else return;
      event.preventDefault();
    }

    _back() {
      if (this.drawing.name === "draw") this.drawing.cancel();
      else this.send({ event: "back" });
    }

    _firstShown() {
      for (let place = 0; place < this.areas.count; place++) if (this.shown(place)) return place;
      return -1;
    }

    _move(direction) {
      const next = this.focused < 0 ? this._firstShown()
        : this.areas.next(this.focused, direction, (place) => this.shown(place));
      if (next >= 0) this._focus(next);
    }

    _focus(place) {
      if (this.focused === place) return;
      this.focused = place;
      this.marks.redraw();
      if (place < 0 || !this.areas) return;
      this.spoken.textContent = [this.areas.names[place], this.value(place)].filter(Boolean).join(" ");
      const centre = this.areas.centre(place);
      this.leaflet.panInside(this.areas.latLng(centre.x, centre.y), { padding: [40, 40] });
    }
  }

  map.begin = function (leaflet) {
    leaflet.doubleClickZoom.disable(); // a double click drills once, it does not zoom as well
    window.Streamlit.events.addEventListener("streamlit:render", sweep);
    begin((map.view = new View(leaflet)));
  };
})();
