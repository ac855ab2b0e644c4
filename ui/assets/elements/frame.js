// The line above every page: the product, the sections, where the person's part of the county is, who
// they are, sign out. Every text goes in by textContent.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

function link(text, href) {
  const node = make("a", "", text);
  node.href = href;
  return node;
}

function pageLink(page, text) {
  const item = link(text, page.href);
  if (page.here) item.setAttribute("aria-current", "page");
  return item;
}

// A section with one page is that page; one with more opens below its name.
function sectionItem(section) {
  if (section.pages.length === 1) {
    return pageLink(section.pages[0], `${section.title} · ${section.pages[0].title}`);
  }
  const here = section.pages.find((page) => page.here);
  const item = make("details");
  const name = make("summary", "", here ? `${section.title} · ${here.title}` : section.title);
  if (here) name.setAttribute("aria-current", "true");
  const list = make("div", "pages");
  for (const page of section.pages) list.append(pageLink(page, page.title));
  item.append(name, list);
  return item;
}

function closeOthers(menu, kept) {
  for (const open of menu.querySelectorAll("details[open]")) if (open !== kept) open.open = false;
}

// The browser keeps a <details> open for ever; a menu closes when one looks elsewhere.
function closeMenuOutside(root) {
  if (root.wusongMenu) return;
  root.wusongMenu = true;
  document.addEventListener("pointerdown", (event) => {
    const kept = event.composedPath().find((node) => node.tagName === "DETAILS");
    closeOthers(root, kept);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") closeOthers(root, null);
  });
}

// Who is here, and below the name what they can do with their own account.
function person(data) {
  const item = make("details", "person");
  const name = make("summary", "", data.person);
  name.append(make("span", "second", data.post));
  const list = make("div", "pages");
  const password = link(data.password, "/password");
  password.onclick = () => {
    const here = window.location.pathname + window.location.search;
    password.href = `/password?next=${encodeURIComponent(here)}`;
  };
  list.append(password);
  item.append(name, list);
  return item;
}

function otherLanguage(code) {
  const address = new URL(window.location.href);
  address.searchParams.set("lang", code);
  return address.pathname + address.search;
}

export default function (component) {
  const { data } = component;
  const root = component.parentElement.querySelector(".root");
  const drawn = JSON.stringify(data);
  if (root.wusongDrawn === drawn) return;
  root.wusongDrawn = drawn;
  document.documentElement.lang = data.speaking;
  const frame = make("header", "frame");
  const brand = make("div", "brand", data.brand);
  brand.append(make("small", "", data.place));
  frame.append(brand);
  if (data.demo) frame.append(make("span", "demo", data.demo));
  const menu = make("nav");
  menu.append(...data.sections.map(sectionItem));
  closeMenuOutside(root);
  const who = make("div", "who");
  who.append(person(data));
  const language = link(data.language, "#");
  language.onclick = (event) => {
    event.preventDefault();
    window.location.href = otherLanguage(data.language_code);
  };
  const form = make("form");
  form.method = "post";
  form.action = "/signout";
  const out = make("button", "", data.sign_out);
  form.append(out);
  who.append(language, form);
  frame.append(menu, who);
  root.replaceChildren(frame);
}
