"""Inputs and outputs of steps as a reader wants them: parsed, messages as messages, without a framework's wrapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otel_posthog_ai.record import Message

from .literals import ADDRESS, read_literal
from .messages import read_messages
from .roles import CLASSES, LANGCHAIN_TYPES
from .values import is_list, is_mapping, json_text

_MESSAGE_KEYS = ("content", "parts", "tool_calls", "blocks")
_PLAIN_ROLES = LANGCHAIN_TYPES | {"user", "assistant"}
# Arguments of a function as decorators capture them, and what some add to the call.
_CALL = frozenset({"args", "kwargs"})
_CALL_EXTRAS = frozenset({"sanitize_inputs_outputs"})
_DEEPEST = 40
# How reprs of objects and lists begin that hold more than names.
_REPR_OPENERS = ("{'", "['", "[{'", "({'")
# A list of nothing but floats this long is a vector.
_SHORTEST_VECTOR = 8


def read_state(value: Any, role: str = "user") -> Any:
    """A state from an attribute: JSON text parsed, a quoted text unquoted, messages in the OpenAI chat shape.

    `role` is for messages that have none. Text that is no JSON stays as it is; None is returned for nothing at all.
    """
    if isinstance(value, str):
        value = _parsed(value)
    return shaped(value, role)


def _parsed(value: str) -> Any:
    """The value of JSON text or of a repr of an object or list; an object's mere address says nothing."""
    opening = value.lstrip()[:3]
    found = json_text(value) if opening[:1] in ("{", "[", '"') else value
    if found is value and opening.startswith(_REPR_OPENERS):
        literal = read_literal(value)
        return value if literal is None else literal
    if found == "null":
        return None  # the JSON of nothing
    return None if ADDRESS.fullmatch(value) else found


def shaped(value: Any, role: str = "user") -> Any:
    """A parsed state with its messages in the OpenAI chat shape and its serialized objects laid open."""
    state = _shaped(value, role, 0)
    if is_list(state) and len(state) == 1 and is_mapping(value):
        message = state[0]
        if is_mapping(message) and message.get("role") == "tool" and isinstance(message.get("content"), str):
            return read_state(message["content"])  # a tool's result, as the message that carries it on
    if is_list(state) and len(state) == 1 and is_list(value) and _is_command(value[0]):
        return shaped(state[0], role)
    if is_mapping(state) and set(state) == {"messages"} and is_list(state["messages"]):
        return state["messages"]  # what a graph of messages passes on
    return state


def _shaped(value: Any, role: str, depth: int) -> Any:
    if depth > _DEEPEST:
        return value
    if is_list(value):
        if is_message_list(value):
            return read_messages(list(value), role) or []
        if len(value) == 1 and is_message_list(value[0]):  # LangChain's batch of one
            return read_messages(list(value[0]), role) or []
        if _is_vector(value):
            return f"[{len(value)} numbers]"
        return [_shaped(item, role, depth + 1) for item in value]
    if not is_mapping(value):
        return value
    if _is_serialized(value):
        return _laid_open(value, role, depth)
    if _is_message(value):
        return read_messages([value], "assistant") or []
    if _is_command(value):
        return _shaped(value["update"], role, depth + 1)
    if _CALL <= value.keys() <= _CALL | _CALL_EXTRAS:
        return _shaped(_arguments(value), role, depth + 1)
    return {str(key): _shaped(item, role, depth + 1) for key, item in value.items()}


def _is_vector(value: Sequence[Any]) -> bool:
    """An embedding, which nobody reads."""
    return len(value) >= _SHORTEST_VECTOR and all(isinstance(item, float) for item in value)


_COMMAND_KEYS = frozenset({"graph", "update", "resume", "goto"})


def _is_command(value: Any) -> bool:
    """LangGraph's `Command`, of which the update is the state."""
    return is_mapping(value) and "update" in value and value.keys() <= _COMMAND_KEYS


def _arguments(value: Mapping[str, Any]) -> Any:
    """Captured arguments: the only one by itself, named ones by their names, else both."""
    positional, named = value["args"], value["kwargs"]
    if not positional:
        return named
    if named:
        return {"args": positional, "kwargs": named}
    return positional[0] if is_list(positional) and len(positional) == 1 else positional


def is_message_list(value: Any) -> bool:
    """Whether every entry of a list is a message of some framework."""
    return is_list(value) and len(value) > 0 and all(_is_message(entry) for entry in value)


def _is_message(entry: Any) -> bool:
    if is_list(entry):  # LangChain's ("human", "text")
        return len(entry) == 2 and isinstance(entry[0], str) and entry[0] in _PLAIN_ROLES and isinstance(entry[1], str)
    if not is_mapping(entry):
        return False
    if _is_serialized(entry):
        return entry["id"][-1] in CLASSES
    if isinstance(entry.get("role"), str):
        return any(key in entry for key in _MESSAGE_KEYS)
    kind = entry.get("type")
    return isinstance(kind, str) and kind in LANGCHAIN_TYPES and ("content" in entry or is_mapping(entry.get("data")))


def _is_serialized(value: Mapping[str, Any]) -> bool:
    """LangChain's way to write an object down: `{"lc": 1, "type": "constructor", "id": […, class], "kwargs": {…}}`."""
    names = value.get("id")
    return "lc" in value and is_list(names) and len(names) > 0 and isinstance(names[-1], str)


def _laid_open(value: Mapping[str, Any], role: str, depth: int) -> Any:
    name, fields = value["id"][-1], value.get("kwargs")
    if name in CLASSES:
        messages: list[Message] = read_messages([value], role) or []
        return messages
    if not is_mapping(fields):
        return name
    if is_message_list(fields.get("messages")):  # a prompt's value
        return read_messages(list(fields["messages"]), role) or []
    return {str(key): _shaped(item, role, depth + 1) for key, item in fields.items() if key != "type"}
