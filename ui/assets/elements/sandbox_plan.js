// A plan before it is committed: everybody whose load changes, before and after, and under each what would come
// to them. Plain DOM from JSON; every text goes in by textContent. Lines are kept by mediator and by case.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function bar(one, limit) {
  const node = make("div", "load");
  const track = make("div", "track");
  const filled = make("div", one.over ? "filled over" : "filled");
  filled.style.width = `${one.share}%`;
  const stroke = make("div", "stroke");
  stroke.style.left = `${limit}%`;
  track.append(filled, stroke);
  node.append(make("span", "figure", one.text), track);
  return node;
}

function moveLine(move, words, send) {
  const node = make("li", "move");
  node.dataset.case = move.number;
  const head = make("div", "of-case");
  const open = make("a", "number", move.number);
  open.href = move.address;
  open.target = "_self";
  head.append(open, make("span", `lamp ${move.lamp}`, move.clock), make("span", "", move.about));
  const why = make("div", "why");
  why.append(make("span", "from", move.from), make("span", "", move.why));
  const strike = make("button", "strike", words.strike);
  strike.type = "button";
  strike.setAttribute("aria-label", `${words.strike} ${move.number}`);
  strike.onclick = () => send("strike", move.case);
  node.append(head, why, strike);
  return node;
}

function drawPerson(node, person, data, send) {
  const drawn = JSON.stringify([person, data.limit, data.words]);
  if (node.wusongDrawn === drawn) return;
  node.wusongDrawn = drawn;
  node.dataset.mediator = person.id;
  const row = make("div", "row");
  const who = make("div", "who");
  who.append(make("div", "name", person.name), make("div", "second", person.committee));
  const late = make("div", person.late_worse ? "late worse" : "late", person.late);
  row.append(who, bar(person.before, data.limit), make("div", "arrow", "→"), bar(person.after, data.limit),
    make("div", "cases", person.cases), late);
  const list = make("ul", "moves");
  list.append(...person.moves.map((move) => moveLine(move, data.words, send)));
  list.hidden = !person.moves.length;
  node.replaceChildren(row, list);
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongSend = setTriggerValue;
  const send = (name, value) => root.wusongSend(name, value);
  let view = root.wusongPlan;
  if (!view || !root.contains(view.box)) {
    const box = make("div", "plan"), head = make("div", "row head"), people = make("div", "people");
    people.setAttribute("role", "list");
    box.append(head, people);
    root.replaceChildren(box);
    view = root.wusongPlan = { box, head, people, known: new Map() };
  }
  const { words } = data;
  view.head.replaceChildren(make("div", "", words.person), make("div", "", words.before), make("div"),
    make("div", "", words.after), make("div", "", words.cases), make("div", "", words.late));
  const wanted = new Set(data.people.map((one) => one.id));
  for (const [id, node] of view.known) if (!wanted.has(id)) { node.remove(); view.known.delete(id); }
  data.people.forEach((person, place) => {
    let node = view.known.get(person.id);
    if (!node) {
      node = make("div", "person");
      node.setAttribute("role", "listitem");
      view.known.set(person.id, node);
    }
    drawPerson(node, person, data, send);
    if (view.people.children[place] !== node) view.people.insertBefore(node, view.people.children[place] || null);
  });
}
