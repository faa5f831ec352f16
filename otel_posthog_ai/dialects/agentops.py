"""AgentOps: `agentops.*` on decorated functions, below a session that is no step of its own.

https://docs.agentops.ai/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import TOOL_NAME
from otel_posthog_ai.reading.kind_words import word
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "agentops"
KIND = "agentops.span.kind"
PREFIXES = (KIND,)
SIGNS = Signs(keys=(KIND,))
AI_SCOPES = ("agentops",)
PLUMBING = ("agentops.", "operation.name", "instrumentation.name", "instrumentation.version", "library.name",
            "library.version")  # fmt: skip
LABELS = {"openai": "agentops (its OpenAI instrumentor)"}
_STEPS = ("workflow", "agent", "tool", "task", "operation", "chain", "guardrail", "session", "entity")
# A tool that an answer calls, told by a span of its own: nothing has run.
_CALLED = "tool_call."
KEYS = VendorKeys(
    kind=(KIND,),
    name=("operation.name", TOOL_NAME),
    input=(*(f"agentops.{step}.input" for step in _STEPS), "tool.parameters"),
    output=tuple(f"agentops.{step}.output" for step in _STEPS),
    tags=("agentops.tags",),
    tool_call_id=("tool.call.id",),
)


def read(record: AISpan, source: Source) -> None:
    kind = word(source.attributes[KIND])
    read_vendor_span(record, source, KEYS)
    record.noise = record.noise or kind == "session"  # which is around all there is
    record.chunk = source.name.startswith(_CALLED)
