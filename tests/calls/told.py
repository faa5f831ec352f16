"""Spans at the times that a test says, in milliseconds, and what became of them."""

from __future__ import annotations

from typing import Any

from opentelemetry.context import Context
from opentelemetry.trace import Span, set_span_in_context

from tests.stages import Stages, provider_of

MILLISECOND = 1_000_000


class Told:
    """Stages, and spans with the times that a row says, in milliseconds."""

    def __init__(self, **options: Any) -> None:
        self.stages = Stages(**options)
        self.tracer_of = provider_of(self.stages).get_tracer

    def begin(self, scope: str, name: str, start: float, said: dict[str, Any], above: Span | None = None) -> Span:
        context = set_span_in_context(above, Context()) if above is not None else Context()
        at = int((1_000 + start) * MILLISECOND)
        return self.tracer_of(scope).start_span(name, context, attributes=said, start_time=at)

    def span(
        self, scope: str, times: tuple[float, float], said: dict[str, Any], above: Span | None = None, name: str = ""
    ) -> Span:
        span = self.begin(scope, name or scope, times[0], said, above)
        span.end(int((1_000 + times[1]) * MILLISECOND))
        return span

    def events(self, kind: str = "$ai_generation") -> list[dict[str, Any]]:
        self.stages.leave()
        return [event["properties"] for event in self.stages.events if event["event"] == kind]

    def why(self, span: Span) -> str:
        """Why there is no event of this span, as `explain` says it."""
        return self.stages.room.hierarchy.nodes[span.get_span_context().span_id].because
