// What is to be seen of an import: steps, the file, figures, sentences, rows sent back, history. Plain
// DOM from JSON; every text goes in by textContent, so nothing that stands in a file becomes markup.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function link(one) {
  const node = make("a", "", one.text);
  node.href = one.href;
  if (one.label) node.setAttribute("aria-label", one.label);
  return node;
}

function table(block) {
  const head = make("tr", "", ...block.head.map((text, place) => make("th", block.styles[place], text)));
  const rows = block.rows.map((row) => make("tr", "", ...row.cells.map((text, place) => make("td", block.styles[place], text)),
    ...(row.links ? [make("td", "links", ...row.links.map(link), make("span", "second", row.after))] : [])));
  return make("div", "scroll", make("table", "", make("thead", "", head), make("tbody", "", ...rows)));
}

const draw = {
  steps: (block) => {
    const list = make("ol", "steps", ...block.steps.map((step, place) => {
      const mark = step.state === "done" ? "✓" : String(place + 1);
      const node = make("li", step.state, make("span", "mark", mark), make("span", "", step.name));
      if (step.state === "now") node.setAttribute("aria-current", "step");
      return node;
    }));
    return make("div", "top", make("h1", "", block.title), list);
  },
  file: (block) => make("div", "file", make("strong", "", block.name), make("span", "second", block.facts)),
  figures: (block) => make("dl", "figures", ...block.figures.map((figure) =>
    make("div", figure.mark, make("dt", "", figure.name), make("dd", "", figure.count)))),
  heading: (block) => make("h2", "", block.text, make("span", "second", block.after)),
  lines: (block) => make("ul", "lines", ...block.lines.map((text) => make("li", "", text))),
  text: (block) => make("p", block.mark || "second", block.text),
  links: (block) => make("p", "links", make("span", "second", block.before), ...block.links.map(link),
    make("span", "second", block.after)),
  downloads: (block) => make("p", "links downloads", make("span", "", block.before), ...block.links.map(link),
    make("span", "second", block.after)),
  table,
};

export default function (component) {
  const { data } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data.blocks);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  root.replaceChildren(make("div", "view", ...data.blocks.map((block) => draw[block.kind](block))));
}
