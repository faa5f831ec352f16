"""AGNTCY's Observe SDK: OpenLLMetry's keys of steps under `ioa_observe.*`, and its own marks on every span.

https://github.com/agntcy/observe
"""

from __future__ import annotations

from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_spans import VendorKeys, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "ioa_observe"
KIND = "ioa_observe.span.kind"
PREFIXES = (KIND,)
PLUMBING = ("ioa_observe.", "ioa_start_time", "agent_chain_start_time", "agent_id", "execution.success", "gen_ai.ioa.")
LABELS = {"ioa.observe.tracer": "ioa-observe-sdk"}
KEYS = VendorKeys(
    kind=(KIND,),
    name=("ioa_observe.entity.name",),
    input=("ioa_observe.entity.input",),
    output=("ioa_observe.entity.output",),
)


def recognises(source: Source) -> bool:
    return source.has("ioa_start_time")


def read(record: AISpan, source: Source) -> None:
    if source.has(KIND):
        read_vendor_span(record, source, KEYS)
