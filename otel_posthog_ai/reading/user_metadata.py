"""Metadata objects that users (and frameworks in their name) put on spans, under the user's own keys."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import AISpan

from .plumbing import is_plumbing
from .values import is_mapping, mapping, text, texts

# Keys of LangChain's and LangGraph's own, by which the framework is told.
_LANGGRAPH = ("langgraph_node", "langgraph_step", "langgraph_path")


# Marks and tags of LangChain's own runs.
_MARKS = frozenset({"is_langchain_root"})
_PRIVATE = "__"  # LangGraph's packages hand such keys to each other: `__handoff_destination`
_RUN_TAG = pattern(r"(?:seq|map|graph|condition|branch):\w+(?::.*)?|langsmith:\w+")


def user_tags(value: Any) -> list[str]:
    """The tags that a user gave, without those that LangChain gives to the steps of a run; some write all as one text,
    with commas.
    """
    found = texts(value) or []
    if isinstance(value, str) and found == [value]:
        found = [tag.strip() for tag in value.split(",") if tag.strip()]
    return [tag for tag in found if not _RUN_TAG.fullmatch(tag)]


def metadata_of(value: Any) -> dict[str, Any]:
    """A metadata object, also from JSON text; empty when there is none."""
    return mapping(value) or {}


def _is_of_packages(key: str, item: Any) -> bool:
    """LangChain's own packages and their versions, which its JavaScript adds to the metadata of each run."""
    return key == "versions" and is_mapping(item) and any("langchain" in str(name) for name in item)


def read_metadata(record: AISpan, value: Any) -> None:
    """Add the user's keys to the record's metadata; what the framework's own keys tell goes to the record."""
    for key, item in metadata_of(value).items():
        if item is None or key in _MARKS or key.startswith(_PRIVATE) or _is_of_packages(key, item):
            continue
        if "." in key and is_plumbing(key):
            continue
        record.metadata.setdefault(key, item)
    _read_framework(record)


def _read_framework(record: AISpan) -> None:
    metadata = record.metadata
    if record.framework is None:
        if any(key in metadata for key in _LANGGRAPH) or metadata.get("ls_integration") == "langgraph":
            record.framework = "langgraph"
        elif "ls_integration" in metadata:
            record.framework = "langchain"
    node = text(metadata.get("langgraph_node"))
    if node is not None and node == record.span_name:
        record.graph_node = True
    if record.agent_name is None and text(metadata.get("lc_agent_name")) is not None:
        record.agent_name = text(metadata["lc_agent_name"])
