"""Mastra's `@mastra/otel-exporter` and `@mastra/arize`: its own attributes beside GenAI's or OpenInference's.

https://mastra.ai/docs/observability/tracing/exporters/otel ; one call is spread over several spans: the step around it
has its input and the provider's answer, the spans of its chunks say when the answer began.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.openinference import OPENINFERENCE_SPAN_KIND
from otel_posthog_ai.reading.identity import keys_below
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.providers import priced_provider
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.user_metadata import user_tags
from otel_posthog_ai.reading.values import is_mapping, json_text, mapping, text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "mastra"
PREFIXES = ("mastra.span.",)
TYPE = "mastra.span.type"
SIGNS = Signs(keys=(TYPE,))
METADATA = "mastra.metadata."
IDENTITY = keys_below(METADATA)._replace(incidental_user=(f"{METADATA}resourceId",))
FRAMEWORK = "mastra"

SPAN_TYPES: dict[str, SpanType] = {
    "agent_run": "agent",
    "workflow_run": "workflow",
    "workflow_step": "task",
    "workflow_parallel": "task",
    "workflow_loop": "task",
    "workflow_conditional": "task",
    "workflow_conditional_eval": "task",
    "processor_run": "chain",
    "model_generation": "chain",
    "model_step": "task",
    "tool_call": "tool",
    "mcp_tool_call": "tool",
    "client_tool_call": "tool",
    "provider_tool_call": "tool",
    "memory_operation": "retriever",
}
STEP = "model_step"
_SAID = "metadata"
CHUNK = "model_chunk"
# What Mastra adds to the user's metadata.
OWN_METADATA = frozenset(
    {"runId", "traceId", "headers", "body", "modelMetadata", "toolCallId", "toolName", "messageId"}
)


def read(record: AISpan, source: Source) -> None:
    kind = str(source.take(TYPE))
    record.framework = FRAMEWORK
    record.chunk = kind == CHUNK
    record.span_type = record.span_type or SPAN_TYPES.get(kind)
    metadata = source.below(METADATA)
    if OPENINFERENCE_SPAN_KIND in source.attributes:
        _read_openinference(record, source, kind)
    for key, value in metadata.items():
        if key not in OWN_METADATA:
            record.metadata.setdefault(key, value)
    record.tags = record.tags or user_tags(source.take("mastra.tags"))
    given, result = source.take(f"mastra.{kind}.input"), source.take(f"mastra.{kind}.output")
    if record.span_type is not None:
        _read_step(record, source, kind, given, result)
    if kind == STEP and record.kind == "span":
        _lend(record, given, result, metadata)
    elif kind == "agent_run":
        record.lends = True  # the tools that its calls may use
    if source.take("mastra.completion_start_time") is not None:
        record.stream = True
    source.below("mastra.")


def _read_openinference(record: AISpan, source: Source, kind: str) -> None:
    """No span is the call's own: the step around it has the provider's answer, if that came whole, and what is around
    all steps counts what they used together."""
    said = {**(mapping(source.attributes.get(_SAID)) or {})}
    own = {key: said.pop(key) for key in OWN_METADATA if key in said}
    source.attributes[_SAID] = said
    body = mapping(own.get("body")) or {}
    if kind == "model_generation":
        record.kind, record.span_type, record.may_be_sum = "generation", None, True
    elif kind == STEP and is_mapping(body.get("usage")):
        record.kind, record.span_type = "generation", None
        record.provider = priced_provider(text((mapping(own.get("modelMetadata")) or {}).get("modelProvider")) or "")
        record.input = read_messages(source.take(f"mastra.{STEP}.input"), "user")
        record.output = raw_output(body)
        read_raw_answer(record, body)
    elif kind == "model_inference":
        record.noise = True


def _read_step(record: AISpan, source: Source, kind: str, given: Any, result: Any) -> None:
    if kind == "workflow_step":
        record.name = record.name or text(source.take("mastra.workflow_step.step_id"))
    if given is not None and unset(record.input_state):
        record.input_state = read_state(given)
    if result is not None and unset(record.output_state):
        record.output_state = read_state(result, "assistant")


def _lend(record: AISpan, given: Any, result: Any, metadata: dict[str, Any]) -> None:
    """The provider's own answer says most; what Mastra made of it serves where there is none."""
    record.lends = True
    record.input = read_messages(given, "user")
    body = mapping(metadata.get("body"))
    if body is not None:
        record.output = raw_output(body)
        read_raw_answer(record, body, usage=False)
    if not record.output:
        record.output = read_messages([_answer(json_text(result))], "assistant")


def _answer(result: Any) -> dict[str, Any]:
    if not is_mapping(result):
        return {"role": "assistant", "content": result}
    calls = [{**call, "type": "tool-call"} for call in result.get("toolCalls") or () if is_mapping(call)]
    return {"role": "assistant", "content": result.get("text"), "tool_calls": calls}
