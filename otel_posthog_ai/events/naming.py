"""The title of a node: what a person would call it."""

from __future__ import annotations

from otel_posthog_ai.record import AISpan

_LONGEST_SPAN_NAME = 200
_LONGEST_NAME = 300
# From here on a name is more than a title, and so is one of so many words that ends like a sentence.
_LONGEST_TITLE, _FEWEST_BLANKS = 100, 3


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
    title = record.kind == "span" and record.name and not _is_said(record.name)
    return event_name(record) if title else plain_name(record)


def _is_said(name: str) -> bool:
    """Whether a name is a sentence: what somebody wants done, which frameworks take for the name of a task."""
    name = name.strip()
    return len(name) > _LONGEST_TITLE or (name.count(" ") >= _FEWEST_BLANKS and name.endswith((".", "?", "!", "…")))
