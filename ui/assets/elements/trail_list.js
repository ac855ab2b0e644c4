// The lines of the audit trail. Plain DOM from JSON; every text goes in by textContent, so nothing that
// people typed can become markup. Rows are kept by number between refreshes: the list does not flicker.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.append(...children);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function build(root) {
  const data = make("span", "data");
  data.setAttribute("role", "status");
  const rows = make("div", "rows");
  rows.setAttribute("role", "list");
  const back = make("button"), position = make("span", "second"), next = make("button");
  back.type = next.type = "button";
  const trail = make("div", "trail", make("div", "status", data), rows, make("div", "pager", back, position, next));
  root.replaceChildren(trail);
  return { trail, data, rows, back, position, next, known: new Map() };
}

function newRow() {
  const link = make("a", "subject");
  const node = make("div", "row",
    make("div", "cell when", make("div", "at"), make("div", "second seq")),
    make("div", "cell", make("div", "who"), make("div", "second posts")),
    make("div", "cell what", make("div", "", make("span", "deed"), " ", link), make("div", "second details"),
      make("div", "reason")),
    make("div", "cell second", make("div", "address"), make("div", "session")));
  node.setAttribute("role", "listitem");
  return node;
}

function drawRow(node, row, words) {
  const q = (selector) => node.querySelector(selector);
  node.dataset.seq = row.seq;
  setText(q(".at"), row.at);
  setText(q(".seq"), row.number);
  setText(q(".who"), row.who);
  setText(q(".posts"), row.posts);
  setText(q(".deed"), row.deed);
  const subject = q(".subject");
  setText(subject, row.subject);
  if (row.href) subject.href = row.href; else subject.removeAttribute("href");
  setText(q(".details"), row.details);
  const reason = q(".reason");
  reason.hidden = !row.reason;
  setText(reason, row.reason ? `${words.reason}: ${row.reason}` : "");
  setText(q(".address"), row.address);
  setText(q(".session"), row.session);
}

function drawRows(view, data) {
  if (!data.rows.length) {
    view.known.clear();
    view.rows.replaceChildren(make("div", "empty", data.words.empty));
    return;
  }
  view.rows.querySelector(".empty")?.remove();
  const wanted = new Set(data.rows.map((row) => row.seq));
  for (const [seq, node] of view.known) {
    if (!wanted.has(seq)) { node.remove(); view.known.delete(seq); }
  }
  data.rows.forEach((row, place) => {
    let node = view.known.get(row.seq);
    if (!node) { node = newRow(); view.known.set(row.seq, node); }
    drawRow(node, row, data.words);
    if (view.rows.children[place] !== node) view.rows.insertBefore(node, view.rows.children[place] || null);
  });
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  let view = root.wusongTrail;
  if (!view || !root.contains(view.trail)) view = root.wusongTrail = build(root);
  const before = view.page;
  view.page = data.page;
  (document.wusongClocks ??= new Set()).add(view.data);
  drawRows(view, data);
  setText(view.back, data.words.back);
  setText(view.next, data.words.next);
  setText(view.position, data.words.position);
  view.back.disabled = !data.has_back;
  view.next.disabled = !data.has_next;
  view.back.onclick = () => setTriggerValue("turn", "back");
  view.next.onclick = () => setTriggerValue("turn", "next");
  view.back.parentElement.hidden = !data.has_back && !data.has_next;
  if (before && before !== data.page) view.trail.scrollIntoView({ block: "start" });
}
