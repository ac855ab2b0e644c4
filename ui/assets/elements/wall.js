// The wall: one scene in tiles, its own clock, and its own judgement of how old it is. Plain DOM from
// JSON by textContent; what is unchanged is left alone, so that nothing flickers over days.

// Two looks by the clock and a moment; judged here, because a server that is dead cannot say so.
const LATE_AFTER = 9_000;
const TICKER_EVERY = 8_000;
const NS = "http://www.w3.org/2000/svg";

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) if (child !== null && child !== undefined) node.append(child);
  return node;
}

function drawing(tag, attributes) {
  const node = document.createElementNS(NS, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}

const draw = {
  figure(tile) {
    const shown = make("div", [...String(tile.value)].length > 5 ? "figure long" : "figure");
    if (tile.lamp) shown.classList.add(tile.lamp);
    if (tile.shape) shown.append(make("span", "shape", tile.shape));
    shown.append(make("span", "", tile.value), make("span", "unit", tile.unit));
    return [shown, ...tile.notes.map((note) => make("div", "note second", note))];
  },
  counts(tile) {
    const rows = make("div", "rows");
    rows.style.gridTemplateColumns = `repeat(${tile.columns}, minmax(0, 1fr))`;
    rows.append(...tile.rows.map((one) => make("div", "row", make("span", "name", one.name),
      ...one.counts.map((count) => make("span", `count ${count.lamp}`, count.text)))));
    return [tile.rows.length ? rows : make("div", "empty", tile.empty)];
  },
  bars(tile) {
    const rows = make("div", "rows");
    rows.style.gridTemplateColumns = `repeat(${tile.columns}, minmax(0, 1fr))`;
    rows.append(...tile.rows.map((one) => {
      const bar = make("span");
      bar.style.width = `${one.share}%`;
      return make("div", "row bar", make("span", "name", one.name), make("span", "track", bar), make("span", "count", one.text));
    }));
    return [tile.rows.length ? rows : make("div", "empty", tile.empty)];
  },
  groups(tile) {
    const groups = make("div", "groups");
    groups.style.gridTemplateColumns = `repeat(${tile.columns}, minmax(0, 1fr))`;
    groups.append(...tile.groups.map((one) => make("div", "group", make("span", "name", one.name),
      ...one.chips.map((chip) => make("span", `chip ${chip.band}`, chip.text)))));
    const legend = make("div", "legend second small", ...tile.legend.map((one) => make("span", `chip ${one.band}`, one.text)));
    return [groups, legend];
  },
  trend(tile) {
    const wide = 1200, high = 300, step = wide / Math.max(1, tile.months.length);
    const most = Math.max(1, ...tile.months.map((one) => Math.max(one.new, one.closed)));
    const y = (value) => high * (1 - value / most);
    const svg = drawing("svg", { viewBox: `0 0 ${wide} ${high}`, preserveAspectRatio: "none", role: "img", "aria-label": tile.label });
    tile.months.forEach((one, place) => svg.append(drawing("rect",
      { class: "in", x: (place + .18) * step, width: .64 * step, y: y(one.new), height: high - y(one.new) })));
    svg.append(drawing("polyline", { class: "out", points: tile.months.map((one, place) => `${(place + .5) * step},${y(one.closed)}`).join(" ") }));
    return [
      make("div", "keys second small", make("span", "key in", tile.words.new), make("span", "key out", tile.words.closed), make("span", "push", tile.words.top)),
      make("div", "trend", svg, make("div", "months second small", ...tile.months.map((one) => make("span", "", one.name)))),
    ];
  },
  // The map itself lies above its place: the page puts it there.
  map(tile) { return [make("div", "place"), make("div", "legend second small", ...tile.legend.map((text) => make("span", "", text)))]; },
  nothing(tile) { return [make("div", "empty", tile.empty)]; },
};

function drawTile(tile) {
  const node = make("section", tile.behind ? "tile behind" : "tile", make("h2", "", tile.title), ...draw[tile.kind](tile));
  node.style.gridArea = tile.area;
  node.dataset.tile = tile.area;
  const said = make("div", "said");
  said.dataset.said = tile.said;
  node.append(said);
  return node;
}

function build(root) {
  const view = { wall: make("div", "wall"), top: make("header", "top"), scene: make("main", "scene"), foot: make("footer", "foot") };
  view.title = make("h1", "title"); view.demo = make("span", "demo"); view.spot = make("span", "spot");
  view.date = make("span", "push second"); view.time = make("span", "time"); view.live = make("span", "live");
  view.live.setAttribute("role", "status");
  view.top.append(view.title, view.demo, view.spot, view.date, view.time, view.live);
  view.ticker = make("span", "ticker"); view.operator = make("span", "operator"); view.turn = make("span", "second");
  view.back = make("a", "back"); view.back.href = "/"; view.back.target = "_self";
  view.foot.append(view.ticker, view.operator, view.turn, view.back);
  view.wall.append(view.top, view.scene, view.foot);
  root.replaceChildren(view.wall);
  return view;
}

function set(node, text) { if (node.textContent !== text) node.textContent = text; }

function paint(view) {
  const { data } = view;
  view.wall.classList.toggle("light", data.theme === "light");
  set(view.title, data.title);
  set(view.demo, data.demo); view.demo.hidden = !data.demo;
  set(view.spot, data.spotlight); view.spot.hidden = !data.spotlight;
  set(view.operator, data.operator); view.operator.hidden = !data.operator;
  set(view.back, data.back); view.back.hidden = !data.back;
  const scene = JSON.stringify([data.alarm, data.scene]);
  if (view.drawn !== scene) {
    view.drawn = scene;
    view.scene.style.gridTemplate = data.alarm ? "none" : data.scene.layout;
    view.scene.replaceChildren(...(data.alarm ? [drawAlarm(data.alarm)] : data.scene.tiles.map(drawTile)));
  }
  place(view);
  tick(view);
}

// The map is a frame of its own above the tile: it is told where, and nowhere while no scene has one.
function place(view) {
  const kept = view.scene.querySelector(".place"), style = document.documentElement.style;
  style.setProperty("--wall-map-shown", kept ? "visible" : "hidden");
  if (!kept) return;
  const { left, top, width, height } = kept.getBoundingClientRect();
  for (const [name, value] of Object.entries({ left, top, width, height })) style.setProperty(`--wall-map-${name}`, `${value}px`);
}

function drawAlarm(alarm) {
  return make("section", "alarm", make("h2", "", alarm.title), ...alarm.places.map((one) => make("div", "where", one)), make("div", "what", alarm.what));
}

// Every second: the clock, the age of what is shown, and how long the scene still stands.
function tick(view) {
  const { data } = view, passed = performance.now() - view.received;
  const now = new Date(data.now_ms + passed);
  const frozen = !data.fresh || passed > LATE_AFTER;
  // The clock is the wall's own: it goes on, and what is frozen says since when.
  set(view.time, now.toLocaleTimeString("zh-CN", { hourCycle: "h23", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: "Asia/Shanghai" }));
  // The day is that of the figures: after midnight a wall without answer says of which day it is.
  set(view.date, data.date);
  view.wall.classList.toggle("frozen", frozen);
  set(view.live, frozen ? data.words.frozen : data.words.live);
  for (const said of view.scene.querySelectorAll(".said")) set(said, frozen ? data.words.frozen : [said.dataset.said, data.words.checked].filter(Boolean).join(" · "));
  const left = Math.max(0, Math.round((data.until_ms - now) / 1000));
  set(view.turn, data.words.turn.replace("{seconds}", left));
  const lines = data.ticker;
  set(view.ticker, lines.length ? lines[Math.floor(now / TICKER_EVERY) % lines.length] : data.words.quiet);
}

// Two quiet tones; a browser that was not allowed to sound stays silent.
function chime(view) {
  const audio = view.audio ??= new AudioContext();
  [660, 880].forEach((pitch, place) => {
    const tone = audio.createOscillator(), loud = audio.createGain(), at = audio.currentTime + place * .35;
    tone.frequency.value = pitch;
    loud.gain.setValueAtTime(0, at); loud.gain.linearRampToValueAtTime(.25, at + .03); loud.gain.linearRampToValueAtTime(0, at + .3);
    tone.connect(loud).connect(audio.destination);
    tone.start(at); tone.stop(at + .32);
  });
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  let view = root.wusongWall;
  if (!view || !root.contains(view.wall)) {
    view = root.wusongWall = build(root);
    new ResizeObserver(() => place(view)).observe(view.scene);
  }
  const before = view.data?.alarm?.turn;
  Object.assign(view, { data, received: performance.now() });
  view.timer ??= setInterval(() => tick(view), 250);
  paint(view);
  if (data.alarm && data.chime && data.alarm.turn !== before) chime(view);
  clearTimeout(view.turns);
  // The next scene is asked for when this one's time is over, not at the next look by the clock.
  view.turns = setTimeout(() => setTriggerValue("turn", data.until_ms), Math.max(250, data.until_ms - data.now_ms + 50));
  return () => { clearTimeout(view.turns); clearInterval(view.timer); view.timer = undefined; };
}
