"""Recordings as OTLP/JSON, the way the Collector's file exporter writes it, and in other spellings."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests.recordings import Recording

_KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_CODES = ("UNSET", "OK", "ERROR")


def any_value(value: Any) -> dict[str, Any]:
    if isinstance(value, dict) and set(value) == {"__bytes_b64__"}:
        return {"bytesValue": value["__bytes_b64__"]}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value if math.isfinite(value) else str(value)}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, dict):
        return {"kvlistValue": {"values": pairs(value)}}
    if isinstance(value, list):
        return {"arrayValue": {"values": [any_value(item) for item in value]}}
    return {}


def pairs(attributes: dict[str, Any] | None) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in (attributes or {}).items()]


def span_request(span: dict[str, Any], *others: dict[str, Any]) -> dict[str, Any]:
    """A request with spans of one resource and scope."""
    scope = {key: value for key, value in (span.get("scope") or {}).items() if key in ("name", "version") and value}
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": pairs(span.get("resource"))},
                "scopeSpans": [{"scope": scope, "spans": [_span(each) for each in (span, *others)]}],
            }
        ]
    }


def _span(span: dict[str, Any]) -> dict[str, Any]:
    parent = span.get("parent")
    status = span.get("status") or {}
    code = status.get("code") or "UNSET"
    written: dict[str, Any] = {
        "traceId": span["trace_id"],
        "spanId": span["span_id"],
        "parentSpanId": parent["span_id"] if parent else "",
        "flags": 0x101 | (0x200 if parent and parent["is_remote"] else 0),
        "name": span["name"],
        "kind": _KINDS.index(span.get("kind") or "INTERNAL"),
        "startTimeUnixNano": str(span["start_time_unix_nano"]),
        "endTimeUnixNano": str(max(span["end_time_unix_nano"], span["start_time_unix_nano"])),
        "attributes": pairs(span["attributes"]),
        "events": [
            {
                "timeUnixNano": str(event["time_unix_nano"]),
                "name": event["name"],
                "attributes": pairs(event.get("attributes")),
            }
            for event in span.get("events") or []
        ],
        "status": {},
    }
    if code != "UNSET":
        written["status"] = {"code": _CODES.index(code)}
        if status.get("description"):
            written["status"]["message"] = status["description"]
    return written


def log_request(record: dict[str, Any]) -> dict[str, Any]:
    scope = record.get("scope") or {}
    written = {
        "timeUnixNano": str(record.get("timestamp") or 0),
        "observedTimeUnixNano": str(record.get("observed_timestamp") or 0),
        "attributes": pairs(record.get("attributes")),
        "traceId": record.get("trace_id") if int(record.get("trace_id") or "0", 16) else "",
        "spanId": record.get("span_id") if int(record.get("span_id") or "0", 16) else "",
    }
    if record.get("body") is not None:
        written["body"] = any_value(record["body"])
    if record.get("event_name"):
        written["eventName"] = record["event_name"]
    return {
        "resourceLogs": [
            {"resource": {}, "scopeLogs": [{"scope": {"name": scope.get("name") or ""}, "logRecords": [written]}]}
        ]
    }


def requests_of(recording: Recording) -> list[dict[str, Any]]:
    """A request for each span and each log record, in the order of the recording."""
    return [*map(log_request, recording.get("logs") or []), *map(span_request, recording["spans"])]


def lines(requests: Iterable[dict[str, Any]]) -> str:
    return "".join(json.dumps(request, ensure_ascii=False, separators=(",", ":")) + "\n" for request in requests)


def protobuf_spelling(value: Any, key: str = "") -> Any:
    """The same request as plain protobuf JSON with original field names: base64 ids, names of enumerations."""
    if isinstance(value, dict):
        return {_snake(name): protobuf_spelling(item, name) for name, item in value.items()}
    if isinstance(value, list):
        return [protobuf_spelling(item) for item in value]
    if key in ("traceId", "spanId", "parentSpanId") and value:
        return base64.b64encode(bytes.fromhex(value)).decode()
    if key == "kind":
        return f"SPAN_KIND_{_KINDS[value]}"
    if key == "code":
        return f"STATUS_CODE_{_CODES[value]}"
    return value


def _snake(name: str) -> str:
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)


def chat(trace: int, *, number: int = 0, size: int = 400, parent: str | None = None) -> dict[str, Any]:
    """A call of a model as it stands in a recording; `trace` and `number` make its ids."""
    start = 1_790_000_000_000_000_000 + trace * 1_000_000 + number * 1_000
    text = (f"question {trace} " * (size // 10 + 1))[:size]
    return {
        "name": "chat gpt-4o-mini",
        "trace_id": f"{trace + 1:032x}",
        "span_id": f"{(trace + 1) * 1000 + number:016x}",
        "parent": {"span_id": parent, "is_remote": False} if parent else None,
        "kind": "CLIENT",
        "start_time_unix_nano": start,
        "end_time_unix_nano": start + 500_000,
        "attributes": {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o-mini",
            "gen_ai.usage.input_tokens": 12,
            "gen_ai.usage.output_tokens": 7,
            "gen_ai.input.messages": json.dumps([{"role": "user", "parts": [{"type": "text", "content": text}]}]),
        },
        "resource": {"service.name": "replayed"},
        "scope": {"name": "opentelemetry.instrumentation.genai.openai", "version": "1.0"},
    }


def agent(trace: int) -> dict[str, Any]:
    """The agent run in which the calls of a trace happened."""
    span = chat(trace)
    span["name"] = "invoke_agent guide"
    span["kind"] = "INTERNAL"
    span["span_id"] = f"{(trace + 1) * 1000 + 999:016x}"
    span["end_time_unix_nano"] += 10_000_000
    span["attributes"] = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "guide", "user.id": f"u{trace}"}
    return span


def write_spread_traces(path: Path, traces: int, size: int) -> None:
    """Each trace is an agent and two calls, and stands in three lines that others lie between."""
    with path.open("w") as stream:
        for trace in range(traces + 40):
            for number, behind in ((1, 0), (2, 20), (None, 40)):
                late = trace - behind
                if 0 <= late < traces:
                    root = agent(late)
                    span = root if number is None else chat(late, number=number, size=size, parent=root["span_id"])
                    stream.write(lines([span_request(span)]))
