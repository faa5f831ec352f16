"""Mirascope's own tracing: `mirascope.llm` around calls, after the GenAI conventions, `mirascope.ops` around functions.

https://mirascope.com/docs/ops/tracing
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.user_metadata import read_metadata, user_tags
from otel_posthog_ai.reading.values import mapping, text
from otel_posthog_ai.record import AISpan

NAME = "mirascope"
PREFIXES = ("mirascope.",)
AI_SCOPES = ("mirascope.",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
IDENTITY = IdentityKeys(session=("mirascope.ops.session.id",))
PLUMBING = ("mirascope.",)
LABELS = {"mirascope.llm": "mirascope (its own spans)", "mirascope.ops": "mirascope (its own spans)"}
FRAMEWORK = "mirascope"
STEPS = "mirascope.ops"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    attributes = source.attributes
    if source.scope != STEPS:
        fill_usage(record.usage, read_raw_usage(source.take("mirascope.response.usage")))
        return
    record.span_type = "tool" if attributes.get("mirascope.type") == "tool" else "task"
    record.name = text(attributes.get("mirascope.fn.qualname"))
    if record.span_type == "tool":
        record.tool_name = record.name
    given = attributes.get("mirascope.trace.arg_values", attributes.get("mirascope.response.messages"))
    result = attributes.get("mirascope.trace.output")
    record.input_state = record.input_state if given is None else read_state(given, "user")
    record.output_state = record.output_state if result is None else read_state(result, "assistant")
    metadata = mapping(source.take("mirascope.trace.metadata"))
    read_metadata(record, metadata)
    record.tags = record.tags or user_tags(source.first("mirascope.trace.tags", "tags"))
    # The same once more, key by key.
    source.used.update(f"metadata.{key}" for key in metadata or ())
