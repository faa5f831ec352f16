"""Atomic Agents' own spans: the GenAI conventions, with what agents and tools were given and gave in `atomic_agents.*`.

https://brainblend-ai.github.io/atomic-agents/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "atomic_agents"
SCOPE = "atomic_agents"
PREFIXES = ("atomic_agents.",)
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "atomic-agents (its own spans)"}
PLUMBING = ("atomic_agents.",)
FRAMEWORK = "atomic-agents"
KEYS = VendorKeys(input=("atomic_agents.input",), output=("atomic_agents.output",))


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    read_vendor_span(record, source, KEYS)
