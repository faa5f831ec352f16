"""A message in the making: its parts, its calls of tools and the results that stood inside it, in canonical form.

Canonical parts are `text`, `thinking`, `image_url`, `input_audio` and `file`, each with its content under the key of
its type. Calls and results are gathered beside them, because where they belong is a matter of
layout (`message_layout.py`).
"""

from __future__ import annotations

import base64
from typing import Any

from .values import dump, is_list, is_mapping, json_text

Part = dict[str, Any]
_IMAGE_ENDINGS = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_MAGIC = (("iVBORw0KGgo", "image/png"), ("/9j/", "image/jpeg"), ("R0lGOD", "image/gif"), ("UklGR", "image/webp"))


class Draft:
    """What one turn says, gathered part by part."""

    __slots__ = ("_called", "calls", "parts", "results")

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.calls: list[Part] = []
        self.results: list[Part] = []
        self._called: set[tuple[str, str]] = set()
        """Id and name of each call that has an id."""

    def text(self, value: Any) -> None:
        """A text; anything else as its JSON text."""
        if value is None or value == "":
            return
        self.parts.append({"type": "text", "text": value if isinstance(value, str) else dump(value)})

    def thinking(self, value: Any) -> None:
        if isinstance(value, str) and value:
            self.parts.append({"type": "thinking", "thinking": value})

    def call(self, name: Any, arguments: Any, call_id: Any = None) -> None:
        """A call of a tool; the same call (by its id, or by all of it) is taken once."""
        if not isinstance(name, str) or not name:
            return
        if arguments is None:
            arguments = ""
        entry: Part = {"id": call_id} if isinstance(call_id, str) and call_id else {}
        entry["type"] = "function"
        entry["function"] = {"name": name, "arguments": arguments if isinstance(arguments, str) else dump(arguments)}
        if "id" in entry:
            if (call_id, name) in self._called:
                return
            self._called.add((call_id, name))
        self.calls.append(entry)

    def result(self, value: Any, call_id: Any = None, name: Any = None) -> None:
        self.results.append(result_message(value, call_id, name))

    def image(self, url: Any) -> None:
        if isinstance(url, str) and url:
            self.parts.append({"type": "image_url", "image_url": {"url": url}})

    def audio(self, data: Any, form: Any) -> None:
        if isinstance(data, str) and data:
            form = form if isinstance(form, str) and form else "wav"
            self.parts.append({"type": "input_audio", "input_audio": {"data": data, "format": form}})

    def file(self, name: Any = None, **where: Any) -> None:
        entry = {key: value for key, value in where.items() if isinstance(value, str) and value}
        if isinstance(name, str) and name:
            entry = {"filename": name, **entry}
        if entry:
            self.parts.append({"type": "file", "file": entry})

    def media(self, data: Any, mime: Any, name: Any = None) -> None:
        """Media by its bytes (base64 text, real bytes or a whole data URL) and its MIME type."""
        if isinstance(data, (bytes, bytearray)):
            data = base64.b64encode(data).decode("ascii")
        if not isinstance(data, str) or not data:
            return
        mime = mime if isinstance(mime, str) and mime else _mime_of(data)
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
        if "image" in kind or (kind == " " and url.lower().split("?")[0].endswith(_IMAGE_ENDINGS)):
            self.image(url)
        else:
            self.file(name, file_url=url)


def result_message(value: Any, call_id: Any = None, name: Any = None) -> Part:
    """The message with what a tool has given back."""
    entry: Part = {"role": "tool"}
    if isinstance(call_id, str) and call_id:
        entry["tool_call_id"] = call_id
    if isinstance(name, str) and name:
        entry["name"] = name
    entry["content"] = result_text(value)
    return entry


def _mime_of(data: str) -> str:
    """The MIME type that base64 text betrays by its first bytes."""
    return next((mime for start, mime in _MAGIC if data.startswith(start)), "application/octet-stream")


def result_text(value: Any) -> str:
    """A tool's result as the text that a tool message needs."""
    if isinstance(value, str):
        return unquoted(value)
    if value is None:
        return ""
    if is_list(value) and value:
        pieces = [_piece(item) for item in value]
        if all(piece is not None for piece in pieces):
            return "\n".join(piece for piece in pieces if piece is not None)
    return dump(value)


def _piece(item: Any) -> str | None:
    """The text of one block of a result; None where it is no block of text or JSON."""
    if is_mapping(item):
        if isinstance(item.get("text"), str):
            return str(item["text"])
        if set(item) == {"json"}:  # Bedrock
            return dump(item["json"])
    return None


def unquoted(value: str) -> str:
    """A JSON text of a text (`"\\"Sunny\\""`) as that text."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        found = json_text(value)
        return found if isinstance(found, str) else value
    return value
