"""What PostHog's trace view does not draw of messages: the shapes it passes over, each found by trying.

Each check yields a sentence for every fault in one message (an item of `$ai_input` or `$ai_output_choices`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from otel_posthog_ai.inbox.finding import Effect, Finding
from otel_posthog_ai.inbox.json_values import JsonObject, is_array, is_object

MESSAGE_PROPERTIES = ("$ai_input", "$ai_output_choices", "$ai_output")

OTEL_PARTS = frozenset({"text", "tool_call", "tool_call_response"})
CONTENT_PARTS = frozenset(
    {
        "text", "output_text", "input_text", "function", "tool-call", "tool_call", "tool_use", "tool_result",
        "tool-result", "image", "image_url", "input_image", "file", "audio", "input_audio", "document", "thinking",
        "redacted_thinking", "reasoning", "refusal",
    }
)  # fmt: skip
RESPONSE_ITEMS = frozenset(
    {
        "message", "reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output",
        "web_search_call", "file_search_call", "computer_call", "computer_call_output", "code_interpreter_call",
        "image_generation_call", "local_shell_call", "local_shell_call_output", "mcp_call", "mcp_list_tools",
        "mcp_approval_request", "mcp_approval_response", "compaction",
    }
)  # fmt: skip


def message_findings(properties: JsonObject) -> Iterator[Finding]:
    """Every fault in the messages of an event, told once per property and kind."""
    for name in MESSAGE_PROPERTIES:
        if name not in properties or (name == "$ai_output" and "$ai_output_choices" in properties):
            continue
        told: set[str] = set()
        for place, message in enumerate(messages_of(properties[name])):
            for code, effect, check in _CHECKS:
                for sentence in check(message):
                    if code not in told:
                        told.add(code)
                        yield Finding(code, effect, f"{name}[{place}]: {sentence}")


def messages_of(value: Any) -> Sequence[Any]:
    """The messages that PostHog takes a value for: a list, the choices of an object, or one message."""
    if is_object(value) and is_array(value.get("choices")):
        value = value["choices"]
    items = value if is_array(value) else [value]
    return [_unwrapped(item) for item in items if item is not None]


def _unwrapped(item: Any) -> Any:
    """A choice as providers answer it, ``{"finish_reason", "index", "message"}``, stands for its message."""
    if is_object(item) and is_object(item.get("message")) and "content" not in item:
        return item["message"]
    return item


def _unrecognised(message: Any) -> Iterator[str]:
    if isinstance(message, str):
        return
    if not is_object(message):
        yield "a message that is neither text nor object is shown as raw JSON"
    elif not ({"content", "parts", "message", "text"} & message.keys()) and not _stands_alone(message):
        yield "a message without a `content` key is shown as raw JSON; send null when it is empty"


def _stands_alone(message: JsonObject) -> bool:
    return _type(message) in RESPONSE_ITEMS | CONTENT_PARTS


def _calls_beside_parts(message: Any) -> Iterator[str]:
    if is_object(message) and is_array(message.get("content")) and message.get("tool_calls"):
        yield "tool_calls beside a list of content parts are not drawn; put them into the list as function parts"


def _result_in_parts(message: Any) -> Iterator[str]:
    if is_object(message) and message.get("role") == "tool" and is_array(message.get("content")):
        yield "a tool message with list content loses its tool_call_id; send its content as text"


def _flat_calls(message: Any) -> Iterator[str]:
    calls = message.get("tool_calls") if is_object(message) else None
    for call in calls if is_array(calls) else ():
        if not (is_object(call) and is_object(call.get("function"))):
            yield "a tool call without `function: {name, arguments}` is neither drawn nor counted"


def _incomplete_call_item(message: Any) -> Iterator[str]:
    if is_object(message) and message.get("type") == "function_call":
        missing = [key for key in ("call_id", "name", "arguments") if key not in message]
        if missing:
            yield f"a function_call item without {', '.join(missing)} is not drawn as a call"


def _otel_parts(message: Any) -> Iterator[str]:
    parts = message.get("parts") if is_object(message) and "content" not in message else None
    for part in parts if is_array(parts) else ():
        if is_object(part) and _type(part) not in OTEL_PARTS:
            yield f"a part of type {_kind(part)} in `parts` is drawn as nothing"


def _content_parts(message: Any) -> list[JsonObject]:
    content = message.get("content") if is_object(message) else None
    return [part for part in content if is_object(part)] if is_array(content) else []


def _unknown_part(message: Any) -> Iterator[str]:
    for part in _content_parts(message):
        if _type(part) not in CONTENT_PARTS and "text" not in part:
            yield f"a content part of type {_kind(part)} is shown as raw JSON"


def _empty_tool_result(message: Any) -> Iterator[str]:
    for part in _content_parts(message):
        if part.get("type") == "tool_result" and part.get("content") == []:
            yield "a tool_result with an empty list vanishes"


def _unread_arguments(message: Any) -> Iterator[str]:
    for part in _content_parts(message):
        if part.get("type") == "tool-call" and not is_object(part.get("function")):
            yield "the arguments of a tool-call part are read from `function`, not from `args`"
        if part.get("type") == "tool-result" and "result" in part and "output" not in part:
            yield "the `result` of a tool-result part is not read"


def _type(part: JsonObject) -> str | None:
    kind = part.get("type")
    return kind if isinstance(kind, str) else None


def _kind(part: JsonObject) -> str:
    kind = _type(part)
    return f'"{kind[:40]}"' if kind is not None else "none"


_CHECKS: tuple[tuple[str, Effect, Callable[[Any], Iterator[str]]], ...] = (
    ("message-unrecognised", "drawn wrong", _unrecognised),
    ("tool-calls-beside-parts", "not drawn", _calls_beside_parts),
    ("tool-result-in-parts", "drawn wrong", _result_in_parts),
    ("flat-tool-call", "not drawn", _flat_calls),
    ("incomplete-function-call", "not drawn", _incomplete_call_item),
    ("otel-part", "not drawn", _otel_parts),
    ("unknown-part", "drawn wrong", _unknown_part),
    ("empty-tool-result", "not drawn", _empty_tool_result),
    ("unread-arguments", "not drawn", _unread_arguments),
)
