"""LangSmith's OpenTelemetry exporter: every run's inputs and outputs whole, as JSON under `gen_ai.prompt` and
`gen_ai.completion`, and the operation of a model's call on retrievers and prompts as well.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_COMPLETION,
    GEN_AI_OPERATION_NAME,
    GEN_AI_PROMPT,
    GEN_AI_SYSTEM,
)
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.providers import is_framework
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import PARAMETERS, read_request
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill, unset
from otel_posthog_ai.reading.values import flag, is_list, is_mapping, json_text, mapping, parse_json, text
from otel_posthog_ai.record import AISpan, Kind, SpanType

NAME = "langsmith"
PREFIXES = ("langsmith.",)
RUN_TYPE = "langsmith.span.kind"
SIGNS = Signs(keys=(RUN_TYPE, GEN_AI_PROMPT))
METADATA = "langsmith.metadata."
AI_SCOPES = ("langsmith",)
IDENTITY = IdentityKeys(
    user=(f"{METADATA}user_id",),
    session=(f"{METADATA}session_id",),
    incidental_session=(f"{METADATA}thread_id", f"{METADATA}conversation_id"),
)
PLUMBING = (
    "langsmith.",
    "langgraph_",
    "ls_",
    "lc_",
    "checkpoint_ns",
    "thread_id",
)
LABELS = {"langsmith": "langsmith"}
# Metadata that LangSmith and LangChain add to a run, beside the parameters of the request.
OWN_METADATA = frozenset(
    {
        "usage_metadata",
        "revision_id",
        "model",
        "model_name",
        "stream",
        "_type",
        "invocation_params",
        "tools",
        "tool_call_id",
        "ai_sdk_method",
    }
)

FIELDS: Table = (
    Row("name", ("langsmith.trace.name",), text),
    Row("stream", ("langsmith.request.streaming",), flag),
)
KINDS: dict[str, Kind] = {"llm": "generation", "embedding": "embedding"}
SPAN_TYPES: dict[str, SpanType] = {
    "chain": "chain",
    "tool": "tool",
    "retriever": "retriever",
    "prompt": "prompt",
    "parser": "chain",
    "agent": "agent",
}


def recognises(source: Source) -> bool:
    return RUN_TYPE in source.attributes or isinstance(source.attributes.get(GEN_AI_PROMPT), str)


def read(record: AISpan, source: Source) -> None:
    run_type = str(source.take(RUN_TYPE) or "").lower()
    metadata = source.below(METADATA)
    for key, value in metadata.items():
        if key not in OWN_METADATA and key not in PARAMETERS and not key.startswith("LANGSMITH_"):
            record.metadata.setdefault(key, value)
    _read_framework(record, source, metadata)
    _read_tags(record, source)
    given, taken = json_text(source.take(GEN_AI_PROMPT)), json_text(source.take(GEN_AI_COMPLETION))
    if run_type:
        source.discard(GEN_AI_OPERATION_NAME)
        record.kind = KINDS.get(run_type, "span") if record.kind == "span" else record.kind
        record.span_type = None if record.kind != "span" else SPAN_TYPES.get(run_type, "custom")
    fill(record, FIELDS, source)
    if record.kind == "span" and run_type:
        _read_step(record, given, taken)
    else:
        record.name = None
        _read_call(record, source, given, taken, metadata)


def _read_framework(record: AISpan, source: Source, metadata: dict[str, Any]) -> None:
    if source.attributes.get(GEN_AI_SYSTEM) == "langchain":
        source.discard(GEN_AI_SYSTEM)  # what the exporter writes where it does not know
    if any(key.startswith("langgraph_") for key in metadata):
        record.framework = record.framework or "langgraph"
    elif any(key.startswith("lc_") for key in metadata) or source.attributes.get(RUN_TYPE) in ("prompt", "parser"):
        record.framework = record.framework or "langchain"


def _read_tags(record: AISpan, source: Source) -> None:
    tags = text(source.take("langsmith.span.tags"))
    for tag in tags.split(", ") if tags is not None else ():
        if tag and ":step:" not in tag and tag not in record.tags:
            record.tags = [*record.tags, tag]


def _read_step(record: AISpan, given: Any, taken: Any) -> None:
    if record.span_type == "tool":
        record.tool_name = record.tool_name or record.name
    if given is not None and unset(record.input_state):
        record.input_state = read_state(_alone(given, "input"))
    if taken is not None and unset(record.output_state):
        record.output_state = read_state(_alone(taken, "output"), "assistant")


def _alone(value: Any, key: str) -> Any:
    """The value under a key that stands alone, as LangSmith wraps what is no object."""
    return parse_json(value[key]) if is_mapping(value) and set(value) == {key} else value


def _read_call(record: AISpan, source: Source, given: Any, taken: Any, metadata: dict[str, Any]) -> None:
    provider = text(metadata.get("ls_provider"))
    stated = text(source.attributes.get(GEN_AI_SYSTEM))
    if provider is not None and (stated is None or is_framework(stated)):
        record.provider_original = record.provider_original or provider
    for name in PARAMETERS:
        value = metadata.get(name, metadata.get(f"ls_{name}"))
        if value is not None:
            record.parameters.setdefault(name, parse_json(value))
    request = _request(given)
    if request is not None:
        read_request(record, request)
    if is_mapping(taken):
        record.output = record.output or raw_output(taken)
        read_raw_answer(record, taken)
    _read_details(record, source, metadata)


def _request(given: Any) -> dict[str, Any] | None:
    """What a client was asked: its first argument, where LangSmith wraps a function that was given several."""
    arguments = _alone(given, "args")
    return mapping(arguments[0]) if is_list(arguments) and arguments else mapping(given)


def _read_details(record: AISpan, source: Source, metadata: dict[str, Any]) -> None:
    details = {
        "input_token_details": _object(source.take("gen_ai.usage.input_token_details")),
        "output_token_details": _object(source.take("gen_ai.usage.output_token_details")),
    }
    fill_usage(record.usage, read_raw_usage(details))
    fill_usage(record.usage, read_raw_usage(metadata.get("usage_metadata")))


def _object(value: Any) -> dict[str, Any]:
    return mapping(value) or mapping(read_literal(value) if isinstance(value, str) else None) or {}
