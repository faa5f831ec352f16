// Pictures, files and sounds of a message. Only data: pictures are shown: a remote one would tell its host that someone
// looks at this trace.

import { el, externalLink } from "/dom.js";
import { count } from "/format.js";

export function picture(url) {
  if (/^data:image\/[\w.+-]+[;,]/i.test(url)) return el("img", { class: "picture", src: url, alt: "Image of the message", loading: "lazy" });
  if (/^https?:\/\//i.test(url)) return medium("Image", externalLink(url));
  return medium("Image", el("span", { class: "mono" }, `${url.slice(0, 60)}${url.length > 60 ? "…" : ""}`));
}

export function fileLink({ name, url }) {
  return medium("File", url && /^https?:/i.test(url) ? externalLink(url, name) : el("span", { class: "mono" }, name));
}

export function sound({ format, bytes }) {
  return medium("Audio", el("span", { class: "mono" }, `${format}, ${count(bytes)} bytes`));
}

function medium(kind, content) {
  return el("p", { class: "medium" }, el("span", { class: "tag" }, kind), " ", content);
}
