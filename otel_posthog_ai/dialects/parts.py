"""Parts of a message, from every provider's and framework's shape into the few canonical ones.

Canonical parts: `{"type": "text", "text"}`, `{"type": "thinking", "thinking"}`, `{"type": "image_url", "image_url": {"url"}}`,
`{"type": "input_audio", "input_audio": {"data", "format"}}`, `{"type": "file", "file": {…}}`; calls and results of tools
are gathered beside them, because where they belong is a matter of layout (`messages.py`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from .values import dump, is_list, is_mapping, parse_json

Part = dict[str, Any]
Pieces = Mapping[str, Any]


class Draft:
    """A message in the making."""

    __slots__ = ("calls", "parts", "results")

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.calls: list[dict[str, Any]] = []
        self.results: list[dict[str, Any]] = []

    def text(self, value: Any) -> None:
        if isinstance(value, str):
            if value:
                self.parts.append({"type": "text", "text": value})
        elif value is not None:
            self.parts.append({"type": "text", "text": dump(value)})

    def thinking(self, value: Any) -> None:
        if isinstance(value, str) and value:
            self.parts.append({"type": "thinking", "thinking": value})

    def call(self, name: Any, arguments: Any, call_id: Any = None) -> None:
        if not isinstance(name, str) or not name:
            return
        if arguments is None:
            arguments = ""
        entry: dict[str, Any] = {"id": call_id} if isinstance(call_id, str) and call_id else {}
        entry["type"] = "function"
        entry["function"] = {"name": name, "arguments": arguments if isinstance(arguments, str) else dump(arguments)}
        self.calls.append(entry)

    def result(self, value: Any, call_id: Any = None, name: Any = None) -> None:
        entry: dict[str, Any] = {"role": "tool"}
        if isinstance(call_id, str) and call_id:
            entry["tool_call_id"] = call_id
        if isinstance(name, str) and name:
            entry["name"] = name
        entry["content"] = result_text(value)
        self.results.append(entry)

    def image(self, url: Any) -> None:
        if isinstance(url, str) and url:
            self.parts.append({"type": "image_url", "image_url": {"url": url}})

    def audio(self, data: Any, form: Any) -> None:
        if isinstance(data, str):
            self.parts.append({"type": "input_audio", "input_audio": {"data": data, "format": form or "wav"}})

    def file(self, name: Any = None, **where: Any) -> None:
        entry = {key: value for key, value in where.items() if isinstance(value, str) and value}
        if isinstance(name, str) and name:
            entry = {"filename": name, **entry}
        if entry:
            self.parts.append({"type": "file", "file": entry})

    def media(self, data: Any, mime: Any, name: Any = None) -> None:
        """Media by its bytes (base64 text, real bytes or a whole data URL) and its MIME type."""
        mime = mime if isinstance(mime, str) and mime else "application/octet-stream"
        if isinstance(data, (bytes, bytearray, memoryview)):
            data = base64.b64encode(bytes(data)).decode("ascii")
        if not isinstance(data, str) or not data:
            return
        url = data if data.startswith("data:") else f"data:{mime};base64,{data}"
        kind = (data[5:].split(";", 1)[0] if data.startswith("data:") else mime).lower()
        if kind.startswith("image"):
            self.image(url)
        elif kind.startswith("audio"):
            self.audio(data.partition(",")[2] if data.startswith("data:") else data, kind.partition("/")[2])
        else:
            self.file(name, file_data=url)

    def link(self, url: Any, mime: Any = None, modality: Any = None, name: Any = None) -> None:
        """Media by its address."""
        if not isinstance(url, str) or not url:
            return
        if url.startswith("data:"):
            self.media(url, None, name)
            return
        kind = f"{modality or ''} {mime or ''}".lower()
        if "image" in kind or (kind == " " and url.lower().split("?")[0].endswith((".png", ".jpg", ".jpeg", ".gif", ".webp"))):
            self.image(url)
        else:
            self.file(name, file_url=url)


def result_text(value: Any) -> str:
    """A tool's result as the text that a tool message needs."""
    value = parse_quoted(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if is_list(value) and value and all(is_mapping(item) and isinstance(item.get("text"), str) for item in value):
        return "\n".join(item["text"] for item in value)
    return dump(value)


def parse_quoted(value: Any) -> Any:
    """A JSON text of a text (`"\\"Sunny\\""`) as that text."""
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        from .values import json_text

        found = json_text(value)
        return found if isinstance(found, str) else value
    return value


# ---- readers of typed parts ---------------------------------------------------------------------------------------


def _text(part: Pieces, draft: Draft) -> None:
    value = part.get("text")
    if value is None:
        value = part.get("content")
    if is_mapping(value):  # OpenAI Assistants: {"text": {"value": …}}
        value = value.get("value")
    draft.text(value)


def _thinking(part: Pieces, draft: Draft) -> None:
    for key in ("thinking", "content", "text", "reasoning", "reasoning_content"):
        value = part.get(key)
        if isinstance(value, str) and value:
            draft.thinking(value)
            return
        if is_list(value):
            for item in value:
                draft.thinking(item.get("text") if is_mapping(item) else item)
            if value:
                return
    summary = part.get("summary")
    for item in summary if is_list(summary) else [summary]:
        draft.thinking(item.get("text") if is_mapping(item) else item)


def _call(part: Pieces, draft: Draft) -> None:
    function = part.get("function")
    inner = function if is_mapping(function) else part
    arguments = next((inner[key] for key in ("arguments", "input", "args") if inner.get(key) is not None), None)
    call_id = next((part[key] for key in ("call_id", "id", "tool_call_id", "toolUseId") if part.get(key)), None)
    draft.call(inner.get("name") or part.get("tool_name") or part.get("toolName"), arguments, call_id)


_RESULT_KEYS = ("response", "result", "output", "content")


def _result(part: Pieces, draft: Draft) -> None:
    call_id = next(
        (part[key] for key in ("tool_call_id", "call_id", "tool_use_id", "toolUseId", "toolCallId", "id") if part.get(key)), None
    )
    value = next((part[key] for key in _RESULT_KEYS if key in part and part[key] is not None), "")
    draft.result(value, call_id, part.get("name") if isinstance(part.get("name"), str) else None)


def _image_url(part: Pieces, draft: Draft) -> None:
    value = part.get("image_url")
    if value is None:
        value = part.get("url") or part.get("image")
    draft.image(value.get("url") if is_mapping(value) else value)


def _image(part: Pieces, draft: Draft) -> None:
    for key in ("image", "image_url", "url", "source", "data", "base64", "content"):
        value = part.get(key)
        if value is None:
            continue
        if is_mapping(value):
            _source(value, draft, "image/png")
        elif isinstance(value, str) and value.startswith(("http://", "https://", "data:", "gs://", "s3://", "file:")):
            draft.image(value)
        else:
            draft.media(value, part.get("mime_type") or part.get("media_type") or part.get("mimeType") or "image/png")
        return
    for key in ("file_id", "fileId", "id"):
        if isinstance(part.get(key), str):
            draft.image(f"file:{part[key]}")
            return


def _source(source: Pieces, draft: Draft, mime: str, name: Any = None) -> None:
    """Anthropic's and Bedrock's `source`, OpenInference's `image`."""
    url = source.get("url") or source.get("uri")
    kind = next((source[k] for k in ("media_type", "mime_type", "mimeType", "format") if isinstance(source.get(k), str)), mime)
    if isinstance(url, str):
        if kind.startswith("image") or mime.startswith("image"):
            draft.image(url)
        else:
            draft.link(url, kind, None, name)
        return
    if source.get("type") == "text":
        draft.text(source.get("data"))
        return
    data = next((source[k] for k in ("data", "bytes", "base64") if source.get(k) is not None), None)
    draft.media(data, kind if "/" in kind else mime, name)


def _audio(part: Pieces, draft: Draft) -> None:
    value = part.get("input_audio")
    value = value if is_mapping(value) else part.get("audio") if is_mapping(part.get("audio")) else part
    data = value.get("data") or value.get("content")
    if isinstance(value.get("url"), str):
        draft.link(value["url"], "audio/*")
    else:
        draft.audio(data, value.get("format") or str(value.get("mime_type") or "").rpartition("/")[2])


def _file(part: Pieces, draft: Draft) -> None:
    value = part.get("file")
    inner = value if is_mapping(value) else part
    name = inner.get("filename") or inner.get("name") or inner.get("title")
    data = inner.get("file_data") or inner.get("data") or inner.get("content")
    url = inner.get("file_url") or inner.get("url") or inner.get("uri") or inner.get("file_uri")
    if is_mapping(inner.get("source")):
        _source(inner["source"], draft, "application/pdf", name)
    elif data is not None:
        draft.media(data, inner.get("mime_type") or inner.get("media_type"), name)
    elif isinstance(url, str):
        draft.link(url, inner.get("mime_type"), inner.get("modality"), name)
    else:
        draft.file(name, file_id=inner.get("file_id"))


def _blob(part: Pieces, draft: Draft) -> None:
    data = part.get("content") if part.get("content") is not None else part.get("data")
    mime = part.get("mime_type") or part.get("media_type")
    if mime is None and isinstance(part.get("modality"), str):
        mime = f"{part['modality']}/*"
    draft.media(data, mime)


def _uri(part: Pieces, draft: Draft) -> None:
    draft.link(part.get("uri") or part.get("url"), part.get("mime_type"), part.get("modality"))


def _refusal(part: Pieces, draft: Draft) -> None:
    draft.text(part.get("refusal") or part.get("text"))


def _inline_data(value: Any, part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        draft.media(value.get("data"), value.get("mime_type") or value.get("mimeType"))


def _file_data(value: Any, part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        draft.link(value.get("file_uri") or value.get("fileUri"), value.get("mime_type") or value.get("mimeType"))


def _gemini_text(value: Any, part: Pieces, draft: Draft) -> None:
    (draft.thinking if part.get("thought") is True else draft.text)(value)


def _tool_use(value: Any, part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        _call(value, draft)


def _tool_result(value: Any, part: Pieces, draft: Draft) -> None:
    if is_mapping(value):
        _result(value, draft)


def _executable_code(value: Any, part: Pieces, draft: Draft) -> None:
    draft.text(value.get("code") or value.get("output") if is_mapping(value) else value)


def _bedrock_media(value: Any, part: Pieces, draft: Draft) -> None:
    if is_mapping(value) and is_mapping(value.get("source")):
        form = value.get("format") or "octet-stream"
        kind = "image" if "image" in part else "video" if "video" in part else "application"
        _source(value["source"], draft, f"{kind}/{form}", value.get("name"))


def _reasoning_content(value: Any, part: Pieces, draft: Draft) -> None:
    inner = value.get("reasoningText", value.get("reasoning_text", value)) if is_mapping(value) else value
    draft.thinking(inner.get("text") if is_mapping(inner) else inner)


def _nothing(part: Pieces, draft: Draft) -> None:
    """Bookkeeping that says nothing to a reader."""


TYPED: dict[str, Callable[[Pieces, Draft], None]] = {
    "text": _text,
    "input_text": _text,
    "output_text": _text,
    "thinking": _thinking,
    "reasoning": _thinking,
    "redacted_thinking": _nothing,
    "step-start": _nothing,
    "tool_call": _call,
    "tool_use": _call,
    "tool-call": _call,
    "toolCall": _call,
    "function_call": _call,
    "function": _call,
    "custom_tool_call": _call,
    "server_tool_use": _call,
    "server_tool_call": _call,
    "mcp_call": _call,
    "mcp_tool_use": _call,
    "tool_call_response": _result,
    "tool_result": _result,
    "tool-result": _result,
    "function_call_output": _result,
    "custom_tool_call_output": _result,
    "server_tool_call_response": _result,
    "mcp_tool_result": _result,
    "web_search_tool_result": _result,
    "image_url": _image_url,
    "input_image": _image_url,
    "image": _image,
    "image-url": _image,
    "base64_image": _image,
    "input_audio": _audio,
    "audio": _audio,
    "file": _file,
    "input_file": _file,
    "document": _file,
    "video": _file,
    "media": _file,
    "blob": _blob,
    "binary": _blob,
    "uri": _uri,
    "refusal": _refusal,
}  # fmt: skip

# Parts without a type, told by the key that they carry (Gemini, Bedrock).
KEYED: tuple[tuple[str, Callable[[Any, Pieces, Draft], None]], ...] = (
    ("function_call", _tool_use),
    ("functionCall", _tool_use),
    ("function_response", _tool_result),
    ("functionResponse", _tool_result),
    ("toolUse", _tool_use),
    ("tool_use", _tool_use),
    ("toolResult", _tool_result),
    ("tool_result", _tool_result),
    ("inline_data", _inline_data),
    ("inlineData", _inline_data),
    ("file_data", _file_data),
    ("fileData", _file_data),
    ("image", _bedrock_media),
    ("document", _bedrock_media),
    ("video", _bedrock_media),
    ("reasoningContent", _reasoning_content),
    ("reasoning_content", _reasoning_content),
    ("executable_code", _executable_code),
    ("executableCode", _executable_code),
    ("code_execution_result", _executable_code),
    ("codeExecutionResult", _executable_code),
    ("text", _gemini_text),
)


def read_part(part: Any, draft: Draft) -> None:
    """Add what `part` says to the draft; a part of an unknown shape is kept as its JSON text."""
    if isinstance(part, str):
        draft.text(part)
        return
    if not is_mapping(part):
        draft.text(part)
        return
    kind = part.get("type") or part.get("block_type") or part.get("part_kind")
    reader = TYPED.get(kind) if isinstance(kind, str) else None
    if reader is not None:
        reader(part, draft)
        return
    for key, keyed in KEYED:
        if part.get(key) is not None:
            keyed(part[key], part, draft)
            return
    if isinstance(part.get("content"), str):
        draft.text(part["content"])
    elif part:
        draft.text(dump({key: value for key, value in part.items() if value is not None}))
