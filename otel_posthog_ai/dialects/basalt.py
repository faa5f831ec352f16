"""Basalt: `basalt.*` on its steps, and on the calls of the instrumentors that it brings along.

https://docs.getbasalt.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import Stated
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_belonging, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "basalt"
SCOPE = "basalt.observability"
PREFIXES = ("basalt.span.kind",)
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(user=("basalt.user.id",))
LABELS = {SCOPE: "basalt-sdk"}
# Whose organization it is, which feature and which experiment, are for readers.
PLUMBING = (
    "basalt.api.", "basalt.cache.", "basalt.event.", "basalt.in_", "basalt.internal.", "basalt.meta.", "basalt.prompt.",
    "basalt.request.", "basalt.retrieval.", "basalt.sdk.", "basalt.span.", "basalt.tool.", "basalt.user.",
    "basalt.metadata", "basalt.root", "basalt.trace",
)  # fmt: skip
_KIND = "basalt.span.kind"
SIGNS = Signs(keys=(_KIND,))
ANNOTATIONS = ("basalt.meta", "basalt.prompt.")
_WRITTEN_BY_USERS = VendorKeys(metadata=("basalt.metadata", "basalt.meta."))
KEYS = VendorKeys(
    kind=(_KIND,),
    name=("basalt.tool.name", "basalt.function.name"),
    input=("basalt.span.input", "basalt.tool.input", "basalt.retrieval.query", "basalt.event.payload"),
    output=("basalt.span.output", "basalt.tool.output"),
)
STATED: dict[str, Stated] = {"basalt_trace": ("span", "workflow"), "function": ("span", "chain")}
PROMPT: Table = (
    Row("prompt_name", ("basalt.prompt.slug",), text),
    Row("prompt_version", ("basalt.prompt.version",), text),
)


# What it writes as the output of whatever raised; the exception is on the span.
_NO_OUTPUT = '{"error": "Exception occurred"}'


def read(record: AISpan, source: Source) -> None:
    if source.status_error:
        source.discard(*(key for key in KEYS.output if source.attributes.get(key) == _NO_OUTPUT))
    read_vendor_span(record, source, KEYS, STATED.get(text(source.attributes.get(_KIND)) or ""))


def annotate(record: AISpan, source: Source) -> None:
    """The prompt that a call was made from, and what the user wrote about it, on spans of whatever convention."""
    fill(record, PROMPT, source)
    read_belonging(record, source, _WRITTEN_BY_USERS)
