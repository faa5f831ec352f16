"""A check of a JavaScript app in the current directory, for those who send its spans through a Collector or gateway."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from .finding import Finding
from .patient import Patient

_SOURCES = (".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".jsx", ".tsx")
_NOT_ITS_OWN = frozenset({"node_modules", "dist", "build", "out", "coverage"})
_MOST_FILES = 5_000
_SINCE = 7
"""The major version of the AI SDK from which on it makes no spans unless it is told how."""


def check_ai_sdk(_patient: Patient) -> Iterator[Finding]:
    """Whether an app with Vercel's AI SDK registers its telemetry."""
    here = Path.cwd()
    version = _installed_version(here)
    if version is None or _major(version) < _SINCE or _registers(here):
        return
    yield Finding(
        "ai sdk",
        "error",
        f"the app in this directory uses the AI SDK {version} without registerTelemetry: it makes no spans, "
        "experimental_telemetry or not",
        "npm install @ai-sdk/otel, and registerTelemetry(new OpenTelemetry()) before the first call",
    )


def _installed_version(project: Path) -> str | None:
    manifest = _json(project / "package.json")
    wanted = {**_mapping(manifest.get("dependencies")), **_mapping(manifest.get("devDependencies"))}.get("ai")
    if wanted is None:
        return None
    return str(_json(project / "node_modules" / "ai" / "package.json").get("version") or wanted)


def _json(path: Path) -> dict[str, Any]:
    try:
        return _mapping(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _mapping(value: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _major(version: str) -> int:
    digits = version.lstrip("^~>=v ").partition(".")[0]
    return int(digits) if digits.isdigit() else 0


def _registers(project: Path) -> bool:
    """Whether a source of the app names what has to be called."""
    looked_at = 0
    for folder, folders, files in os.walk(project):
        folders[:] = [name for name in folders if name not in _NOT_ITS_OWN and not name.startswith(".")]
        for name in files:
            if not name.endswith(_SOURCES):
                continue
            looked_at += 1
            if looked_at > _MOST_FILES:
                return True  # who knows
            try:
                if b"registerTelemetry" in Path(folder, name).read_bytes():
                    return True
            except OSError:
                continue
    return False
