"""Axiom AI for TypeScript (`axiom/ai`): the GenAI conventions, and which capability of the app a call is a step of.

https://axiom.co/docs/ai-engineering/overview
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "axiom"
PREFIXES = ()
AI_SCOPES = ("axiom",)
PLUMBING = ("axiom.gen_ai.",)
LABELS = {"axiom": "axiom (TypeScript)"}
SCOPE = "axiom"
SIGNS = Signs(scopes=(SCOPE,))
_STREAM = " stream"
_SAID = {"gen_ai.capability.name": "capability", "gen_ai.step.name": "step"}


def read(record: AISpan, source: Source) -> None:
    for key, name in _SAID.items():
        value = source.take(key)
        if value is not None:
            record.metadata.setdefault(name, value)
    # Below a streamed call a span counts the tokens of the stream once more.
    record.noise = source.name.endswith(_STREAM) and not source.has(GEN_AI_OPERATION_NAME)
