// Marks the words of a search where they stand, without touching the elements; returns in how many places.

export function highlight(root, words) {
  if (!window.CSS?.highlights || !window.Highlight) return 0;
  CSS.highlights.delete("found");
  const ranges = words ? [...places(root, words.toLowerCase())] : [];
  if (!ranges.length) return 0;
  CSS.highlights.set("found", new Highlight(...ranges));
  const holder = ranges[0].startContainer.parentElement;
  if (holder.closest(".folded")) holder.closest(".folded").nextElementSibling?.click();
  holder.scrollIntoView({ block: "center" });
  return ranges.length;
}

function* places(root, words) {
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  let found = 0;
  while (walker.nextNode() && found < 500) {
    const text = walker.currentNode.data.toLowerCase();
    for (let at = text.indexOf(words); at >= 0 && found < 500; at = text.indexOf(words, at + words.length)) {
      const range = new Range();
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + words.length);
      found += 1;
      yield range;
    }
  }
}
