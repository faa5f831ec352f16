"""Langfuse's usage details: a provider's own object, or Langfuse's buckets, of which none counts what another holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from otel_posthog_ai.reading.raw_usage import read_raw_usage
from otel_posthog_ai.reading.values import count, mapping
from otel_posthog_ai.record import Usage

_CACHE_READ = (
    "cache_read_input_tokens", "input_cached_tokens", "input_cache_read", "input_cache_read_tokens", "input_cached",
)  # fmt: skip
_CACHE_WRITE = (
    "cache_creation_input_tokens", "cache_write_input_tokens", "input_cache_creation", "input_cache_creation_tokens",
    "input_cache_write",
)  # fmt: skip
_CACHE_WRITE_5M = ("cache_creation_ephemeral_5m_input_tokens", "input_cache_creation_ephemeral_5m_input_tokens")
_CACHE_WRITE_1H = ("cache_creation_ephemeral_1h_input_tokens", "input_cache_creation_ephemeral_1h_input_tokens")
_REASONING = ("output_reasoning_tokens", "output_reasoning", "reasoning_tokens", "thoughts_token_count")
_AUDIO_IN = ("input_audio_tokens", "input_audio", "input_modality_AUDIO")
_AUDIO_OUT = ("output_audio_tokens", "output_audio", "output_modality_AUDIO")
# Parts of other buckets, not buckets themselves.
_NO_BUCKET = ("priority", "input_tokens_details", "output_tokens_details", "input_priority", "output_priority")


def read_usage_details(value: Any) -> Usage | None:
    """Tokens of a generation from `usage_details`; None when it holds none."""
    details = mapping(value)
    if not details:
        return None
    if "input" not in details and "output" not in details:
        return read_raw_usage(details)
    counts = {key: found for key, item in details.items() if (found := count(item)) is not None}
    usage = Usage()
    usage.input = counts.get("input")
    usage.output = counts.get("output")
    usage.total = counts.get("total")
    usage.cache_read = _first(counts, _CACHE_READ)
    usage.cache_write = _first(counts, _CACHE_WRITE)
    usage.cache_write_5m = _first(counts, _CACHE_WRITE_5M)
    usage.cache_write_1h = _first(counts, _CACHE_WRITE_1H)
    usage.reasoning = _first(counts, _REASONING)
    usage.audio_input = _first(counts, _AUDIO_IN)
    usage.audio_output = _first(counts, _AUDIO_OUT)
    inclusive = usage.total is not None and usage.total == (usage.input or 0) + (usage.output or 0)
    if inclusive:
        usage.input_excludes_cache = False
        usage.output_excludes_reasoning = False
        return usage
    cached = {*_CACHE_READ, *_CACHE_WRITE, *_CACHE_WRITE_5M, *_CACHE_WRITE_1H}
    if usage.input is not None:
        usage.input += sum(_buckets(counts, "input_", cached))
        usage.input_excludes_cache = True
    if usage.output is not None:
        usage.output += sum(_buckets(counts, "output_", ()))
        usage.output_excludes_reasoning = usage.reasoning is not None and "reasoning_tokens" in counts
    if usage.total is not None and usage.cache_read is None and usage.cache_write is None:
        usage.input_excludes_cache = None
    return usage


def _buckets(counts: Mapping[str, float], prefix: str, but: Iterable[str]) -> Iterable[float]:
    for key, value in counts.items():
        if key.startswith(prefix) and key not in but and not key.startswith(_NO_BUCKET):
            yield value


def _first(counts: Mapping[str, float], keys: tuple[str, ...]) -> float | None:
    return next((counts[key] for key in keys if key in counts), None)
