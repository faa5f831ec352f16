"""The spans that have begun and whose end is not noted yet.

The app's threads only append what begins; whoever asks puts that in order first. A span that stays open is held weakly,
so that one which never ends does not pin its prompts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Container, Iterator
from contextlib import suppress
from itertools import takewhile
from weakref import ReferenceType, ref

from opentelemetry.sdk.trace import Span

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.context.belonging import Belonging

MOST_OPEN = 100_000
"""Open spans that are remembered; the oldest are forgotten first."""
SWEEP_EVERY = 4_096
"""More open spans than there were at the last look make another one: which of them does nobody hold any more?"""


Begun = tuple[Span, Belonging | None, int | None]
"""An open span, whom it belongs to, and the AI span of another process that the propagator brought along (for a span
whose parent is remote)."""
KnownSpan = tuple[ReferenceType[Span], Belonging | None, int | None]
"""The same, when it has been open for a moment: it is held weakly then."""


class OpenSpans:
    """What is known of spans from their start until their end is noted, by span id."""

    def __init__(self) -> None:
        self._starting: deque[Span | Begun] = deque()
        self.add = self._starting.append
        """Note a start, `Begun` or a span that says no more than itself; called in the app's threads for every span."""
        self._begun: dict[int, Span | Begun] = {}
        """What began since the last `sweep`. Most of it has ended by then, so a span that says no more stands here as
        it is."""
        self._opened: dict[int, KnownSpan] = {}
        self._tolerated = SWEEP_EVERY
        self.start_anew()

    def start_anew(self) -> None:
        """In a forked child: whoever was about to put this in order is not there."""
        # A lock that its thread may take again: a collected object can end spans while they are put in order.
        self.lock = threading.RLock()
        self._sweeping = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._starting or self._begun or self._opened)

    def __len__(self) -> int:
        return len(self._starting) + len(self._begun) + len(self._opened)

    def known(self, span_id: int) -> tuple[Span | None, Belonging | None, int | None] | None:
        """What is known of a span; without the span itself where nobody holds it any more."""
        if self._starting:
            self._settle()
        begun = self._begun.get(span_id)
        if begun is not None:
            return _unfolded(begun)
        opened = self._opened.get(span_id)
        return None if opened is None else (opened[0](), opened[1], opened[2])

    def live(self, span_id: int) -> Span | None:
        """The span itself, while somebody holds it."""
        known = self.known(span_id)
        return known[0] if known is not None else None

    def but(self, known: Container[int]) -> Iterator[tuple[int, Span]]:
        """The spans that somebody holds and that are not `known`, by span id; `known` were all, at some time before."""
        self._settle()
        # In this order: a span that `sweep` moves meanwhile is in one of both.
        begun, opened = list(self._begun), list(self._opened)
        for span_id in dict.fromkeys((*_newer(opened, known), *_newer(begun, known))):
            span = self.live(span_id)
            if span is not None:
                yield span_id, span

    def remove(self, span_id: int) -> None:
        """The end of a span is noted elsewhere."""
        self._begun.pop(span_id, None)
        self._opened.pop(span_id, None)

    def sweep(self) -> None:
        """Hold what is still open weakly, and forget what nobody holds any more; called about every second."""
        if not self._sweeping.acquire(blocking=False):
            return
        try:
            self._settle()
            for span_id, begun in self._begun.copy().items():
                span, belonging, remote = _unfolded(begun)
                if span.end_time is None:
                    self._hold_weakly(span_id, (ref(span), belonging, remote))
            if len(self._opened) > self._tolerated:
                self._forget_abandoned()
        finally:
            self._sweeping.release()

    def _hold_weakly(self, span_id: int, opened: KnownSpan) -> None:
        # In this order: who asks meanwhile finds it in one of both.
        self._opened[span_id] = opened
        if self._begun.pop(span_id, None) is None:
            self._opened.pop(span_id, None)  # It was removed meanwhile.

    def _forget_abandoned(self) -> None:
        for span_id, (held, _, _) in self._opened.copy().items():
            if held() is None:
                self._opened.pop(span_id, None)
        forget_oldest(self._opened, MOST_OPEN)
        self._tolerated = len(self._opened) + SWEEP_EVERY

    def _settle(self) -> None:
        """Put what has begun in order; who comes meanwhile waits until that is done."""
        if not self._starting:
            return
        with self.lock:
            while self._starting:
                with suppress(IndexError):  # A signal handler on top of this has let others do it.
                    self._settle_one(self._starting[0])

    def _settle_one(self, begun: Span | Begun) -> None:
        span, belonging, remote = _unfolded(begun)
        span_id = span.get_span_context().span_id
        self._begun[span_id] = begun
        try:
            # Only now: until then others see that there is something to wait for.
            self._starting.remove(begun)
        except ValueError:  # Others have done it meanwhile, and perhaps its end is noted.
            self._hold_weakly(span_id, (ref(span), belonging, remote))


def _unfolded(begun: Span | Begun) -> Begun:
    return begun if isinstance(begun, tuple) else (begun, None, None)


def _newer(span_ids: list[int], known: Container[int]) -> list[int]:
    """Those at the end that are not known; what is known and all before it was there when it was asked for last."""
    return [*takewhile(lambda span_id: span_id not in known, reversed(span_ids))][::-1]
