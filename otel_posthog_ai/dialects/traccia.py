"""Traccia: `span.type`, the arguments of a function under their own names, and `result`.

https://traccia.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.reading.vendor_values import bare_arguments
from otel_posthog_ai.record import AISpan, Cost, Usage

NAME = "traccia"
_MARK = "governance.timestamp_source"
PREFIXES = (_MARK,)
SIGNS = Signs(keys=(_MARK,))
PLUMBING = (
    "governance.", "guardrail.summary.", "guardrail.summary", "agent.id", "agent.name", "agent.type",
    "agent.description", "env", "environment", "span.type", "span.tags", "result",
)  # fmt: skip
LABELS = {"__main__": "traccia (its decorator)"}
KEYS = VendorKeys(
    kind=("span.type",),
    output=("result",),
    tags=("span.tags",),
    model=("llm.model",),
    provider=("llm.vendor",),
    input_messages=("llm.openai.messages", "llm.anthropic.messages", "llm.messages", "llm.prompt"),
    output_messages=("llm.completion",),
    cost=("llm.cost.usd",),
)
_NO_ARGUMENTS = frozenset({"env", "environment", "result"})
_SOURCE = "llm.usage.prompt_source"


def read(record: AISpan, source: Source) -> None:
    if (text(source.attributes.get(_SOURCE)) or "").startswith("estimated"):
        _forget_estimates(record, source)
    read_vendor_span(record, source, KEYS)
    if record.kind == "span" and unset(record.input_state):
        record.input_state = bare_arguments(source, _NO_ARGUMENTS) or record.input_state


def _forget_estimates(record: AISpan, source: Source) -> None:
    """Counts of a stream or a failed call that nobody counted, and the cost that was made of them."""
    source.discard(*[key for key in source.attributes if key.startswith(("llm.usage.", "llm.cost."))])
    record.usage, record.cost = Usage(), Cost()
