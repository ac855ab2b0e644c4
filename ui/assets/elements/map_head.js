// Above the map: where one is (each step leads back up), on which level areas are drawn, and since when the data stands.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = text;
  return node;
}

function draw(view, data, send) {
  view.path.replaceChildren(...data.path.map((step, place) => {
    const last = place === data.path.length - 1;
    const node = make(last ? "strong" : "button", "step", step.name);
    if (last) node.setAttribute("aria-current", "page");
    else { node.type = "button"; node.dataset.key = step.area; node.onclick = () => send("go", step.area); }
    return node;
  }));
  view.path.setAttribute("aria-label", data.words.path);
  view.levels.setAttribute("aria-label", data.words.levels);
  view.levels.replaceChildren(...data.levels.map((one) => {
    const node = make("button", "level", one.name);
    node.type = "button";
    node.dataset.key = one.level;
    node.setAttribute("aria-pressed", String(one.selected));
    node.onclick = () => send("level", one.level);
    return node;
  }));
  view.what.textContent = data.what;
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongSend = (name, value) => setTriggerValue(name, value);
  let view = root.wusongHead;
  if (!view || !root.contains(view.head)) {
    view = root.wusongHead = { head: make("div", "head"), path: make("nav", "path"), levels: make("div", "levels"),
      what: make("span", "second"), status: make("span", "data") };
    view.levels.setAttribute("role", "group");
    view.status.setAttribute("role", "status");
    view.head.append(view.path, view.levels, view.what, view.status);
    root.replaceChildren(view.head);
  }
  (document.wusongClocks ??= new Set()).add(view.status);
  const drawn = JSON.stringify(data);
  if (view.drawn !== drawn) {
    view.drawn = drawn;
    const focused = view.head.getRootNode().activeElement?.dataset?.key;
    draw(view, data, (name, value) => root.wusongSend(name, value));
    if (focused) view.head.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
  }
}
