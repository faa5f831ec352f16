"""What is left of a value in privacy mode: a count must be a number, an id look like an id, a name like a name."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from otel_posthog_ai.patterns import pattern

from .rewriting import DICT, ITEMS, kinds

Properties = Mapping[str, Any]
Reducer = Callable[[Any, Properties], Any]
"""(value, all properties of the event) -> what leaves; None: nothing."""

_TEXT: Final = kinds(str)
_NUMBER: Final = kinds(int, float)

_ID = pattern(r"[^\s\x00-\x1f]{1,200}")
_IDENTITY = pattern(r"[^\x00-\x1f\x7f]{1,200}")
_LABEL = pattern(r"[\w.:/@+-]{1,64}")
_TYPE = pattern(r"[A-Za-z_][\w.]{0,127}|\d{3}")
# A name has few words and no punctuation of sentences.
_NAME = pattern(r"[\w$.:/<>@()\[\]#&+-]{1,128}(?: [\w$.:/<>@()\[\]#&+-]{1,64}){0,4}")
_TOOL_NAME = pattern(r"[\w.:/-]{1,200}")

_NUMERIC_PARAMETERS: Final = frozenset(
    {"temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "max_output_tokens", "seed", "n",
     "presence_penalty", "frequency_penalty", "repetition_penalty", "stream", "logprobs", "top_logprobs", "store",
     "parallel_tool_calls", "dimensions", "best_of", "echo", "candidate_count", "max_tool_calls", "timeout",
     "thinking_budget", "budget_tokens", "max_retries", "background", "strict", "batch_size"}
)  # fmt: skip
_LABEL_PARAMETERS: Final = frozenset(
    {"reasoning_effort", "effort", "service_tier", "encoding_format", "truncation", "verbosity", "size", "quality",
     "response_mime_type", "model"}
)  # fmt: skip
_CHOICES: Final = {
    "tool_choice": frozenset({"auto", "none", "required", "any"}),
    "response_format": frozenset({"text", "json", "json_object", "json_schema"}),
    "thinking": frozenset({"enabled", "disabled", "adaptive", "low", "medium", "high"}),
}
_STOP_PARAMETERS: Final = frozenset({"stop", "stop_sequences"})
_METADATA_IDS: Final = frozenset({"system_fingerprint", "request_id", "response_id", "id", "service_tier"})


def _text(pattern: re.Pattern[str]) -> Reducer:
    def reduce(value: Any, _: Properties) -> Any:
        return value if isinstance(value, _TEXT) and pattern.fullmatch(value) else None

    return reduce


identifier = _text(_ID)
identity = _text(_IDENTITY)
label = _text(_LABEL)
name = _text(_NAME)
error_type = _text(_TYPE)


def number(value: Any, _: Properties) -> Any:
    """A number or a boolean; texts are none, even if they look like one."""
    return value if isinstance(value, _NUMBER) and math.isfinite(value) else None


def flag(value: Any, properties: Properties) -> Any:
    """A number, or one word."""
    return number(value, properties) if isinstance(value, _NUMBER) else label(value, properties)


def rating(value: Any, properties: Properties) -> Any:
    """A rating as it is sent: a number, true or false, also as text."""
    if isinstance(value, _NUMBER):
        return number(value, properties)
    return (
        value if isinstance(value, _TEXT) and re.fullmatch(r"true|false|[+-]?\d{1,20}(?:\.\d{1,20})?", value) else None
    )


def names(value: Any, properties: Properties) -> Any:
    """A name, or those of a list that are names."""
    if not isinstance(value, ITEMS):
        return name(value, properties)
    return [item for item in value if name(item, properties) is not None]


def groups(value: Any, properties: Properties) -> Any:
    """Groups with keys like ids."""
    if not isinstance(value, DICT):
        return None
    return {
        key: group for key, group in value.items() if flag(group, properties) or identity(group, properties)
    } or None


def tool_definitions(value: Any, _: Properties) -> Any:
    """Tools reduced to their types and names."""
    return [tool for tool in map(_tool_definition, value) if tool is not None] if isinstance(value, ITEMS) else None


def _tool_definition(tool: Any) -> Any:
    if not isinstance(tool, DICT):
        return None
    function = tool.get("function")
    called: Any = function.get("name") if isinstance(function, DICT) else None
    if called is None:
        called = next((tool[key] for key in ("name", "server_label", "type") if key in tool), None)
    if not isinstance(called, _TEXT) or not _TOOL_NAME.fullmatch(called):
        return None
    return {"type": "function", "function": {"name": called}}


def tools_called(value: Any, _: Properties) -> Any:
    """Tools' names, joined by commas."""
    if not isinstance(value, _TEXT):
        return None
    return ",".join(each for each in value.split(",") if _TOOL_NAME.fullmatch(each)) or None


def parameters(value: Any, properties: Properties) -> Any:
    """Numbers, and texts of parameters that choose between a few words; never stop texts, schemas or users."""
    if not isinstance(value, DICT):
        return None
    kept: dict[str, Any] = {}
    for key, item in value.items():
        if key in _NUMERIC_PARAMETERS:
            kept[key] = number(item, properties)
        elif key in _LABEL_PARAMETERS:
            kept[key] = label(item, properties)
        elif key in _CHOICES:
            choice = item.get("type") if isinstance(item, DICT) else item
            if isinstance(choice, _TEXT) and choice in _CHOICES[key]:
                kept[key] = choice
        elif key in _STOP_PARAMETERS:
            kept["stop_count"] = len(item) if isinstance(item, ITEMS) else 1
    return _known(kept)


def provider_metadata(value: Any, properties: Properties) -> Any:
    """The ids of a request and the tier that served it."""
    if not isinstance(value, DICT):
        return None
    return _known({key: identifier(item, properties) for key, item in value.items() if key in _METADATA_IDS})


def _known(found: dict[str, Any]) -> dict[str, Any] | None:
    return {key: item for key, item in found.items() if item is not None} or None


def url(value: Any, _: Properties) -> Any:
    """Scheme, host, port and path."""
    if not isinstance(value, _TEXT) or len(value) > 2000 or re.search(r"\s", value):
        return None
    try:
        parts = urlsplit(str(value))
    except ValueError:
        return None
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", "")) or None


def error(value: Any, properties: Properties) -> Any:
    """The class of the error and the status, in place of what it said."""
    kind: Any = properties.get("$ai_error_type")
    named = kind if isinstance(kind, _TEXT) and _TYPE.fullmatch(kind) else "error"
    status = properties.get("$ai_http_status")
    return f"{named} (status {status})" if type(status) is int and named != str(status) else named
