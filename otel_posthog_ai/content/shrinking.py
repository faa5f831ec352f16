"""An event over a size limit becomes a smaller one: first media go, then the ends of the longest texts, then the oldest
messages, and at last all content. Ids, names, tokens, costs and the error stay to the end.

`otel_posthog_ai.shrunk` lists the steps that were needed, so that nobody takes what is left for all there was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, cast

from .media import redact_media

SHRUNK: Final = "otel_posthog_ai.shrunk"

# A text of up to this many bytes of JSON is never cut: ids, names and most error texts are shorter.
_SHORTEST_CUT: Final = 1024
_MESSAGE_LISTS: Final = ("$ai_input", "$ai_input_state", "$ai_output_state", "$ai_output_choices")
_LONGEST_ESSENTIAL: Final = 1000

# What an event that is reduced to the essentials keeps first, should even these not all fit.
_FIRST_ESSENTIALS: Final = (
    SHRUNK,
    "$ai_trace_id", "$ai_span_id", "$ai_parent_id", "$ai_session_id", "$session_id", "$process_person_profile",
    "$ai_span_name", "$ai_span_type", "$ai_model", "$ai_provider", "$ai_latency", "$ai_is_error", "$ai_http_status",
    "$ai_input_tokens", "$ai_output_tokens", "$ai_cache_read_input_tokens", "$ai_cache_creation_input_tokens",
    "$ai_cache_reporting_exclusive", "$ai_total_cost_usd", "$ai_input_cost_usd", "$ai_output_cost_usd", "$ai_error",
)  # fmt: skip

Properties = dict[str, Any]


def shrink(event: dict[str, Any], limit_bytes: int) -> dict[str, Any] | None:
    """The event in at most `limit_bytes` bytes of compact UTF-8 JSON; itself if it fits; None if nothing would.

    `event` is left as it is.
    """
    if _size(event) <= limit_bytes:
        return event
    properties: Properties = event.get("properties") or {}
    frame = _size({**event, "properties": {}}) - len("{}")
    room = limit_bytes - frame
    done: list[str] = []
    for name, step in _STEPS:
        smaller = step(properties, room - _size({SHRUNK: [*done, name]}))
        if smaller is None:
            continue
        properties = smaller
        done.append(name)
        flagged = {**properties, SHRUNK: list(done)}
        if _size(flagged) <= room:
            return {**event, "properties": flagged}
    reduced = _essentials({**properties, SHRUNK: ["essentials"]}, room)
    return None if reduced is None else {**event, "properties": reduced}


# ---- the steps: properties and the bytes they may take -> fewer, or None where the step changes nothing ----------


def _without_media(properties: Properties, _room: int) -> Properties | None:
    smaller = redact_media(properties)
    return None if smaller is properties else cast("Properties", smaller)


def _with_shorter_texts(properties: Properties, room: int) -> Properties | None:
    """Cut all texts to one length, the greatest that will do, and none below `_SHORTEST_CUT`."""
    sizes = sorted((size for size in map(_size, _texts(properties)) if size > _SHORTEST_CUT), reverse=True)
    if not sizes:
        return None
    excess = _size(properties) - room
    longest = _greatest_length(sizes, excess)
    return cast("Properties", _each_text(properties, lambda text: _cut(text, longest)))


def _with_fewer_messages(properties: Properties, room: int) -> Properties | None:
    """Take the oldest messages out of the longest list; its first stays when it is a system prompt, its last always."""
    lists = [name for name in _MESSAGE_LISTS if isinstance(properties.get(name), list) and len(properties[name]) > 1]
    if not lists:
        return None
    smaller = dict(properties)
    for name in sorted(lists, key=lambda name: -_size(properties[name])):
        excess = _size(smaller) - room
        if excess > 0:
            smaller[name] = _without_oldest(smaller[name], excess)
    return smaller


_STEPS: Final[tuple[tuple[str, Callable[[Properties, int], Properties | None]], ...]] = (
    ("media", _without_media),
    ("texts", _with_shorter_texts),
    ("messages", _with_fewer_messages),
)


def _essentials(properties: Properties, room: int) -> Properties | None:
    """PostHog's own properties with single values, the most telling first, as many as fit."""
    first = [name for name in _FIRST_ESSENTIALS if name in properties]
    others = [name for name in properties if name.startswith("$") and name not in _FIRST_ESSENTIALS]
    kept: Properties = {}
    for name in first + others:
        value: Any = properties[name]
        if name == "$ai_error" and not isinstance(value, str):
            value = json.dumps(value, ensure_ascii=False)
        if isinstance(value, (dict, list)) and name != SHRUNK:
            continue
        tried: Properties = {**kept, name: value[:_LONGEST_ESSENTIAL] if isinstance(value, str) else value}
        if _size(tried) <= room:
            kept = tried
    return kept if SHRUNK in kept else None


# ---- texts and messages ------------------------------------------------------------------------------------------


def _greatest_length(sizes: list[int], excess: int) -> int:
    """The greatest length to which texts of these sizes (longest first) must be cut to save `excess` bytes."""
    cut_bytes = 0
    for count, size in enumerate(sizes, start=1):
        cut_bytes += size
        next_size = sizes[count] if count < len(sizes) else _SHORTEST_CUT
        if cut_bytes - count * next_size >= excess:
            return max((cut_bytes - excess) // count, _SHORTEST_CUT)
    return _SHORTEST_CUT


def _cut(text: str, longest: int) -> str:
    """The text's beginning, in at most `longest` bytes of JSON, with a word on what is missing."""
    size = _size(text)
    if size <= longest:
        return text
    room = longest - 48
    kept = len(text) * room // size
    while kept > 0 and (over := _size(text[:kept]) - room) > 0:
        kept -= max(over // 6, 1)  # No character takes more than six bytes.
    return f"{text[: max(kept, 0)]}… [{len(text) - max(kept, 0)} characters removed]"


def _without_oldest(messages: list[Any], excess: int) -> list[Any]:
    first: Any = messages[0]
    start = 1 if isinstance(first, dict) and cast("dict[str, Any]", first).get("role") == "system" else 0
    end = start
    saved = -100  # The note below takes some.
    while end < len(messages) - 1 and saved < excess:
        saved += _size(messages[end]) + 1
        end += 1
    if end == start:
        return messages
    note = f"[{end - start} older messages removed]"
    marker: Any = {"role": "system", "content": note} if isinstance(first, dict) else note
    return [*messages[:start], marker, *messages[end:]]


def _size(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in cast("Any", value).values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in cast("Any", value):
            yield from _texts(item)


def _each_text(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _each_text(item, change) for key, item in cast("Any", value).items()}
    if isinstance(value, list):
        return [_each_text(item, change) for item in cast("Any", value)]
    return value
