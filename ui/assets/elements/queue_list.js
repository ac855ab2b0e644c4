// The queue: tabs, chips, rows, pages. Plain DOM from JSON; every text goes in by textContent, so
// nothing that people typed can become markup. Rows are kept by case number between refreshes, so the
// list neither flickers nor loses its scroll or focus.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function build(root) {
  const queue = make("div", "queue");
  const red = make("section", "notice red");
  const recusals = make("section", "notice recusals");
  const arrivals = make("section", "notice arrivals");
  const tabs = make("div", "tabs");
  tabs.setAttribute("role", "tablist");
  const picked = make("div", "picked");
  picked.setAttribute("role", "status");
  const status = make("div", "status");
  const chips = make("div", "chips");
  const count = make("span", "count");
  const data = make("span", "data");
  data.setAttribute("role", "status");
  status.append(chips, count, data);
  const rows = make("div", "rows");
  rows.setAttribute("role", "list");
  const pager = make("div", "pager");
  const back = make("button");
  const position = make("span", "second");
  const next = make("button");
  back.type = next.type = "button";
  pager.append(back, position, next);
  queue.append(red, recusals, arrivals, tabs, status, picked, rows, pager);
  root.replaceChildren(queue);
  return { queue, red, recusals, arrivals, told: new Map(), tabs, chips, count, data, picked, rows, back, position, next, known: new Map(), marked: new Set(), turn: 0 };
}

// What somebody should look at before anything else: red events, whose holder must withdraw, and what came.
function drawNotice(view, name, notice, send) {
  const section = view[name];
  const told = JSON.stringify(notice);
  if (view.told.get(name) === told) return;
  view.told.set(name, told);
  section.hidden = !notice;
  if (!notice) return;
  const { title, rows, words } = notice;
  section.setAttribute("aria-label", title);
  const list = make("ul");
  for (const row of rows) {
    const line = make("li");
    const open = make("button", "number", row.number);
    open.type = "button";
    open.onclick = () => send("open", { case: row.number, view: "facts" });
    line.append(open, make("span", "", row.text), make("span", "second", row.when));
    if (words.act) {
      const act = make("button", "act", words.act);
      act.type = "button";
      act.setAttribute("aria-label", `${words.act} ${row.number}`);
      act.onclick = () => send("open", { case: row.number, view: row.view });
      line.append(act);
    }
    list.append(line);
  }
  const head = make("header");
  head.append(make("strong", "", title));
  if (words.seen) {
    const seen = make("button", "seen", words.seen);
    seen.type = "button";
    seen.onclick = () => send("seen", rows.map((row) => [row.number, row.version]));
    head.append(seen);
  }
  section.replaceChildren(head, list);
  if (words.more) section.append(make("p", "second", words.more));
}

function drawTabs(view, data, send) {
  const want = data.tabs;
  while (view.tabs.children.length > want.length) view.tabs.lastChild.remove();
  want.forEach((tab, place) => {
    let node = view.tabs.children[place];
    if (!node) {
      node = make("button", "tab");
      node.type = "button";
      node.setAttribute("role", "tab");
      node.append(make("span", "name"), make("span", "total"), make("span", "soon"), make("span", "late"), make("span", "parking_over"));
      view.tabs.append(node);
    }
    node.dataset.stage = tab.stage;
    node.setAttribute("aria-selected", String(tab.selected));
    const [name, total, soon, late, over] = node.children;
    setText(name, tab.name);
    setText(total, tab.total);
    setText(soon, tab.soon);
    setText(late, tab.late);
    setText(over, tab.over);
    node.onclick = () => send("stage", tab.stage);
  });
}

function drawChips(view, data, send) {
  view.chips.replaceChildren(...data.chips.map((chip) => {
    const node = make("button", "chip", chip.text);
    node.type = "button";
    node.title = data.words.remove;
    node.onclick = () => send("drop", chip.name);
    return node;
  }));
}

function newRow() {
  const node = make("div", "row");
  node.setAttribute("role", "listitem");
  node.tabIndex = -1;
  const lampCell = make("div", "cell clock");
  const mark = make("input", "mark");
  mark.type = "checkbox";
  lampCell.append(mark, make("span", "lamp"));
  const actions = make("div", "actions");
  const look = make("button", "look");
  const move = make("button", "move");
  look.type = move.type = "button";
  actions.append(look, move);
  const kind = make("div", "cell kind");
  kind.append(make("span", "type"), make("span", "second difficulty"), make("span", "risk"),
    make("span", "card"));
  const number = make("div", "cell number");
  number.append(make("a"));
  node.append(lampCell, number, kind, make("div", "cell place"),
    make("div", "cell holder"), make("div", "cell age second"), actions);
  return node;
}

function drawRow(node, row, data, send) {
  const q = (selector) => node.querySelector(selector);
  node.dataset.case = row.number;
  node.classList.toggle("open", data.open === row.number);
  const lamp = q(".lamp");
  lamp.className = `lamp ${row.lamp}`;
  setText(lamp, row.clock);
  const number = q(".number a");
  setText(number, row.number);
  if (number.getAttribute("href") !== row.address) number.setAttribute("href", row.address);
  const card = q(".card");
  card.className = row.card ? `card ${row.card.sign}` : "card";
  card.hidden = !row.card;
  setText(card, row.card ? row.card.text : "");
  setText(q(".type"), row.type);
  setText(q(".difficulty"), row.difficulty);
  const risk = q(".risk");
  risk.className = `risk risk-${row.risk}`;
  setText(risk, row.risk_text);
  setText(q(".place"), row.place);
  setText(q(".holder"), row.holder);
  setText(q(".age"), row.age);
  const look = q(".look"), move = q(".move");
  setText(look, data.words.look);
  look.setAttribute("aria-label", `${data.words.look} ${row.number}`);
  look.onclick = () => send("open", { case: row.number, view: "facts" });
  move.hidden = !row.move;
  setText(move, row.move || "");
  move.setAttribute("aria-label", `${row.move} ${row.number}`);
  move.onclick = () => send("open", { case: row.number, view: "reassign" });
  node.ondblclick = look.onclick;
}

// Which cases are marked is known here first: each click sends all of them with a number that counts up, so that what
// the page says of an earlier click takes no later one back.
function takeMarks(view, data) {
  if (!data.marks || data.marks.turn < view.turn) return;
  view.turn = data.marks.turn;
  view.marked = new Set(data.marks.numbers);
}

function mark(view, numbers, on, send) {
  for (const number of numbers) on ? view.marked.add(number) : view.marked.delete(number);
  view.turn += 1;
  send("mark", { act: "these", numbers: [...view.marked], turn: view.turn });
}

function drawMarks(view, data, send) {
  const again = () => drawMarks(view, data, send);
  for (const row of data.rows) {
    const box = view.known.get(row.number)?.querySelector(".mark");
    if (!box) continue;
    box.hidden = !data.marks || !row.move;
    box.checked = view.marked.has(row.number);
    box.setAttribute("aria-label", data.marks ? `${data.marks.words.mark} ${row.number}` : "");
    box.onclick = (event) => {
      // With the shift key: all between the last one that was marked and this one.
      const shown = data.rows.filter((one) => one.move).map((one) => one.number);
      const [from, to] = [shown.indexOf(view.lastMarked), shown.indexOf(row.number)];
      const between = event.shiftKey && from >= 0 ? shown.slice(Math.min(from, to), Math.max(from, to) + 1) : [row.number];
      view.lastMarked = row.number;
      mark(view, between, box.checked, send);
      again();
    };
  }
  view.picked.hidden = !data.marks || !view.marked.size;
  if (view.picked.hidden) return;
  const button = (text, act) => {
    const node = make("button", "", text);
    node.type = "button";
    node.onclick = act;
    return node;
  };
  const { words } = data.marks;
  view.picked.replaceChildren(
    make("strong", "", words.count.replace("{count}", view.marked.size)),
    button(words.to_sandbox, () => send("mark", { act: "sandbox", numbers: [...view.marked] })),
    button(words.all, () => send("mark", { act: "all" })),
    button(words.clear, () => { mark(view, [...view.marked], false, send); again(); }),
  );
}

function drawRows(view, data, send) {
  if (!data.rows.length) {
    view.known.clear();
    view.rows.replaceChildren(make("div", "empty", data.words.empty));
    return;
  }
  view.rows.querySelector(".empty")?.remove();
  const wanted = new Set(data.rows.map((row) => row.number));
  for (const [number, node] of view.known) {
    if (!wanted.has(number)) { node.remove(); view.known.delete(number); }
  }
  data.rows.forEach((row, place) => {
    let node = view.known.get(row.number);
    if (!node) { node = newRow(); view.known.set(row.number, node); }
    drawRow(node, row, data, send);
    if (view.rows.children[place] !== node) view.rows.insertBefore(node, view.rows.children[place] || null);
  });
}

function drawPager(view, data, send) {
  setText(view.back, data.words.back);
  setText(view.next, data.words.next);
  setText(view.position, data.words.position);
  view.back.disabled = !data.has_back;
  view.next.disabled = !data.has_next;
  view.back.onclick = () => send("turn", "back");
  view.next.onclick = () => send("turn", "next");
  view.back.parentElement.hidden = !data.has_back && !data.has_next;
}

// Arrows move through the rows, Enter opens, "/" goes to the search box of the page.
function keys(view, send) {
  return (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || event.target.isContentEditable;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector('[role="dialog"]')) return;
    if (event.key === "/") {
      const box = document.querySelector(".st-key-search input");
      if (box) { event.preventDefault(); box.focus(); }
      return;
    }
    const rows = [...view.rows.querySelectorAll(".row")];
    if (!rows.length) return;
    const here = rows.indexOf(view.rows.getRootNode().activeElement?.closest?.(".row"));
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const target = rows[Math.max(0, Math.min(rows.length - 1, here + step))];
      target.focus();
      target.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && here >= 0 && !/^(BUTTON|A)$/.test(event.composedPath()[0].tagName)) {
      send("open", { case: rows[here].dataset.case, view: "facts" });
    }
  };
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  let view = root.wusongQueue;
  const send = (name, value) => root.wusongSend(name, value);
  root.wusongSend = (name, value) => setTriggerValue(name, value);
  if (!view || !root.contains(view.queue)) {
    view = root.wusongQueue = build(root);
  }
  if (!view.listener) {
    view.listener = keys(view, send);
    document.addEventListener("keydown", view.listener);
  }
  (document.wusongClocks ??= new Set()).add(view.data);
  const before = view.last;
  view.last = data;
  drawNotice(view, "red", data.red, send);
  drawNotice(view, "recusals", data.recusals, send);
  drawNotice(view, "arrivals", data.arrivals, send);
  drawTabs(view, data, send);
  drawChips(view, data, send);
  setText(view.count, data.words.count);
  drawRows(view, data, send);
  takeMarks(view, data);
  drawMarks(view, data, send);
  drawPager(view, data, send);
  if (before && before.page !== data.page) view.queue.scrollIntoView({ block: "start" });
  // Whoever closed the drawer goes on from the row they came from.
  if (before?.open && !data.open && (document.activeElement || document.body) === document.body) {
    view.known.get(before.open)?.focus({ preventScroll: true });
  }
  return () => {
    document.removeEventListener("keydown", view.listener);
    view.listener = null;
  };
}
