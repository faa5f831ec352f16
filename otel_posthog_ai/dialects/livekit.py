"""LiveKit Agents' own spans: a session of turns, with what was heard, asked, answered and said.

https://docs.livekit.io/agents/build/metrics/ ; calls, tools and agents follow the GenAI conventions, speech does not.
Content stands in `lk.pii.*`, and before that prefix came in `lk.*`.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import flag, mapping, number, text
from otel_posthog_ai.record import AISpan, Failure, SpanType

NAME = "livekit"
PREFIXES = ("lk.",)
AI_SCOPES = ("livekit-agents",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
PLUMBING = ("lk.",)
LABELS = {"livekit-agents": "livekit-agents (its own spans)"}
FRAMEWORK = "livekit-agents"

STEPS: dict[str, SpanType] = {
    "user_turn": "transcription",
    "stt_request": "transcription",
    "tts_request": "speech",
    "agent_turn": "agent",
    "agent_session": "workflow",
    "function_tool": "tool",
}
# Spans around a call or a step that say it once more, and what the session does for itself.
PASSING = frozenset(
    {
        "llm_node", "llm_request_run", "tts_node", "tts_request_run", "tts_stream_adapter", "stt_node",
        "llm_fallback_adapter", "tts_fallback_adapter", "setup_toolsets", "start_agent_activity", "session_start",
        "session_close", "drain_agent_activity", "on_enter", "on_exit", "user_speaking", "agent_speaking", "eou_wait",
        "eou_detection", "on_user_turn_completed",
    }
)  # fmt: skip
FIELDS: Table = (
    Row("input_state", ("lk.pii.user_input", "lk.user_input", "lk.pii.input_text", "lk.input_text"), text),
    Row("output_state", ("lk.pii.user_transcript", "lk.user_transcript", "lk.pii.response.text", "lk.response.text"),
        text),
)  # fmt: skip
_RESULTS = ("lk.pii.function_tool.output", "lk.function_tool.output")
_METRICS = ("lk.tts_metrics", "lk.stt_metrics")


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    record.noise = source.name in PASSING
    record.span_type = STEPS.get(source.name)
    if record.span_type is not None:
        fill(record, FIELDS, source)
    if record.span_type == "tool" and flag(source.attributes.get("lk.function_tool.is_error")):
        record.error = Failure(message=text(source.first(*_RESULTS)))
    metrics = mapping(source.first(*_METRICS))
    if metrics is not None:
        _read_metrics(record, metrics)


def _read_metrics(record: AISpan, metrics: dict[str, Any]) -> None:
    """What was counted of speech: letters and seconds."""
    record.time_to_first_token = number(metrics.get("ttfb"))
    record.cancelled = flag(metrics.get("cancelled")) is True
    if record.span_type == "speech" and "characters_count" in metrics:
        record.attributes["characters_count"] = metrics["characters_count"]
    if record.span_type == "transcription" and "audio_duration" in metrics:
        record.attributes["audio_duration"] = metrics["audio_duration"]
