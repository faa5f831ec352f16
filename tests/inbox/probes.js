// What a reader cannot read: each probe returns the elements at fault, described.

const describe = (element) => `${element.tagName}.${element.className}: ${element.textContent.slice(0, 60)}`;
const shown = (element) => element.offsetParent !== null;
const hiddenHead = (element) => element.closest("thead")?.clientWidth <= 1;
const TEXTS = "h1, h2, h3, dt, dd, button, th, td, .title, .latency, .numbers, .tokens, .role, .text, .json, .flag, .tag, .name, .axis span";

window.clipped = () => [...document.querySelectorAll(TEXTS)]
  .filter((element) => shown(element) && !element.closest(".clip") && !hiddenHead(element))
  .filter((element) => element.scrollWidth > element.clientWidth + 1 && getComputedStyle(element).display !== "inline")
  .map(describe);

window.outside = () => [...document.querySelectorAll("main *")]
  .filter((element) => shown(element) && !element.closest(".hidden, .clip, thead"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1 && getComputedStyle(element).position !== "absolute")
  .map(describe);

window.pale = () => {
  const channel = (value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const parse = (text) => text.match(/[\d.]+/g).map(Number);
  const behind = (element) => {
    for (let place = element; place; place = place.parentElement) {
      const colour = parse(getComputedStyle(place).backgroundColor);
      if (colour[3] === undefined || colour[3] > 0.99) return colour;
    }
    return [255, 255, 255];
  };
  const ratio = (element) => {
    const pair = [luminance(parse(getComputedStyle(element).color)), luminance(behind(element))].sort((one, other) => other - one);
    return (pair[0] + 0.05) / (pair[1] + 0.05);
  };
  return [...document.querySelectorAll("body *")]
    .filter((element) => shown(element) && [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()))
    .filter((element) => ratio(element) < 4.5)
    .map(describe);
};
