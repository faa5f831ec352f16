"""gptme, a coding agent: chats and tools, beside calls that another instrumentor traces and its own account of each.

https://gptme.org/docs/ ; a tool is told when it is over, by a span that states how long it took.
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import TOOL_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import flag, number, text
from otel_posthog_ai.record import AISpan, Failure

NAME = "gptme"
PREFIXES = ()
SCOPES = ("gptme-cli", "gptme-server")
SIGNS = Signs(scopes=SCOPES)
_CHATS = ("chat.main", "api_v2.step")
_TOOL = "tool."
AI_NAMES = dict.fromkeys(SCOPES, (*_CHATS, _TOOL))
PLUMBING = ("component", "conversation.id", "function.", "tool.duration_seconds", "tool.format", "tool.success")
LABELS = {"gptme-cli": "gptme (its own spans)"}
FRAMEWORK = "gptme"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.name in _CHATS:
        record.span_type, record.name = "agent", FRAMEWORK
    elif source.name.startswith(_TOOL):
        name = text(source.take(TOOL_NAME))
        record.noise = name is None  # the function that runs it, which has no time of its own
        record.span_type, record.name, record.tool_name = "tool", name, name
        took = number(source.attributes.get("tool.duration_seconds"))
        if took is not None and took >= 0:
            record.start_ns = record.end_ns - int(took * 1_000_000_000)
        if flag(source.attributes.get("tool.success")) is False:
            record.error = Failure(text(source.take("tool.error.type")), text(source.take("tool.error.message")))
