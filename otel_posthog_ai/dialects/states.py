"""Inputs and outputs of steps as a reader wants them: parsed, messages as messages, without a framework's wrapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .messages import CLASSES, LANGCHAIN_TYPES, read_messages
from .record import Message
from .values import is_list, is_mapping, json_text

_MESSAGE_KEYS = ("content", "parts", "tool_calls", "blocks")
_PLAIN_ROLES = LANGCHAIN_TYPES | {"user", "assistant"}
_DEEPEST = 40


def read_state(value: Any, role: str = "user") -> Any:
    """A state from an attribute: JSON text parsed, a quoted text unquoted, messages in the OpenAI chat shape.

    `role` is for messages that have none. Text that is no JSON stays as it is; None is returned for nothing at all.
    """
    if isinstance(value, str):
        value = json_text(value) if value.lstrip()[:1] in ("{", "[", '"') else value
    return shaped(value, role)


def shaped(value: Any, role: str = "user") -> Any:
    """A parsed state with its messages in the OpenAI chat shape and its serialized objects laid open."""
    state = _shaped(value, role, 0)
    if is_mapping(state) and set(state) == {"messages"} and is_list(state["messages"]):
        return state["messages"]  # what a graph of messages passes on
    return state


def _shaped(value: Any, role: str, depth: int) -> Any:
    if depth > _DEEPEST:
        return value
    if is_list(value):
        if is_message_list(value):
            return read_messages(list(value), role) or []
        return [_shaped(item, role, depth + 1) for item in value]
    if not is_mapping(value):
        return value
    if _is_serialized(value):
        return _laid_open(value, role, depth)
    if "update" in value and value.keys() <= _COMMAND_KEYS:  # LangGraph's Command
        return _shaped(value["update"], role, depth + 1)
    return {str(key): _shaped(item, role, depth + 1) for key, item in value.items()}


_COMMAND_KEYS = frozenset({"graph", "update", "resume", "goto"})


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
    return entry.get("type") in LANGCHAIN_TYPES and "content" in entry


def _is_serialized(value: Mapping[str, Any]) -> bool:
    """LangChain's way to write an object down: `{"lc": 1, "type": "constructor", "id": [..., class], "kwargs": {...}}`."""
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
