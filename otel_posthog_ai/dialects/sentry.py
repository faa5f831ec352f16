"""Sentry's SDK for Node: calls and steps by `gen_ai`, and what a span is to Sentry by `sentry.*`.

https://develop.sentry.dev/sdk/telemetry/traces/modules/ai-agents/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kinds import by_operation, weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan

NAME = "sentry"
PREFIXES = ()
PLUMBING = ("sentry.",)
LABELS = {"@sentry/node": "@sentry/node (TypeScript)"}
_KIND = "sentry.op"
SIGNS = Signs(keys=(_KIND,))
_AI = "gen_ai."


def recognises(source: Source) -> bool:
    kind = source.attributes.get(_KIND)
    return isinstance(kind, str) and kind.startswith(_AI)


def read(record: AISpan, source: Source) -> None:
    """The kind ends with the operation, which some of its integrations state nowhere else."""
    operation = (text(source.take(_KIND)) or "").removeprefix(_AI)
    weigh(record, source, by_operation(operation))
