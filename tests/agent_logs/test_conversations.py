"""Log records of coding agents as events: by prompt, once, for the person who asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from otel_posthog_ai.replay.checkpoint import Checkpoint
from otel_posthog_ai.replay.run import Replay
from otel_posthog_ai.settings import resolve
from tests.receiver import Receiver

CLAUDE = "com.anthropic.claude_code.events"
START = 1_700_000_000_000
SESSION = "s-1"
HASH = "0f" * 32


def value(of: Any) -> dict[str, Any]:
    kinds = {bool: "boolValue", int: "intValue", float: "doubleValue", str: "stringValue"}
    return {kinds[type(of)]: str(of) if type(of) is int else of}


def pairs(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": value(each)} for key, each in attributes.items()]


def record(name: str, at: int, **attributes: Any) -> dict[str, Any]:
    """A record of Claude Code, `at` so many milliseconds after the start."""
    said = {"event.name": name, "session.id": SESSION, "user.id": HASH, "prompt.id": "p-1", **attributes}
    return {"timeUnixNano": str((START + at) * 1_000_000), "attributes": pairs(said)}


def call(at: int, **attributes: Any) -> dict[str, Any]:
    counts = {"input_tokens": 3, "output_tokens": 120, "cache_read_tokens": 15_000, "cache_creation_tokens": 800}
    said = {"model": "claude-sonnet-4-6", "duration_ms": 900, "cost_usd": 0.0093, **counts, **attributes}
    return record("api_request", at, **said)


def events(
    receiver: Receiver, tmp_path: Path, records: list[dict[str, Any]], scope: str = CLAUDE, **resource: Any
) -> list[dict[str, Any]]:
    scoped = [{"scope": {"name": scope, "version": "2.1"}, "logRecords": records}]
    file = tmp_path / "records.jsonl"
    document = {"resourceLogs": [{"resource": {"attributes": pairs(resource)}, "scopeLogs": scoped}]}
    file.write_text(json.dumps(document) + "\n", encoding="utf-8")
    settings = resolve({"api_key": "phc_test", "host": receiver.url})
    Replay([file], settings, Checkpoint(None, [file], settings)).run()
    return sorted(receiver.events, key=lambda event: event["timestamp"])


def test_a_prompt_is_the_trace_of_its_calls_and_tools(receiver: Receiver, tmp_path: Path) -> None:
    prompt = record("user_prompt", 0, prompt="Read the file")
    tool = record("tool_result", 1_500, tool_name="Read", tool_use_id="t-1", duration_ms=20, success="true")
    found = events(receiver, tmp_path, [prompt, call(1_000), tool, call(3_000)])
    trace, *below = sorted(found, key=lambda event: event["event"] != "$ai_trace")
    assert trace["properties"]["$ai_input_state"] == [{"role": "user", "content": "Read the file"}]
    assert [each["event"] for each in below] == ["$ai_generation", "$ai_span", "$ai_generation"]
    assert {each["properties"]["$ai_parent_id"] for each in below} == {trace["properties"]["$ai_trace_id"]}
    assert {each["properties"]["$ai_session_id"] for each in found} == {SESSION}


def test_tokens_cost_and_times_of_a_call(receiver: Receiver, tmp_path: Path) -> None:
    one_hour = {"cache_creation_5m_tokens": 300, "cache_creation_1h_tokens": 500, "ttft_ms": 250}
    properties = events(receiver, tmp_path, [call(1_000, **one_hour)])[0]["properties"]
    told = ("input", "output", "cache_read_input", "cache_creation_5m_input", "cache_creation_1h_input")
    assert [properties[f"$ai_{each}_tokens"] for each in told] == [15_803, 120, 15_000, 300, 500]
    assert properties["$ai_cache_reporting_exclusive"] is False
    assert properties["$ai_total_cost_usd"] == 0.0093
    assert (properties["$ai_latency"], properties["$ai_time_to_first_token"]) == (0.9, 0.25)


def test_two_prompts_of_a_session_are_two_traces(receiver: Receiver, tmp_path: Path) -> None:
    found = events(receiver, tmp_path, [call(1_000), call(9_000, **{"prompt.id": "p-2"})])
    assert len({event["properties"]["$ai_trace_id"] for event in found}) == 2


def test_tries_of_a_request_that_failed_are_one_call(receiver: Receiver, tmp_path: Path) -> None:
    tries = [
        record("api_error", at, model="claude-sonnet-4-6", error="Overloaded", status_code=529, attempt=number)
        for number, at in enumerate((1_000, 2_000, 4_000), 1)
    ]
    (failed,) = events(receiver, tmp_path, tries)
    assert failed["event"] == "$ai_generation"
    assert failed["properties"]["$ai_error"] == "Overloaded"
    assert failed["properties"]["$ai_http_status"] == 529


def test_who_logged_in_is_the_user_and_else_the_installation(receiver: Receiver, tmp_path: Path) -> None:
    (known,) = events(receiver, tmp_path, [call(1_000, **{"user.email": "ada@example.com"})])
    assert known["distinct_id"] == "ada@example.com"
    receiver.events.clear()
    (unknown,) = events(receiver, tmp_path, [call(1_000)])
    assert unknown["distinct_id"] == HASH
    receiver.events.clear()
    (named,) = events(receiver, tmp_path, [call(1_000)], **{"enduser.id": "ada", "vcs.repository.name": "shop"})
    assert named["distinct_id"] == "ada"
    assert named["properties"]["vcs.repository.name"] == "shop"


def test_what_was_redacted_is_not_said(receiver: Receiver, tmp_path: Path) -> None:
    hidden = [record("user_prompt", 0, prompt="<REDACTED>"), call(1_000)]
    hidden.append(record("assistant_response", 1_001, response="<REDACTED>"))
    found = events(receiver, tmp_path, hidden)
    assert "REDACTED" not in json.dumps(found)


def test_a_body_that_was_cut_tells_what_stands_before_the_cut(receiver: Receiver, tmp_path: Path) -> None:
    body = '{"model":"m","messages":[{"role":"user","content":"Hi"}],"system":"Be brief","tools":[{"name":"Read"},{"na'
    cut = record("api_request_body", 110, body=body + "\n[TRUNCATED]")
    (asked,) = events(receiver, tmp_path, [cut, call(1_000)])
    properties = asked["properties"]
    assert properties["$ai_input"] == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]
    assert [tool["function"]["name"] for tool in properties["$ai_tools"]] == ["Read"]


def test_a_call_of_another_purpose_is_not_given_the_users_prompt(receiver: Receiver, tmp_path: Path) -> None:
    title = call(1_000, query_source="generate_session_title")
    found = events(receiver, tmp_path, [record("user_prompt", 0, prompt="Read the file"), title])
    assert "$ai_input" not in next(each for each in found if each["event"] == "$ai_generation")["properties"]


def test_the_end_of_a_codex_stream_is_the_call(receiver: Receiver, tmp_path: Path) -> None:
    def codex(name: str, at: int, **attributes: Any) -> dict[str, Any]:
        said = {"event.name": f"codex.{name}", "conversation.id": "c-1", "model": "gpt-5-mini", **attributes}
        return {"timeUnixNano": str((START + at) * 1_000_000), "eventName": "event a.rs:7", "attributes": pairs(said)}

    found = events(
        receiver,
        tmp_path,
        [
            codex("user_prompt", 0, prompt="Hi"),
            codex("api_request", 150, duration_ms="50", **{"http.response.status_code": 200}),
            codex("sse_event", 200, **{"event.kind": "response.created"}),
            codex("sse_event", 900, **{"event.kind": "response.completed"}),
            codex("sse_event", 900, input_token_count="50", output_token_count="64", reasoning_token_count=48),
        ],
        scope="codex_otel.log_only",
    )
    (generation,) = [each["properties"] for each in found if each["event"] == "$ai_generation"]
    assert (generation["$ai_input_tokens"], generation["$ai_reasoning_tokens"]) == (50, 48)
    assert generation["$ai_latency"] == 0.8


def test_the_same_records_are_the_same_events(receiver: Receiver, tmp_path: Path) -> None:
    records = [record("user_prompt", 0, prompt="Hi"), call(1_000)]
    first = [event["uuid"] for event in events(receiver, tmp_path, records)]
    receiver.events.clear()
    assert [event["uuid"] for event in events(receiver, tmp_path, records)] == first
