"""Messages of every shape found in the wild, as one list in the OpenAI chat shape.

Every message has `role` and `content` (null where there is only a call). Text alone is a string; calls stand in
`tool_calls` beside a string, or as function parts in the list beside thinking and media, because that is where they are
drawn. A tool's result is a message of its own with text content.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from otel_posthog_ai.record import Message

from .cut_json import up_to_the_cut
from .draft import Draft, result_text
from .histories import read_history
from .media_parts import images
from .message_layout import join_items, laid_out, last_user_text, message_text, with_instructions
from .parts import holds_result, is_call_type, is_result_type, read_part, type_of
from .plain_messages import plain_message
from .roles import CLASSES, LANGCHAIN_TYPES, ROLES, THOUGHTS, role_of, thought_of
from .values import is_list, is_mapping, parse_json

# Pydantic AI's parts, each of which has a role of its own.
PART_ROLES: dict[str, str] = {
    "system-prompt": "system",
    "user-prompt": "user",
    "retry-prompt": "user",
    "tool-return": "tool",
}
# Objects that hold messages under one key, in order of preference.
CONTAINERS = ("messages", "choices", "candidates", "generations", "contents", "output", "input")
# Items of the Responses API that are neither messages nor calls and results of tools.
_OTHER_ITEMS = frozenset({"reasoning", "image_generation_call", "mcp_list_tools"})
_LONGEST_REMEMBERED = 20_000
_CALL_KEYS = ("tool_calls", "toolCalls", "toolInvocations")
_CONTENT_KEYS = ("parts", "blocks", "contents", "text", "message")


def read_messages(value: Any, role: str) -> list[Message] | None:
    """Messages from a list, an object, or (JSON) text of either, None for none; `role` is for what has no role."""
    found = parse_json(value)
    if isinstance(found, str):
        found = _messages_up_to_the_cut(found)
    known = read_history(_contained(found), role, read_message, is_item)
    if known is not None:
        return known or None
    messages: list[Message] = []
    has_items = False
    for entry in _entries(found, 0):
        plain = plain_message(entry)
        if plain is not None:
            messages += plain
            continue
        messages += _other_message(entry, role)
        has_items = has_items or is_item(entry)
    if has_items:
        messages = join_items(messages)
    return messages or None


def _messages_up_to_the_cut(text: str) -> Any:
    """The messages of JSON text that OpenTelemetry's limit of a value's length has cut; any other text as it is."""
    found = up_to_the_cut(text)
    # Of a message that was cut before it said anything the text says more.
    return found if found and is_mapping(found[0]) and "role" in found[0] and len(found[0]) > 1 else text


def is_item(entry: Any) -> bool:
    """Whether an entry is an item of the Responses API that is no message: a call, a result, a thought."""
    if not is_mapping(entry):
        return False
    if "role" in entry:
        return entry["role"] in THOUGHTS
    kind = type_of(entry)
    return kind in _OTHER_ITEMS or is_call_type(kind) or is_result_type(kind)


_DEEPEST = 20


def _entries(value: Any, depth: int) -> Iterable[Any]:
    if value is None or value == "" or depth > _DEEPEST:
        return
    if is_list(value):
        for entry in value:
            if isinstance(entry, dict):  # almost every one
                yield entry
                continue
            entry = parse_json(entry) if isinstance(entry, str) and entry.lstrip().startswith("{") else entry
            if is_list(entry) and not _is_pair(entry):
                yield from _entries(entry, depth + 1)
            else:
                yield entry
        return
    contained = _contained(value)
    if contained is not value:
        yield from _entries(contained, depth + 1)
        return
    holds = is_mapping(value) and "role" not in value and not is_item(value)
    # Bedrock: {"output": {"message": …}}
    yield value["output"] if holds and is_mapping(value.get("output")) else value


def _contained(value: Any) -> Any:
    """The list of messages inside an object that is none itself; anything else as it is."""
    if is_mapping(value) and "role" not in value and not is_item(value):
        return next((value[key] for key in CONTAINERS if is_list(value.get(key))), value)
    return value


def _is_pair(entry: Any) -> bool:
    """LangChain's `("human", "text")`."""
    return len(entry) == 2 and isinstance(entry[0], str) and entry[0] in LANGCHAIN_TYPES | {"user", "assistant"}


def read_message(entry: Any, role: str) -> list[Message]:
    """The messages that one entry stands for: none, one, or a message and the tool results that were inside it."""
    plain = plain_message(entry)
    return _other_message(entry, role) if plain is None else plain


def _other_message(entry: Any, role: str) -> list[Message]:
    if not is_mapping(entry):
        if is_list(entry):
            return text_message(entry[0], entry[1]) if _is_pair(entry) else []
        return text_message(role, entry)
    entry = _unwrapped(entry)
    if is_item(entry):
        draft = Draft()
        read_part(thought_of(entry) if "role" in entry else entry, draft)
        return laid_out("assistant", draft)
    if entry.get("kind") in ("request", "response") and is_list(entry.get("parts")):
        return _pydantic_ai(entry)
    return _chat_message(entry, role_of(entry, role))


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
            if is_list(names) and names and isinstance(names[-1], str) and names[-1] in CLASSES:
                inner.setdefault("type", "constructor")
                inner["role"] = CLASSES[names[-1]]
        elif is_mapping(entry.get("data")) and entry.get("type") in tuple(LANGCHAIN_TYPES):
            inner = {**entry["data"], "type": entry["type"]}
        elif is_mapping(entry.get("content")) and is_list(entry["content"].get("parts")):
            inner = entry["content"]
        elif "_role" in entry and "_content" in entry:  # Haystack before 2.9
            inner = {key.removeprefix("_"): value for key, value in entry.items()}
        if inner is None:
            return entry
        entry = inner
    return entry


def _chat_message(entry: Mapping[str, Any], role: str) -> list[Message]:
    content = entry.get("content")
    if content is None:
        content = next((entry[key] for key in _CONTENT_KEYS if entry.get(key) is not None), None)
    if is_mapping(content) and is_list(content.get("parts")):
        content = content["parts"]
    elif is_mapping(content):
        content = [content]
    if role == "tool" and not (is_list(content) and any(holds_result(part) for part in content)):
        draft = Draft()
        draft.result(_inner_content(entry, content), entry.get("tool_call_id") or entry.get("id"), entry.get("name"))
        return draft.results
    draft = Draft()
    _read_reasoning(entry, draft)
    earlier, draft = _read_parts(content if is_list(content) else [content], role, draft)
    if entry.get("images") is not None:
        images(entry["images"], draft)
    if not draft.parts:
        draft.text(_spoken(entry))
    _read_calls(entry, draft, earlier)
    return [*earlier, *laid_out(role, draft, entry.get("name"))]


def _read_parts(parts: Iterable[Any], role: str, draft: Draft) -> tuple[list[Message], Draft]:
    """What came before the last result of a tool as messages, and the draft of the rest."""
    earlier: list[Message] = []
    for part in parts:
        if role == "assistant" and draft.results and not holds_result(part):
            # A tool that the provider ran within the answer: what follows its result is said after it.
            earlier.extend(laid_out(role, draft))
            draft = Draft()
        read_part(part, draft)
    return earlier, draft


def _inner_content(entry: Mapping[str, Any], content: Any) -> Any:
    """A tool's result as it was given: an object stays an object."""
    return entry["content"] if is_mapping(entry.get("content")) else content


def _read_reasoning(entry: Mapping[str, Any], draft: Draft) -> None:
    reasoning = entry.get("reasoning_content") or entry.get("reasoning") or entry.get("thinking")
    if isinstance(reasoning, str):
        draft.thinking(reasoning)


def _spoken(entry: Mapping[str, Any]) -> Any:
    """What an answer without content says: a refusal, or the transcript of its sound."""
    if isinstance(entry.get("refusal"), str):
        return entry["refusal"]
    audio = entry.get("audio")
    transcript = audio.get("transcript") if is_mapping(audio) else None
    return transcript if isinstance(transcript, str) else None


def _read_calls(entry: Mapping[str, Any], draft: Draft, earlier: Iterable[Message]) -> None:
    """The calls beside the content, without those that stand in it, and were answered there."""
    extra = entry.get("additional_kwargs")
    known = [message["tool_call_id"] for message in earlier if message.get("tool_call_id")]
    for calls in (*map(entry.get, _CALL_KEYS), extra.get("tool_calls") if is_mapping(extra) else None):
        calls = parse_json(calls)
        if not is_list(calls) or not calls:
            continue
        for call in calls:
            if is_mapping(call) and call.get("id") not in known:
                read_part({**call, "type": "tool-invocation" if "result" in call else "tool_call"}, draft)
        if draft.calls:
            return
    function_call = entry.get("function_call")
    if is_mapping(function_call) and not draft.calls:
        draft.call(function_call.get("name"), function_call.get("arguments"))


def _pydantic_ai(entry: Mapping[str, Any]) -> list[Message]:
    """A request of Pydantic AI holds parts of several roles, a response those of one answer."""
    if entry["kind"] == "response":
        return _chat_message({"content": entry["parts"]}, "assistant")
    messages: list[Message] = []
    for part in entry["parts"]:
        kind = type_of(part) if is_mapping(part) else None
        content = part.get("content") if is_mapping(part) else part
        if is_result_type(kind) or (kind == "retry-prompt" and part.get("tool_name")):
            draft = Draft()
            draft.result(content, part.get("tool_call_id"), part.get("tool_name"))
            messages.extend(draft.results)
        else:
            messages.extend(_chat_message({"content": content}, PART_ROLES.get(kind or "", "user")))
    return messages


def text_message(role: str, value: Any) -> list[Message]:
    """A message that is only text, or only parts."""
    role = ROLES.get(role.lower(), role.lower())
    if value is None or value == "":
        return []
    if role == "tool":
        return [{"role": "tool", "content": result_text(value)}]
    draft = Draft()
    for part in value if is_list(value) else [value]:
        read_part(part, draft)
    return laid_out(role, draft)


def read_instructions(value: Any) -> str | None:
    """System instructions: text, parts, or messages, as one text."""
    if isinstance(value, str) and len(value) <= _LONGEST_REMEMBERED:
        return _instructions_of_text(value)
    return _instructions(parse_json(value))


@lru_cache(maxsize=64)
def _instructions_of_text(value: str) -> str | None:
    """Every call of an agent brings the same instructions along."""
    return _instructions(parse_json(value))


def _instructions(found: Any) -> str | None:
    if isinstance(found, str):
        return found or None
    if is_mapping(found):
        found = [found]
    if not is_list(found):
        return None
    entries = [
        entry if is_mapping(entry) and ("role" in entry or "parts" in entry) else {"role": "system", "parts": [entry]}
        for entry in found
    ]
    texts = [message_text(message) for message in read_messages(entries, "system") or ()]
    return "\n\n".join(text for text in texts if text) or None


__all__ = [
    "join_items", "laid_out", "last_user_text", "message_text", "read_instructions",
    "read_message", "read_messages", "text_message", "with_instructions",
]  # fmt: skip
