"""HoneyHive: `honeyhive_*`, flattened, on its own steps and on the calls of the instrumentors that it brings along.

https://docs.honeyhive.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "honeyhive"
PREFIXES = ("honeyhive_event_type",)
IDENTITY = IdentityKeys(
    user=("honeyhive_user_properties.user_id",), incidental_session=("honeyhive.session_id", "honeyhive_session_id")
)
LABELS = {"honeyhive.tracer": "honeyhive"}
PLUMBING = ("honeyhive_", "honeyhive.")
KEYS = VendorKeys(
    kind=("honeyhive_event_type",),
    name=("honeyhive_event_name",),
    input=("honeyhive_inputs.",),
    output=("honeyhive_outputs.",),
    metadata=("honeyhive_metadata.",),
    error=("honeyhive_error",),
)
SIGNS = Signs(keys=KEYS.kind)
# What it copies into its metadata itself.
_OWN_METADATA = ("honeyhive_metadata.event_type", "honeyhive_metadata.event_name")


def read(record: AISpan, source: Source) -> None:
    source.discard(*_OWN_METADATA)
    read_vendor_span(record, source, KEYS)
    # What failed, it reports once more by a span beside it.
    record.noise = record.noise or (source.name.endswith("_error") and not _says(source))


def _says(source: Source) -> bool:
    return any(key.startswith((*KEYS.input, *KEYS.output)) for key in source.attributes)
