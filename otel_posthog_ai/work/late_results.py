"""Results of evaluations that arrive as log records when their call has already left: most judges work afterwards."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import TypeVar

from otel_posthog_ai.reading.content_events import read_evaluation
from otel_posthog_ai.reading.source import Occurrence
from otel_posthog_ai.record import Evaluation

MOST_HELD = 4_096
LONGEST_WAIT = 3_600.0
"""Seconds."""

Call = TypeVar("Call")


class LateResult:
    """A result, and the span that its record names (0: none; then only the answer's id tells whose it is)."""

    __slots__ = ("evaluation", "since", "span_id")

    def __init__(self, span_id: int, evaluation: Evaluation, since: float) -> None:
        self.span_id = span_id
        self.evaluation = evaluation
        self.since = since


class LateResults:
    """Results that wait for their call to leave, bounded in number and time; only the worker takes any away."""

    def __init__(self) -> None:
        self._held: deque[LateResult] = deque(maxlen=MOST_HELD)

    def __len__(self) -> int:
        return len(self._held)

    def add(self, span_id: int, occurrence: Occurrence) -> None:
        """A result was recorded; called in the app's thread."""
        self._held.append(LateResult(span_id, read_evaluation(occurrence), time.monotonic()))

    def due(self, call_of: Callable[[int, str | None], Call | None]) -> Iterator[tuple[Call, Evaluation]]:
        """The results whose call (`call_of(span id, answer's id)`) is known by now, each once."""
        due = [self._held.popleft() for _ in range(len(self._held))]
        now = time.monotonic()
        kept: list[LateResult] = []
        for result in due:
            call = call_of(result.span_id, result.evaluation.response_id)
            if call is not None:
                yield call, result.evaluation
            elif now - result.since < LONGEST_WAIT:
                kept.append(result)
        self._held.extendleft(reversed(kept))
