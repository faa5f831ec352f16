"""Findings for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from otel_posthog_ai.terminal import Style, Terminal, clean

from .finding import Finding, counted

_SIGNS: dict[str, tuple[str, Style]] = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "error": ("✗", "red")}


def write(out: Terminal, findings: Sequence[Finding], *, app_seen: bool) -> None:
    """Write each finding as a sentence with its remedy below, and a summary.

    Args:
        app_seen: an app was examined from inside; else the summary says that none was.
    """
    for finding in findings:
        sign, style = _SIGNS[finding.level]
        out.line(f"{out.style(sign, style, 'bold')} {out.style(finding.check, 'bold')}: {clean(finding.cause)}")
        if finding.remedy is not None:
            out.line(f"  {out.style('→', 'dim')} {clean(finding.remedy)}")
    errors = sum(finding.level == "error" for finding in findings)
    warnings = sum(finding.level == "warning" for finding in findings)
    out.line()
    if errors:
        out.line(out.style(f"{counted(errors, 'error')}, {counted(warnings, 'warning')}.", "red", "bold"))
    elif warnings:
        out.line(out.style(f"No errors, {counted(warnings, 'warning')}.", "yellow", "bold"))
    else:
        well = "All is well." if app_seen else "All is well, as far as the environment tells."
        out.line(out.style(well, "green", "bold"))
    if not app_seen:
        out.line("Whether the app sets tracing up as it should is seen with --app.")


def as_json(findings: Sequence[Finding], **more: Any) -> str:
    """One JSON object: `ok`, `findings`, and what else is given."""
    listed = [
        {"check": each.check, "level": each.level, "cause": each.cause, "remedy": each.remedy} for each in findings
    ]
    return json.dumps({"ok": all(each.level != "error" for each in findings), "findings": listed, **more})
