"""The usage object of a provider's answer, as instrumentors copy it: every provider counts under names of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import USAGE_FLAGS, Usage

from .usage_words import fill_usage_by_words
from .values import count, is_mapping, mapping

# Field of `Usage` -> paths in the object, dots for nesting, in order of preference.
_PATHS: dict[str, tuple[str, ...]] = {
    "input": ("input_tokens", "prompt_tokens", "prompt_token_count", "promptTokenCount", "inputTokens",
              "inputTokenCount", "prompt_eval_count", "tokens.input_tokens", "billed_units.input_tokens"),
    "output": ("output_tokens", "completion_tokens", "candidates_token_count", "candidatesTokenCount", "outputTokens",
               "outputTokenCount", "eval_count", "tokens.output_tokens", "billed_units.output_tokens"),
    "total": ("total_tokens", "total_token_count", "totalTokenCount", "totalTokens"),
    "cache_read": ("cache_read_input_tokens", "prompt_tokens_details.cached_tokens",
                   "input_tokens_details.cached_tokens", "cached_content_token_count", "cachedContentTokenCount",
                   "cacheReadInputTokens",
                   "cacheReadInputTokenCount", "prompt_cache_hit_tokens", "input_token_details.cache_read",
                   "cache_read_tokens"),
    "cache_write": ("cache_creation_input_tokens", "cache_write_input_tokens",
                    "prompt_tokens_details.cache_write_tokens",
                    "prompt_tokens_details.cache_creation_tokens", "input_tokens_details.cache_write_tokens",
                    "cacheWriteInputTokens", "cacheWriteInputTokenCount", "input_token_details.cache_creation",
                    "cache_write_tokens"),
    "cache_write_5m": ("cache_creation.ephemeral_5m_input_tokens",),
    "cache_write_1h": ("cache_creation.ephemeral_1h_input_tokens",),
    "reasoning": ("completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens",
                  "thoughts_token_count", "thoughtsTokenCount", "reasoning_tokens", "output_token_details.reasoning"),
    "audio_input": ("prompt_tokens_details.audio_tokens", "input_token_details.audio_tokens",
                    "input_token_details.audio"),
    "audio_output": ("completion_tokens_details.audio_tokens", "output_token_details.audio"),
    "web_searches": ("server_tool_use.web_search_requests",),
}  # fmt: skip
_KEYS = {field: tuple(tuple(path.split(".")) for path in paths) for field, paths in _PATHS.items()}
# Keys by which Anthropic and Bedrock count the cache beside the input; keys that leave the reasoning out of the output.
_NAMES_THE_CACHE = frozenset({"cache_read_input_tokens", "cache_creation_input_tokens", "cacheReadInputTokens"})
_OUTPUT_EXCLUDES_REASONING = frozenset({"thoughts_token_count", "thoughtsTokenCount"})


def read_raw_usage(value: Any) -> Usage | None:
    """The counts of a usage object (or its JSON text); None when it holds none."""
    found = mapping(value)
    if not found:
        return None
    usage = Usage()
    for field, paths in _KEYS.items():
        setattr(usage, field, _first(found, paths))
    fill_usage_by_words(usage, found)
    if all(getattr(usage, field) is None for field in _PATHS):
        return None
    if "input_tokens" in found or "inputTokens" in found:
        usage.as_provider_counts = not found.keys().isdisjoint(_NAMES_THE_CACHE) or None
    if not found.keys().isdisjoint(_OUTPUT_EXCLUDES_REASONING):
        usage.output_excludes_reasoning = True
    return usage


def fill_usage(usage: Usage, found: Usage | None) -> None:
    """Add what `found` counts to what `usage` leaves open; how the totals count is taken over only with the totals."""
    if found is None:
        return
    if usage.input is None and found.input is not None:
        usage.input_excludes_cache = found.input_excludes_cache
        usage.as_provider_counts = found.as_provider_counts
    if usage.output is None and found.output is not None:
        usage.output_excludes_reasoning = found.output_excludes_reasoning
    if usage.input is not None or usage.output is not None:
        found.total = None
    for field in Usage.__slots__:
        if getattr(usage, field) is None and field not in USAGE_FLAGS:
            setattr(usage, field, getattr(found, field))


def _first(found: Mapping[str, Any], paths: tuple[tuple[str, ...], ...]) -> float | None:
    for path in paths:
        if path[0] not in found:
            continue
        value: Any = found
        for key in path:
            value = value.get(key) if is_mapping(value) else None
        number = count(value)
        if number is not None:
            return number
    return None
