"""Messages of every shape found in the wild, as one list in the OpenAI chat shape.

Every message has `role` and `content` (null where there is only a call). Text alone is a string; calls stand in
`tool_calls` beside a string, or as function parts in the list beside thinking and media, because that is where they are
drawn. A tool's result is a message of its own with text content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .parts import Draft, read_part, result_text
from .record import Message
from .values import is_list, is_mapping, parse_json

ROLES: dict[str, str] = {
    "human": "user",
    "ai": "assistant",
    "model": "assistant",
    "bot": "assistant",
    "chatbot": "assistant",
    "aimessagechunk": "assistant",
    "function": "tool",
    "tool_response": "tool",
    "unknown": "assistant",
    "messagerole.user": "user",
    "messagerole.assistant": "assistant",
    "messagerole.system": "system",
    "messagerole.tool": "tool",
}
# Class names that LangChain and others leave where the role should be.
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
}
LANGCHAIN_TYPES = frozenset({"human", "ai", "system", "tool", "function", "AIMessageChunk"})
# Objects that hold messages under one key, in order of preference.
CONTAINERS = ("messages", "choices", "candidates", "generations", "contents", "output", "input")
# Items of the Responses API that are no messages themselves.
CALL_ITEMS = frozenset({"function_call", "custom_tool_call", "mcp_call", "tool_call", "tool_use"})
RESULT_ITEMS = frozenset({"function_call_output", "custom_tool_call_output", "tool_result", "tool_call_response"})


def read_messages(value: Any, role: str) -> list[Message] | None:
    """Messages from a list, an object, or (JSON) text of either; `role` is for what has none. None: nothing was said."""
    entries = list(_entries(parse_json(value)))
    messages = [message for entry in entries for message in read_message(entry, role)]
    if any(_is_responses_item(entry) for entry in entries):
        messages = join_items(messages)
    return messages or None


def _is_responses_item(entry: Any) -> bool:
    return is_mapping(entry) and "role" not in entry and (entry.get("type") in CALL_ITEMS or entry.get("type") == "reasoning")


def _entries(value: Any) -> Iterable[Any]:
    if value is None or value == "":
        return
    if is_list(value):
        for entry in value:
            entry = parse_json(entry) if isinstance(entry, str) and entry.lstrip().startswith("{") else entry
            if is_list(entry) and not _is_pair(entry):
                yield from _entries(entry)
            else:
                yield entry
        return
    if is_mapping(value) and "role" not in value:
        for key in CONTAINERS:
            if is_list(value.get(key)):
                yield from _entries(value[key])
                return
    yield value


def _is_pair(entry: Any) -> bool:
    """LangChain's `("human", "text")`."""
    return len(entry) == 2 and isinstance(entry[0], str) and entry[0] in LANGCHAIN_TYPES | {"user", "assistant"}


def read_message(entry: Any, role: str) -> list[Message]:
    """The messages that one entry stands for: none, one, or a message and the tool results that were inside it."""
    if is_list(entry):
        return text_message(entry[0], entry[1]) if _is_pair(entry) else []
    if not is_mapping(entry):
        return text_message(role, entry)
    entry = _unwrapped(entry)
    kind = entry.get("type")
    if kind in CALL_ITEMS and "role" not in entry:
        draft = Draft()
        read_part(entry, draft)
        return laid_out("assistant", draft)
    if kind in RESULT_ITEMS and "role" not in entry:
        draft = Draft()
        read_part(entry, draft)
        return draft.results
    if kind == "reasoning" and "role" not in entry:
        draft = Draft()
        read_part(entry, draft)
        return laid_out("assistant", draft) if draft.parts else []
    return _chat_message(entry, _role(entry, role))


def _unwrapped(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The message inside a choice, a LangChain constructor, a generation or a Gemini candidate."""
    for _ in range(4):
        inner: Any = None
        if is_mapping(entry.get("message")):
            inner = entry["message"]
        elif is_mapping(entry.get("delta")) and "index" in entry:
            inner = entry["delta"]
        elif is_mapping(entry.get("kwargs")) and ("lc" in entry or "id" in entry):
            inner = dict(entry["kwargs"])
            names = entry.get("id")
            if is_list(names) and names and names[-1] in CLASSES:
                inner.setdefault("type", "constructor")
                inner["role"] = CLASSES[names[-1]]
        elif is_mapping(entry.get("data")) and entry.get("type") in LANGCHAIN_TYPES:
            inner = {**entry["data"], "type": entry["type"]}
        elif is_mapping(entry.get("content")) and is_list(entry["content"].get("parts")):
            inner = entry["content"]
        if inner is None:
            return entry
        entry = inner
    return entry


def _role(entry: Mapping[str, Any], default: str) -> str:
    role = entry.get("role")
    if is_mapping(role):
        role = role.get("value")
    if not isinstance(role, str) or not role:
        kind = entry.get("type")
        role = kind if isinstance(kind, str) and kind in LANGCHAIN_TYPES else default
    return ROLES.get(role.lower(), role.lower())


def _chat_message(entry: Mapping[str, Any], role: str) -> list[Message]:
    draft = Draft()
    content = entry.get("content")
    if content is None:
        content = next((entry[key] for key in ("parts", "blocks", "contents", "text") if entry.get(key) is not None), None)
    reasoning = entry.get("reasoning_content") or entry.get("reasoning")
    if isinstance(reasoning, str):
        draft.thinking(reasoning)
    if role == "tool" and not _holds_results(content):
        draft.result(content, entry.get("tool_call_id") or entry.get("id"), entry.get("name"))
        return draft.results
    if is_list(content):
        for part in content:
            read_part(part, draft)
    elif is_mapping(content):
        if is_list(content.get("parts")):
            for part in content["parts"]:
                read_part(part, draft)
        else:
            read_part(content, draft)
    elif content is not None:
        draft.text(content)
    if isinstance(entry.get("refusal"), str) and not draft.parts:
        draft.text(entry["refusal"])
    _read_calls(entry, draft)
    audio = entry.get("audio")
    if is_mapping(audio) and isinstance(audio.get("transcript"), str) and not draft.parts:
        draft.text(audio["transcript"])
    return laid_out(role, draft, entry.get("name"))


def _holds_results(content: Any) -> bool:
    if not is_list(content):
        return False
    for part in content:
        if is_mapping(part):
            if part.get("type") in RESULT_ITEMS or "toolResult" in part or "function_response" in part or "functionResponse" in part:
                return True
            if part.get("type") in ("tool-result", "server_tool_call_response"):
                return True
    return False


def _read_calls(entry: Mapping[str, Any], draft: Draft) -> None:
    known = {(call["function"]["name"], call.get("id")) for call in draft.calls}
    extra = entry.get("additional_kwargs")
    sources = [entry.get("tool_calls"), extra.get("tool_calls") if is_mapping(extra) else None]
    for calls in sources:
        calls = parse_json(calls)
        if not is_list(calls) or not calls:
            continue
        for call in calls:
            if not is_mapping(call):
                continue
            before = len(draft.calls)
            read_part({**call, "type": "tool_call"}, draft)
            if len(draft.calls) > before and (draft.calls[-1]["function"]["name"], draft.calls[-1].get("id")) in known:
                draft.calls.pop()
        if draft.calls:
            return
    function_call = entry.get("function_call")
    if is_mapping(function_call) and not draft.calls:
        draft.call(function_call.get("name"), function_call.get("arguments"))


def text_message(role: str, value: Any) -> list[Message]:
    """A message that is only text."""
    role = ROLES.get(role.lower(), role.lower())
    if value is None or value == "":
        return []
    if role == "tool":
        return [{"role": "tool", "content": result_text(value)}]
    if is_list(value):
        draft = Draft()
        for part in value:
            read_part(part, draft)
        return laid_out(role, draft)
    draft = Draft()
    draft.text(value)
    return laid_out(role, draft)


def laid_out(role: str, draft: Draft, name: Any = None) -> list[Message]:
    """The draft as messages: tool results first when a user's turn carries them, then the message itself."""
    message: Message = {"role": role}
    if isinstance(name, str) and name:
        message["name"] = name
    parts, calls = draft.parts, draft.calls
    if not parts and not calls:
        return draft.results
    if all(part["type"] == "text" for part in parts) and (len(parts) < 2 or calls):
        message["content"] = "\n".join(part["text"] for part in parts) if parts else None
        if calls:
            message["tool_calls"] = calls
    else:
        message["content"] = [*parts, *calls]
    return [*draft.results, message]


def join_items(messages: list[Message]) -> list[Message]:
    """Responses items of one turn (reasoning, text, calls) that follow each other as assistant messages, joined."""
    joined: list[Message] = []
    for message in messages:
        last = joined[-1] if joined else None
        if last is not None and last["role"] == message["role"] == "assistant" and _is_item(last, message):
            draft = Draft()
            for each in (last, message):
                _spread(each, draft)
            joined[-1:] = laid_out("assistant", draft)
        else:
            joined.append(message)
    return joined


def _is_item(first: Message, second: Message) -> bool:
    """Whether two assistant messages are pieces of one turn: a call or a thought alone, beside anything."""
    return _is_fragment(first) or (_is_fragment(second) and second.get("content") is None)


def _is_fragment(message: Message) -> bool:
    content = message.get("content")
    if content is None:
        return True
    return is_list(content) and all(part["type"] in ("thinking", "function") for part in content)


def _spread(message: Message, draft: Draft) -> None:
    content = message.get("content")
    if isinstance(content, str):
        draft.text(content)
    elif content is not None:
        for part in content:
            (draft.calls if part["type"] == "function" else draft.parts).append(part)
    draft.calls.extend(message.get("tool_calls", ()))


# ---- reading canonical messages ------------------------------------------------------------------------------------


def message_text(message: Message) -> str:
    """The text of a canonical message, without thinking and media."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if is_list(content):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return ""


def last_user_text(messages: list[Message] | None) -> str | None:
    """The text of the last message of the user."""
    for message in reversed(messages or ()):
        if message["role"] == "user":
            found = message_text(message)
            if found:
                return found
    return None


def with_instructions(messages: list[Message] | None, instructions: str | None) -> list[Message] | None:
    """The messages led by the instructions as a system message, unless they stand there already."""
    if not instructions:
        return messages
    for message in messages or ():
        if message["role"] in ("system", "developer") and message_text(message).strip() == instructions.strip():
            return messages
    return [{"role": "system", "content": instructions}, *(messages or ())]


def read_instructions(value: Any) -> str | None:
    """System instructions: text, parts, or messages, as one text."""
    found = parse_json(value)
    if isinstance(found, str):
        return found or None
    if is_mapping(found):
        found = [found]
    if not is_list(found):
        return None
    pieces: list[str] = []
    for message in read_messages([entry if is_mapping(entry) and "role" in entry else {"role": "system", "parts": [entry]} for entry in found], "system") or ():
        text = message_text(message)
        if text:
            pieces.append(text)
    return "\n\n".join(pieces) or None
