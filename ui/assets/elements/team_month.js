// A month of a committee: a line for each person, a column for each day, leave and duties as marks. Plain DOM
// from JSON; every text goes in by textContent. A click on a day tells which it was.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function look(day) {
  return ["weekend", "today", "chosen"].filter((name) => day[name]).join(" ");
}

function head(day, pick) {
  const button = make("button", "", make("span", "", String(day.number)), make("span", "second", day.weekday));
  button.type = "button";
  button.setAttribute("aria-label", day.label);
  if (day.chosen) button.setAttribute("aria-current", "date");
  button.addEventListener("click", () => pick(day.day));
  return make("th", look(day), button);
}

function cell(one, day, pick) {
  const node = make("td", `${look(day)} ${one.kind}`, one.mark);
  if (one.label) node.title = one.label;
  node.addEventListener("click", () => pick(day.day));
  return node;
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  const pick = (day) => setTriggerValue("day", day);
  const top = make("tr", "", make("th", "who"), ...data.days.map((day) => head(day, pick)));
  const rows = data.rows.map((row) => {
    const name = make("th", "who", row.name);
    name.scope = "row";
    return make("tr", "", name, ...row.cells.map((one, place) => cell(one, data.days[place], pick)));
  });
  const legend = make("p", "legend", ...data.legend.map(([kind, mark, text]) =>
    make("span", "", make("i", kind, mark), text)));
  const table = make("div", "scroll", make("table", "", make("thead", "", top), make("tbody", "", ...rows)));
  root.replaceChildren(legend, rows.length ? table : make("div", "empty", data.empty));
}
