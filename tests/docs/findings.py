"""The scripts of findings/ as data: what each says of itself in its first comment."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from .markdown import ROOT

_HEADER = re.compile(
    r"#!/usr/bin/env bash\n# (?P<packages>[^:]+?): (?P<surprise>.+)\n"
    r"# Expected: (?P<expected>.+)\n# Seen: (?P<seen>.+)",
    re.DOTALL,
)
_NEXT_LINE = re.compile(r"\s*\n#\s*")
_PINNED = re.compile(r"\S+ v?\d[\w.+-]*")


class Finding(NamedTuple):
    """One script."""

    path: Path
    packages: str
    """Name and version; several are joined by `with`."""
    surprise: str
    expected: str
    seen: str


def scripts() -> list[Path]:
    """Every script, by name."""
    return sorted((ROOT / "findings").glob("*.sh"))


def finding(path: Path) -> Finding:
    """What a script says of itself. Raises ValueError, with what is wrong, for one that has not the form."""
    comment, found, _ = path.read_text(encoding="utf-8").partition("\nset -euo pipefail\n")
    match = _HEADER.fullmatch(comment.rstrip())
    if not found or match is None:
        raise ValueError(
            f"{path.name} does not begin with `# PACKAGE VERSION: …`, `# Expected: …`, `# Seen: …`, `set -euo pipefail`"
        )
    texts = {name: _NEXT_LINE.sub(" ", text) for name, text in match.groupdict().items()}
    for package in texts["packages"].split(" with "):
        if not _PINNED.fullmatch(package):
            raise ValueError(f"{path.name}: `{package}` is no package with its version")
    return Finding(path, **texts)
