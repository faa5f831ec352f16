"""The OpenAI Agents SDK as Logfire records it: one template of a name for each kind of step."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_USAGE_RAW
from otel_posthog_ai.attribute_names.logfire import LOGFIRE_MSG_TEMPLATE
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.messages import join_items, read_instructions, read_messages
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import fill
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import identifier, is_mapping, mapping, parse_json, text
from otel_posthog_ai.record import MISSING, AISpan, Failure, SpanType

from .gen_ai import state
from .logfire import AGENTS_SCOPE, FIELDS, read_parameters, readable_name

NAME = "logfire_agents"
PREFIXES = ("agent_trace_id",)
SIGNS = Signs(scopes=(AGENTS_SCOPE,))
SCOPES = (AGENTS_SCOPE,)
AI_SCOPES = (AGENTS_SCOPE,)
FRAMEWORK = "openai-agents"

# How the template begins -> what the step is.
CALLS = ("Chat completion", "Responses API")
SPEECH = ("Text", "Speech")
STEPS: tuple[tuple[str, SpanType], ...] = (
    ("OpenAI Agents trace", "workflow"),
    ("Task", "workflow"),
    ("Turn", "task"),
    ("Agent run", "agent"),
    ("Function", "tool"),
    ("Guardrail", "guardrail"),
    ("Handoff", "handoff"),
    ("MCP", "mcp"),
)
IDENTITY = IdentityKeys(incidental_session=("group_id",))
# Attributes that hold what was read elsewhere, or only serve the SDK.
PLUMBING = (
    "agent_trace_id", "data", "events", "from_agent", "group_id", "handoffs", "mcp_data", "model_config",
    "model_settings", "name",
    "output_type", "raw_input", "request_data", "response", "response_id", "result", "sdk_span_type", "server",
    "to_agent", "tools", "tracing", "triggered", "turn", "type", "usage",
)  # fmt: skip


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    fill(record, FIELDS, source)
    template = text(source.take(LOGFIRE_MSG_TEMPLATE)) or source.name
    readable = _name(source, template)
    if template.startswith(CALLS):
        record.kind = "generation"
        record.operation = "chat"
        record.name = readable
        _read_call(record, source)
    else:
        kinds: list[SpanType] = [kind for start, kind in STEPS if template.startswith(start)]
        record.span_type = kinds[0] if kinds else "custom"
        _read_step(record, source)
        record.name = record.name or readable
    _read_error(record, source)


def _name(source: Source, template: str) -> str | None:
    """The readable name without what Logfire adds at its end: the error's text, or what was said or heard."""
    if template.startswith(SPEECH):
        return template.partition(" with ")[0]
    readable = readable_name(source)
    return readable.partition(" failed: ")[0] if readable is not None else None


def _read_call(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    response = mapping(attributes.get("response")) or {}
    record.response_id = identifier(attributes.get("response_id"))
    record.input = _messages(attributes.get("raw_input") or source.take("input"), "user")
    record.output = _messages(response.get("output") or source.take("output"), "assistant")
    record.instructions = read_instructions(response.get("instructions"))
    record.tools = read_tools(response.get("tools"))
    record.finish_reason = _finish_reason(response)
    record.service_tier = text(response.get("service_tier"))
    for key in ("model_config", "model_settings"):
        read_parameters(record, mapping(attributes.get(key)))
    config = mapping(attributes.get("model_config")) or {}
    record.base_url = text(config.get("base_url"))
    fill_usage(record.usage, read_raw_usage(source.take(GEN_AI_USAGE_RAW)) or read_raw_usage(attributes.get("usage")))


def _messages(value: Any, role: str) -> Any:
    """Text, messages or items of the Responses API."""
    found = parse_json(value)
    if found is None or found == "null":
        return None
    messages = read_messages([found] if isinstance(found, str) else found, role)
    return join_items(messages) if messages else None


def _finish_reason(response: dict[str, Any]) -> str | None:
    """The Responses API has a status, and a reason only where the answer is not complete."""
    details = response.get("incomplete_details")
    return (text(details.get("reason")) if is_mapping(details) else None) or text(response.get("status"))


def _read_step(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    name = text(attributes.get("name"))
    record.agent_name = text(source.take("agent_name"))
    if record.span_type == "agent":
        record.name = record.agent_name = name
    elif record.span_type == "tool":
        record.name = record.tool_name = name
    elif record.span_type == "workflow":
        record.name = name
        metadata = mapping(source.take("metadata"))
        record.trace_metadata.update(metadata or {})
    elif record.span_type == "guardrail":
        record.name = name
        record.output_state = {"triggered": attributes.get("triggered")}
    elif record.span_type == "handoff":
        record.name = f"handoff to {attributes.get('to_agent')}"
        record.input_state = {"from_agent": attributes.get("from_agent")}
        record.output_state = {"to_agent": attributes.get("to_agent")}
    elif record.span_type == "mcp":
        record.output_state = _state(attributes.get("result"))
    elif record.span_type == "custom":
        record.name = name
        record.output_state = _state(attributes.get("data"))
    for field in ("input", "output"):
        found = _state(source.take(field))
        if found is not MISSING:
            setattr(record, f"{field}_state", found)


def _state(value: Any) -> Any:
    return MISSING if value is None or value in ("null", "{}") else state(value)


def _read_error(record: AISpan, source: Source) -> None:
    """What the SDK says of a failure; an exception on the span says it better."""
    error = mapping(source.take("error"))
    if not error or any(event.name == "exception" for event in source.events):
        return
    message = text(error.get("message"))
    data = error.get("data")
    detail = text(data.get("error")) if is_mapping(data) else None
    record.error = Failure(None, ": ".join(part for part in (message, detail) if part) or None)
