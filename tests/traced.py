"""Spans of a real provider with the processor under test, and the events that they became."""

from __future__ import annotations

from typing import Any

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult
from opentelemetry.trace import Tracer

from otel_posthog_ai import PostHogSpanProcessor
from tests.receiver import Receiver

CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 5,
}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}


class AllButTheAgent(Sampler):
    """Records everything and samples all but the span named `agent`."""

    def should_sample(
        self,
        parent_context: Any,
        trace_id: int,
        name: str,
        kind: Any = None,
        attributes: Any = None,
        *_: Any,
        **__: Any,
    ) -> SamplingResult:
        return SamplingResult(Decision.RECORD_ONLY if name == "agent" else Decision.RECORD_AND_SAMPLE, attributes)

    def get_description(self) -> str:
        return "all but the agent"


class Traced:
    """A real provider with our processor, and what it has sent."""

    def __init__(self, receiver: Receiver, **options: Any) -> None:
        self.receiver = receiver
        options = {"api_key": "phc_tree", "host": receiver.url, "flush_interval_millis": 60_000, **options}
        self.processor = PostHogSpanProcessor(**options)
        self.provider = TracerProvider(shutdown_on_exit=False)
        self.provider.add_span_processor(self.processor)
        self.tracer: Tracer = self.provider.get_tracer("tests")

    def events(self) -> dict[str, dict[str, Any]]:
        """Flush, and the events by name: `$ai_trace` as `trace:<name>`."""
        assert self.processor.force_flush(5_000)
        assert_nothing_failed(self.processor.status())
        return self.sent()

    def sent(self) -> dict[str, dict[str, Any]]:
        named: dict[str, dict[str, Any]] = {}
        for event in self.receiver.events:
            name = event["properties"]["$ai_span_name"]
            key = f"trace:{name}" if event["event"] == "$ai_trace" else name
            assert key not in named, f"{key} was sent twice"
            named[key] = event
        return named


def assert_nothing_failed(counts: dict[str, Any]) -> None:
    """What the processor survives, better with two reports of a call or without one span, is a mistake nevertheless."""
    assert not counts.get("join_failed"), "spans of one call could not be joined"
    assert "unreadable" not in counts["dropped"], "a span was lost"


def parent_of(event: dict[str, Any]) -> Any:
    return event["properties"].get("$ai_parent_id")


def span_id_of(event: dict[str, Any]) -> str:
    return event["properties"]["$ai_span_id"]


def trace_id_of(event: dict[str, Any]) -> str:
    return event["properties"]["$ai_trace_id"]


def assert_sound(events: list[dict[str, Any]]) -> None:
    """No dangling parent, no cycle, no self-parent, no empty parent, no event twice, at most one `$ai_trace`."""
    by_trace: dict[str, list[dict[str, Any]]] = {}
    for event in events:
        if event["event"] not in ("$ai_trace", "$ai_span", "$ai_generation", "$ai_embedding"):
            continue
        by_trace.setdefault(trace_id_of(event), []).append(event)
    for trace_id, members in by_trace.items():
        nodes = {span_id_of(e): parent_of(e) for e in members if e["event"] != "$ai_trace"}
        assert len(nodes) == sum(e["event"] != "$ai_trace" for e in members)
        assert sum(e["event"] == "$ai_trace" for e in members) <= 1
        for span_id, parent in nodes.items():
            seen = {span_id}
            while parent != trace_id:
                assert parent in nodes, f"{span_id} hangs on {parent}, which nobody sent"
                assert parent not in seen, "a cycle"
                seen.add(parent)
                parent = nodes[parent]
