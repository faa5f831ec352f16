"""Which field of a record becomes which property, on which events: the one table."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from opentelemetry.semconv.attributes.otel_attributes import OTEL_SCOPE_NAME, OTEL_SCOPE_VERSION

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_PROVIDER_NAME
from otel_posthog_ai.reading.messages import with_instructions
from otel_posthog_ai.record import MISSING, SPEECH, AISpan
from otel_posthog_ai.version import __version__

from .naming import event_name

GENERATION = "$ai_generation"
EMBEDDING = "$ai_embedding"
SPAN = "$ai_span"
TRACE = "$ai_trace"
EVENT_OF_KIND = {"generation": GENERATION, "embedding": EMBEDDING, "span": SPAN}

LIBRARY = "otel-posthog-ai"

_CALLS = frozenset({GENERATION, EMBEDDING})
_NODES = _MODELS = frozenset({GENERATION, EMBEDDING, SPAN})
_ALL = frozenset({GENERATION, EMBEDDING, SPAN, TRACE})


class Property:
    """A property, the events that carry it, and how it is read; None and MISSING mean that it is left out."""

    def __init__(self, name: str, events: frozenset[str], read: Callable[[AISpan], Any], meaning: str) -> None:
        self.name = name
        self.events = events
        self.read = read
        self.meaning = meaning


def _model(record: AISpan) -> str | None:
    return record.response_model if record.response_model is not None else record.request_model


def _input(record: AISpan) -> Any:
    if record.kind == "embedding":
        return record.embedding_input
    return with_instructions(record.input, record.instructions)


def _latency(record: AISpan) -> float:
    return (record.end_ns - record.start_ns) / 1e9


def _status(record: AISpan) -> int | None:
    if record.error is not None:
        return record.error.status
    return None if record.cancelled else 200


def _error(record: AISpan) -> str | None:
    if record.error is None:
        return None
    kind, message = record.error.type, record.error.message
    if kind and message:
        return message if message.startswith((f"{kind}:", f"{kind} ")) else f"{kind}: {message}"
    return kind or message or "error"


def _stop_reason(record: AISpan) -> str | None:
    if record.finish_reason is not None:
        return record.finish_reason
    return "cancelled" if record.cancelled else None


def _parameter(*names: str) -> Callable[[AISpan], Any]:
    def read(record: AISpan) -> Any:
        return next((record.parameters[name] for name in names if name in record.parameters), None)

    return read


def called_tools(record: AISpan) -> list[str]:
    """Names of the tools that the answer calls, in order, each call once."""
    names: list[str] = []
    for message in record.output or ():
        content: Any = message.get("content")
        parts: list[Any] = [*message.get("tool_calls", ()), *(content if isinstance(content, list) else ())]
        names.extend(part["function"]["name"] for part in parts if part.get("type") == "function")
    return names


def _tools_called(record: AISpan) -> str | None:
    names = [name.replace(",", "_")[:200] for name in dict.fromkeys(called_tools(record))][:100]
    return ",".join(names) or None


def _of_model(read: Callable[[AISpan], Any]) -> Callable[[AISpan], Any]:
    """What a step has only where it is what a model said or heard."""

    def read_it(record: AISpan) -> Any:
        return read(record) if record.kind != "span" or record.span_type in SPEECH else None

    return read_it


def _field(name: str) -> Callable[[AISpan], Any]:
    """A field of the record as it is (dotted for one of a part)."""
    return attrgetter(name)


PROPERTIES: tuple[Property, ...] = (
    Property("$ai_trace_id", _ALL, _field("trace_id"), "trace id, 32 hex digits"),
    Property("$ai_span_id", _ALL, _field("span_id"), "span id, 16 hex digits"),
    Property("$ai_span_name", _ALL, event_name, "tool, agent, workflow or chain name, else the span's"),
    Property("$ai_span_type", frozenset({SPAN}), _field("span_type"), "agent, workflow, chain, task, prompt, tool, "
             "retriever, reranker, guardrail, handoff, mcp, evaluator, speech, transcription or custom"),
    Property("$ai_latency", _NODES, _latency, "seconds from start to end"),
    Property("$ai_model", _MODELS, _of_model(_model), "model that answered, else the requested one"),
    Property("$ai_provider", _MODELS, _of_model(_field("provider")), "provider as PostHog prices it"),
    Property("$ai_input", _CALLS, _input, "messages led by the instructions; texts of an embedding"),
    Property("$ai_output_choices", frozenset({GENERATION}), _field("output"), "messages of the answer, one a choice"),
    Property("$ai_tools", frozenset({GENERATION}), _field("tools"), "tool definitions"),
    Property("$ai_tools_called", frozenset({GENERATION}), _tools_called, "names of the called tools"),
    Property("$ai_tool_call_count", frozenset({GENERATION}), lambda r: len(called_tools(r)) or None,
             "calls in the answer"),
    Property("$ai_input_state", frozenset({SPAN, TRACE}), _field("input_state"), "input of the step"),
    Property("$ai_output_state", frozenset({SPAN, TRACE}), _field("output_state"), "output of the step"),
    Property("$ai_stream", frozenset({GENERATION}), _field("stream"), "whether the answer was streamed"),
    Property("$ai_time_to_first_token", frozenset({GENERATION, SPAN}), _of_model(_field("time_to_first_token")),
             "seconds; on speech to its first sound"),
    Property("$ai_stop_reason", frozenset({GENERATION}), _stop_reason, "finish reason as the provider spells it"),
    Property("$ai_temperature", frozenset({GENERATION}), _parameter("temperature"), "requested temperature"),
    Property("$ai_max_tokens", frozenset({GENERATION}),
             _parameter("max_tokens", "max_completion_tokens", "max_output_tokens"), "requested limit"),
    Property("$ai_model_parameters", _MODELS, _of_model(lambda r: r.parameters or None), "all request parameters"),
    Property("$ai_completion_id", _CALLS, _field("response_id"), "the provider's id of the answer"),
    Property("$ai_provider_metadata", _CALLS, lambda r: r.provider_metadata or None, "system fingerprint and the like"),
    Property("$ai_service_tier", _CALLS, _field("service_tier"), "tier that served the call"),
    Property("$ai_base_url", _CALLS, _field("base_url"), "address of the provider"),
    Property("$ai_request_url", _CALLS, _field("request_url"), "full address of the request"),
    Property("$ai_http_status", _CALLS, _status, "200, or the status of the error where it is known"),
    Property("$ai_is_error", _ALL, lambda r: True if r.error is not None else None, "the step failed"),
    Property("$ai_error", _ALL, _error, '"Type: message"'),
    Property("$ai_error_type", _ALL, lambda r: r.error.type if r.error is not None else None, "class of the error"),
    Property("$ai_session_id", _ALL, _field("identity.session"), "conversation"),
    Property("$session_id", _ALL, _field("identity.replay_session"), "browser session, links the replay"),
    Property("$groups", _ALL, _field("identity.groups"), "PostHog groups"),
    Property("$ai_framework", _ALL, _field("framework"), "langchain, langgraph, openai-agents, …"),
    Property("$ai_agent_name", _ALL, _field("agent_name"), "agent that the step belongs to"),
    Property("$ai_prompt_name", frozenset({GENERATION}), _field("prompt_name"),
             "prompt of PostHog's prompt management"),
    Property("$ai_prompt_version", frozenset({GENERATION}), _field("prompt_version"), "its version"),
    Property("tags", _ALL, lambda r: r.tags or None, "tags that the user gave"),
    Property(GEN_AI_PROVIDER_NAME, _CALLS, _field("provider_original"), "provider as the span spells it"),
    Property(OTEL_SCOPE_NAME, _ALL, lambda r: r.scope or None, "instrumentor"),
    Property(OTEL_SCOPE_VERSION, _ALL, lambda r: r.scope_version or None, "its version"),
)  # fmt: skip

# Properties whose values users, models and tools wrote.
CONTENT = frozenset(
    {
        "$ai_input", "$ai_output_choices", "$ai_input_state", "$ai_output_state", "$ai_error", "$ai_tools",
        "$ai_model_parameters", "$ai_feedback_text", "$ai_evaluation_reasoning",
    }
)  # fmt: skip

CONSTANTS: dict[str, Any] = {
    "$ai_lib": LIBRARY,
    "$ai_lib_version": __version__,
    "$lib": LIBRARY,
    "$lib_version": __version__,
}

BY_EVENT: dict[str, tuple[tuple[str, Callable[[AISpan], Any]], ...]] = {
    event: tuple((row.name, row.read) for row in PROPERTIES if event in row.events) for event in sorted(_ALL)
}


def table_properties(record: AISpan, event: str) -> dict[str, Any]:
    """The properties that `PROPERTIES` gives the record on this event."""
    properties: dict[str, Any] = {}
    for name, read in BY_EVENT[event]:
        value = read(record)
        if value is not None and value is not MISSING:
            properties[name] = value
    return properties
