"""Which instrumentor brings what, read off the golden recordings: the events that the tests hold every release to."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from otel_posthog_ai.dialects import ORDER, load

GOLDEN = Path(__file__).parents[1] / "golden"

Event = dict[str, Any]


def _has(*names: str) -> Callable[[Event], bool]:
    return lambda event: any(event["properties"].get(name) not in (None, [], "") for name in names)


def _is(name: str) -> Callable[[Event], bool]:
    return lambda event: event["event"] == name


def _is_tool(event: Event) -> bool:
    return event["properties"].get("$ai_span_type") in ("tool", "mcp")


def _is_for_somebody(event: Event) -> bool:
    return "$ai_session_id" in event["properties"] or event["properties"].get("$process_person_profile") is not False


CAPABILITIES: tuple[tuple[str, Callable[[Event], bool]], ...] = (
    ("calls", _is("$ai_generation")),
    ("embeddings", _is("$ai_embedding")),
    ("model", _has("$ai_model")),
    ("tokens", _has("$ai_input_tokens", "$ai_output_tokens")),
    ("cache", _has("$ai_cache_read_input_tokens", "$ai_cache_creation_input_tokens")),
    ("reasoning", _has("$ai_reasoning_tokens")),
    ("messages", _has("$ai_output_choices")),
    ("tools", _has("$ai_tools")),
    ("tool calls", _has("$ai_tools_called")),
    ("tool runs", _is_tool),
    ("states", _has("$ai_input_state", "$ai_output_state")),
    ("errors", _has("$ai_is_error")),
    ("user, session", _is_for_somebody),
)

# Scopes whose name does not tell the package.
_PACKAGES = {scope: label for name in ORDER for scope, label in getattr(load(name), "LABELS", {}).items()}
# Spans of the recorded apps themselves.
_APPS = frozenset({"app", "gateway", "my.manual.instrumentation", None})


def package_of(scope: str) -> str:
    """The package that writes spans of this scope, as it is called where it is published."""
    if scope in _PACKAGES:
        return _PACKAGES[scope]
    if scope.startswith("semantic_kernel."):
        return "semantic-kernel (its own spans)"
    if scope.startswith("logfire."):
        return "logfire"
    name = scope.removesuffix(".v1").removesuffix(".instrumentation").replace("-runtime", "")
    if name == "opentelemetry.instrumentation.botocore.bedrock":
        name = "opentelemetry.instrumentation.botocore"
    return name.replace(".", "-").replace("_", "-")


@cache
def _events_by_package() -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for event in _golden_events():
        scope = event["properties"].get("otel.scope.name")
        if scope not in _APPS:
            found[package_of(scope)].append(event)
    return dict(sorted(found.items()))


def _golden_events() -> Iterator[Event]:
    for path in sorted(GOLDEN.rglob("*.events.json")):
        yield from json.loads(path.read_text(encoding="utf-8"))


def instrumentor_rows() -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows of the table."""
    rows = [
        (package, *("✓" if any(test(event) for event in events) else "" for _, test in CAPABILITIES))
        for package, events in _events_by_package().items()
    ]
    return ("instrumentor", *(name for name, _ in CAPABILITIES)), rows
