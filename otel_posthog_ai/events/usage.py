"""Tokens and costs as PostHog bills them: nothing twice, nothing invented.

PostHog takes cache counts out of the input unless it is told that the input already excludes them, and adds reasoning
to the output of Gemini 2.5 and 3; both are stated here so that the bill is right whatever the instrumentor counted.
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.cache_counting import cached, counts_cache_apart
from otel_posthog_ai.reading.conclusion import GEMINI_WITH_REASONING
from otel_posthog_ai.record import AISpan, Cost, Usage

COUNTS: tuple[tuple[str, str], ...] = (
    ("$ai_input_tokens", "input"),
    ("$ai_output_tokens", "output"),
    ("$ai_reasoning_tokens", "reasoning"),
    ("$ai_text_input_tokens", "text_input"),
    ("$ai_audio_input_tokens", "audio_input"),
    ("$ai_audio_output_tokens", "audio_output"),
    ("$ai_image_input_tokens", "image_input"),
    ("$ai_image_output_tokens", "image_output"),
    ("$ai_cache_read_audio_tokens", "cache_read_audio"),
    ("$ai_web_search_count", "web_searches"),
)
ZERO_SAYS_NOTHING = frozenset(
    {"$ai_text_input_tokens", "$ai_audio_input_tokens", "$ai_audio_output_tokens", "$ai_image_input_tokens",
     "$ai_image_output_tokens", "$ai_cache_read_audio_tokens", "$ai_web_search_count"}
)  # fmt: skip
CACHE: tuple[tuple[str, str], ...] = (
    ("$ai_cache_read_input_tokens", "cache_read"),
    ("$ai_cache_creation_input_tokens", "cache_write"),
    ("$ai_cache_creation_5m_input_tokens", "cache_write_5m"),
    ("$ai_cache_creation_1h_input_tokens", "cache_write_1h"),
)


def usage_properties(record: AISpan) -> dict[str, Any]:
    """Token properties of a generation or embedding; unknown counts are absent."""
    usage = record.usage
    properties: dict[str, Any] = {}
    for name, field in COUNTS:
        value = getattr(usage, field)
        if value is not None and not (value == 0 and name in ZERO_SAYS_NOTHING):
            properties[name] = value
    _reasoning(record, properties)
    _cache(record, properties)
    if usage.total is not None:
        properties["$ai_total_tokens"] = usage.total
    return properties


def _cache(record: AISpan, properties: dict[str, Any]) -> None:
    usage = record.usage
    if split_is_impossible(usage):
        return
    for name, field in CACHE:
        value = getattr(usage, field)
        if value is not None:
            properties[name] = value
    if usage.input is not None and (usage.cache_read is not None or usage.cache_write is not None):
        properties["$ai_cache_reporting_exclusive"] = counts_cache_apart(record)


def split_is_impossible(usage: Usage) -> bool:
    """Whether the cache counts exceed an input that is said to include them: then they are wrong."""
    return usage.input_excludes_cache is False and usage.input is not None and cached(usage) > usage.input


def _reasoning(record: AISpan, properties: dict[str, Any]) -> None:
    usage = record.usage
    if not usage.reasoning or usage.output is None:
        return
    model = (record.response_model or record.request_model or "").lower().rsplit("/", 1)[-1]
    output = usage.output + usage.reasoning if reasoning_is_outside(usage) else usage.output
    properties["$ai_output_tokens"] = output
    if GEMINI_WITH_REASONING.match(model) and output >= usage.reasoning:
        # PostHog adds the reasoning to the text output: give it the output without.
        properties["$ai_text_output_tokens"] = output - usage.reasoning


def reasoning_is_outside(usage: Usage) -> bool:
    """Whether the output leaves the reasoning out: by the total where there is one, else as the dialect says."""
    reasoning, output, total = usage.reasoning or 0, usage.output or 0, usage.total
    if total is not None and usage.input is not None:
        if total == usage.input + output:
            return False
        if total == usage.input + output + reasoning:
            return True
    if usage.output_excludes_reasoning is not None:
        return usage.output_excludes_reasoning
    return False


def cost_properties(cost: Cost) -> dict[str, Any]:
    """Costs that the span states, in USD, where they are above 0 or the reply came out of the caller's own cache."""
    if cost.input is not None and cost.output is not None and cost.input + cost.output > 0:
        total = cost.total if cost.total is not None and cost.total > 0 else cost.input + cost.output
        return {"$ai_input_cost_usd": cost.input, "$ai_output_cost_usd": cost.output, "$ai_total_cost_usd": total}
    total = cost.total if cost.total is not None else (cost.input or 0) + (cost.output or 0)
    if cost.from_cache and total == 0:
        return {"$ai_input_cost_usd": 0, "$ai_output_cost_usd": 0, "$ai_total_cost_usd": 0}
    if total > 0:
        return {"$ai_total_cost_usd": total, "$ai_cost_passthrough": True}
    return {}
