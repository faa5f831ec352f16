// Elements from data. Data only ever becomes text nodes and checked attributes, never markup.

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || (value === false && !name.startsWith("aria-"))) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true && !name.startsWith("aria-") ? "" : String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A link to somewhere else: only web addresses, never javascript: or data:.
export function externalLink(url, label = url) {
  if (!/^https?:\/\//i.test(url)) return el("span", { class: "mono" }, label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer", class: "mono" }, label);
}

export function button(label, onclick, attributes = {}) {
  return el("button", { type: "button", onclick, ...attributes }, label);
}

// A button that copies a text, given at once or made when it is asked for.
export function copyButton(text, label = "Copy") {
  const copy = button(label, async () => {
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not copied";
    }
    setTimeout(() => { copy.textContent = label; }, 1500);
  }, { class: "quiet small copy" });
  return copy;
}

// A sentence in which `code` stands between backticks.
export function sentence(text) {
  return text.split("`").map((piece, place) => (place % 2 ? el("code", {}, piece) : piece));
}

// A label and a value, as they stand in a row of facts.
export function fact(label, value, kind = "") {
  return el("div", {}, el("dt", {}, label), el("dd", { class: kind }, value));
}

// Tabs: one is chosen, the arrow keys move among them.
export function tabList(label, names, chosen, onchoose) {
  const tabs = Object.entries(names).map(([name, text]) => button(text, () => choose(name), { role: "tab", class: "tab", "data-tab": name }));
  function mark(name) {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", tab.dataset.tab === name);
      tab.tabIndex = tab.dataset.tab === name ? 0 : -1;
    }
  }
  function choose(name) {
    mark(name);
    onchoose(name);
  }
  function move(event) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    next.focus();
    choose(next.dataset.tab);
    event.preventDefault();
  }
  mark(chosen);
  return el("div", { class: "tabs", role: "tablist", "aria-label": label, onkeydown: move }, tabs);
}
