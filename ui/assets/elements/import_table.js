// Lines of a file's columns or words, each with a choice of what it means. Every text goes in by
// textContent. A choice is shown at once and sent with all that the server has not confirmed yet, so
// that quick ones after each other lose nothing.

function make(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  for (const child of children) {
    if (child !== undefined && child !== null && child !== "") node.append(child);
  }
  return node;
}

function option(value, text) {
  const node = make("option", "", text);
  node.value = value;
  return node;
}

// All options of a list are made when somebody goes there: a county has a thousand places.
function fill(select, data, row) {
  if (select.wusongFilled) return;
  select.wusongFilled = true;
  const value = select.value;
  const groups = data.lists[row.list].map((group) => {
    const options = group.options.map(([code, name]) => option(code, name));
    if (!group.name) return options;
    const node = make("optgroup", "", ...options);
    node.label = group.name;
    return [node];
  });
  select.replaceChildren(option("", data.none), ...groups.flat());
  select.value = value;
}

function nameOf(data, row, value) {
  for (const group of data.lists[row.list]) {
    for (const [code, name] of group.options) if (code === value) return name;
  }
  return value;
}

function show(select, data, row, value) {
  if (value && ![...select.options].some((one) => one.value === value)) {
    select.append(option(value, nameOf(data, row, value)));
  }
  select.value = value;
  select.classList.toggle("chosen", Boolean(value));
}

function line(root, data, row, send) {
  const cells = row.cells.map((text, place) => {
    const cell = make("td", data.styles[place], text);
    if (place === data.named) cell.title = text;
    return cell;
  });
  if (row.locked) {
    return make("tr", "locked", ...cells, make("td", "", row.locked));
  }
  const select = make("select");
  select.append(option("", data.none));
  select.setAttribute("aria-label", `${data.label} ${row.cells[data.named]}`);
  select.dataset.row = row.id;
  select.onpointerdown = select.onfocus = () => fill(select, data, row);
  select.onchange = () => send(row, select);
  const note = make("span", "note", row.note);
  return make("tr", "", ...cells, make("td", "", select, note));
}

function build(root, data, send) {
  const head = make("tr", "", ...data.head.map((text, place) => make("th", data.styles[place] || "", text)));
  const rows = data.rows.map((row) => line(root, data, row, send));
  root.replaceChildren(make("table", "", make("thead", "", head), make("tbody", "", ...rows)));
}

export default function (component) {
  const { data, setTriggerValue } = component;
  const root = component.parentElement.querySelector(".root");
  root.wusongPending ||= new Map();
  root.wusongSent = Math.max(root.wusongSent || 0, data.seen);
  if (data.seen >= root.wusongSent) root.wusongPending.clear();
  const send = (row, select) => {
    root.wusongPending.delete(row.id);
    root.wusongPending.set(row.id, select.value);
    select.classList.toggle("chosen", Boolean(select.value));
    root.wusongSent += 1;
    setTriggerValue("choose", { number: root.wusongSent, chosen: [...root.wusongPending] });
  };
  const shape = JSON.stringify({ ...data, seen: 0, rows: data.rows.map((row) => ({ ...row, chosen: "" })) });
  if (root.wusongShape !== shape) {
    if (root.wusongStamp !== data.stamp) root.wusongPending.clear();
    root.wusongShape = shape;
    root.wusongStamp = data.stamp;
    const focused = root.getRootNode().activeElement?.dataset?.row;
    build(root, data, send);
    if (focused) root.querySelector(`select[data-row="${CSS.escape(focused)}"]`)?.focus();
  }
  for (const row of data.rows) {
    if (row.locked) continue;
    const select = root.querySelector(`select[data-row="${CSS.escape(row.id)}"]`);
    const value = root.wusongPending.has(row.id) ? root.wusongPending.get(row.id) : row.chosen;
    if (select.value !== value || !select.classList.contains("chosen") === Boolean(value)) show(select, data, row, value);
  }
}
