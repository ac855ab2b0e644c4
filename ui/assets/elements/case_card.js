// Blocks of one case: head, clock, facts, parties, timeline. Every text goes in by textContent.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function link(row, aside) {
  const node = make("a", "", row.number);
  node.href = row.address;
  if (aside) { node.target = "_blank"; node.rel = "noopener"; }
  return node;
}

const draw = {
  notice: (block) => make("div", "notice", block.text),
  head: (block) => make("div", "head",
    block.number ? make("h1", "", block.number) : null,
    make("span", `lamp ${block.lamp}`, block.clock), make("strong", "", block.title),
    make("span", "second", block.under),
    ...block.cards.map((one) => make("span", `card-sign ${one.sign}`, one.text))),
  links: (block) => make("div", "", block.title ? make("h3", "", block.title) : null,
    ...block.rows.map((row) => make("div", "link", link(row, block.aside), row.text ? make("span", "second", row.text) : null))),
  clock: (block) => {
    const used = make("div", "used");
    used.style.width = `${block.used}%`;
    const turn = make("div", "turn");
    turn.style.left = `${block.turn}%`;
    const bar = make("div", `bar ${block.lamp}`, used, turn);
    bar.setAttribute("role", "img");
    bar.setAttribute("aria-label", block.label);
    return make("div", "", make("h3", "", block.title), bar,
      make("div", "ends second", make("span", "", block.start), make("span", "", block.middle),
        make("span", "", block.end)));
  },
  facts: (block) => {
    const list = make("dl", "facts");
    for (const [name, value] of block.rows) list.append(make("dt", "", name), make("dd", "", value));
    return make("div", "", block.title ? make("h3", "", block.title) : null, list);
  },
  parties: (block) => make("div", "", make("h3", "", block.title), ...block.rows.map((party) =>
    make("div", "party", make("span", "second", `${party.role} `), make("span", "who", party.name),
      ...party.lines.map((line) => make("div", "second", line))))),
  timeline: (block) => make("div", "", make("h3", "", block.title), make("ol", "", ...block.rows.map((event) =>
    make("li", "", make("div", "", event.text), make("div", "second", event.when),
      event.note ? make("div", "note", event.note) : null))), make("div", "second", block.earlier)),
};

export default function (component) {
  const { data } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data.blocks);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  root.replaceChildren(make("div", "card", ...data.blocks.map((block) => draw[block.kind](block))));
}
