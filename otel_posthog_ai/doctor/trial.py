"""The test trace on its way: its events, the bodies of its requests, and what became of them."""

from __future__ import annotations

import time
from collections.abc import Iterator

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import EncodedEvent, Poster, routes
from otel_posthog_ai.delivery.chunks import Envelope, sent_now
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.work.whole_traces import WholeTraces

from .finding import Finding
from .sample import sample_spans

REDACTED = "<project key>"


class Trial:
    """One made-up trace, as the exporter with these settings sends it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._counters = Counters()
        spans = sample_spans()
        context = spans[0].get_span_context()
        self.trace_id = f"{context.trace_id:032x}" if context is not None else ""
        self.events: list[EncodedEvent] = WholeTraces(settings, self._counters).events(spans, lambda _span: ())

    def requests(self) -> Iterator[tuple[str, str]]:
        """URL and JSON body of each request, exactly as it is sent but for the key."""
        grouped = routes.by_route(self.events, self._settings.host, self._settings.large_events)
        for route, events in grouped:
            body = Envelope(REDACTED, "none").body(events).ending_with(Envelope.tail(sent_now()))
            yield self._settings.host + route.path, body.decode("utf-8")

    def send(self) -> Finding:
        """Send it, and say what became of it and where to look."""
        host = self._settings.host
        if not self.events:
            cause = "of the test trace no event is left to be sent"
            return Finding("test trace", "error", cause, "look at span_filter and before_send")
        poster = Poster(self._settings, self._counters, shrink=shrink)
        owed = poster.post(self.events, time.monotonic() + self._settings.timeout)
        poster.close()
        dropped = self._counters.snapshot()["dropped"]
        if owed and poster.hindrance is not None:
            cause = f"the test trace was not taken: {poster.hindrance.answer.describe()}"
            return Finding("test trace", "error", cause, "see what the checks of key, host and network say")
        if dropped:
            return Finding("test trace", "error", f"events of the test trace were dropped: {', '.join(dropped)}")
        return Finding(
            "test trace",
            "ok",
            f"{len(self.events)} events of trace {self.trace_id} were taken by {host}",
            self._where(),
        )

    def _where(self) -> str:
        host = self._settings.host
        if "//127.0.0.1" in host or "//localhost" in host:
            return f"look at it in the inbox: {host}/#/trace/{self.trace_id}"
        app = host.replace(".i.posthog.com", ".posthog.com")
        where = f"{app}: AI observability → Traces" if app != host else "your PostHog: AI observability → Traces"
        return f"look for it in {where}, within a minute or two; a key that PostHog does not know is also answered well"
