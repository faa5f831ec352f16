"""Small parsers: a raw attribute value in, a typed value or None out. None of them raises."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeGuard

from otel_posthog_ai.kept_encoder import kept_encoder
from otel_posthog_ai.log import hint

from .repeated_json import SHORTEST, repeated_json

JSON_OPENERS = ("{", "[")
_JSON_BLANKS = " \t\n\r"
_JSON_BEGINNINGS = frozenset('{["-0123456789tfnNI')  # Python's `json` reads NaN and Infinity, too
# `json.loads` matches the blanks around the value with a pattern each.
_decode_json: Callable[[str], tuple[Any, int]] = json.JSONDecoder().raw_decode
_SCRUBBED = "[Scrubbed due to "
_NO_MAPPINGS = frozenset({str, type(None), list, tuple, int, float, bool})


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """A list or tuple; text and bytes are none."""
    return isinstance(value, (list, tuple))


def is_mapping(value: object) -> TypeGuard[Mapping[str, Any]]:
    # Asking an abstract class is slow, and almost everything is one of the plain types.
    kind = type(value)
    return kind is dict or (kind not in _NO_MAPPINGS and isinstance(value, Mapping))


def text(value: Any) -> str | None:
    """A text that says something; numbers and booleans become text."""
    if isinstance(value, str):
        return value if value and not value.isspace() else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    return None


_IDS_OF_ANSWERS = ("resp_", "chatcmpl-", "msg_")
_NAMES_NOTHING = frozenset({"null", "none", "undefined", "unknown"})
_PLACEHOLDER = "__"  # around what stands where a value must: `__fake_id__` of the OpenAI Agents SDK


def identifier(value: Any) -> str | None:
    """A text that names something; the words that stand for nothing do not count, nor does what was scrubbed away."""
    found = text(value)
    if found is None or found.strip().lower() in _NAMES_NOTHING:
        return None
    if found.startswith(_PLACEHOLDER) and found.endswith(_PLACEHOLDER):
        return None
    if found.startswith(_SCRUBBED):
        hint(
            "scrubbed",
            "an id of a user or a session arrives scrubbed by Logfire, and counts as none",
            "let it pass with logfire.ScrubbingOptions(callback=…), or say it by posthog_context(session_id=…)",
        )
        return None
    return found.strip()


def conversation(value: Any) -> str | None:
    """A text that names a conversation; the id of one answer in it does not."""
    found = identifier(value)
    return found if found is not None and not found.startswith(_IDS_OF_ANSWERS) else None


_BEYOND_COUNTING = 2**53
"""From here on JSON parsers disagree about a number, and nothing is counted that far."""


def number(value: Any) -> float | None:
    """A finite number, also from text; True is none."""
    if type(value) is int:  # almost every one
        return value if -_BEYOND_COUNTING < value < _BEYOND_COUNTING else None
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int):
        return value if abs(value) < _BEYOND_COUNTING else None
    if isinstance(value, float) and math.isfinite(value):
        return int(value) if value.is_integer() and abs(value) < 2**53 else value
    return None


def count(value: Any) -> float | None:
    """A number of tokens: not negative."""
    if type(value) is int:
        return value if 0 <= value < _BEYOND_COUNTING else None
    found = number(value)
    return found if found is not None and found >= 0 else None


def flag(value: Any) -> bool | None:
    """A boolean, also from text."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def parse_json(value: Any) -> Any:
    """The value of a JSON text that holds an object or a list; anything else as it is.

    Text that was cut in the middle, is nested too deeply or is no JSON at all stays text.
    """
    if isinstance(value, str):
        stripped = value.lstrip()
        if stripped.startswith(JSON_OPENERS):
            if len(stripped) >= SHORTEST:
                found, told = repeated_json.parse(stripped)
                if told:
                    return found
            return _decoded(stripped, value)
    return value


def _decoded(stripped: str, value: str) -> Any:
    """What the text stands for that `value` is without the blanks before it; `value` where it is no JSON."""
    try:
        found, end = _decode_json(stripped)
    except (ValueError, RecursionError):
        return value
    return found if end == len(stripped) or not stripped[end:].strip(_JSON_BLANKS) else value


def json_text(value: Any) -> Any:
    """Like `parse_json`, also for scalars and quoted texts."""
    if isinstance(value, str):
        stripped = value.lstrip(_JSON_BLANKS)
        if stripped[:1] in _JSON_BEGINNINGS:
            return _decoded(stripped, value)
    return value


def mapping(value: Any) -> dict[str, Any] | None:
    """An object, also from JSON text."""
    found = parse_json(value)
    return {str(key): item for key, item in found.items()} if is_mapping(found) else None


def object_of(value: Any) -> Mapping[str, Any]:
    """A parsed object; an empty one for anything else."""
    return value if is_mapping(value) else {}


def items(value: Any) -> list[Any] | None:
    """A list, also from JSON text."""
    found = parse_json(value)
    return list(found) if is_list(found) else None


def texts(value: Any) -> list[str] | None:
    """A list of texts, also from JSON text or a single text."""
    found = parse_json(value)
    if isinstance(found, str):
        return [found] if found else None
    if is_list(found):
        return [item for item in found if isinstance(item, str)]
    return None


# What is written where an answer, or a part of a stream, gave none.
_NO_REASON = frozenset({*_NAMES_NOTHING, "", "finish_reason_unspecified"})


def finish_reason(value: Any) -> str | None:
    """The first finish reason of a list, its JSON text, a quoted text or an enum's text, as the provider spells it."""
    found = json_text(value)
    if is_list(found):
        found = next((item for item in found if isinstance(item, str) and item), None)
    if not isinstance(found, str) or not found.strip():
        return None
    found = found.strip().strip("\"'")
    # `FinishReason.TOOL_CALLS` is an enum's text; a reason itself has no dot.
    found = found.rsplit(".", 1)[-1]
    return found if found.lower() not in _NO_REASON else None


def _as_text(value: Any) -> str:
    if isinstance(value, (bytes, bytearray)):
        return f"[{len(value)} bytes]"
    return f"[{type(value).__name__}]"


_compact_json = kept_encoder(allow_nan=True, default=_as_text)


def dump(value: Any) -> str:
    """Compact JSON text; what JSON cannot hold becomes its plain text."""
    try:
        return _compact_json(value)
    except (TypeError, ValueError, RecursionError):
        return f"[{type(value).__name__}]"
