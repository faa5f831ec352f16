"""Model Context Protocol: the tools that were called, without the handshake and the transport around them.

Read are OpenTelemetry's MCP conventions and the spans of the MCP SDK (`mcp.method.name`), and those of OpenLLMetry.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_OPERATION_NAME,
    GEN_AI_PROMPT_NAME,
    GEN_AI_TOOL_CALL_ARGUMENTS,
    GEN_AI_TOOL_CALL_RESULT,
    GEN_AI_TOOL_NAME,
)
from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, OUTPUT_VALUE
from otel_posthog_ai.attribute_names.traceloop import (
    TRACELOOP_ENTITY_INPUT,
    TRACELOOP_ENTITY_NAME,
    TRACELOOP_ENTITY_OUTPUT,
    TRACELOOP_SPAN_KIND,
)
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import is_list, is_mapping, text
from otel_posthog_ai.record import AISpan

from .traceloop_envelopes import open_envelope

NAME = "mcp"
PREFIXES = ("mcp.",)
METHOD = "mcp.method.name"
TRACELOOP_SCOPES = ("opentelemetry.instrumentation.mcp", "@traceloop/instrumentation-mcp")
AI_SCOPES = (
    "mcp-python-sdk",
    *TRACELOOP_SCOPES,
)
PLUMBING = (
    "mcp.",
    "fastmcp.",
    "jsonrpc.",
    "tool_",
)
LABELS = {"mcp-python-sdk": "mcp (its own spans)"}
SCOPES = ("mcp-python-sdk", *TRACELOOP_SCOPES, "openinference.instrumentation.mcp", "fastmcp")
SIGNS = Signs(keys=(METHOD,), scopes_begin=SCOPES)
CALL = "tools/call"
# Methods that do something for the user; all others shake hands, list or notify.
WORK = frozenset(
    {CALL, "resources/read", "prompts/get", "sampling/createMessage", "completion/complete", "elicitation/create"}
)
TRANSPORT = frozenset({"ResponseStreamWriter", "RequestStreamWriter", "mcp.server"})
_INPUT_KEYS = (GEN_AI_TOOL_CALL_ARGUMENTS, "mcp.request.argument", TRACELOOP_ENTITY_INPUT, INPUT_VALUE)
_OUTPUT_KEYS = (GEN_AI_TOOL_CALL_RESULT, "mcp.response.value", TRACELOOP_ENTITY_OUTPUT, OUTPUT_VALUE)


def read(record: AISpan, source: Source) -> None:
    method, target = _method(source)
    if method is None:
        record.noise = source.name in TRANSPORT
        record.span_type = record.span_type or "mcp"
        return
    record.span_type, record.operation = "mcp", method
    source.discard(GEN_AI_OPERATION_NAME)
    if method == CALL:
        record.tool_name = target
    record.name = target or method
    _fill(record, source)
    if method not in WORK:
        record.noise = not method.endswith("/list") or unset(record.output_state)


def _method(source: Source) -> tuple[str | None, str | None]:
    """The method of the protocol, and the tool, resource or prompt that it is about."""
    named = text(source.attributes.get(GEN_AI_TOOL_NAME)) or text(source.attributes.get(TRACELOOP_ENTITY_NAME))
    method = text(source.take(METHOD))
    title = source.name.removeprefix("MCP send ").removeprefix("MCP handle ")
    if method is not None:
        named = (
            named or text(source.attributes.get(GEN_AI_PROMPT_NAME)) or text(source.attributes.get("mcp.resource.uri"))
        )
        return method, named or text(title.removeprefix(method).strip())
    if not source.scope.startswith(TRACELOOP_SCOPES):
        return None, None
    if source.attributes.get(TRACELOOP_SPAN_KIND) == "tool":
        return CALL, named or title.removesuffix(".tool")
    return (title.removesuffix(".mcp"), None) if title.endswith(".mcp") else (None, None)


def _fill(record: AISpan, source: Source) -> None:
    given = _first(source, _INPUT_KEYS)
    taken = _first(source, _OUTPUT_KEYS)
    if given is not None and unset(record.input_state):
        record.input_state = open_envelope(given).state
    if taken is not None and unset(record.output_state):
        record.output_state = _text_of(open_envelope(taken).state)


def _first(source: Source, keys: tuple[str, ...]) -> Any:
    return next((value for value in [source.take(key) for key in keys] if value is not None), None)


def _text_of(value: Any) -> Any:
    """A result that is only text, as that text: MCP answers with a list of typed contents."""
    contents = value.get("content") if is_mapping(value) else value
    texts = [_text(item) for item in contents] if is_list(contents) else []
    said = [each for each in texts if each is not None]
    return "\n".join(said) if said and len(said) == len(texts) else read_state(value)


def _text(item: Any) -> str | None:
    if not is_mapping(item) or item.get("type") != "text":
        return None
    found = item.get("text") or item.get("content")
    return found if isinstance(found, str) else None
