"""The title of a node: what a person would call it."""

from __future__ import annotations

from otel_posthog_ai.record import AISpan

_LONGEST_SPAN_NAME = 200
_LONGEST_NAME = 300


def event_name(record: AISpan) -> str:
    """The value of `$ai_span_name`; never empty."""
    name = " ".join((record.name or "").split())
    if name:
        return name[:_LONGEST_NAME]
    title = record.span_name.strip()
    if title and "\n" not in title and len(title) <= _LONGEST_SPAN_NAME:
        return title
    return plain_name(record)


def plain_name(record: AISpan) -> str:
    """`<operation> <model>`, or what is known of it: holds nothing that a user or a model wrote."""
    operation = (
        record.operation or {"generation": "chat", "embedding": "embeddings"}.get(record.kind) or record.span_type
    )
    model = record.request_model or record.response_model
    subject = model if record.kind != "span" else record.tool_name or record.agent_name
    return " ".join(part for part in (operation, subject) if part) or "span"


def private_name(record: AISpan) -> str:
    """The title where nothing that was said may show: names of tools, agents and workflows are the program's own."""
    return event_name(record) if record.kind == "span" and record.name else plain_name(record)
