"""Reading a request's JSON without trust: whatever is not of the expected shape counts as empty."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast


def as_object(value: Any) -> Mapping[str, Any]:
    """`value` if it is a JSON object, else an empty one."""
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


def as_list(value: Any) -> Sequence[Any]:
    """`value` if it is a JSON array, else an empty one."""
    return cast("Sequence[Any]", value) if isinstance(value, list) else ()


def as_objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of a JSON array."""
    return [as_object(entry) for entry in as_list(value) if isinstance(entry, dict)]


def parsed_object(text: Any) -> Mapping[str, Any]:
    """The object that a JSON text holds, or an empty one."""
    try:
        return as_object(json.loads(text))
    except (TypeError, ValueError):
        return {}


def content_text(content: Any) -> str:
    """The text of a message's content: a string, or the text parts of a list joined by spaces."""
    if isinstance(content, str):
        return content
    texts = [part.get("text") for part in as_objects(content)]
    return " ".join(text for text in texts if isinstance(text, str))
