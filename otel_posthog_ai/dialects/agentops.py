"""AgentOps: `agentops.*` on decorated functions, below a session that is no step of its own.

https://docs.agentops.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import word
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_spans import VendorKeys, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "agentops"
KIND = "agentops.span.kind"
PREFIXES = (KIND,)
AI_SCOPES = ("agentops",)
PLUMBING = ("agentops.", "operation.name", "instrumentation.name", "instrumentation.version", "library.name",
            "library.version")  # fmt: skip
LABELS = {"openai": "agentops (its OpenAI instrumentor)"}
_STEPS = ("workflow", "agent", "tool", "task", "operation", "chain", "guardrail", "session", "entity")
KEYS = VendorKeys(
    kind=(KIND,),
    name=("operation.name",),
    input=tuple(f"agentops.{step}.input" for step in _STEPS),
    output=tuple(f"agentops.{step}.output" for step in _STEPS),
    tags=("agentops.tags",),
)


def recognises(source: Source) -> bool:
    return source.has(KIND)


def read(record: AISpan, source: Source) -> None:
    kind = word(source.attributes[KIND])
    read_vendor_span(record, source, KEYS)
    # The session is around all there is; what the answer of a model asks for is in that answer.
    record.noise = record.noise or kind == "session" or source.name.startswith("tool_call.")
