"""Events made by hand in the shape that PostHog takes, and a client that posts them over real HTTP."""

from __future__ import annotations

import gzip
import json
import uuid
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

KEY = "phc_test"
NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)


def iso(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def event(name: str = "$ai_generation", /, at: datetime | None = None, **properties: Any) -> dict[str, Any]:
    """An event of user-1; properties are given without ``$ai_``, event fields with a leading underscore."""
    fields = {key[1:]: properties.pop(key) for key in list(properties) if key.startswith("_")}
    named = {f"$ai_{key}": value for key, value in properties.items()}
    return {
        "event": name,
        "distinct_id": "user-1",
        "timestamp": iso(at or NOW),
        "uuid": str(uuid.uuid4()),
        "properties": {"$ai_trace_id": "trace-1", **named},
        **fields,
    }


def batch(*events: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    return {"api_key": KEY, "batch": list(events), **fields}


class Answer:
    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    def json(self) -> Any:
        return json.loads(self.body)


def request(
    url: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None, method: str | None = None
) -> Answer:
    """One request on a connection of its own, with exactly these headers beside Host and Content-Length."""
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request(method or ("GET" if body is None else "POST"), path, body, dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, dict(answer.getheaders()), answer.read())
    finally:
        connection.close()


def post(url: str, value: Any, path: str = "/batch/", *, compress: bool = True) -> Answer:
    body = json.dumps(value).encode()
    return request(url, path, gzip.compress(body, 1) if compress else body, {"Content-Type": "application/json"})


def get(url: str, path: str) -> Any:
    return request(url, path).json()


def png(width: int = 240, height: int = 140) -> str:
    """A small drawn picture as a data: URL: a sky, a sun, a hill."""
    import base64

    rows = bytearray()
    for y in range(height):
        rows.append(0)
        for x in range(width):
            sun = (x - 180) ** 2 + (y - 42) ** 2 < 22**2
            hill = y > 92 + (x - 120) ** 2 / 420
            rows += bytes((250, 200, 70) if sun else (86, 140, 92) if hill else (150 + y // 2, 195, 235))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + chunk(b"IEND", b"")
    return "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + data).decode()


AGENT_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Current weather of a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    },
    {"type": "function", "function": {"name": "search_hikes", "description": "Hikes near a place"}},
]


def agent_trace(end: datetime, trace_id: str = AGENT_TRACE) -> Sequence[dict[str, Any]]:
    """An agent that looks at a photo, calls two tools, one of which fails, and answers."""

    def step(name: str, span: str, start: float, latency: float, **properties: Any) -> dict[str, Any]:
        parent = properties.pop("parent", "a1")
        made = event(
            name,
            end - timedelta(seconds=9.2 - start - latency),
            trace_id=trace_id,
            session_id="hiking-weekend",
            span_id=span,
            parent_id=trace_id if parent is None else parent,
            latency=latency,
            **properties,
        )
        return {**made, "distinct_id": "maria@example.com"}

    question = {
        "role": "user",
        "content": [
            {
                "type": "text",
                "text": "I took this yesterday. Is the weather good enough to go up there again tomorrow?",
            },
            {"type": "image_url", "image_url": {"url": png()}},
        ],
    }
    system = {"role": "system", "content": "You plan day hikes. Check the weather before you recommend one."}
    thought = {
        "role": "assistant",
        "content": [
            {
                "type": "thinking",
                "thinking": "The hill looks like the Brauneck near Lenggries. I need tomorrow's weather there.",
            },
            {"type": "text", "text": "Let me check the forecast and the trails nearby."},
            {
                "type": "function",
                "id": "call_weather",
                "function": {"name": "get_weather", "arguments": '{"city": "Lenggries", "day": "tomorrow"}'},
            },
            {
                "type": "function",
                "id": "call_hikes",
                "function": {"name": "search_hikes", "arguments": '{"near": "Brauneck", "max_hours": 5}'},
            },
        ],
    }
    result = {
        "role": "tool",
        "tool_call_id": "call_weather",
        "content": '{"summary": "Sunny, light wind", "high_c": 17, "rain_mm": 0}',
    }
    failed = {
        "role": "tool",
        "tool_call_id": "call_hikes",
        "content": "TimeoutError: the trail service did not answer within 2 s",
    }
    answer = {
        "role": "assistant",
        "content": "Yes: tomorrow in Lenggries will be sunny with light wind and 17 °C.\n\n"
        "I could not reach the trail service, so check the Brauneck path for closures before you leave.",
    }
    model = {"model": "gpt-4o-2024-08-06", "provider": "openai", "http_status": 200, "temperature": 0.2, "stream": True}
    return [
        step(
            "$ai_generation",
            "g1",
            0.1,
            2.41,
            input=[system, question],
            output_choices=[thought],
            tools=TOOLS,
            input_tokens=1284,
            output_tokens=96,
            cache_read_input_tokens=1024,
            reasoning_tokens=48,
            stop_reason="tool_calls",
            time_to_first_token=0.61,
            total_cost_usd=0.00417,
            **model,
        ),
        step(
            "$ai_span",
            "t1",
            2.55,
            0.34,
            span_name="get_weather",
            span_type="tool",
            input_state={"city": "Lenggries", "day": "tomorrow"},
            output_state={"summary": "Sunny, light wind", "high_c": 17, "rain_mm": 0},
        ),
        step(
            "$ai_span",
            "t2",
            2.55,
            2.0,
            span_name="search_hikes",
            span_type="tool",
            is_error=True,
            error="TimeoutError: the trail service did not answer within 2 s",
            input_state={"near": "Brauneck", "max_hours": 5},
        ),
        step(
            "$ai_span",
            "r1",
            4.6,
            0.92,
            span_name="closures",
            span_type="retriever",
            input_state="Brauneck closures",
            output_state=[],
        ),
        step(
            "$ai_embedding",
            "e1",
            4.65,
            0.18,
            parent="r1",
            model="text-embedding-3-small",
            provider="openai",
            input="Brauneck closures",
            input_tokens=4,
            total_cost_usd=0.0000001,
        ),
        step(
            "$ai_generation",
            "g2",
            5.6,
            3.45,
            input=[system, question, thought, result, failed],
            output_choices=[answer],
            tools=TOOLS,
            input_tokens=1467,
            output_tokens=58,
            cache_read_input_tokens=1280,
            stop_reason="stop",
            time_to_first_token=0.48,
            total_cost_usd=0.00325,
            **model,
        ),
        step(
            "$ai_span",
            "a1",
            0.0,
            9.2,
            parent=None,
            span_name="hike_planner",
            span_type="agent",
            input_state=[question],
            output_state=answer["content"],
        ),
        {
            **event(
                "$ai_trace",
                end,
                trace_id=trace_id,
                session_id="hiking-weekend",
                span_name="Plan a hike",
                input_state=[question],
                output_state=answer["content"],
            ),
            "distinct_id": "maria@example.com",
        },
        {
            **event("$ai_feedback", end, trace_id=trace_id, feedback_text="Good answer, thank you"),
            "distinct_id": "maria@example.com",
        },
    ]


TASKS = (
    (
        "Answer a support ticket",
        "My parcel no. {} has not arrived. Where is it?",
        "Parcel no. {} left the depot this morning; you have it today before six.",
    ),
    (
        "Summarise a contract",
        "Put contract no. {} into one sentence.",
        "Contract no. {} runs for two years and renews itself unless it is ended three months before.",
    ),
    ("Extract invoice fields", "Which fields does invoice no. {} have?", "Invoice no. {}: net, tax, total, due date."),
    (
        "Chat",
        "What rhymes with orange? This is try no. {}.",
        "Nothing does, not even at try no. {}. *Door hinge* is close.",
    ),
    (
        "Nightly report",
        "How was the night? Report no. {}.",
        "Report no. {}: three jobs ran, and all of them ended well.",
    ),
    (
        "Translate release notes",
        "Translate note no. {} into German: search is twice as fast.",
        "Hinweis no. {}: Die Suche ist doppelt so schnell.",
    ),
)
"""What the many traces are called, are asked and answer."""

MODELS = (
    ("gpt-4o-2024-08-06", "openai"),
    ("claude-sonnet-4-5", "anthropic"),
    ("gemini-2.5-flash", "gemini"),
    ("gpt-4.1-mini", "openai"),
)


def plain_trace(number: int, end: datetime) -> Sequence[dict[str, Any]]:
    """One of many: a trace event and one or two generations; every seventh fails, every eleventh is anonymous."""
    trace_id = f"{number:032x}"
    model, provider = MODELS[number % len(MODELS)]
    name, question, answer = TASKS[number % len(TASKS)]
    user = trace_id if number % 11 == 3 else f"user-{number % 37}@example.com"
    shared: dict[str, Any] = {"trace_id": trace_id, "session_id": f"session-{number // 4}"}
    failure = (
        {"is_error": True, "error": "RateLimitError: 429 Too many requests", "http_status": 429}
        if number % 7 == 5
        else {}
    )
    reply = (
        {}
        if failure
        else {
            "output_choices": [{"role": "assistant", "content": answer.format(number)}],
            "output_tokens": 40 + number % 300,
            **({"total_cost_usd": 0.0004 + number % 90 / 9000} if number % 3 != 1 else {}),
        }
    )
    person = {"$process_person_profile": False} if user == trace_id else {}
    calls = [
        event(
            "$ai_generation",
            end - timedelta(seconds=place),
            **shared,
            span_id=f"{number:012x}000{place}",
            parent_id=trace_id,
            model=model,
            provider=provider,
            input=[{"role": "user", "content": question.format(number)}],
            input_tokens=100 + number * 7 % 4000,
            latency=0.3 + number % 40 / 7,
            cache_reporting_exclusive=False,
            **failure,
            **reply,
        )
        for place in range(1 + number % 2)
    ]
    root = event("$ai_trace", end, **shared, span_name=name)
    return [{**made, "distinct_id": user, "properties": {**made["properties"], **person}} for made in (*calls, root)]
