"""Rhesis: `ai.operation.type` on the functions that its decorators observe, with their arguments beside it.

https://docs.rhesis.ai/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CALL, CUSTOM, EMBEDDING, Stated
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state, shaped
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_call, read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "rhesis"
SCOPE = "rhesis."
PREFIXES = ("ai.operation.type",)
SIGNS = Signs(scopes_begin=(SCOPE,))
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(session=("rhesis.session_id",))
PLUMBING = ("ai.operation.", "ai.tool.", "ai.agent.", "ai.model.", "function.", "rhesis.")
LABELS = {"rhesis.sdk": "rhesis-sdk"}
OPERATIONS: dict[str, Stated] = {
    "llm.invoke": CALL,
    "tool.invoke": ("span", "tool"),
    "agent.invoke": ("span", "agent"),
    "agent.handoff": ("span", "handoff"),
    "retrieval": ("span", "retriever"),
    "embedding.create": EMBEDDING,
    "embedding.generate": EMBEDDING,
    "rerank": ("span", "reranker"),
    "guardrail": ("span", "guardrail"),
    "transform": ("span", "chain"),
}
KEYS = VendorKeys(
    name=("ai.tool.name", "ai.agent.name", "function.name"),
    model=("ai.model.name",),
    provider=("ai.model.provider",),
    output=("function.result", "function.output"),
)
_ARGUMENTS = ("function.args", "function.kwargs")


def read(record: AISpan, source: Source) -> None:
    stated = OPERATIONS.get(text(source.take("ai.operation.type")) or "", CUSTOM)
    read_vendor_span(record, source, KEYS, stated)
    if not source.has(*_ARGUMENTS):
        return
    args, kwargs = (read_state(source.take(key)) for key in _ARGUMENTS)
    given = shaped({"args": args or [], "kwargs": kwargs or {}})
    if record.kind != "span":
        read_call(record, given, None)
    elif unset(record.input_state):
        record.input_state = given
