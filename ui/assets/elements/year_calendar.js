// A year at one look: twelve months, each day by what it is, with the names of what differs under its
// month. Plain DOM from JSON; every text goes in by textContent. A click tells which day it was.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function dayCell(day, pick) {
  if (!day) return make("td", "empty");
  const button = make("button", `${day.kind}${day.today ? " today" : ""}`, make("span", "", String(day.number)),
    make("span", "mark", day.mark));
  button.type = "button";
  button.title = day.label;
  button.setAttribute("aria-label", day.label);
  button.addEventListener("click", () => pick(day.day));
  return make("td", "", button);
}

function month(block, weekdays, pick) {
  const head = make("tr", "", ...weekdays.map((name) => make("th", "", name)));
  const weeks = block.weeks.map((week) => make("tr", "", ...week.map((day) => dayCell(day, pick))));
  const table = make("table", "", make("thead", "", head), make("tbody", "", ...weeks));
  const names = make("ul", "", ...block.names.map((text) => make("li", "", text)));
  return make("section", "month", make("h2", "", block.title, make("span", "second", block.worked)), table, names);
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  const legend = make("p", "legend", ...data.legend.map(([kind, mark, text]) =>
    make("span", "", make("i", kind, mark || " "), text)));
  const pick = (day) => setTriggerValue("day", day);
  const months = data.months.map((one) => month(one, data.weekdays, pick));
  root.replaceChildren(legend, make("div", "year", ...months));
}
