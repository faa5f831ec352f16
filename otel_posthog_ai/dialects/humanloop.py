"""Humanloop: `humanloop.*` on its flows and tools, and on a call the path of the prompt that it belongs to.

https://humanloop.com/docs/sdk/decorators
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "humanloop"
SCOPE = "humanloop.sdk"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
ANNOTATIONS = ("humanloop.file.type",)
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "humanloop"}
PLUMBING = ("humanloop.",)
_KIND, _PATH = "humanloop.file.type", "humanloop.file.path"
KEYS = VendorKeys(
    kind=(_KIND,),
    name=("humanloop.file.function.name", _PATH),
    input=("humanloop.log.inputs.",),
    output=("humanloop.log.output", "humanloop.log.output_message."),
    error=("humanloop.log.error",),
)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)


def annotate(record: AISpan, source: Source) -> None:
    """The prompt whose function made a call; it stands on the spans of the instrumentors that it brings along."""
    if source.attributes.get(_KIND) == "prompt":
        source.used.add(_KIND)
        record.prompt_name = record.prompt_name or text(source.take(_PATH))
