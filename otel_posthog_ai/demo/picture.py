"""A trace of the inbox as a tree on the terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from otel_posthog_ai.terminal import Node, Style, Terminal, clean

_TEXT_LENGTH = 100


def draw(terminal: Terminal, trace: Mapping[str, Any]) -> None:
    """Print the header of a trace, as `GET /api/traces/<id>` gives it, and its tree below."""
    head = trace["trace"]
    bodies = {event["uuid"]: event["properties"] for event in trace["events"]}
    about = [f"user {head['distinct_id']}"]
    if head["session_id"] is not None:
        about.append(f"session {head['session_id']}")
    if head["latency"] is not None:
        about.append(_seconds(head["latency"]))
    label = terminal.style(clean(str(head["name"])), "bold") + terminal.style("  " + clean(" · ".join(about)), "dim")
    rows = [(row["depth"], row, bodies.get(row["uuid"], {})) for row in trace["tree"]]
    terminal.tree(Node(label, children=_nodes(terminal, rows, 0)))


def _nodes(
    terminal: Terminal, rows: Sequence[tuple[int, Mapping[str, Any], Mapping[str, Any]]], depth: int
) -> list[Node]:
    """The rows of one depth, each with the deeper rows that follow it as its children."""
    starts = [index for index, (own_depth, _, _) in enumerate(rows) if own_depth == depth]
    nodes: list[Node] = []
    for start, end in zip(starts, [*starts, len(rows)][1:], strict=True):
        _, row, properties = rows[start]
        children = _nodes(terminal, rows[start + 1 : end], depth + 1)
        nodes.append(Node(_label(terminal, row), _details(terminal, row, properties), children))
    return nodes


def _label(terminal: Terminal, row: Mapping[str, Any]) -> str:
    kind = row["span_type"] or str(row["event"]).removeprefix("$ai_")
    colour: Style = "red" if row["is_error"] else "cyan" if kind == "tool" else "green"
    latency = f"  {_seconds(row['latency'])}" if row["latency"] is not None else ""
    return terminal.style(clean(row["title"]), colour) + terminal.style(f"  {kind}{latency}", "dim")


def _details(terminal: Terminal, row: Mapping[str, Any], properties: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    if row["model"] is not None:
        lines.append(" · ".join([f"{row['model']} ({row['provider']})", *_numbers(properties)]))
    for arrow, name in (("→", "$ai_input_state"), ("←", "$ai_output_state")):
        if name in properties:
            state = properties[name]
            lines.append(f"{arrow} {state if isinstance(state, str) else json.dumps(state, ensure_ascii=False)}")
    if row["is_error"]:
        status = properties.get("$ai_http_status")
        lines.append(f"error{'' if status is None else f' {status}'}: {row['error']}")
    lines = [_cut(clean(line)) for line in lines]
    return [*lines[:-1], terminal.style(lines[-1], "red")] if row["is_error"] else lines


def _numbers(properties: Mapping[str, Any]) -> list[str]:
    shown: list[str] = []
    for label, count, part_label, part in (
        ("in", "$ai_input_tokens", "cached", "$ai_cache_read_input_tokens"),
        ("out", "$ai_output_tokens", "reasoning", "$ai_reasoning_tokens"),
    ):
        if count in properties:
            inside = f" ({properties[part]} {part_label})" if properties.get(part) else ""
            shown.append(f"{properties[count]} tokens {label}{inside}")
    if "$ai_stop_reason" in properties:
        shown.append(str(properties["$ai_stop_reason"]))
    if "$ai_time_to_first_token" in properties:
        shown.append(f"first token after {_seconds(properties['$ai_time_to_first_token'])}")
    return shown


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…"
