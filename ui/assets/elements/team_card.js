// A committee: what the law asks and how it stands, and its people with the way to each. Plain DOM from JSON;
// every text goes in by textContent.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function check(one) {
  return make("li", "check", make("span", `chip ${one.kind}`, one.state), make("div", "what",
    make("div", "", one.title, make("span", "second", ` ${one.said}`)),
    one.remedy ? make("div", "remedy", one.remedy) : null),
    make("span", "second article", one.article));
}

function person(one, look, pick) {
  const button = make("button", "look", look);
  button.type = "button";
  button.setAttribute("aria-label", `${look} ${one.name}`);
  button.addEventListener("click", () => pick(one.id));
  return make("li", one.left ? "person left" : "person",
    make("div", "who", make("div", "name", one.name), make("div", "second", one.seat)),
    make("div", "what", make("div", "", one.skills), one.leave ? make("div", "leave", one.leave) : null),
    make("div", "load", one.load), button);
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  const pick = (id) => setTriggerValue("person", id);
  const parts = [];
  if (data.checks.length) parts.push(make("h3", "", data.words.checks), make("ul", "checks", ...data.checks.map(check)));
  parts.push(make("h3", "", data.words.people));
  parts.push(data.people.length
    ? make("ul", "people", ...data.people.map((one) => person(one, data.words.look, pick)))
    : make("div", "empty", data.words.empty));
  root.replaceChildren(make("div", "team", ...parts));
}
