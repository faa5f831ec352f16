"""Prompt flow (Microsoft): functions and calls of OpenAI's client under bare keys, with all that went in and came out.

https://microsoft.github.io/promptflow/reference/trace-span-spec-reference.html
"""

from __future__ import annotations

from collections.abc import Sequence

from otel_posthog_ai.attribute_names.traceloop import (
    LLM_USAGE_COMPLETION_TOKENS,
    LLM_USAGE_PROMPT_TOKENS,
    LLM_USAGE_TOTAL_TOKENS,
)
from otel_posthog_ai.reading.kind_words import Stated
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.stream_chunks import read_chunks
from otel_posthog_ai.reading.values import is_list, is_mapping, json_text, text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "promptflow"
SCOPE = "promptflow"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = ("__computed__.", "llm.usage.", "embedding.", "retrieval.", "prompt.")
LABELS = {SCOPE: "promptflow-tracing"}
_KIND, _OUTPUT = "span_type", "output"
KEYS = VendorKeys(
    kind=(_KIND,),
    input=("inputs",),
    output=(_OUTPUT, "llm.generated_message"),
    counts=(
        ("input", LLM_USAGE_PROMPT_TOKENS),
        ("output", LLM_USAGE_COMPLETION_TOKENS),
        ("total", LLM_USAGE_TOTAL_TOKENS),
    ),
    session=("session_id",),
    own=(
        _KIND,
        "framework",
        "function",
        "output_type",
        "node_name",
        "flow_id",
        "batch_run_id",
        "line_run_id",
        "reference.",
    ),
)
STATED: dict[str, Stated] = {"Function": ("span", "chain"), "Flow": ("span", "workflow")}


def recognises(source: Source) -> bool:
    return source.has(_KIND)


def read(record: AISpan, source: Source) -> None:
    chunks = json_text(source.attributes.get(_OUTPUT))
    if is_list(chunks) and source.attributes.get("output_type") == "iterated":
        _read_stream(record, source, chunks)
    read_vendor_span(record, source, KEYS, STATED.get(text(source.attributes.get(_KIND)) or ""))


def _read_stream(record: AISpan, source: Source, chunks: Sequence[object]) -> None:
    """What came in pieces: the last of them counts."""
    record.stream = True
    read_chunks(record, chunks)
    for chunk in chunks:
        usage = read_raw_usage(chunk.get("usage")) if is_mapping(chunk) else None
        if usage is not None:
            fill_usage(record.usage, usage)
    source.used.add(_OUTPUT)
    del source.attributes[_OUTPUT]
