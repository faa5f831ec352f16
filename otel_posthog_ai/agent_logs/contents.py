"""What agents' records say of a conversation, as messages: prompts, bodies of requests and answers, tools that ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_REQUEST_MAX_TOKENS,
    GEN_AI_REQUEST_TEMPERATURE,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_RESPONSE_ID,
    GEN_AI_RESPONSE_MODEL,
    GEN_AI_SYSTEM_INSTRUCTIONS,
    GEN_AI_TOOL_DEFINITIONS,
)
from otel_posthog_ai.reading.cut_json import before_the_cut
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.pieces import answer_of_pieces
from otel_posthog_ai.reading.raw_answers import raw_output
from otel_posthog_ai.reading.values import is_list, is_mapping, object_of, parse_json, text
from otel_posthog_ai.record import Message

from .conventions import Role, first_of
from .entry import AgentEntry

if TYPE_CHECKING:
    from .spans import Call

# What agents write where the user's settings keep content out of the telemetry.
REDACTED = ("<REDACTED>", "[REDACTED]")
# Of a request's body -> attributes of the conventions.
_BODY_FIELDS = {
    "system": GEN_AI_SYSTEM_INSTRUCTIONS,
    "tools": GEN_AI_TOOL_DEFINITIONS,
    "temperature": GEN_AI_REQUEST_TEMPERATURE,
    "max_tokens": GEN_AI_REQUEST_MAX_TOKENS,
}
_ANSWER_FIELDS = {
    "id": GEN_AI_RESPONSE_ID,
    "responseId": GEN_AI_RESPONSE_ID,
    "model": GEN_AI_RESPONSE_MODEL,
    "modelVersion": GEN_AI_RESPONSE_MODEL,
    "stop_reason": GEN_AI_RESPONSE_FINISH_REASONS,
}


def said(value: Any) -> Any:
    """A text that says something."""
    return None if value in REDACTED else text(value)


def asked(entry: AgentEntry | None) -> dict[str, Any]:
    """The input that a prompt or the body of a request says, as attributes of the conventions."""
    if entry is None:
        return {}
    attributes = entry.record.attributes
    if entry.role is Role.PROMPT:
        prompt = said(first_of(attributes, ("prompt", "prompt_text")))
        return {GEN_AI_INPUT_MESSAGES: [{"role": "user", "content": prompt}]} if prompt is not None else {}
    body = parse_json(first_of(attributes, ("body", "request_text")))
    if isinstance(body, str):
        body = before_the_cut(body)  # agents cut what is long
    if is_list(body):
        return {GEN_AI_INPUT_MESSAGES: list(body)}
    if not is_mapping(body):
        return {}
    found = {name: body[key] for key, name in _BODY_FIELDS.items() if body.get(key) is not None}
    messages = read_messages(body.get("messages", body.get("contents")), "user")
    return {**found, GEN_AI_INPUT_MESSAGES: messages} if messages else found


def called(call: Call) -> list[Message]:
    """The answer to a request, as far as the records say: the whole body, else its text and the tools that then ran."""
    body = _body(call)
    answer = answer_of_pieces(body) if is_list(body) else raw_output(_without_redacted(body))
    if answer:
        return answer
    spoken = said(first_of(call.answer.record.attributes, ("response",))) if call.answer is not None else said(body)
    calls = [found for tool in call.tools if (found := _tool_call(tool)) is not None]
    if spoken is None and not calls:
        return []
    return read_messages([{"role": "assistant", "content": spoken, "tool_calls": calls}], "assistant") or []


def answered(call: Call) -> dict[str, Any]:
    """What the body of an answer says of it, as attributes of the conventions."""
    body = _body(call)
    last = object_of(body[-1]) if is_list(body) and body else object_of(body)
    return {name: last[key] for key, name in _ANSWER_FIELDS.items() if last.get(key) is not None}


def _without_redacted(body: Any) -> Any:
    """Of Anthropic's answer, what is not kept out of the telemetry: its thoughts always are."""
    content = object_of(body).get("content")
    if not is_list(content):
        return body if is_mapping(body) else None
    return {**body, "content": [block for block in content if object_of(block).get("thinking") not in REDACTED]}


def _body(call: Call) -> Any:
    """A provider's answer as one object, or the pieces of its stream."""
    raw = first_of(call.response.record.attributes, ("body",)) if call.response is not None else None
    return parse_json(raw or first_of(call.entry.record.attributes, ("response_text",)))


def _tool_call(tool: AgentEntry) -> dict[str, Any] | None:
    attributes = tool.record.attributes
    name = first_of(attributes, ("tool_name", "function_name"))
    if name is None:
        return None
    arguments = first_of(attributes, ("tool_input", "tool_parameters", "arguments", "function_args"))
    called_for = {"id": first_of(attributes, ("tool_use_id", "call_id")), "type": "function"}
    return {**called_for, "function": {"name": name, "arguments": arguments or ""}}


def ran(tool: AgentEntry) -> list[Message]:
    """The result of a tool as the message that tells the model of it."""
    attributes = tool.record.attributes
    result = said(first_of(attributes, ("tool_output", "output", "error")))
    if result is None:
        return []
    call_id = first_of(attributes, ("tool_use_id", "call_id"))
    return [{"role": "tool", **({"tool_call_id": call_id} if call_id else {}), "content": result}]
