"""Google's Agent Development Kit: the attributes of its own beside the GenAI conventions.

Up to its second schema a call of the model is a `call_llm` span with the whole request and answer as JSON; where the
kit also writes a `generate_content` span inside, both are one call.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME, GEN_AI_TOOL_NAME
from otel_posthog_ai.reading.content_events import tool_result
from otel_posthog_ai.reading.messages import read_instructions, read_messages
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import finish_reason, identifier, is_mapping, mapping, text
from otel_posthog_ai.record import MISSING, AISpan

NAME = "google_adk"
PREFIXES = ("gcp.vertex.agent.",)
AI_SCOPES = ("gcp.vertex.agent",)
LABELS = {"gcp.vertex.agent": "google-adk (its own spans)"}
SCOPES = ("gcp.vertex.agent",)
SIGNS = Signs(scopes=(SCOPES[0],))
FRAMEWORK = "google-adk"
OWN = "gcp.vertex.agent."
# Request parameters under `config` -> the names that the API has for them.
CONFIG = ("temperature", "top_p", "top_k", "max_output_tokens", "candidate_count", "stop_sequences", "response_schema",
          "response_mime_type", "thinking_config", "seed")  # fmt: skip
PLACEHOLDERS = frozenset({"{}", "N/A", "<not specified>", "<not serializable>", ""})
_TOOL = "execute_tool "
# The kit's own gathering of several tool results.
MERGED = "(merged tools)"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    own = source.below(OWN)
    record.identity.incidental_session = identifier(own.get("session_id"))
    operation = source.attributes.get(GEN_AI_OPERATION_NAME)
    if source.attributes.get(GEN_AI_TOOL_NAME) == MERGED:
        record.noise = True
    elif operation == "execute_tool":
        _read_tool(record, own)
    elif operation is None and source.name.startswith(_TOOL):  # in TypeScript, a tool that failed has nothing else
        record.span_type = "tool"
        record.name = record.tool_name = source.name.removeprefix(_TOOL)
    elif operation is None and "llm_request" in own:
        record.kind = "generation"
        record.operation = "generate_content"
        record.pair_key = NAME
        _read_request(record, mapping(own["llm_request"]) or {})
        _read_answer(record, mapping(own.get("llm_response")) or {})
    elif operation == "generate_content":
        record.pair_key = NAME
    elif operation == "invoke_node":
        record.span_type, record.graph_node = "task", True
        record.name = source.name.removeprefix("invoke_node ") or None


def _read_tool(record: AISpan, own: dict[str, Any]) -> None:
    for field, key in (("input_state", "tool_call_args"), ("output_state", "tool_response")):
        value = own.get(key)
        if value is not None and value not in PLACEHOLDERS and getattr(record, field) is MISSING:
            setattr(record, field, tool_result(value))


def _read_request(record: AISpan, request: dict[str, Any]) -> None:
    record.input = read_messages(request.get("contents"), "user")
    record.request_model = text(request.get("model"))
    config = request.get("config")
    if not is_mapping(config):
        return
    record.instructions = read_instructions(_of(config, "system_instruction"))
    record.tools = read_tools(config.get("tools"))
    for key in CONFIG:
        value = _of(config, key)
        if not unset(value):
            record.parameters.setdefault(key, value)


def _read_answer(record: AISpan, answer: dict[str, Any]) -> None:
    if is_mapping(answer.get("content")):
        record.output = read_messages([answer["content"]], "assistant")
    record.finish_reason = finish_reason(_of(answer, "finish_reason"))
    record.response_model = text(_of(answer, "model_version"))
    record.response_id = identifier(_of(answer, "response_id"))
    fill_usage(record.usage, read_raw_usage(_of(answer, "usage_metadata")))


def _of(found: Mapping[str, Any], key: str) -> Any:
    """A member by the name that it has in Python, or in JavaScript."""
    value = found.get(key)
    if value is not None:
        return value
    first, *rest = key.split("_")
    return found.get(first + "".join(map(str.capitalize, rest)))
