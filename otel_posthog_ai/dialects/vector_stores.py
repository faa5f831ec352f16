"""Vector databases as OpenLLMetry's instrumentors see them: searches are retrievals, with what they found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import is_list, parse_json, text
from otel_posthog_ai.record import AISpan

NAME = "vector_stores"
SCOPES = tuple(
    f"opentelemetry.instrumentation.{store}"
    for store in ("chromadb", "lancedb", "marqo", "milvus", "pinecone", "qdrant", "weaviate")
)
PREFIXES = (
    "db.vector.", "db.chroma.", "db.milvus.", "db.weaviate.", "db.marqo.", "pinecone.", "qdrant.", "db.query.result",
)  # fmt: skip
SIGNS = Signs(scopes_begin=SCOPES, keys_begin=PREFIXES)
PLUMBING = (
    "pinecone.",
    "qdrant.",
    "vector_store.",
)
# First words of operations that read; the others look after a collection.
READS = frozenset(
    {"query", "search", "get", "peek", "scroll", "recommend", "discover", "hybrid", "fetch", "do", "aggregate"}
)
RESULT_EVENTS = frozenset({"db.query.result", "db.search.result"})
_QUERY_KEYS = frozenset(
    {"query", "filter", "where", "where_document", "top_k", "n_results", "limit", "offset", "namespace",
     "collection_name", "id", "queries", "texts_count", "search_params", "include", "ids_count", "anns_field",
     "partition_names"},
)  # fmt: skip


def read(record: AISpan, source: Source) -> None:
    operation = _operation(source)
    record.name = record.name or source.name
    record.span_type = "retriever" if _reads(operation) else "custom"
    # Filling a collection is part of an AI trace where one is open; alone it is none.
    record.noise = record.span_type == "custom" and record.parent_id is None
    source.below("db.")
    if unset(record.input_state):
        given = _parameters(source)
        if given:
            record.input_state = given
    if unset(record.output_state):
        found = _results(source)
        if found:
            record.output_state = found


def _operation(source: Source) -> str:
    stated = text(source.attributes.get("db.operation")) or text(source.attributes.get("db.operation.name"))
    return (stated or source.name.rpartition(".")[2]).lower()


def _reads(operation: str) -> bool:
    return operation.partition("_")[0].partition(" ")[0] in READS


def _parameters(source: Source) -> dict[str, Any]:
    """What was asked for: the last part of each key is the parameter's name."""
    found: dict[str, Any] = {}
    for key, value in source.attributes.items():
        if key.startswith(PREFIXES):
            source.used.add(key)
            name = key.rpartition(".")[2]
            if name in _QUERY_KEYS and value not in (None, "", "None"):
                found[name] = list(value) if is_list(value) else parse_json(value)
    return found


def _results(source: Source) -> list[dict[str, Any]]:
    """The hits, one event each, without their vectors."""
    return [_hit(event.attributes) for event in source.events if event.name in RESULT_EVENTS and event.attributes]


def _hit(attributes: Mapping[str, Any]) -> dict[str, Any]:
    hit = {key.rpartition(".")[2]: read_state(value) for key, value in attributes.items() if value not in (None, "")}
    hit.pop("vector", None)
    return hit
