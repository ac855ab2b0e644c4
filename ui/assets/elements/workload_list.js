// Workloads: the way, figures, what to look at, rows with a bar, one person's cases. Plain DOM from JSON; every text goes
// in by textContent. It is drawn anew only when something changed, so focus and scroll stay.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function link(className, text, href) {
  const node = make("a", className, text);
  node.href = href;
  return node;
}

function drawPath(steps) {
  const way = make("nav", "path");
  steps.forEach((step, place) => {
    const last = place === steps.length - 1;
    const node = last ? make("span", "here", step.name) : link("", step.name, step.href);
    if (last) node.setAttribute("aria-current", "page");
    way.append(node);
  });
  return way;
}

function drawFigures(figures) {
  const node = make("dl", "figures");
  for (const one of figures) {
    const pair = make("div", "figure");
    const value = make("dd", "", one.value);
    if (one.unit) value.append(make("span", "unit", one.unit));
    pair.append(make("dt", "", one.name), value);
    node.append(pair);
  }
  return node;
}

function drawConcern(one) {
  const item = make("li", one.kind);
  item.append(one.href ? link("", one.text, one.href) : make("span", "", one.text));
  const names = make("span", "names");
  names.append(...one.names.map((each) => link("", each.name, each.href)));
  if (one.more) names.append(make("span", "second", one.more));
  item.append(names);
  return item;
}

function drawAside(data) {
  const node = make("div", "aside");
  if (data.words.concerns) {
    const look = make("section", "look");
    const list = make("ul");
    list.append(...data.concerns.map(drawConcern));
    const empty = make("p", "second", data.words.no_concerns);
    look.append(make("h2", "", data.words.concerns), data.concerns.length ? list : empty);
    node.append(look);
  }
  if (data.spread) {
    const spread = make("section", "spread");
    spread.append(make("h2", "", data.words.spread), make("p", "", data.spread));
    node.append(spread);
  }
  return node;
}

function drawPiece(one) {
  const piece = one.href ? link(`piece ${one.kind}`, "", one.href) : make("span", `piece ${one.kind}`);
  piece.style.width = `${one.wide}%`;
  piece.title = one.text;
  piece.setAttribute("aria-label", one.text);
  if (!one.href) piece.setAttribute("role", "img");
  if (one.sign) piece.append(make("span", "shape", one.sign));
  if (one.number) piece.append(make("span", "number", one.number));
  return piece;
}

function drawBar(bar, label, words) {
  const node = make("div", "load-bar");
  const track = make("div", "bar");
  track.setAttribute("role", "group");
  track.setAttribute("aria-label", label);
  track.append(...bar.pieces.map(drawPiece));
  if (bar.full !== null) {
    const line = make("span", "full");
    line.style.left = `${bar.full}%`;
    track.append(line);
  }
  const share = make("span", bar.beyond ? "share beyond" : "share", `${bar.beyond ? "▶ " : ""}${bar.share}`);
  share.title = `${words.of_capacity} ${bar.share}`;
  node.append(track, share, make("span", "under second", bar.under));
  return node;
}

function drawRow(row, data, divert) {
  const node = make("div", "row");
  node.setAttribute("role", "listitem");
  const who = make("div", "who");
  who.append(link("name", row.name, row.href), make("span", "second", row.about));
  const load = make("div", "load", row.load);
  load.append(make("span", "unit", data.words.unit));
  if (row.over) load.append(make("span", "over", `▲ ${row.over}`));
  const counts = make("div", "counts");
  counts.append(make("span", "", row.count));
  if (row.late) counts.append(make("span", "late-count", row.late));
  for (const text of [row.week, row.booked, row.met]) if (text) counts.append(make("span", "", text));
  const rest = make("div", "rest");
  if (row.leave) rest.append(make("span", "second", row.leave));
  const ways = make("div", "ways");
  if (row.cases) ways.append(link("cases", data.words.cases, row.cases));
  if (row.divert) {
    const button = make("button", "divert", data.words.divert);
    button.type = "button";
    button.setAttribute("aria-label", `${data.words.divert} ${row.name}`);
    button.addEventListener("click", () => divert(row.divert));
    ways.append(button);
  }
  rest.append(ways);
  node.append(who, drawBar(row.bar, `${row.name} ${row.load}`, data.words), load, counts, rest);
  return node;
}

function drawCase(row) {
  const node = make("tr");
  const number = make("td");
  number.append(row.href ? link("", row.number, row.href) : make("span", "second", row.number));
  const lamp = make("td");
  lamp.append(make("span", `lamp ${row.kind}`, row.lamp));
  node.append(
    make("td", "place", row.place),
    number,
    lamp,
    make("td", row.old ? "count old" : "count", row.age),
    make("td", "", row.stage),
    make("td", "count", row.points),
    make("td", "", row.due),
    make("td", "second", row.why),
  );
  return node;
}

function drawCases(cases) {
  const node = make("section", "cases-of");
  node.append(make("h2", "", cases.title));
  if (cases.note) node.append(make("p", "second", cases.note));
  if (!cases.rows.length) {
    node.append(make("p", "empty", cases.empty));
    return node;
  }
  const table = make("table");
  const head = make("thead");
  const names = make("tr");
  for (const name of cases.heads) {
    const cell = make("th", "", name);
    cell.scope = "col";
    names.append(cell);
  }
  head.append(names);
  const body = make("tbody");
  body.append(...cases.rows.map(drawCase));
  table.append(head, body);
  node.append(table);
  return node;
}

function drawLegend(data) {
  const node = make("div", "legend second");
  for (const one of data.legend) {
    const item = make("span", "key");
    item.append(make("span", `swatch ${one.kind}`), make("span", "", one.text));
    node.append(item);
  }
  node.append(make("span", "", data.words.capacity));
  return node;
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongDivert = (id) => setTriggerValue("divert", id);
  const text = JSON.stringify(data);
  if (root.wusongDrawn === text) return;
  root.wusongDrawn = text;
  const focused = root.getRootNode().activeElement?.getAttribute?.("href");
  const page = make("div", "workload");
  const live = make("span", "data");
  live.setAttribute("role", "status");
  const rows = make("div", "rows");
  rows.setAttribute("role", "list");
  rows.append(...data.rows.map((row) => drawRow(row, data, (id) => root.wusongDivert(id))));
  if (!data.rows.length) rows.append(make("div", "empty", data.words.empty));
  const top = make("div", "top");
  // Of a past day the figures are no less true while nothing answers.
  top.append(drawPath(data.path), ...(data.past ? [] : [live]));
  page.append(top);
  if (data.past) page.append(make("p", "past", data.past));
  page.append(drawFigures(data.figures), drawAside(data), drawLegend(data), rows);
  if (data.more) page.append(make("p", "second", data.more));
  if (data.cases) page.append(drawCases(data.cases));
  root.replaceChildren(page);
  (document.wusongClocks ??= new Set()).add(live);
  if (focused) [...root.querySelectorAll("a")].find((one) => one.getAttribute("href") === focused)?.focus();
}
