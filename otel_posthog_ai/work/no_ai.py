"""One warning where many spans pass and none of them is AI: the usual sign that an instrumentor is missing."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.log import warn_once

MANY = 1_000
"""Spans after which it is told."""
MOST_SCOPES = 5
_MOST_REMEMBERED = 100


class NoAIYet:
    """Counts the spans of one processor until the first AI span, or until it has told that there is none."""

    __slots__ = ("_scopes", "ai_seen", "over", "spans")

    def __init__(self) -> None:
        self.over = False
        """There is nothing to count any more."""
        self.ai_seen = False
        self.spans = 0
        self._scopes: dict[str, int] = {}

    def note(self, span: ReadableSpan, ai: bool) -> None:
        """A span has ended. Not to be called once it is `over`."""
        if ai:
            self.ai_seen = self.over = True
            self._scopes.clear()
            return
        self.spans += 1
        scope = span.instrumentation_scope
        name = scope.name if scope is not None and scope.name else "(no scope)"
        if name in self._scopes or len(self._scopes) < _MOST_REMEMBERED:
            self._scopes[name] = self._scopes.get(name, 0) + 1
        if self.spans >= MANY:
            self.over = True
            warn_once(
                "no_ai",
                "%d spans have ended and none of them is an AI span (scopes: %s); is an instrumentor of your AI "
                "library installed and switched on? `python -m otel_posthog_ai doctor` looks for the cause",
                self.spans,
                ", ".join(self.scopes()),
            )

    def scopes(self) -> list[str]:
        """The scopes with the most spans, at most five."""
        return sorted(self._scopes, key=lambda name: -self._scopes[name])[:MOST_SCOPES]
