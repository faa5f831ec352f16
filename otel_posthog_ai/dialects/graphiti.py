"""Graphiti's own spans, which say what was built and searched in numbers; the models are called below them.

https://help.getzep.com/graphiti/configuration/open-telemetry-tracing
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan, SpanType

NAME = "graphiti"
PREFIXES = ("episode.uuid", "episode.count")
SCOPE = "graphiti"
SIGNS = Signs(scopes=(SCOPE,), names_begin=("graphiti.",))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "graphiti-core (its own spans)"}
FRAMEWORK = "graphiti"
# How the name of a span goes on after the prefix that the app chose -> what the step is.
STEPS: tuple[tuple[str, SpanType], ...] = (("add_episode", "workflow"), ("search", "retriever"))


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    step = source.name.partition(".")[2] or source.name
    record.span_type = next((found for start, found in STEPS if step.startswith(start)), "task")
    record.name = step
    # What a step counted is all that it tells.
    told = {key: value for key, value in source.attributes.items() if not key.startswith(("llm.", "gen_ai."))}
    if told:
        record.output_state = told
        source.used.update(told)
