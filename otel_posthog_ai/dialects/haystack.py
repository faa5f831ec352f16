"""Haystack's own tracer: pipelines of components, and agents, in `haystack.*` alone.

https://docs.haystack.deepset.ai/docs/tracing ; content only where `HAYSTACK_CONTENT_TRACING_ENABLED` is set.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_answers import read_raw_answer
from otel_posthog_ai.reading.raw_requests import PARAMETERS
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import is_list, mapping, object_of, text
from otel_posthog_ai.record import AISpan, Kind, SpanType

NAME = "haystack"
PREFIXES = ("haystack.",)
AI_SCOPES = ("haystack",)
PLUMBING = ("haystack.",)
LABELS = {"haystack": "haystack-ai (its own spans)"}
FRAMEWORK = "haystack"
COMPONENT = "haystack.component.type"

# How the name of a component's class ends -> what it does.
COMPONENTS: tuple[tuple[str, Kind, SpanType | None], ...] = (
    ("Generator", "generation", None),
    ("Embedder", "embedding", None),
    ("Retriever", "span", "retriever"),
    ("Ranker", "span", "reranker"),
    ("PromptBuilder", "span", "prompt"),
    ("ToolInvoker", "span", "task"),
    ("Agent", "span", "agent"),
    ("Evaluator", "span", "evaluator"),
)
# Span name -> what it is, where its input stands and where its output.
_PIPELINE: tuple[Kind, SpanType, str, str] = (
    "span", "workflow", "haystack.pipeline.input_data", "haystack.pipeline.output_data"
)  # fmt: skip
STEPS: dict[str, tuple[Kind, SpanType | None, str, str]] = {
    "haystack.pipeline.run": _PIPELINE,
    "haystack.async_pipeline.run": _PIPELINE,
    "haystack.component.run": ("span", "task", "haystack.component.input", "haystack.component.output"),
    "haystack.agent.run": ("span", "agent", "haystack.agent.input", "haystack.agent.output"),
    "haystack.agent.step": ("span", "task", "", ""),
    "haystack.agent.step.llm": ("generation", None, "haystack.agent.step.llm.input", "haystack.agent.step.llm.output"),
    "haystack.agent.step.tool": ("span", "tool", "haystack.agent.step.tool.input", "haystack.agent.step.tool.output"),
}  # fmt: skip
SIGNS = Signs(names=tuple(STEPS))
# How the class of a generator or embedder begins -> whom it asks, where that is no provider's plain name.
_PROVIDERS = (("AzureOpenAI", "azure"), ("OpenAI", "openai"), ("HuggingFace", "huggingface"), ("Google", "gemini"),
              ("AmazonBedrock", "bedrock"), ("Anthropic", "anthropic"), ("Mistral", "mistral"), ("Cohere", "cohere"),
              ("Ollama", "ollama"))  # fmt: skip


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    record.kind, record.span_type, given, result = STEPS[source.name]
    component = text(source.attributes.get(COMPONENT))
    if component is not None:
        _read_component(record, component)
        record.name = text(source.attributes.get("haystack.component.name"))
    elif record.span_type == "tool":
        record.tool_name = record.name = text(source.attributes.get("haystack.tool.name"))
    _read_content(record, mapping(source.take(given)) or source.take(given), source.take(result))


def _read_component(record: AISpan, component: str) -> None:
    for ending, kind, span_type in COMPONENTS:
        if component.endswith(ending):
            record.kind, record.span_type = kind, span_type
            break
    if record.kind != "span":
        record.provider_original = next((name for start, name in _PROVIDERS if component.startswith(start)), None)


def _read_content(record: AISpan, given: Any, result: Any) -> None:
    if record.kind == "span":
        record.input_state = record.input_state if given is None else read_state(given, "user")
        record.output_state = record.output_state if result is None else read_state(result, "assistant")
        return
    asked, answer = object_of(given), mapping(result) or {}
    if record.kind == "embedding":
        record.embedding_input = embedding_texts(asked.get("text") or asked.get("documents"))
    else:
        record.input = read_messages(asked.get("messages") or asked.get("prompt"), "user")
        record.output = read_messages(answer.get("replies"), "assistant")
        record.tools = read_tools(asked.get("tools")) if asked.get("tools") else None
        settings = object_of(asked.get("generation_kwargs"))
        record.parameters.update({key: settings[key] for key in PARAMETERS if not unset(settings.get(key))})
    said = object_of(_said_of(answer))
    read_raw_answer(record, said)
    _read_stream(record, said.get("completion_start_time"))


def _said_of(answer: Mapping[str, Any]) -> Any:
    """What the client said of the answer: with the first reply, or beside them where the replies are texts."""
    replies, meta = answer.get("replies"), answer.get("meta")
    first = object_of(replies[0]) if is_list(replies) and replies else {}
    return first.get("meta") or first.get("_meta") or (meta[0] if is_list(meta) and meta else meta)


def _read_stream(record: AISpan, began: Any) -> None:
    """When the pieces of a stream began, by the clock of this computer."""
    if not isinstance(began, str):
        return
    record.stream = True
    try:
        seconds = datetime.fromisoformat(began).timestamp() - record.start_ns / 1e9
    except (ValueError, OverflowError, OSError):
        return
    if 0 <= seconds <= (record.end_ns - record.start_ns) / 1e9:
        record.time_to_first_token = seconds
