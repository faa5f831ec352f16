"""Parts of a message, from every provider's and framework's shape into the few canonical ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import media_parts
from .draft import Draft
from .media_parts import Pieces, first_text, inner_object
from .values import dump, is_list, is_mapping, parse_json

_RESULT_KEYS = ("response", "result", "output", "content", "error", "tools")
_ARGUMENT_KEYS = ("arguments", "input", "args", "parameters")
_HOSTED_KEYS = ("action", "queries", "code", "input", "arguments")
_CALL_ID_KEYS = ("call_id", "id", "tool_call_id", "toolUseId", "toolCallId", "callId", "ref")
_RESULT_ID_KEYS = ("tool_call_id", "call_id", "tool_use_id", "toolUseId", "toolCallId", "id", "callId", "ref")
_NAME_KEYS = ("name", "tool_name", "toolName")


def _first(pieces: Pieces, keys: tuple[str, ...], default: Any = None) -> Any:
    """The first of the values that is there."""
    for key in keys:
        value = pieces.get(key)
        if value is not None:
            return value
    return default


def _text(part: Pieces, draft: Draft) -> None:
    value = part.get("text")
    if value is None:
        value = part.get("content")
    if is_mapping(value) and "value" in value:  # OpenAI Assistants: {"text": {"value": …}}
        value = value["value"]
    if is_list(value):  # parts inside the part
        for each in value:
            read_part(each, draft)
    elif isinstance(value, str) and is_item_text(value):
        _thinking(parse_json(value), draft)
    else:
        draft.text(value)


def is_item_text(value: str) -> bool:
    """Whether a text is the JSON of a thought of the Responses API, which some take for something that was said."""
    if not value.startswith("{") or '"reasoning"' not in value:
        return False
    item = parse_json(value)
    return is_mapping(item) and item.get("type") == "reasoning" and "summary" in item


def _thinking(part: Pieces, draft: Draft) -> None:
    for key in ("thinking", "content", "text", "reasoning", "reasoning_content"):
        value = _summaries(part.get(key))
        if isinstance(value, str) and value:
            draft.thinking(value)
            return
        if is_list(value) and value:
            _thoughts(value, draft)
            return
    summary = part.get("summary")
    _thoughts(summary if is_list(summary) else [summary], draft)


def _summaries(value: Any) -> Any:
    """OpenLLMetry writes the list of a thought's summaries as JSON text."""
    found = parse_json(value)
    return found if is_list(found) and all(is_mapping(item) and "text" in item for item in found) else value


def _thoughts(value: Any, draft: Draft) -> None:
    for item in value:
        draft.thinking(item.get("text") if is_mapping(item) else item)


def _call(part: Pieces, draft: Draft) -> None:
    inner = inner_object(part, "function", "custom")
    draft.call(
        first_text(inner, *_NAME_KEYS) or first_text(part, *_NAME_KEYS),
        _first(inner, _ARGUMENT_KEYS),
        first_text(part, *_CALL_ID_KEYS),
    )


def _server_call(part: Pieces, draft: Draft) -> None:
    _call(_opened(part, "server_tool_call", _HOSTED_KEYS, "arguments"), draft)


def _server_result(part: Pieces, draft: Draft) -> None:
    _result(_opened(part, "server_tool_call_response", _RESULT_KEYS, "response"), draft)


def _opened(part: Pieces, key: str, words: tuple[str, ...], field: str) -> Pieces:
    """A part about a tool that the provider runs itself: the conventions keep an object of its shape under `key`."""
    inner = part.get(key)
    if not is_mapping(inner):
        return part
    said = {name: value for name, value in inner.items() if name != "type"}
    return {**part, field: _first(inner, words, said)}


def _hosted_call(part: Pieces, draft: Draft) -> None:
    """A tool that the provider runs itself, named by the item's type: `web_search_call`, `code_interpreter_call`."""
    name = str(part["type"]).removesuffix("_call")
    draft.call(name, _first(part, _HOSTED_KEYS), first_text(part, *_CALL_ID_KEYS))
    results = next((part[key] for key in ("results", "outputs") if part.get(key)), None)
    if results is not None:
        draft.result(results, first_text(part, *_CALL_ID_KEYS), name)


def _invocation(part: Pieces, draft: Draft) -> None:
    """A call and, once there is one, its result in one: the parts of a user interface in JavaScript."""
    name = first_text(part, *_NAME_KEYS) or str(part["type"]).removeprefix("tool-")
    draft.call(name, _first(part, _ARGUMENT_KEYS), first_text(part, *_CALL_ID_KEYS))
    value = _first(part, ("result", "output", "errorText"))
    if value is not None:
        draft.result(value, first_text(part, *_CALL_ID_KEYS), name)


def _mcp_call(part: Pieces, draft: Draft) -> None:
    _call(part, draft)
    value = part.get("output") if part.get("output") is not None else part.get("error")
    if value is not None:
        draft.result(value, first_text(part, *_CALL_ID_KEYS), first_text(part, *_NAME_KEYS))


def _result(part: Pieces, draft: Draft) -> None:
    value = _first(part, _RESULT_KEYS, "")
    if is_mapping(value) and set(value) == {"type", "value"}:  # Vercel AI: {"type": "text", "value": …}
        value = value["value"]
    draft.result(value, first_text(part, *_RESULT_ID_KEYS), first_text(part, *_NAME_KEYS))


def _refusal(part: Pieces, draft: Draft) -> None:
    draft.text(part.get("refusal") or part.get("text") or part.get("content"))


def _compaction(part: Pieces, draft: Draft) -> None:
    """What a conversation was shortened to; some providers hand it out only in a form that nobody can read."""
    if isinstance(part.get("content"), str):
        draft.text(part["content"])


def _wrapped(part: Pieces, draft: Draft) -> None:
    """LangChain's content block around what only one provider has."""
    read_part(part.get("value"), draft)


def _nothing(_part: Pieces, _draft: Draft) -> None:
    """Bookkeeping that says nothing to a reader."""


# ---- parts without a type, told by their key


def _gemini_text(value: Any, part: Pieces, draft: Draft) -> None:
    if is_mapping(value) and "value" in value:  # OpenAI Assistants, without a type beside it
        value = value["value"]
    (draft.thinking if part.get("thought") is True else draft.text)(value)


def _keyed_call(value: Any, _part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        _call(value, draft)


def _keyed_result(value: Any, _part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        origin = inner_object(value, "origin")  # Haystack keeps the call beside its result
        draft.result(
            _first(value, _RESULT_KEYS, ""),
            first_text(value, *_RESULT_ID_KEYS) or first_text(origin, *_CALL_ID_KEYS),
            first_text(value, *_NAME_KEYS) or first_text(origin, *_NAME_KEYS),
        )


def _executable_code(value: Any, _part: Pieces, draft: Draft) -> None:
    draft.text(value.get("code") or value.get("output") if is_mapping(value) else value)


def _reasoning_content(value: Any, _part: Pieces, draft: Draft) -> None:
    inner = value.get("reasoningText", value.get("reasoning_text", value)) if is_mapping(value) else value
    draft.thinking(inner.get("text") if is_mapping(inner) else inner)


def _skip(_value: Any, _part: Pieces, _draft: Draft) -> None:
    """Bookkeeping that says nothing to a reader."""


Reader = Callable[[Pieces, Draft], None]
KeyedReader = Callable[[Any, Pieces, Draft], None]

_BY_READER: tuple[tuple[Reader, tuple[str, ...]], ...] = (
    (_text, ("text", "input_text", "output_text", "summary_text", "user-prompt", "system-prompt", "retry-prompt",
             "textBlock")),
    (_thinking, ("thinking", "reasoning", "reasoning_text", "reasoningBlock")),
    (_nothing, ("redacted_thinking", "step-start", "step-finish", "mcp_list_tools",
                "tool-approval-request", "tool-approval-response")),
    (_compaction, ("compaction",)),
    (_call, ("tool_call", "tool_use", "tool-call", "toolCall", "function_call", "function", "custom",
             "custom_tool_call", "server_tool_use", "mcp_tool_use", "builtin-tool-call", "toolUse", "toolUseBlock",
             "invalid_tool_call")),
    (_server_call, ("server_tool_call",)),
    (_server_result, ("server_tool_call_response",)),
    (_hosted_call, ("web_search_call", "file_search_call", "code_interpreter_call", "computer_call", "local_shell_call",
                    "shell_call", "apply_patch_call", "tool_search_call")),
    (_mcp_call, ("mcp_call",)),
    (_invocation, ("tool-invocation", "dynamic-tool")),
    (_result, ("tool_call_response", "tool_result", "tool-result", "tool-error", "function_call_output", "tool-return",
               "builtin-tool-return", "toolResult", "toolResultBlock", "server_tool_result", "tool_search_output")),
    (media_parts.image_url, ("image_url", "input_image")),
    (media_parts.image, ("image", "image-url", "base64_image")),
    (media_parts.audio, ("input_audio", "audio")),
    (media_parts.file, ("file", "input_file", "document", "video", "video_url", "media", "container_upload")),
    (media_parts.blob, ("blob", "binary")),
    (media_parts.uri, ("uri", "document-url", "video-url", "audio-url")),
    (media_parts.generated_image, ("image_generation_call",)),
    (_refusal, ("refusal",)),
    (_wrapped, ("non_standard",)),
)  # fmt: skip
# Tools that a provider runs itself come with types of their own: `web_search_tool_result`, `mcp_tool_use`.
_BY_ENDING: tuple[tuple[str, Reader], ...] = (
    ("_tool_result", _result), ("_call_output", _result), ("_tool_use", _call),
)  # fmt: skip
TYPED: dict[str, Reader] = {kind: reader for reader, kinds in _BY_READER for kind in kinds}

_BY_KEYED_READER: tuple[tuple[KeyedReader, tuple[str, ...]], ...] = (
    (_keyed_call, ("function_call", "functionCall", "toolUse", "tool_use", "tool_call", "toolRequest")),
    (_keyed_result, ("function_response", "functionResponse", "toolResult", "tool_result", "tool_call_result",
                     "toolResponse")),
    (media_parts.linked_media, ("media",)),
    (media_parts.inline_data, ("inline_data", "inlineData")),
    (media_parts.file_data, ("file_data", "fileData")),
    (media_parts.bedrock_media, ("image", "document", "video")),
    (_reasoning_content, ("reasoningContent", "reasoning_content", "reasoning")),
    (_executable_code, ("executable_code", "executableCode", "code_execution_result", "codeExecutionResult")),
    (_skip, ("cachePoint", "cache_point", "thought_signature", "thoughtSignature")),
)  # fmt: skip
KEYED: tuple[tuple[str, KeyedReader], ...] = tuple((key, reader) for reader, keys in _BY_KEYED_READER for key in keys)
# The key that may stand beside all others comes last.
_LAST: tuple[tuple[str, KeyedReader], ...] = (("text", _gemini_text),)
RESULT_KEYS = frozenset(_BY_KEYED_READER[1][1])
_RESULTS = (_result, _server_result)
_CALLS = (_call, _server_call, _hosted_call, _mcp_call, _invocation)


def type_of(part: Pieces) -> str | None:
    """The type of a part or item, whatever the key that names it."""
    kind = part.get("type")
    if isinstance(kind, str) and kind:
        return kind
    return first_text(part, "block_type", "part_kind", "kind")


def _reader_of(kind: str | None) -> Reader | None:
    if kind is None:
        return None
    return TYPED.get(kind) or next((reader for ending, reader in _BY_ENDING if kind.endswith(ending)), None)


def is_part_type(kind: str | None) -> bool:
    """Whether parts or items of this type are known."""
    return _reader_of(kind) is not None


def is_result_type(kind: str | None) -> bool:
    """Whether parts and items of this type are results of tools."""
    return _reader_of(kind) in _RESULTS


def is_call_type(kind: str | None) -> bool:
    """Whether parts and items of this type are calls of tools."""
    return _reader_of(kind) in _CALLS


def holds_result(part: Any) -> bool:
    """Whether a part is the result of a tool."""
    return is_mapping(part) and (
        is_result_type(type_of(part)) or not RESULT_KEYS.isdisjoint(part.keys()) or _is_bare_result(part)
    )


def _is_bare_result(part: Pieces) -> bool:
    """AutoGen's result of an execution, which has no type."""
    return "call_id" in part and "content" in part and "type" not in part


def read_part(part: Any, draft: Draft) -> None:
    """Add what `part` says to the draft; a part of an unknown shape is kept as its JSON text."""
    if not is_mapping(part):
        draft.text(part)
        return
    kind = type_of(part)
    reader = _reader_of(kind)
    if reader is None and kind is not None and kind.startswith("tool-") and "toolCallId" in part:
        reader = _invocation
    if reader is not None:
        reader(part, draft)
        return
    for key, keyed in (*KEYED, *_LAST):
        if part.get(key) is not None:
            keyed(part[key], part, draft)
            return
    if _is_bare_result(part):
        _result(part, draft)
    elif isinstance(part.get("name"), str) and "arguments" in part:
        _call(part, draft)
    elif isinstance(part.get("content"), str):
        draft.text(part["content"])
    elif part:
        draft.text(dump({key: value for key, value in part.items() if value is not None}))
