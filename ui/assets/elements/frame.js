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
  for (const page of data.pages) {
    const item = link(page.title, page.href);
    if (page.here) item.setAttribute("aria-current", "page");
    menu.append(item);
  }
  const who = make("div", "who");
  who.append(make("span", "", data.person), make("span", "second", data.post));
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
