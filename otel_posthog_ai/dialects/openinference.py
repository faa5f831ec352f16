"""OpenInference (Arize): span kinds, flattened `llm.*` messages, raw bodies in `input.value` and `output.value`.

https://github.com/Arize-ai/openinference/blob/main/spec/semantic_conventions.md
"""

from __future__ import annotations

import re

from otel_posthog_ai.attribute_names.openinference import (
    EMBEDDING_MODEL_NAME,
    INPUT_VALUE,
    LLM_INVOCATION_PARAMETERS,
    LLM_MODEL_NAME,
    LLM_SYSTEM,
    LLM_TOKEN_COUNT_COMPLETION,
    LLM_TOKEN_COUNT_PROMPT,
    LLM_TOOLS,
    OPENINFERENCE_SPAN_KIND,
    OUTPUT_VALUE,
    TAG_TAGS,
    TOOL_NAME,
)
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CALL, CUSTOM, EMBEDDING, Stated
from otel_posthog_ai.reading.kinds import is_embedding_model, weigh
from otel_posthog_ai.reading.scopes import is_plain_scope
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.user_metadata import read_metadata, user_tags
from otel_posthog_ai.reading.values import identifier, is_mapping, parse_json, text
from otel_posthog_ai.record import AISpan

from .openinference_calls import read_call, read_counts
from .openinference_openai import SCOPE as OPENAI_CLIENT
from .openinference_openai import read_client_call
from .openinference_steps import read_step

NAME = "openinference"
# Marks of a call whose span does not state its kind: whoever writes these keys speaks of a model.
UNSTATED: tuple[tuple[str, str], ...] = (
    (LLM_MODEL_NAME, "LLM"),
    (LLM_TOKEN_COUNT_PROMPT, "LLM"),
    ("llm.input_messages.0.message.role", "LLM"),
    ("llm.output_messages.0.message.tool_calls.0.tool_call.function.name", "LLM"),
    (LLM_TOOLS, "LLM"),
    (EMBEDDING_MODEL_NAME, "EMBEDDING"),
)
PREFIXES = ("openinference.", *(key for key, _ in UNSTATED))
AI_SCOPES = ("openinference.",)
IDENTITY = IdentityKeys(metadata=("metadata",), invocation=(LLM_INVOCATION_PARAMETERS,))
PLUMBING = (
    "openinference.",
    "llm.",
    "embedding.",
    "retrieval.",
    "reranker.",
    "graph.node.",
    "smolagents.",
    "agno.",
    "metadata",
    TAG_TAGS,
)
SCOPES = ("openinference.instrumentation.",)
SIGNS = Signs(scopes_begin=SCOPES, keys=(OPENINFERENCE_SPAN_KIND, *(key for key, _ in UNSTATED)))
# What a step of an AI says beside its kind: a processor stamps the kind on every span, also on HTTP requests.
CONTENTS = ("llm.", "input.", "output.", "embedding.", "retrieval.", "reranker.", "tool.", "agent.")

CHAIN: Stated = ("span", "chain")
KINDS: dict[str, Stated] = {
    "LLM": ("generation", None),
    "EMBEDDING": ("embedding", None),
    "CHAIN": CHAIN,
    "RETRIEVER": ("span", "retriever"),
    "RERANKER": ("span", "reranker"),
    "TOOL": ("span", "tool"),
    "AGENT": ("span", "agent"),
    "GUARDRAIL": ("span", "guardrail"),
    "EVALUATOR": ("span", "evaluator"),
    "PROMPT": ("span", "prompt"),
}
STEP_FIELDS: Table = (
    Row("agent_name", ("agent.name",), text),
    Row("tool_name", (TOOL_NAME,), text),
    Row("tool_call_id", ("tool.id", "tool.call_id", "tool_call.id", "message.tool_call_id"), identifier),
    Row("prompt_name", ("prompt.id",), text),
    Row("tags", (TAG_TAGS,), user_tags),
)  # fmt: skip
# Where providers put vectors in their answers.
_VECTORS = ("embedding", "embeddings", "embeddingsByType")
# Calls that only count tokens: nothing is generated, nothing is billed.
_COUNTING = ("count_tokens", "CountTokens", "compute_tokens", "ComputeTokens")
# LlamaIndex's methods that hand on to `chat` or `complete`, which is the call.
_DELEGATING = pattern(
    r"\.a?(?:stream_)?(?:predict|structured_predict|predict_and_call|chat_with_tools|prepare_chat_with_tools)$"
    r"|\._prepare_chat_with_tools$|\.a?stream_structured_predict$"
)
_PRIVATE = pattern(r"\._[a-z]\w*$")
_HANDOFF = pattern(r"^handoff to ", re.IGNORECASE)
_CREW = pattern(r"\.kickoff(?:_async|_for_each)?$")
# BeeAI's instrumentor makes a span of what a run emits, of the kind of the run: of each token of a stream, of an error.
_EMITTED = "metadata.trace.run_id"
_TOTALS = (LLM_TOKEN_COUNT_PROMPT, LLM_TOKEN_COUNT_COMPLETION)
_TEMPLATE_KEYS = ("llm.prompt_template.template", "llm.prompt_template.variables", "llm.prompt_template.version")


def recognises(source: Source) -> bool:
    if OPENINFERENCE_SPAN_KIND in source.attributes:
        return not is_plain_scope(source.scope) or any(key.startswith(CONTENTS) for key in source.attributes)
    if _unstated_kind(source) is not None:
        return True
    return source.scope.startswith(SCOPES) and source.has(INPUT_VALUE, OUTPUT_VALUE, TOOL_NAME)


def _unstated_kind(source: Source) -> str | None:
    return next((kind for key, kind in UNSTATED if key in source.attributes), None)


def read(record: AISpan, source: Source) -> None:
    _classify(record, source)
    fill(record, STEP_FIELDS, source)
    read_metadata(record, source.take("metadata"))
    for key in _TEMPLATE_KEYS:
        source.take(key)
    record.noise = record.noise or _is_inner(source)
    if record.kind == "span":
        if source.has(*_TOTALS):  # of a run whose calls may be traced nowhere
            read_counts(record, source)
        read_step(record, source)
    else:
        read_call(record, source)


def _classify(record: AISpan, source: Source) -> None:
    stated = text(source.take(OPENINFERENCE_SPAN_KIND)) or _unstated_kind(source)
    if record.kind != "span" or record.span_type is not None:
        return
    if source.has(_EMITTED):
        record.kind, record.span_type, record.noise = "span", "custom", True
        return
    kind = KINDS.get((stated or "UNKNOWN").upper(), CUSTOM)
    beneath = _beneath(source) if kind in (CHAIN, CUSTOM) else None
    weigh(record, source, beneath or kind)
    record.may_be_sum = record.may_be_sum or beneath == CALL
    _refine(record, source)


def _beneath(source: Source) -> Stated | None:
    """The kind that a processor has overwritten: OpenInference's for Microsoft's Agent Framework calls all it does not
    know a CHAIN, other instrumentors' calls and tools too."""
    if source.has(EMBEDDING_MODEL_NAME):
        return EMBEDDING
    if source.has(LLM_MODEL_NAME) and (
        source.has(LLM_TOKEN_COUNT_PROMPT) or (source.status_error and source.has(LLM_SYSTEM))
    ):
        return CALL
    return KINDS["TOOL"] if source.has(TOOL_NAME) else None


def _refine(record: AISpan, source: Source) -> None:
    """What only the name tells: instrumentors stamp their kinds on what hands on, counts or works inside, too."""
    if record.kind == "generation":
        if source.name.endswith(_COUNTING):
            record.kind, record.span_type = "span", "custom"
        elif _DELEGATING.search(source.name):
            record.kind, record.span_type = "span", "chain"
        elif source.scope == OPENAI_CLIENT:
            read_client_call(record, source)
        elif is_embedding_model(text(source.attributes.get(LLM_MODEL_NAME))) and _gave_vectors(source):
            record.kind, record.span_type = EMBEDDING
    elif record.span_type == "chain" and _CREW.search(source.name):
        record.span_type = "workflow"
    elif record.kind == "embedding" and _is_inner(source):
        record.kind, record.span_type = "span", "chain"
    elif record.span_type == "tool" and _HANDOFF.match(source.name) and not source.has(TOOL_NAME):
        record.span_type = "handoff"


def _gave_vectors(source: Source) -> bool:
    answer = parse_json(source.attributes.get(OUTPUT_VALUE))
    return is_mapping(answer) and any(key in answer for key in _VECTORS)


def _is_inner(source: Source) -> bool:
    """LlamaIndex traces every public method and the private one that does its work: the same step twice."""
    return source.scope.endswith(".llama_index") and _PRIVATE.search(source.name) is not None
