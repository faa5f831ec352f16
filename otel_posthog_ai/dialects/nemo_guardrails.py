"""NeMo Guardrails' own spans: a request through rails, which run actions, which ask models.

https://docs.nvidia.com/nemo/guardrails/ ; the operation of a call is the task that it was asked for.
"""

from __future__ import annotations

from opentelemetry.semconv.attributes.service_attributes import SERVICE_NAME

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "nemo_guardrails"
PREFIXES = ("rail.name", "action.has_llm_calls")
AI_SCOPES = ("nemo_guardrails", "nemoguardrails")
SIGNS = Signs(scopes_begin=AI_SCOPES)
PLUMBING = ("rail.", "action.", SERVICE_NAME)
LABELS = {"nemo_guardrails": "nemoguardrails (its own spans)"}
FRAMEWORK = "nemo-guardrails"
# Span name -> what it is, and where its name stands.
STEPS: dict[str, tuple[SpanType, str]] = {
    "guardrails.request": ("workflow", ""),
    "guardrails.rail": ("guardrail", "rail.name"),
    "guardrails.action": ("task", "action.name"),
}
_HEARD, _SAID = "guardrails.utterance.user.", "guardrails.utterance.bot."


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    step = STEPS.get(source.name)
    if step is None:
        return
    record.span_type = step[0]
    record.name = text(source.attributes.get(step[1])) or FRAMEWORK
    for event in source.events:
        content = event.attributes.get("content")
        if content is not None and event.name.startswith(_HEARD):
            record.input_state = content
        elif content is not None and event.name.startswith(_SAID):
            record.output_state = content
