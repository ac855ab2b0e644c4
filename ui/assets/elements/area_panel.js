// One area beside the map: its figures, its trend, its types, who mediates there, its open cases by due time. Every
// text goes in by textContent. What is drawn stays until something changes; then scroll and focus stay where they were.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function button(className, key, label, ...children) {
  const node = make("button", className, ...children);
  node.type = "button";
  node.dataset.key = key;
  if (label) node.setAttribute("aria-label", label);
  return node;
}

function figures(data, send) {
  return make("div", "figures", ...data.figures.map((one) => {
    const node = button(one.selected ? "figure selected" : "figure", `figure ${one.key}`, "",
      make("span", "name second", one.name),
      make("span", "value", one.value, make("span", "unit second", one.unit)),
      make("span", "note second", one.note));
    node.title = one.means;
    node.setAttribute("aria-pressed", String(one.selected));
    node.onclick = () => send("figure", one.key);
    return node;
  }));
}

// Bars for what came in, a line for what was closed: one scale, its top written beside it.
function trend(block) {
  const NS = "http://www.w3.org/2000/svg";
  const wide = 320, high = 88, foot = 4;
  const most = Math.max(1, ...block.bars.map((one) => Math.max(one.new, one.closed)));
  const step = wide / Math.max(1, block.bars.length);
  const y = (value) => foot + (high - 2 * foot) * (1 - value / most);
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", `0 0 ${wide} ${high}`);
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", block.label);
  svg.setAttribute("preserveAspectRatio", "none");
  block.bars.forEach((one, place) => {
    const bar = document.createElementNS(NS, "rect");
    const entries = { x: place * step + step * 0.1, width: step * 0.8, y: y(one.new), height: high - foot - y(one.new) };
    for (const [name, value] of Object.entries(entries)) bar.setAttribute(name, value);
    const said = document.createElementNS(NS, "title");
    said.textContent = one.text;
    bar.append(said);
    svg.append(bar);
  });
  const line = document.createElementNS(NS, "polyline");
  line.setAttribute("points", block.bars.map((one, place) => `${(place + 0.5) * step},${y(one.closed)}`).join(" "));
  line.setAttribute("vector-effect", "non-scaling-stroke");
  svg.append(line);
  return make("section", "trend", make("h3", "", block.title),
    make("div", "keys second", make("span", "key bar", block.words.new), make("span", "key line", block.words.closed),
      make("span", "top", block.top)),
    svg, make("div", "ends second", make("span", "", block.first), make("span", "", block.last)));
}

function types(block, send) {
  return make("section", "types", make("h3", "", block.title), ...block.rows.map((one) => {
    const bar = make("span", "share");
    bar.style.width = `${one.share}%`;
    const node = button(one.selected ? "type selected" : "type", `type ${one.code}`, "",
      make("span", "what", one.name), make("span", "track", bar), make("span", "count", one.count));
    node.setAttribute("aria-pressed", String(one.selected));
    node.onclick = () => send("type", one.code);
    return node;
  }), block.rows.length ? null : make("div", "second", block.none));
}

function cases(block, send) {
  const rows = block.rows.map((one) => {
    const node = button("case", `case ${one.number}`, "",
      make("span", `lamp ${one.lamp}`, one.clock), make("span", "number", one.number),
      make("span", "kind", one.kind), make("span", "second", one.where));
    node.onclick = () => send("open", one.number);
    return node;
  });
  const turn = (name, label) => {
    const node = button("turn", `turn ${name}`, "", label);
    node.onclick = () => send("turn", name);
    return node;
  };
  return make("section", "cases", make("h3", "", block.title),
    ...rows, rows.length ? null : make("div", "second", block.none),
    make("div", "turns", block.has_back ? turn("back", block.words.back) : null,
      block.has_next ? turn("next", block.words.next) : null,
      block.to_queue ? Object.assign(turn("queue", block.to_queue), { onclick: () => send("queue", true) }) : null));
}

function draw(data, send) {
  const parts = [make("header", "", make("h2", "", data.name), make("span", "second", data.under))];
  if (data.closed) parts.push(make("p", "notice", data.closed));
  parts.push(figures(data, send));
  if (data.trend) parts.push(trend(data.trend));
  if (data.types) parts.push(types(data.types, send));
  if (data.facts.length) {
    const list = make("dl", "facts");
    for (const [name, value] of data.facts) list.append(make("dt", "second", name), make("dd", "", value));
    parts.push(make("section", "", list));
  }
  if (data.cases) parts.push(cases(data.cases, send));
  return parts;
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongSend = (name, value) => setTriggerValue(name, value);
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  let panel = root.querySelector(".panel");
  if (!panel) {
    panel = make("div", "panel");
    root.replaceChildren(panel);
  }
  const focused = panel.getRootNode().activeElement?.dataset?.key;
  const area = panel.dataset.area;
  panel.dataset.area = data.area;
  const scrolled = area === data.area ? panel.scrollTop : 0;
  panel.replaceChildren(...draw(data, (name, value) => root.wusongSend(name, value)));
  panel.scrollTop = scrolled;
  if (focused) panel.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}
