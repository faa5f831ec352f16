// Markdown as elements. The text is cut into tokens by marked; its renderer, which makes markup, is never asked.
// Raw HTML is shown as the text that it is, only web addresses become links, and no picture is fetched.

import { copyButton, el, externalLink } from "/dom.js";
import { picture } from "/media.js";
import { Lexer } from "/vendor/marked.js";

const LONGEST = 40000;
const DEEPEST = 30;
const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00a0" };

// The elements for a text, or null where it is better shown as it is.
export function markdown(text) {
  if (text.length > LONGEST) return null;
  try {
    return blocks(new Lexer({ gfm: true, breaks: true }).lex(text), 0);
  } catch (error) {
    if (error instanceof RangeError || error instanceof TooDeep) return null;
    throw error;
  }
}

class TooDeep extends Error {}

function blocks(tokens, depth) {
  if (depth > DEEPEST) throw new TooDeep();
  return tokens.map((token) => (Object.hasOwn(BLOCKS, token.type) ? BLOCKS[token.type](token, depth + 1) : plain(token.raw)));
}

function inline(tokens, depth) {
  if (depth > DEEPEST) throw new TooDeep();
  return tokens.map((token) => (Object.hasOwn(INLINE, token.type) ? INLINE[token.type](token, depth + 1) : token.raw));
}

const plain = (text) => el("p", { class: "literal" }, text.replace(/\n+$/, ""));

const BLOCKS = {
  space: () => null,
  checkbox: ({ checked }) => tick(checked),
  hr: () => el("hr"),
  heading: ({ depth: level, tokens }, depth) => el(["h4", "h5", "h6"][Math.min(level, 3) - 1], {}, inline(tokens, depth)),
  paragraph: ({ tokens }, depth) => el("p", {}, inline(tokens, depth)),
  text: ({ tokens, text }, depth) => el("p", {}, tokens ? inline(tokens, depth) : decoded(text)),
  blockquote: ({ tokens }, depth) => el("blockquote", {}, blocks(tokens, depth)),
  code: ({ text, lang }) => el("div", { class: "code-block" },
    el("p", { class: "code-head" }, el("span", { class: "muted" }, lang || ""), copyButton(text)), el("pre", { tabindex: "0" }, el("code", {}, text))),
  list: ({ ordered, start, items }, depth) => el(ordered ? "ol" : "ul", { start: ordered && Number.isInteger(start) && start !== 1 ? start : null },
    items.map((item) => el("li", { class: item.task ? "task" : null }, listed(item, depth)))),
  table: ({ header, rows, align }, depth) => {
    const cells = (tag, row) => row.map((cell, place) => el(tag, { class: align[place] ? `to-${align[place]}` : null, scope: tag === "th" ? "col" : null }, inline(cell.tokens, depth)));
    return el("div", { class: "table-box" }, el("table", {}, el("thead", {}, el("tr", {}, cells("th", header))), el("tbody", {}, rows.map((row) => el("tr", {}, cells("td", row))))));
  },
};

const tick = (checked) => (checked ? "☑ " : "☐ ");

// The items of a tight list are lines, not paragraphs.
function listed(item, depth) {
  if (item.loose) return blocks(item.tokens, depth);
  return item.tokens.map((token) => (token.type === "text" ? (token.tokens ? inline(token.tokens, depth) : decoded(token.text)) : blocks([token], depth)));
}

const INLINE = {
  text: ({ tokens, text }, depth) => (tokens ? inline(tokens, depth) : decoded(text)),
  escape: ({ text }) => text,
  br: () => el("br"),
  checkbox: ({ checked }) => tick(checked),
  strong: ({ tokens }, depth) => el("strong", {}, inline(tokens, depth)),
  em: ({ tokens }, depth) => el("em", {}, inline(tokens, depth)),
  del: ({ tokens }, depth) => el("del", {}, inline(tokens, depth)),
  codespan: ({ text }) => el("code", {}, text),
  link: ({ href, tokens }, depth) => link(decoded(href), inline(tokens, depth)),
  image: ({ href, text }) => image(decoded(href), decoded(text)),
};

function link(href, label) {
  if (/^https?:\/\//i.test(href)) return el("a", { href, title: href, target: "_blank", rel: "noopener noreferrer" }, label);
  return el("span", {}, label, el("span", { class: "mono muted" }, ` (${href})`));
}

function image(href, text) {
  if (/^data:image\//i.test(href)) return picture(href);
  return el("span", {}, el("span", { class: "tag" }, "Image"), " ", text ? `${text} ` : null, /^https?:\/\//i.test(href) ? externalLink(href) : el("span", { class: "mono muted" }, href.slice(0, 80)));
}

function decoded(text) {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|([a-z]{2,5}));/g, (whole, decimal, hex, name) => {
    if (name) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : whole;
    const code = decimal ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
