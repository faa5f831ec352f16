"""Findings for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from otel_posthog_ai.terminal import Style, Terminal, clean

from .finding import Finding

_SIGNS: dict[str, tuple[str, Style]] = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def write(out: Terminal, findings: Sequence[Finding]) -> None:
    """Write each finding as a sentence with its remedy below, and a summary."""
    for finding in findings:
        sign, style = _SIGNS[finding.level]
        out.line(f"{out.style(sign, style, 'bold')} {out.style(finding.check, 'bold')}: {clean(finding.cause)}")
        if finding.remedy is not None:
            out.line(f"  {out.style('→', 'dim')} {clean(finding.remedy)}")
    errors = sum(finding.level == "error" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    out.line()
    if errors:
        out.line(out.style(f"{_plural(errors, 'error')}, {_plural(warnings, 'warning')}.", "red", "bold"))
    elif warnings:
        out.line(out.style(f"No errors, {_plural(warnings, 'warning')}.", "yellow", "bold"))
    else:
        out.line(out.style("All is well.", "green", "bold"))


def as_json(findings: Sequence[Finding], **more: Any) -> str:
    """One JSON object: `ok`, `findings`, and what else is given."""
    listed = [
        {"check": each.check, "level": each.level, "cause": each.cause, "remedy": each.remedy} for each in findings
    ]
    return json.dumps({"ok": all(each.level != "error" for each in findings), "findings": listed, **more})


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
