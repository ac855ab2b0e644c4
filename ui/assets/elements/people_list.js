// The accounts: a line each, with posts, state and the way to the card. Plain DOM from JSON; every text goes
// in by textContent. Lines are kept by account between refreshes, so nothing loses its focus or place.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function build(root) {
  const people = make("div", "people");
  const status = make("div", "status");
  const count = make("span", "count");
  const live = make("span", "data");
  live.setAttribute("role", "status");
  status.append(count, live);
  const head = make("div", "row head");
  for (const name of ["person", "posts", "state", "seen"]) head.append(make("div", name));
  head.append(make("div"));
  const rows = make("div", "rows");
  rows.setAttribute("role", "list");
  const pager = make("div", "pager");
  const back = make("button"), position = make("span", "second"), next = make("button");
  back.type = next.type = "button";
  pager.append(back, position, next);
  people.append(status, head, rows, pager);
  root.replaceChildren(people);
  return { people, count, live, head, rows, pager, back, position, next, known: new Map() };
}

function newRow() {
  const node = make("div", "row");
  node.setAttribute("role", "listitem");
  const person = make("div", "cell person");
  person.append(make("div", "name"), make("div", "second login"));
  const look = make("button", "look");
  look.type = "button";
  node.append(person, make("div", "cell posts"), make("div", "cell state"), make("div", "cell seen second"), look);
  return node;
}

function postLine(post) {
  const line = make("div", "post");
  line.append(make("span", "role", post.role), make("span", "place", post.place));
  if (post.days) line.append(make("span", "days", post.days));
  return line;
}

function drawRow(node, row, data, send) {
  const drawn = JSON.stringify([row, data.open === row.id, data.words.look]);
  if (node.wusongDrawn === drawn) return;
  node.wusongDrawn = drawn;
  node.dataset.user = row.id;
  node.classList.toggle("open", data.open === row.id);
  node.classList.toggle("over", row.states[0].kind === "closed");
  node.querySelector(".name").textContent = row.name;
  node.querySelector(".login").textContent = row.login;
  const posts = row.posts.map(postLine);
  if (row.more) posts.push(make("div", "second", row.more));
  if (row.nothing) posts.push(make("div", "second", row.nothing));
  node.querySelector(".posts").replaceChildren(...posts);
  node.querySelector(".state").replaceChildren(
    ...row.states.map((state) => make("span", `chip ${state.kind}`, state.text)));
  node.querySelector(".seen").textContent = row.seen;
  const look = node.querySelector(".look");
  look.textContent = data.words.look;
  look.setAttribute("aria-label", `${data.words.look} ${row.name} ${row.login}`);
  look.onclick = node.ondblclick = () => send("open", row.id);
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
    if (!node) { node = newRow(); view.known.set(row.id, node); }
    drawRow(node, row, data, send);
    if (view.rows.children[place] !== node) view.rows.insertBefore(node, view.rows.children[place] || null);
  });
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongSend = setTriggerValue;
  const send = (name, value) => root.wusongSend(name, value);
  let view = root.wusongPeople;
  if (!view || !root.contains(view.people)) view = root.wusongPeople = build(root);
  const turned = view.page && view.page !== data.page;
  view.page = data.page;
  const words = data.words;
  view.count.textContent = words.count;
  (document.wusongClocks ??= new Set()).add(view.live);
  for (const name of ["person", "posts", "state", "seen"]) view.head.querySelector(`.${name}`).textContent = words[name];
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
  if (turned) view.people.scrollIntoView({ block: "start" });
}
