"""TruLens: `ai.observability.*` on the functions of an app, what a model's call cost and counted on whoever made it.

https://www.trulens.org/otel/semantic_conventions/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import Stated
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "trulens"
PREFIXES = ()  # its processor stamps `span_type` = `unknown` on every span of the provider, AI or not
AI_SCOPES = ("trulens",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
IDENTITY = IdentityKeys(session=("ai.observability.conversation_id",))
LABELS = {"trulens": "trulens-core"}
PLUMBING = ("ai.observability.",)
_TYPE = "ai.observability.span_type"
KEYS = VendorKeys(
    kind=(_TYPE,),
    input=("ai.observability.record_root.input", "ai.observability.call.kwargs."),
    output=("ai.observability.record_root.output", "ai.observability.call.return"),
    model=("ai.observability.cost.model",),
    counts=(
        ("input", "ai.observability.cost.num_prompt_tokens"),
        ("output", "ai.observability.cost.num_completion_tokens"),
        ("reasoning", "ai.observability.cost.num_reasoning_tokens"),
        ("total", "ai.observability.cost.num_tokens"),
    ),
    error=("ai.observability.record_root.error", "ai.observability.call.error"),
    # What `generation_attributes()` writes is a copy, of a text or of an object's `repr`.
    own=("input_content", "output_content", "tool_calls"),
)
# What it calls by a name of its own, or means otherwise: a step of a graph is no call of a model.
STATED: dict[str, Stated] = {
    "record_root": ("span", "workflow"),
    "nested_record_root": ("span", "workflow"),
    "workflow_step": ("span", "task"),
    "graph_task": ("span", "task"),
    "graph_node": ("span", "task"),
    "reranking": ("span", "reranker"),
    "MCP": ("span", "mcp"),
    "eval_root": ("span", "evaluator"),
    "eval_decision": ("span", "evaluator"),
}


def recognises(source: Source) -> bool:
    return source.has(_TYPE)


def read(record: AISpan, source: Source) -> None:
    function = source.name.rpartition(".")[2]  # without its module and class, of which no part is a kind
    if record.name in (None, source.name):
        record.name = function
    if record.tool_name == source.name:
        record.tool_name = function
    stated = STATED.get(text(source.attributes.get(_TYPE)) or "")
    read_vendor_span(record, source, KEYS, stated)
