"""PromptLayer: its traced functions and the clients that it wraps, and the prompt that a call was made from.

https://docs.promptlayer.com/features/opentelemetry
"""

from __future__ import annotations

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.kind_words import CALL, EMBEDDING, Stated
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_call, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "promptlayer"
PREFIXES = ()
AI_SCOPES = ("promptlayer.",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
ANNOTATIONS = ("promptlayer.prompt.name",)
LABELS = {"promptlayer.promptlayer_mixins": "promptlayer"}
# `node_type` stands on the spans of other instrumentors, too.
PLUMBING = ("promptlayer.",)
KEYS = VendorKeys(
    kind=("node_type",),
    input=("function_input", "eval.input"),
    output=("function_output", "eval.output"),
    own=("function_name", "prompt_name"),
)
STATED: dict[str, Stated] = {"PROMPT_TEMPLATE": ("span", "prompt")}
_EMBEDS = pattern(r"\bembed")
PROMPT: Table = (
    Row("prompt_name", ("promptlayer.prompt.name",), text),
    Row("prompt_version", ("promptlayer.prompt.version",), text),
)


def read(record: AISpan, source: Source) -> None:
    if source.has("provider") and source.has("function_name"):
        _read_client(record, source)
        return
    read_vendor_span(record, source, KEYS, STATED.get(text(source.attributes.get("node_type")) or ""))


def _read_client(record: AISpan, source: Source) -> None:
    """The call of a method of a client: its arguments and its answer as their `repr`."""
    weigh(record, source, EMBEDDING if _EMBEDS.search(source.name) is not None else CALL)
    source.used.update(KEYS.own)
    record.provider_original = text(source.take("provider"))
    given, answer = read_state(source.take("function_input")), source.take("function_output")
    found = read_literal(answer) if isinstance(answer, str) else None
    read_call(record, given, answer if found is None else found)


def annotate(record: AISpan, source: Source) -> None:
    """The prompt's name and version, which stand on the spans of instrumentors that it brings along."""
    source.used.add("node_type")
    fill(record, PROMPT, source)
