// The committees: a line each, with chair, term, people and marks for what the law asks. Plain DOM from JSON;
// every text goes in by textContent. Lines are kept by committee, so nothing loses its focus or place.

const COLUMNS = ["name", "chair", "term", "people", "cases", "marks"];

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function build(root) {
  const teams = make("div", "teams");
  const status = make("div", "status");
  const count = make("span", "count"), states = make("span", "marks"), live = make("span", "data");
  live.setAttribute("role", "status");
  status.append(count, states, live);
  const head = make("div", "row head");
  for (const name of COLUMNS) head.append(make("div", `of-${name}`));
  head.append(make("div"));
  const rows = make("div", "rows");
  rows.setAttribute("role", "list");
  const pager = make("div", "pager");
  const back = make("button"), position = make("span", "second"), next = make("button");
  back.type = next.type = "button";
  pager.append(back, position, next);
  teams.append(status, head, rows, pager);
  root.replaceChildren(teams);
  return { teams, count, states, live, head, rows, pager, back, position, next, known: new Map() };
}

function lines(className, first, second, secondClass = "second") {
  const node = make("div", `cell ${className}`);
  node.append(make("div", "first", first));
  if (second) node.append(make("div", secondClass, second));
  return node;
}

function chips(row) {
  const node = make("div", "cell marks");
  node.append(...row.marks.map((mark) => make("span", `chip ${mark.kind}`, mark.text)));
  if (row.more) node.append(make("span", "second", row.more));
  return node;
}

function drawRow(node, row, data, send) {
  const drawn = JSON.stringify([row, data.open === row.id, data.words.look]);
  if (node.wusongDrawn === drawn) return;
  node.wusongDrawn = drawn;
  node.dataset.committee = row.id;
  node.classList.toggle("open", data.open === row.id);
  const look = node.querySelector(".look") || make("button", "look");
  look.type = "button";
  look.textContent = data.words.look;
  look.setAttribute("aria-label", `${data.words.look} ${row.name}`);
  look.onclick = node.ondblclick = () => send("open", row.id);
  const name = lines("", row.name, row.place);
  name.firstChild.className = "name";
  const cells = [name, lines("", row.chair), lines("", row.term, row.ends, "ends"),
    lines("", row.people, row.away), lines("", row.cases), chips(row)];
  [...node.children].forEach((child) => { if (child !== look) child.remove(); });
  if (!look.isConnected) node.append(look);
  look.before(...cells);
}

function drawRows(view, data, send) {
  if (!data.rows.length) {
    view.known.clear();
    view.rows.replaceChildren(make("div", "empty", data.words.empty));
    return;
  }
  view.rows.querySelector(".empty")?.remove();
  const wanted = new Set(data.rows.map((row) => row.id));
  for (const [id, node] of view.known) if (!wanted.has(id)) { node.remove(); view.known.delete(id); }
  data.rows.forEach((row, place) => {
    let node = view.known.get(row.id);
    if (!node) {
      node = make("div", "row");
      node.setAttribute("role", "listitem");
      view.known.set(row.id, node);
    }
    drawRow(node, row, data, send);
    if (view.rows.children[place] !== node) view.rows.insertBefore(node, view.rows.children[place] || null);
  });
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongSend = setTriggerValue;
  const send = (name, value) => root.wusongSend(name, value);
  let view = root.wusongTeams;
  if (!view || !root.contains(view.teams)) view = root.wusongTeams = build(root);
  const turned = view.page && view.page !== data.page;
  view.page = data.page;
  const words = data.words;
  view.count.textContent = words.count;
  view.states.replaceChildren(...data.states.map((one) => make("span", `chip ${one.kind}`, one.text)));
  (document.wusongClocks ??= new Set()).add(view.live);
  for (const name of COLUMNS) view.head.querySelector(`.of-${name}`).textContent = words[name];
  view.head.hidden = !data.rows.length;
  drawRows(view, data, send);
  view.back.textContent = words.back;
  view.next.textContent = words.next;
  view.position.textContent = words.position;
  view.back.disabled = data.page <= 1;
  view.next.disabled = data.page >= data.pages;
  view.back.onclick = () => send("turn", data.page - 1);
  view.next.onclick = () => send("turn", data.page + 1);
  view.pager.hidden = data.pages <= 1;
  if (turned) view.teams.scrollIntoView({ block: "start" });
}
