"""Whether a count of the input includes what came from the cache: by the dialect, by arithmetic, by the provider.

Names of keys alone decide nothing: MLflow writes Anthropic's `cache_read_input_tokens` beside OpenAI's counts, too.
"""

from __future__ import annotations

from otel_posthog_ai.record import AISpan, Usage

from .providers import provider_of_model

# Providers whose own API counts the input without what was read from and written to the cache.
_APART = frozenset({"anthropic", "bedrock"})
# Of these, the one whose counts every instrumentor hands on as they are.
_HANDED_ON = frozenset({"bedrock"})


def counts_cache_apart(record: AISpan) -> bool:
    """Whether the input of the record's usage leaves the cache out."""
    usage = record.usage
    if usage.input_excludes_cache is not None:
        return usage.input_excludes_cache
    if usage.input is not None and cached(usage) > usage.input:
        return True
    if usage.input is not None and cached(usage) and usage.total == usage.input + (usage.output or 0) + cached(usage):
        return True
    if usage.as_provider_counts:
        return _provider_counts_apart(record)
    return record.provider in _HANDED_ON


def cached(usage: Usage) -> float:
    """What was read from and written to the cache."""
    return (usage.cache_read or 0) + (usage.cache_write or 0)


def _provider_counts_apart(record: AISpan) -> bool:
    model = record.response_model or record.request_model
    maker = provider_of_model(model) if model is not None else None
    if maker in _APART or record.provider in _APART:
        return True
    return maker is None and record.provider is None  # only the names of the keys are left


def settle_cache(record: AISpan) -> None:
    """A provider's own usage object counts as that provider does, which is known once all of the span is read."""
    if record.usage.input_excludes_cache is None:
        record.usage.input_excludes_cache = counts_cache_apart(record)
