"""What an agent tells in spans and in log records is one, also where one of both arrives when the other has left."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.replay.checkpoint import Checkpoint
from otel_posthog_ai.replay.run import Replay
from otel_posthog_ai.settings import resolve
from tests.receiver import Receiver

GOLDEN = Path(__file__).parent.parent / "golden" / "otlp"


def parts(name: str) -> dict[str, list[dict[str, Any]]]:
    """The requests of a recording by signal."""
    found: dict[str, list[dict[str, Any]]] = {"resourceSpans": [], "resourceLogs": []}
    for line in (GOLDEN / f"{name}.otlp.jsonl").read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        for signal in found:
            if signal in document:
                found[signal].append({signal: document[signal]})
    return found


def in_order(name: str, order: tuple[str, str]) -> list[dict[str, Any]]:
    """All requests of a recording, one signal after the other."""
    found = parts(name)
    return [request for signal in order for request in found[signal]]


def replayed(receiver: Receiver, tmp_path: Path, requests: list[dict[str, Any]], window_bytes: int) -> list[str]:
    file = tmp_path / "all.jsonl"
    file.write_text("".join(json.dumps(request) + "\n" for request in requests), encoding="utf-8")
    settings = resolve({"api_key": "phc_test", "host": receiver.url})
    Replay([file], settings, Checkpoint(None, [file], settings), window_bytes=window_bytes).run()
    return [event["event"] for event in receiver.events]


@pytest.mark.parametrize("order", [("resourceSpans", "resourceLogs"), ("resourceLogs", "resourceSpans")])
@pytest.mark.parametrize("name", ["claude_code_spans_and_logs", "codex_tool", "gemini_cli_tool"])
def test_a_call_is_counted_once_in_any_order(
    name: str, order: tuple[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    assert replayed(receiver, tmp_path, in_order(name, order), 32 << 20).count("$ai_generation") == 2


@pytest.mark.parametrize("order", [("resourceSpans", "resourceLogs"), ("resourceLogs", "resourceSpans")])
@pytest.mark.parametrize("name", ["claude_code_spans_and_logs", "codex_tool", "gemini_cli_tool"])
def test_a_call_is_counted_once_when_the_other_has_left(
    name: str, order: tuple[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    assert replayed(receiver, tmp_path, in_order(name, order), 1).count("$ai_generation") == 2


@pytest.mark.parametrize("order", [("resourceSpans", "resourceLogs"), ("resourceLogs", "resourceSpans")])
@pytest.mark.parametrize("name", ["claude_code_spans_and_logs", "codex_tool", "gemini_cli_tool"])
def test_the_run_of_a_tool_is_drawn_once_when_the_other_has_left(
    name: str, order: tuple[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    replayed(receiver, tmp_path, in_order(name, order), 1)
    assert len(drawn(receiver, "tool")) == 1


def one_by_one(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each span in a request of its own, in the order in which they ended."""
    found: list[tuple[int, dict[str, Any]]] = []
    for request in requests:
        for of_resource in request["resourceSpans"]:
            for of_scope in of_resource["scopeSpans"]:
                for span in of_scope["spans"]:
                    alone = {**of_resource, "scopeSpans": [{**of_scope, "spans": [span]}]}
                    found.append((int(span["endTimeUnixNano"]), {"resourceSpans": [alone]}))
    return [request for _, request in sorted(found, key=lambda each: each[0])]


def drawn(receiver: Receiver, span_type: str) -> list[str]:
    """The names of the steps of a type."""
    steps = [event["properties"] for event in receiver.events]
    return [step["$ai_span_name"] for step in steps if step.get("$ai_span_type") == span_type]


@pytest.mark.parametrize("name", ["claude_code_spans_and_logs", "codex_tool", "gemini_cli_tool"])
def test_the_run_of_a_tool_is_drawn_once_when_spans_come_one_by_one(
    name: str, receiver: Receiver, tmp_path: Path
) -> None:
    found = parts(name)
    replayed(receiver, tmp_path, [*found["resourceLogs"], *one_by_one(found["resourceSpans"])], 1)
    assert len(drawn(receiver, "tool")) == 1


def test_a_prompt_is_drawn_once_when_its_log_record_has_left(receiver: Receiver, tmp_path: Path) -> None:
    found = parts("claude_code_spans_and_logs")
    events = replayed(receiver, tmp_path, [*found["resourceLogs"], *one_by_one(found["resourceSpans"])], 1)
    assert (events.count("$ai_trace"), drawn(receiver, "agent")) == (1, [])


def again(requests: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same once more, by an agent that works beside: other spans and other records, which say the same."""
    text = json.dumps(requests)
    for span_id in set(re.findall(r'"spanId": "(\w{16})"', text)):
        text = text.replace(f'"spanId": "{span_id}"', f'"spanId": "{int(span_id, 16) ^ 1:016x}"')
    text = re.sub(r'("event.sequence", "value": {"intValue": ")(\d+)', r"\g<1>9\2", text)
    copied: list[dict[str, Any]] = json.loads(text)
    return copied


@pytest.mark.parametrize("order", [("resourceSpans", "resourceLogs"), ("resourceLogs", "resourceSpans")])
def test_equal_calls_side_by_side_are_counted_each_once(
    order: tuple[str, str], receiver: Receiver, tmp_path: Path
) -> None:
    found = parts("claude_code_spans_and_logs")
    requests = [request for signal in order for request in (*found[signal], *again(found[signal]))]
    assert replayed(receiver, tmp_path, requests, 1).count("$ai_generation") == 4


@pytest.mark.parametrize("signal", ["resourceSpans", "resourceLogs"])
@pytest.mark.parametrize("name", ["claude_code_spans_and_logs", "codex_tool", "gemini_cli_tool"])
def test_each_of_both_tells_the_calls_alone(name: str, signal: str, receiver: Receiver, tmp_path: Path) -> None:
    assert replayed(receiver, tmp_path, parts(name)[signal], 32 << 20).count("$ai_generation") == 2
