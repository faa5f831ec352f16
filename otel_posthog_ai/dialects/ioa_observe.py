"""AGNTCY's Observe SDK: OpenLLMetry's keys of steps under `ioa_observe.*`, and its own marks on every span.

https://github.com/agntcy/observe
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "ioa_observe"
KIND = "ioa_observe.span.kind"
PREFIXES = (KIND,)
SIGNS = Signs(keys=("ioa_start_time",))
PLUMBING = ("ioa_observe.", "ioa_start_time", "agent_chain_start_time", "agent_id", "execution.success", "gen_ai.ioa.")
LABELS = {"ioa.observe.tracer": "ioa-observe-sdk"}
KEYS = VendorKeys(
    kind=(KIND,),
    name=("ioa_observe.entity.name",),
    input=("ioa_observe.entity.input",),
    output=("ioa_observe.entity.output",),
)


def read(record: AISpan, source: Source) -> None:
    if source.has(KIND):
        read_vendor_span(record, source, KEYS)
