// Under the map: what its colours mean, how many areas each has, what was counted, and of when the data are.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

export default function (component) {
  const { data } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  const swatches = data.classes.map((one) => {
    const colour = make("span", one.hatched ? "colour hatched" : "colour");
    colour.style.backgroundColor = one.colour;
    return make("li", "", colour, make("span", "range", one.range), make("span", "second", one.areas));
  });
  const list = make("ul", "", ...swatches);
  root.replaceChildren(make("div", "legend",
    make("div", "title", make("strong", "", data.title), make("span", "second", data.unit)),
    list, make("p", "second", data.means), ...data.notes.map((one) => make("p", "second", one))));
}
