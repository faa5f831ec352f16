"""When the traces that are held leave, and what stays of one that is old and still busy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.gateway.journal import Entry, Journal
from otel_posthog_ai.gateway.open_trace import OpenTrace
from otel_posthog_ai.gateway.open_traces import OpenTraces, Patience
from otel_posthog_ai.otlp.held import LogsOfSpans
from otel_posthog_ai.otlp.requests import read_request
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.whole_traces import WholeTraces

GOLDEN = Path(__file__).parents[1] / "golden" / "otlp"
PATIENCE = Patience(quiet=10, longest=100)
EPOCH = 1_700_000_000
RECORD = {"eventName": "gen_ai.client.inference.operation.details", "body": {"stringValue": ""}}
CONTENT = '[{"role": "user", "parts": [{"type": "text", "content": "hi"}]}]'


def request_of(second: int, **more: Any) -> dict[str, Any]:
    """A request with a call that ended at that second."""
    call = {
        "traceId": f"{7:032x}",
        "spanId": f"{second + 1:016x}",
        "name": "chat m-1",
        "startTimeUnixNano": str((EPOCH + second - 1) * 10**9),
        "endTimeUnixNano": str((EPOCH + second) * 10**9),
        "attributes": [{"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}}],
        **more,
    }
    return {"resourceSpans": [{"scopeSpans": [{"scope": {"name": "shop"}, "spans": [call]}]}]}


def record_of(second: int) -> dict[str, Any]:
    """A request with the content of the call that ended at that second, written as it began."""
    attributes = [{"key": "gen_ai.input.messages", "value": {"stringValue": CONTENT}}]
    ids = {"traceId": f"{7:032x}", "spanId": f"{second + 1:016x}", "timeUnixNano": str((EPOCH + second - 1) * 10**9)}
    records = [{**RECORD, **ids, "attributes": attributes}]
    return {"resourceLogs": [{"scopeLogs": [{"scope": {"name": "shop"}, "logRecords": records}]}]}


def take(traces: OpenTraces, request: dict[str, Any], now: float, entry: Entry | None = None) -> None:
    contents = read_request(request)
    traces.add(contents.spans, now, entry)
    traces.add_logs(contents.logs, 100, now, entry)


def seconds(trace: OpenTrace) -> list[int]:
    return [(span.end_time or 0) // 10**9 - EPOCH for span in trace.unpacked().spans]


def test_of_an_old_trace_that_is_busy_the_last_seconds_stay() -> None:
    traces = OpenTraces(PATIENCE)
    for second in range(0, 105, 5):
        take(traces, request_of(second), second)
    [left] = traces.leaving(101)
    assert seconds(left) == list(range(0, 95, 5))
    assert (traces.spans, len(traces), traces.leaving(105)) == (2, 1, [])
    [rest] = traces.leaving(111)
    assert seconds(rest) == [95, 100]
    assert (traces.spans, traces.bytes) == (0, 0)


def test_of_an_old_trace_that_is_quiet_nothing_stays() -> None:
    traces = OpenTraces(PATIENCE)
    take(traces, request_of(0, parentSpanId="f" * 16), 0)
    take(traces, request_of(89), 89)
    [left] = traces.leaving(101)
    assert (seconds(left), len(traces)) == ([0, 89], 0)


def test_nothing_stays_where_memory_is_short_or_it_ends() -> None:
    for how in ({"short_by": 1}, {"everything": True}):
        traces = OpenTraces(PATIENCE)
        for second in (0, 100):
            take(traces, request_of(second), second)
        [left] = traces.leaving(101, **how)
        assert (seconds(left), len(traces), traces.bytes) == ([0, 100], 0, 0)


def test_a_trace_whose_spans_all_end_at_one_moment_leaves_when_it_is_old() -> None:
    traces = OpenTraces(PATIENCE)
    for number in range(3):
        take(traces, request_of(0, spanId=f"{number + 1:016x}"), number * 50)
    [left] = traces.leaving(101)
    assert (seconds(left), len(traces)) == ([0, 0, 0], 0)


def test_content_goes_with_its_span_and_waits_for_it() -> None:
    traces = OpenTraces(PATIENCE)
    take(traces, record_of(91), 0)
    for second in (80, 91, 100):
        take(traces, request_of(second), second)
    take(traces, record_of(80), 100)
    take(traces, record_of(101), 100)
    [left] = traces.leaving(101)
    assert (seconds(left), [log.span_id for log in left.unpacked().logs]) == ([80], [81])
    [rest] = traces.leaving(111)
    assert (seconds(rest), [log.span_id for log in rest.unpacked().logs]) == ([91, 100], [92, 102])


def test_requests_stay_on_disk_as_long_as_some_of_them_is_held(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    traces = OpenTraces(PATIENCE)
    entries = [journal.add({}, b"") for _ in range(3)]
    for entry, second in zip(entries, (0, 95, 100), strict=True):
        take(traces, request_of(second), second, entry)
        entry.let_go()

    def let_go(now: float) -> list[bool]:
        for trace in traces.leaving(now):
            for entry in trace.entries:
                entry.let_go()
        return [entry.path.exists() for entry in entries]

    assert let_go(101) == [False, True, True]
    assert let_go(111) == [False, False, False]
    journal.close()


def test_a_call_whose_log_record_comes_when_its_trace_is_old_has_its_cost() -> None:
    """The agent's log records, which state the cost, come five seconds after its spans."""
    text = (GOLDEN / "claude_code_spans_and_logs.otlp.jsonl").read_text(encoding="utf-8")
    requests = [json.loads(line) for line in text.splitlines()]
    spans = [request for request in requests if "resourceSpans" in request]
    long_ago = json.loads(json.dumps(spans[0]))
    for of_scope in long_ago["resourceSpans"][0]["scopeSpans"]:
        for number, span in enumerate(of_scope["spans"]):
            span["spanId"] = f"{number + 1:016x}"
            for time in ("startTimeUnixNano", "endTimeUnixNano"):
                span[time] = str(int(span[time]) - 100 * 10**9)
    traces, whole, events = OpenTraces(PATIENCE), WholeTraces(resolve({}), Counters()), []

    def send(leaving: list[OpenTrace]) -> None:
        logs = LogsOfSpans([trace.unpacked() for trace in leaving], traces.strays)
        events.extend(json.loads(event.body) for event in whole.events(logs.spans, logs.of))

    take(traces, long_ago, 0)
    for request in spans:
        take(traces, request, 99)
    send(traces.leaving(101))
    already = len(events)
    for request in requests:
        if request not in spans:
            take(traces, request, 104)
    send(traces.leaving(115))
    calls = [event["properties"] for event in events[already:] if event["event"] == "$ai_generation"]
    assert already > 0
    assert [call["$ai_total_cost_usd"] > 0 for call in calls] == [True, True]


@pytest.mark.parametrize("text", ["a" * 100_000, "ä" * 50_000, "", "short"])
def test_a_span_leaves_as_it_came_and_its_texts_count(text: str) -> None:
    texts = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": text, "gen_ai.request.model": "m-1"}
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in texts.items()]
    attributes.append({"key": "n", "value": {"arrayValue": {"values": [{"intValue": "1"}, {"doubleValue": 0.5}]}}})
    (given,) = read_request(request_of(1, attributes=attributes)).spans
    traces = OpenTraces(PATIENCE)
    traces.add([given], 0, None)
    assert traces.bytes >= len(text)
    (trace,) = traces.leaving(0, everything=True)
    (span,) = trace.unpacked().spans
    assert list((span.attributes or {}).items()) == list((given.attributes or {}).items())
    assert traces.bytes == 0
