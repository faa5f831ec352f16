"""What follows from a record once every dialect has read: provider, framework, the calls in an answer."""

from __future__ import annotations

from typing import Any

from .frameworks import framework_of_scope
from .literals import ADDRESS
from .providers import is_framework, priced_provider, provider_of_model
from .record import AISpan, Usage
from .values import is_mapping

# OpenTelemetry's own word for a reason -> the provider's.
REASONS: dict[str, dict[str, str]] = {
    "openai": {"tool_call": "tool_calls"},
    "azure-openai": {"tool_call": "tool_calls"},
    "anthropic": {"tool_call": "tool_use"},
}

# What instrumentors write for a model that they do not know.
NO_MODEL = frozenset({"unknown", "Unknown", "none", "None", "null"})
# What clients write for a parameter that was not given, where it is no object's address.
NOT_GIVEN = frozenset({"NOT_GIVEN", "Unset()", "Ellipsis"})


def conclude(record: AISpan) -> None:
    """Fill what can be told from the fields alone."""
    _models(record)
    _provider(record)
    record.parameters = {name: value for name, value in record.parameters.items() if not _was_not_given(value)}
    if record.framework is None:
        record.framework = framework_of_scope(record.scope)
    if record.finish_reason is not None:
        spelling = REASONS.get(record.provider or "", {})
        record.finish_reason = spelling.get(record.finish_reason, record.finish_reason)
    if _was_abandoned(record):
        record.cancelled = True
        record.finish_reason = None
    if record.kind == "span":
        record.request_model = record.response_model = None
    if record.kind == "generation" and _nothing_counted(record.usage):
        record.usage = Usage()
    if record.kind == "embedding" and record.span_type is not None:
        record.span_type = None
    if record.tools is not None:
        record.tools = [dict(tool) for tool in record.tools if is_mapping(tool)] or None


def _was_not_given(value: Any) -> bool:
    """Whether a parameter is the text of an object, by which clients mark what the caller left out."""
    return isinstance(value, str) and (value in NOT_GIVEN or ADDRESS.fullmatch(value) is not None)


def _nothing_counted(usage: Usage) -> bool:
    """Whether zeros stand for an unknown usage: no model reads nothing and writes nothing."""
    counted = (usage.total, usage.cache_read, usage.cache_write, usage.reasoning)
    return usage.input == 0 and usage.output == 0 and not any(counted)


def _was_abandoned(record: AISpan) -> bool:
    """Whether a stream was left before its end: no provider ends an answer with `error` where nothing failed."""
    return (
        record.finish_reason == "error" and record.error is None and bool(record.stream) and record.usage.output is None
    )


def _models(record: AISpan) -> None:
    """A placeholder names no model."""
    if record.request_model in NO_MODEL:
        record.request_model = None
    if record.response_model in NO_MODEL:
        record.response_model = None


def _provider(record: AISpan) -> None:
    stated = record.provider_original
    if stated is not None and is_framework(stated):
        if record.framework is None:
            record.framework = framework_of_scope(stated)
        stated = record.provider_original = None
    if record.kind == "span":
        record.provider = None
        return
    if record.provider is None and stated is not None:
        record.provider = priced_provider(stated)
    model = record.response_model or record.request_model
    if record.provider is None and model is not None:
        record.provider = provider_of_model(record.request_model or model) or provider_of_model(model)
