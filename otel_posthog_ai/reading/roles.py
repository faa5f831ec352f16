"""Who said a message, under the names that providers and frameworks have for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .values import is_mapping, parse_json

ROLES: dict[str, str] = {
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "aimessagechunk": "assistant",
    "function": "tool",
    "tool_response": "tool",
    "ipython": "tool",
    "unknown": "assistant",
    "messagerole.user": "user",
    "messagerole.assistant": "assistant",
    "messagerole.system": "system",
    "messagerole.tool": "tool",
}
# Class names that LangChain, AutoGen and others leave where the role should be.
CLASSES: dict[str, str] = {
    "SystemMessage": "system",
    "HumanMessage": "user",
    "AIMessage": "assistant",
    "AIMessageChunk": "assistant",
    "ToolMessage": "tool",
    "FunctionMessage": "tool",
    "ChatMessage": "user",
    "SystemMessageChunk": "system",
    "HumanMessageChunk": "user",
    "UserMessage": "user",
    "AssistantMessage": "assistant",
    "FunctionExecutionResultMessage": "tool",
}
LANGCHAIN_TYPES = frozenset({"human", "ai", "system", "tool", "function", "AIMessageChunk"})
# Roles that some give to a thought, which is a piece of what the assistant says.
THOUGHTS = ("reasoning", "thinking")


def role_of(entry: Mapping[str, Any], default: str) -> str:
    """The role of a message by its `role`, else by its type; `default` where it has neither."""
    role = entry.get("role")
    if not isinstance(role, str) and is_mapping(role):
        role = role.get("value")
    if not isinstance(role, str) or not role:
        kind = entry.get("type")
        role = default
        if isinstance(kind, str):
            role = kind if kind in LANGCHAIN_TYPES else CLASSES.get(kind, default)
    lowered = role.lower()
    return ROLES.get(lowered, lowered)


def thought_of(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """The item that a message in a role of thoughts stands for: Datadog keeps it whole, as JSON text."""
    content = parse_json(message.get("content"))
    return {**content, "type": "reasoning"} if is_mapping(content) else {"type": "reasoning", "content": content}
