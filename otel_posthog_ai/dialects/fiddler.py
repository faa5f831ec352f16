"""Fiddler: `fiddler.span.type` on its steps and calls, what they took and gave under `gen_ai.llm.*`.

https://docs.fiddler.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import keys_below
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "fiddler"
PREFIXES = ("fiddler.span.type", "gen_ai.llm.")
SCOPE = "fiddler.otel.tracer"
AI_SCOPES = (SCOPE,)
_WRITTEN_BY_USERS = ("fiddler.session.user.", "fiddler.span.user.")
IDENTITY = keys_below(*_WRITTEN_BY_USERS)
LABELS = {SCOPE: "fiddler-otel"}
PLUMBING = ("fiddler.", "gen_ai.llm.")
KEYS = VendorKeys(
    kind=("fiddler.span.type",),
    input=("gen_ai.tool.input", "gen_ai.llm.input.user"),
    output=("gen_ai.tool.output", "gen_ai.llm.output"),
    metadata=_WRITTEN_BY_USERS,
)
SIGNS = Signs(scopes=(SCOPE,), keys=KEYS.kind)


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS)
    weigh(record, source, CUSTOM)  # a function that was traced without a kind
    instructions = text(source.take("gen_ai.llm.input.system"))
    if record.kind == "generation" and record.instructions is None:
        record.instructions = instructions
