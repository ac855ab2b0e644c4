// Who could take the case: one choice among the eligible, or a list of the others with every reason.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) if (child) node.append(child);
  return node;
}

function person(one, data, choose) {
  const words = make("div", "", make("div", "name", one.name), make("div", "second", one.committee),
    make("div", "second", one.why));
  if (!data.choosable) {
    return make("div", "person closed", words, make("div", "why", one.against));
  }
  const input = make("input");
  input.type = "radio";
  input.name = "mediator";
  input.checked = one.id === data.chosen;
  input.setAttribute("aria-label", `${one.name} ${one.load}`);
  input.onchange = () => choose(one.id);
  const level = make("div");
  level.style.width = `${one.level}%`;
  const load = make("div", "load", one.load, make("div", one.level >= 90 ? "bar full" : "bar", level));
  return make("label", "person", input, words, load);
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  const top = root.querySelector(".scroll")?.scrollTop || 0;
  const list = data.people.map((one) => person(one, data, (id) => setTriggerValue("choose", id)));
  const scroll = make("div", data.suggested ? "whole" : "scroll", ...(list.length ? list : [make("div", "empty", data.empty)]));
  root.replaceChildren(make("div", "people", scroll));
  scroll.scrollTop = top;
}
