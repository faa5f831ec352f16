"""The documents of this repository as data: their generated blocks and their code blocks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "examples" / "README.md",
    ROOT / "findings" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
)

_GENERATED = re.compile(r"(<!-- generated: (?P<name>[\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_FENCE = re.compile(
    r"(?:^<!-- test: (?P<marker>[^\n]*?) -->\n+)?^```(?P<language>\w+)\n(?P<code>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True)
class CodeBlock:
    """One fenced block, and what the comment above it (`<!-- test: … -->`) says about running it.

    Markers are words: `given=provider,client` names of `given.py` that the block presupposes, `sends=$ai_generation,…`
    events that must arrive, `file=app.py` a file that later blocks of the document use, `until="text"` a command that
    runs until it has printed that, `asks=http://…` an address that is opened then, `exits=0,1` its exit codes,
    `needs=fastapi` modules without which it is skipped, `not-run: reason`.
    """

    document: Path
    line: int
    language: str
    code: str
    markers: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def name(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    def names(self, marker: str) -> list[str]:
        return [name for name in self.markers.get(marker, "").split(",") if name]


def code_blocks(document: Path) -> list[CodeBlock]:
    """The fenced blocks of a document, in order."""
    text = document.read_text(encoding="utf-8")
    return [
        CodeBlock(
            document,
            text.count("\n", 0, match.start("code")) + 1,
            match["language"],
            match["code"],
            _markers(match["marker"] or ""),
        )
        for match in _FENCE.finditer(text)
    ]


def _markers(text: str) -> dict[str, str]:
    if text.startswith("not-run:"):
        return {"not-run": text.removeprefix("not-run:").strip()}
    return dict(word.split("=", 1) for word in shlex.split(text))


def with_generated(text: str, tables: Mapping[str, Callable[[], str]]) -> str:
    """`text` with every generated block written anew. Raises KeyError for a block of an unknown name."""
    return _GENERATED.sub(lambda match: f"{match[1]}\n{tables[match['name']]().strip()}\n\n{match[3]}", text)


def generated_names(text: str) -> list[str]:
    return [match["name"] for match in _GENERATED.finditer(text)]


def table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def is_installed(module: str) -> bool:
    """Whether a module can be imported, without importing it."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
