"""Genkit for JavaScript and Go: every action is a span with its whole input and output as JSON, under `genkit:*`.

https://genkit.dev/docs/observability/ ; a model is named by its plugin and its own name: `googleai/gemini-2.5-flash`.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.messages import message_text, read_messages
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.values import is_list, is_mapping, json_text, mapping, object_of, text
from otel_posthog_ai.record import AISpan, Kind, SpanType

NAME = "genkit"
PREFIXES = ("genkit:",)
TYPE = "genkit:type"
SIGNS = Signs(keys=(TYPE,))
AI_SCOPES = ("genkit-tracer",)
LABELS = {"genkit-tracer": "genkit (JavaScript, Go)"}
FRAMEWORK = "genkit"

# The subtype of an action, or the type of a span that is none -> what it is.
KINDS: dict[str, tuple[Kind, SpanType | None]] = {
    "model": ("generation", None),
    "embedder": ("embedding", None),
    "flow": ("span", "workflow"),
    "flowstep": ("span", "task"),
    "tool": ("span", "tool"),
    "tool.v2": ("span", "tool"),
    "retriever": ("span", "retriever"),
    "reranker": ("span", "reranker"),
    "evaluator": ("span", "evaluator"),
    "prompt": ("span", "prompt"),
    "executable-prompt": ("span", "prompt"),
    "util": ("span", "chain"),
}
# Plugins that serve a provider under another name than its own.
PROVIDERS = {"googleai": "gcp.gemini", "vertexai": "gcp.vertex_ai", "azure-openai": "azure.ai.openai"}


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    stated = text(source.take("genkit:metadata:subtype")) or text(source.take(TYPE)) or ""
    record.kind, record.span_type = KINDS.get(stated.lower(), ("span", "chain"))
    given, result = json_text(source.take("genkit:input")), json_text(source.take("genkit:output"))
    name = text(source.take("genkit:name"))
    if record.kind == "span":
        _read_step(record, name, given, result)
    else:
        plugin, _, model = (name or record.span_name).partition("/")
        record.request_model = model or plugin
        record.provider_original = PROVIDERS.get(plugin, plugin) if model else None
        _read_call(record, given, result)
    auth = object_of(object_of(mapping(source.take("genkit:metadata:context"))).get("auth"))
    record.identity.user = text(auth.get("uid"))
    source.below("genkit:")


def _read_step(record: AISpan, name: str | None, given: Any, result: Any) -> None:
    record.name = name
    if record.span_type == "tool":
        record.tool_name = name
    elif record.span_type == "chain" and is_mapping(result) and "message" in result:
        result = [result["message"]]  # beside it the request stands once more
    if given is not None:
        record.input_state = read_state(given)
    if result is not None:
        record.output_state = read_state(result, "assistant")


def _read_call(record: AISpan, given: Any, result: Any) -> None:
    given, result = object_of(given), object_of(result)
    if record.kind == "embedding":
        record.embedding_input = _documents(given.get("input"))
        return
    read_request(record, {**object_of(given.get("config")), **given})
    record.output = raw_output(result)
    fill_usage(record.usage, read_raw_usage(result.get("usage")))
    read_raw_answer(record, result.get("raw"))  # Genkit calls the end of every answer `stop`, also of one with calls
    read_raw_answer(record, result)


def _documents(found: Any) -> list[str] | None:
    texts = (message_text(each) for each in read_messages(found, "user") or ()) if is_list(found) else ()
    return [each for each in texts if each] or None
