"""Agenta: `ag.*`, flattened, on its functions and on the calls that its LiteLLM handler sees.

https://docs.agenta.ai/observability/concepts
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "agenta"
SCOPE = "agenta.tracer"
PREFIXES = ("ag.type.node",)
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(user=("ag.user.id",), session=("ag.session.id",))
LABELS = {SCOPE: "agenta"}
PLUMBING = (
    "ag.agent.", "ag.data.", "ag.flags.", "ag.meta.", "ag.metrics.", "ag.refs.", "ag.selector.", "ag.session.",
    "ag.type.", "ag.user.",
)  # fmt: skip
_CONFIGURATION = "ag.meta.configuration."
KEYS = VendorKeys(
    kind=("ag.type.node",),
    input=("ag.data.inputs.prompt.", "ag.data.inputs."),
    output=("ag.data.outputs.",),
    model=(f"{_CONFIGURATION}model",),
    tools=(f"{_CONFIGURATION}tools.",),
    parameters=(_CONFIGURATION,),
    counts=(
        ("input", "ag.metrics.unit.tokens.prompt"),
        ("output", "ag.metrics.unit.tokens.completion"),
        ("total", "ag.metrics.unit.tokens.total"),
        ("cache_read", "ag.metrics.unit.tokens.cached"),
    ),
    cost=("ag.metrics.unit.costs.total",),
    metadata=("ag.meta.",),
)
SIGNS = Signs(keys=KEYS.kind)
# What stands before a value that was no plain one.
_AS_JSON = "@ag.type=json:"


def read(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    for key, value in attributes.items():
        if isinstance(value, str) and value.startswith(_AS_JSON):
            attributes[key] = value.removeprefix(_AS_JSON)
    read_vendor_span(record, source, KEYS)
    weigh(record, source, CUSTOM)
    record.metadata.pop("configuration", None)
