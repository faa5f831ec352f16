"""The words for kinds: operations of the conventions, types of requests, and what vendors put under their own keys."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from otel_posthog_ai.record import Kind, SpanType

from .values import text
from .words import words_of

Stated = tuple[Kind, SpanType | None]
"""A kind, and the type of a step."""
CALL: Stated = ("generation", None)
EMBEDDING: Stated = ("embedding", None)
CUSTOM: Stated = ("span", "custom")

GENERATIONS = frozenset(
    {"chat", "text_completion", "generate_content", "completion", "acompletion", "completions", "responses",
     "aresponses", "atext_completion", "message", "messages", "stream", "chat_stream", "generate",
     "realtime_inference", "generate_live_content"}
)  # fmt: skip
EMBEDDINGS = frozenset({"embeddings", "embedding", "aembedding", "embed", "embed_content"})
# Operation -> type of the span, for everything that is no call of a model.
SPAN_TYPES: dict[str, SpanType] = {
    "execute_tool": "tool",
    "tool": "tool",
    "invoke_agent": "agent",
    "create_agent": "agent",
    "agent": "agent",
    "invoke_workflow": "workflow",
    "workflow": "workflow",
    "orchestrate_tools": "chain",
    "execute_task": "task",
    "agent_step": "task",
    "task": "task",
    "plan": "task",
    "run_step": "task",
    "chain": "chain",
    "retrieval": "retriever",
    "retrieve": "retriever",
    "vector_db_retrieve": "retriever",
    "search": "retriever",
    "search_memory": "retriever",
    "create_memory": "custom",
    "update_memory": "custom",
    "upsert_memory": "custom",
    "delete_memory": "custom",
    "create_memory_store": "custom",
    "delete_memory_store": "custom",
    # What was answered before is only got again: it has an answer's id and a model, and nothing is billed.
    "fetch_response": "custom",
    "get_response": "custom",
    "rerank": "reranker",
    "handoff": "handoff",
    "guardrail": "guardrail",
    "guardrail_check": "guardrail",
    "apply_guardrail": "guardrail",
    "run_guardrail": "guardrail",
    "evaluate": "evaluator",
    "evaluation": "evaluator",
    "tts": "speech",
    "text_to_speech": "speech",
    "speech": "speech",
    "audio": "speech",
    "stt": "transcription",
    "speech_to_text": "transcription",
    "transcription": "transcription",
    "audio_transcription": "transcription",
    "audio_translation": "transcription",
    "ai.generatespeech": "speech",  # as the AI SDK spells them
    "ai.streamspeech": "speech",
    "ai.transcribe": "transcription",
    "ai.streamtranscribe": "transcription",
}
# `llm.request.type` of the generation before this convention.
REQUEST_TYPES: dict[str, Kind] = {
    "chat": "generation",
    "completion": "generation",
    "acompletion": "generation",
    "text_completion": "generation",
    "embedding": "embedding",
    "embeddings": "embedding",
    "aembedding": "embedding",
}
# The word of a vendor's own key (`acme.span.type`) -> what it states. A word that is not here states nothing.
WORDS: dict[str, Stated] = {
    **dict.fromkeys(
        ("llm", "generation", "chat", "chat_model", "completion", "text_completion", "model", "llm_call", "chat_llm",
         "inference", "model_call", "response", "chat_completion", "chat_completions", "generate", "generate_content"),
        CALL,
    ),
    **dict.fromkeys(("embedding", "embeddings", "embedder", "embed", "text_embedding"), EMBEDDING),
    "agent": ("span", "agent"),
    "agent_run": ("span", "agent"),
    "invoke_agent": ("span", "agent"),
    "workflow": ("span", "workflow"),
    "flow": ("span", "workflow"),
    "chain": ("span", "chain"),
    "graph": ("span", "chain"),
    "parser": ("span", "chain"),
    "component": ("span", "chain"),
    "task": ("span", "task"),
    "step": ("span", "task"),
    "turn": ("span", "task"),
    "tool": ("span", "tool"),
    "tool_call": ("span", "tool"),
    "execute_tool": ("span", "tool"),
    "function_call": ("span", "tool"),
    "retriever": ("span", "retriever"),
    "retrieval": ("span", "retriever"),
    "retrieve": ("span", "retriever"),
    "vectordb": ("span", "retriever"),
    "reranker": ("span", "reranker"),
    "rerank": ("span", "reranker"),
    "guardrail": ("span", "guardrail"),
    "evaluator": ("span", "evaluator"),
    "evaluation": ("span", "evaluator"),
    "score": ("span", "evaluator"),
    "eval": ("span", "evaluator"),
    "prompt": ("span", "prompt"),
    "handoff": ("span", "handoff"),
    "mcp": ("span", "mcp"),
    **dict.fromkeys(("speech", "tts", "text_to_speech"), ("span", "speech")),
    **dict.fromkeys(("transcription", "stt", "speech_to_text"), ("span", "transcription")),
}  # fmt: skip


def word(value: Any) -> str:
    """A kind as a word of the tables: of an enum's text the member, in lower case, `_` for blanks and hyphens."""
    said = (text(value) or "").strip().strip("\"'")
    return said.rsplit(".", 1)[-1].lower().replace(" ", "_").replace("-", "_")


def stated_by(value: Any) -> Stated | None:
    """What the value of a vendor's own key states; None for a word that says nothing (`span`, `default`)."""
    known = WORDS.get(word(value))
    return known if known is not None else stated_by_words(text(value) or "")


# An operation of its own spelling has a word of each of these lists -> what it states; the first that fits.
_SPELLINGS: tuple[tuple[tuple[str, ...], Stated], ...] = (
    (("tool tools function", "call run execute invoke execution use"), ("span", "tool")),
    (("agent agents", "run execute invoke execution"), ("span", "agent")),
    (("embedding embeddings embed",), EMBEDDING),
    (("vector similarity", "search query"), ("span", "retriever")),
    (("retrieve retrieval", "documents document context"), ("span", "retriever")),
    (("chat completion completions converse",), CALL),
    (("generate stream invoke", "text object model llm"), CALL),
    (("message messages response responses", "create stream"), CALL),
)
_WORD_SETS = tuple((tuple(frozenset(words.split()) for words in lists), stated) for lists, stated in _SPELLINGS)
_LONGEST = 200
# With one of these it speaks of what was said before, or of many.
_ABOUT_OTHERS = frozenset(
    {"history", "session", "thread", "room", "list", "get", "delete", "count", "cancel", "batch", "batches", "memory"}
)


def stated_by_words(operation: str) -> Stated | None:
    """What an operation states that no table has, by its words: `ChatCompletion`, `chat.completions`, `run_tool`."""
    return _stated_by_words(operation[:_LONGEST])


@lru_cache(maxsize=512)
def _stated_by_words(operation: str) -> Stated | None:
    said = frozenset(words_of(operation))
    if not said.isdisjoint(_ABOUT_OTHERS):
        return None
    return next((stated for sets, stated in _WORD_SETS if all(map(said.intersection, sets))), None)
