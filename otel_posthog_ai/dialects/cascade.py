"""Cascade: `cascade.span_type` beside plain words for what was done, and the metadata of its user as `cascade.…`.

https://docs.runcascade.com/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import LLM_PROVIDER, TOOL_NAME
from otel_posthog_ai.reading.identity import keys_below
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.user_metadata import read_metadata
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "cascade"
KIND = "cascade.span_type"
PREFIXES = (KIND,)
SIGNS = Signs(keys=(KIND,))
AI_SCOPES = ("cascade.",)
IDENTITY = keys_below("cascade.")
PLUMBING = ("cascade.", "agent.loop")
LABELS = {"cascade.tracing": "cascade-sdk"}
KEYS = VendorKeys(
    kind=(KIND,),
    name=(TOOL_NAME, "cascade.agent_name"),
    input=("tool.input",),
    output=("tool.output",),
    model=("llm.model",),
    provider=(LLM_PROVIDER,),
    input_messages=("llm.messages", "llm.prompt"),
    output_messages=("llm.completion",),
    counts=(("input", "llm.input_tokens"), ("output", "llm.output_tokens"), ("total", "llm.total_tokens")),
    settings=(("stream", "llm.streaming"),),
)
_OWN = frozenset({"span_type", "agent_name", "user_id", "session_id", "error", "project", "environment"})


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
    if not source.has("llm.model"):
        weigh(record, source, CUSTOM)  # a run
    read_metadata(record, {key: value for key, value in source.below("cascade.").items() if key not in _OWN})
