"""Plain sentences, trees and tables for people; colours on a terminal only, never in a pipe."""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TextIO

Style = Literal["bold", "dim", "red", "green", "yellow", "blue", "magenta", "cyan"]

_CODES: Mapping[Style, str] = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
}


@dataclass(frozen=True, slots=True)
class Node:
    """A node of a printed tree: one line, further lines under it, and its children."""

    label: str
    details: Sequence[str] = ()
    children: Sequence[Node] = field(default_factory=tuple["Node", ...])


class Terminal:
    """Writes to a text stream.

    Args:
        stream: Where to write; standard output when None.
        environ: Where to look for `NO_COLOR`, `FORCE_COLOR` and `TERM`; `os.environ` when None.
    """

    def __init__(self, stream: TextIO | None = None, environ: Mapping[str, str] | None = None) -> None:
        self._stream = sys.stdout if stream is None else stream
        self.coloured = _wants_colour(self._stream, os.environ if environ is None else environ)

    @classmethod
    def for_errors(cls) -> Terminal:
        """A terminal on standard error."""
        return cls(sys.stderr)

    def style(self, text: str, *styles: Style) -> str:
        """`text` in the given styles, or as it is when the stream is no terminal."""
        if not self.coloured or not styles or not text:
            return text
        return f"\x1b[{';'.join(_CODES[style] for style in styles)}m{text}\x1b[0m"

    def line(self, text: str = "") -> None:
        """Write one line. A character that the stream cannot encode becomes `?`."""
        try:
            self._stream.write(text + "\n")
        except UnicodeEncodeError:
            encoding = self._stream.encoding or "ascii"
            self._stream.write(text.encode(encoding, "replace").decode(encoding) + "\n")
        self._stream.flush()

    def tree(self, root: Node, indent: str = "") -> None:
        """Write a tree, one node a line, with branches in front."""
        self.line(indent + root.label)
        self._below(root, indent)

    def table(self, rows: Sequence[Sequence[str]], indent: str = "") -> None:
        """Write rows in aligned columns; the last column is as long as it likes."""
        widths = [max((_width(row[i]) for row in rows if i < len(row)), default=0) for i in range(_columns(rows))]
        for row in rows:
            cells = [cell + " " * (widths[i] - _width(cell)) for i, cell in enumerate(row[:-1])]
            self.line((indent + "  ".join([*cells, *row[-1:]])).rstrip())

    def _below(self, node: Node, prefix: str) -> None:
        trunk = "│  " if node.children else "   "
        for detail in node.details:
            self.line(prefix + self.style(trunk, "dim") + detail)
        for index, child in enumerate(node.children):
            last = index == len(node.children) - 1
            self.line(prefix + self.style("└─ " if last else "├─ ", "dim") + child.label)
            self._below(child, prefix + ("   " if last else self.style("│  ", "dim")))


def clean(text: str) -> str:
    """`text` on one line, without control characters: content of an event must not steer the terminal."""
    return "".join(
        " " if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp") else character for character in text
    )


def _wants_colour(stream: TextIO, environ: Mapping[str, str]) -> bool:
    if environ.get("NO_COLOR"):
        return False
    if environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and environ.get("TERM") != "dumb"


def _columns(rows: Sequence[Sequence[str]]) -> int:
    return max((len(row) for row in rows), default=0)


def _width(text: str) -> int:
    """The columns that a text takes on screen, without escape codes."""
    width, in_code = 0, False
    for character in text:
        if in_code:
            in_code = character != "m"
        elif character == "\x1b":
            in_code = True
        elif not unicodedata.combining(character):
            width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return width
