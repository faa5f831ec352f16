"""Flushing whatever of ours is alive in this process."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any

from opentelemetry import trace

from otel_posthog_ai.bounds import seconds_to_wait
from otel_posthog_ai.log import warn

from .registry import owing_processors


def flush_all(timeout_millis: float) -> bool:
    """Flush every live processor within `timeout_millis` together. True where everything was delivered; never raises.

    Where none is live, the global TracerProvider is flushed, which reaches a `PostHogSpanExporter` in a processor of
    the SDK; such a flush may outlive the time that the caller waits for it.
    """
    deadline = time.monotonic() + seconds_to_wait(timeout_millis)
    try:
        flushes = _flushes()
    except Exception as error:
        warn("flush:flush", "nothing could be flushed (%s)", type(error).__name__)
        return False
    if timeout_millis <= 0:
        warn("flush:late", "no time is left to flush; what is queued waits for the next invocation")
        return False
    delivered = True
    if len(flushes) > 1:
        for flush in flushes:
            _flushed(flush, 0)  # All of them begin now, and are waited for one after another.
    for position, flush in enumerate(flushes):
        # Each gets a fair share of what is left: the first may be the one whose server hangs.
        share = max(deadline - time.monotonic(), 0) / (len(flushes) - position)
        delivered = _flushed(flush, share * 1000) and delivered
    return delivered


def _flushes() -> list[Callable[[int], bool]]:
    processors = owing_processors()
    if processors:
        return [processor.force_flush for processor in processors]
    provider_flush = getattr(trace.get_tracer_provider(), "force_flush", None)
    return [functools.partial(_waited_for, provider_flush)] if callable(provider_flush) else []


def _flushed(flush: Callable[[int], bool], timeout_millis: float) -> bool:
    try:
        return flush(max(int(timeout_millis), 1))
    except Exception as error:
        warn("flush:flush", "a flush failed (%s)", type(error).__name__)
        return False


def _waited_for(flush: Callable[[int], Any], timeout_millis: int) -> bool:
    """Run a flush that may ignore its time limit, and wait no longer than that for it."""
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(flush(timeout_millis)), name="posthog-ai-flush", daemon=True
    )
    try:
        thread.start()
    except RuntimeError:  # The machine has no threads left.
        return flush(timeout_millis) is True
    thread.join(timeout_millis / 1000)
    return answers == [True]
