"""Message content in log records: events by name, and the lines that Spring AI writes for a prompt and an answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_COMPLETION,
    GEN_AI_CONTENT_COMPLETION,
    GEN_AI_CONTENT_PROMPT,
    GEN_AI_PROMPT,
)
from otel_posthog_ai.attribute_names.general import EVENT_NAME

from .content_events import JOINED_EVENTS
from .failures import is_exception
from .source import Occurrence
from .values import items

_SPRING_PROMPT = "Chat Model Prompt Content:\n"
_SPRING_COMPLETION = "Chat Model Completion:\n"


def log_record(name: str | None, attributes: Mapping[str, Any], body: Any, time_ns: int) -> Occurrence:
    """A log record as it was written.

    In older ones the name of the event is the attribute `event.name`; where both stand, the other one is the place in
    the source from which a bridge of another logging library took the record.
    """
    return Occurrence(str(attributes.get(EVENT_NAME) or name or ""), attributes, body, time_ns)


def content_of(record: Occurrence) -> Occurrence | None:
    """What a log record says of the span that it names; None when it is no record of content."""
    if record.name in JOINED_EVENTS or (record.name != "exception" and is_exception(record.name)):
        return record
    body = record.body
    if isinstance(body, str) and body.startswith("Chat Model "):
        if body.startswith(_SPRING_PROMPT):
            return Occurrence(
                GEN_AI_CONTENT_PROMPT, {GEN_AI_PROMPT: _asked(_listed(body, _SPRING_PROMPT))}, None, record.time_ns
            )
        if body.startswith(_SPRING_COMPLETION):
            said = {GEN_AI_COMPLETION: _listed(body, _SPRING_COMPLETION)}
            return Occurrence(GEN_AI_CONTENT_COMPLETION, said, None, record.time_ns)
    return None


def _listed(body: str, opening: str) -> list[str]:
    """The texts of a list whose entries stand in quotes, which are not escaped inside."""
    found = body.removeprefix(opening)
    entries = items(found)
    if entries is not None:
        return [str(entry) for entry in entries]
    return found.removeprefix('["').removesuffix('"]').split('", "')


def _asked(texts: list[str]) -> list[dict[str, str]]:
    """Messages from their texts alone: they take turns and the app speaks last, so an even number has instructions."""
    roles = ("user", "assistant")
    has_instructions = len(texts) % 2 == 0
    said = [
        {"role": "system" if has_instructions and not turn else roles[(turn - has_instructions) % 2], "content": each}
        for turn, each in enumerate(texts)
    ]
    return [message for message in said if message["content"]]
