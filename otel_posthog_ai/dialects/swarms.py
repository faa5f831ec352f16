"""Swarms' own spans: agents and swarms in `swarms.*`, and their calls with the request and the reply as they were.

The provider that they are made with is the framework's own. https://docs.swarms.world/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_OPERATION_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "swarms"
SCOPE = "swarms"
PREFIXES = ("swarms.",)
SIGNS = Signs(scopes=(SCOPE,))
PLUMBING = ("swarms.",)
FRAMEWORK = "swarms"
RUN = ".run"
# What is told once more, of the call that failed, and what only makes an agent.
AGAIN = (".init", ".llm_error")
KEYS = VendorKeys(
    name=("swarms.name",),
    input=("swarms.request", "swarms.input.task", "swarms.inputs"),
    output=("swarms.response", "swarms.output"),
    counts=(
        ("input", "swarms.usage.input_tokens"),
        ("output", "swarms.usage.output_tokens"),
        ("cache_read", "swarms.usage.cached_tokens"),
        ("reasoning", "swarms.usage.reasoning_tokens"),
    ),
    error=("swarms.error.message",),
)


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    operation = source.attributes.get(GEN_AI_OPERATION_NAME)
    if source.name.endswith(AGAIN):
        record.span_type, record.noise = "task", True
    elif source.name.endswith(RUN) and operation != "chat":
        record.span_type = "agent" if operation == "agent" else "workflow"
    name = text(source.attributes.get("swarms.name"))
    if record.span_type == "agent" and name is not None:
        record.agent_name = name
    read_vendor_span(record, source, KEYS)
