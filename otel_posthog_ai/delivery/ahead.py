"""The body of the request after this one, compressed while this one is on its way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from .compression import Body
from .encoding import EncodedEvent


class Ahead:
    """Makes one body in a thread of its own. A compressor leaves the interpreter to others, so it costs the app nothing
    where there is a second core; and a host that answers slowly is not waited for twice.

    For one thread that calls; `make(events)` gives a body.
    """

    def __init__(self, make: Callable[[Sequence[EncodedEvent]], Body]) -> None:
        self._make = make
        self._events: Sequence[EncodedEvent] = ()
        self._body: Body | None = None
        self._thread: threading.Thread | None = None

    def begin(self, events: Sequence[EncodedEvent]) -> None:
        """Have the body of a request with these events made."""
        self._events, self._body = events, None
        thread = threading.Thread(target=self._work, name="otel-posthog-ai compression", daemon=True)
        try:
            thread.start()
        except RuntimeError:
            return  # The interpreter is ending, or the machine has no threads left: the body is made when it is sent.
        self._thread = thread

    def body_of(self, events: Sequence[EncodedEvent]) -> Body | None:
        """What was made, if it was for these; it is waited for, and made once."""
        thread, self._thread = self._thread, None
        made_for, self._events = self._events, ()
        if thread is None or made_for != events:
            return None
        thread.join()
        body, self._body = self._body, None
        return body

    def _work(self) -> None:
        self._body = self._make(self._events)
