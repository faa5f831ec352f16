"""What two records are compared by before anything is evidence: their times, answers' ids, models and counts."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import AISpan, Usage, is_counted

# Two clocks or two roundings of one call may differ by this much, in nanoseconds.
TOLERANCE_NS = 2_000_000
_DATE = pattern(r"[-@:](\d[\d-]*|latest)(-v\d+(:\d+)?)?")


def overlap(one: AISpan, other: AISpan) -> bool:
    """Whether the times of two spans touch."""
    return one.start_ns <= other.end_ns + TOLERANCE_NS and other.start_ns <= one.end_ns + TOLERANCE_NS


def contains(outer: AISpan, inner: AISpan) -> bool:
    """Whether one ran within the other, which took at least as long. What was over before the other began did not."""
    return (
        outer.start_ns <= inner.end_ns
        and inner.start_ns <= outer.end_ns
        and outer.start_ns <= inner.start_ns + TOLERANCE_NS
        and inner.end_ns <= outer.end_ns + TOLERANCE_NS
        and outer.end_ns - outer.start_ns >= inner.end_ns - inner.start_ns
    )


def same_time(one: AISpan, other: AISpan) -> bool:
    """Whether most of the shorter of both lies within the longer."""
    shared = min(one.end_ns, other.end_ns) - max(one.start_ns, other.start_ns)
    return 2 * shared >= min(one.end_ns - one.start_ns, other.end_ns - other.start_ns)


def was_answered(record: AISpan) -> bool:
    """Whether it has an answer's id, or counts."""
    return record.response_id is not None or is_counted(record)


def ids_differ(one: AISpan, other: AISpan) -> bool:
    """Whether both name their answer, and not the same."""
    return one.response_id is not None and other.response_id is not None and one.response_id != other.response_id


def same_model(one: AISpan, other: AISpan) -> bool:
    """Whether the models agree: as requested, as answered, or one name with a date behind it; unknown agrees."""
    if one.request_model is not None and one.request_model == other.request_model:
        return True
    names = [{_bare(m) for m in (r.request_model, r.response_model) if m is not None} for r in (one, other)]
    if not names[0] or not names[1] or names[0] & names[1]:
        return True
    return any(_is_dated(a, b) or _is_dated(b, a) for a in names[0] for b in names[1])


def _bare(model: str) -> str:
    return model.lower().rsplit("/", 1)[-1]


def _is_dated(long: str, short: str) -> bool:
    """Whether `long` is `short` with a date or `latest` behind it."""
    return long.startswith(short) and _DATE.fullmatch(long[len(short) :]) is not None


def inputs(usage: Usage) -> set[float]:
    """The input count with and without what came from the cache."""
    if usage.input is None:
        return set()
    cached = (usage.cache_read or 0) + (usage.cache_write or 0)
    return {usage.input, usage.input + cached, usage.input - cached}


def usage_differs(one: Usage, other: Usage) -> bool:
    """Whether both count, and not the same."""
    if one.input is not None and other.input is not None and one.input != other.input:
        cached = one.cache_read or one.cache_write or other.cache_read or other.cache_write
        if not cached or not (inputs(one) & inputs(other)):
            return True
    if one.output is None or other.output is None:
        return False
    return one.output != other.output and {one.output, one.output + (one.reasoning or 0)}.isdisjoint(
        {other.output, other.output + (other.reasoning or 0)}
    )


def both_differ(first: Any, second: Any) -> bool:
    """Whether both say something, and not the same."""
    return bool(first) and bool(second) and first != second
