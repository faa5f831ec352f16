"""Requests that were refused: their HTTP status belongs to the call that sent them."""

from __future__ import annotations

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.semconv.attributes.http_attributes import HTTP_RESPONSE_STATUS_CODE
from opentelemetry.trace import SpanKind

from otel_posthog_ai.attribute_names.general import HTTP_STATUS_CODE
from otel_posthog_ai.bounds import forget_oldest

MOST_REFUSED = 1_000
"""Refused requests that are remembered until the call that sent them is read."""
_REFUSED = 400
_STATUS_KEYS = (HTTP_RESPONSE_STATUS_CODE, HTTP_STATUS_CODE)


def answer_of(span: ReadableSpan) -> int | None:
    """The HTTP status of a request's answer, under its name of today or an older one."""
    attributes = span.attributes
    if not attributes:
        return None
    status = next((found for key in _STATUS_KEYS if (found := attributes.get(key)) is not None), None)
    return status if isinstance(status, int) else None


class Refusals:
    """The last refusal below each span."""

    def __init__(self) -> None:
        self._refused: dict[int, int] = {}
        """Span id -> HTTP status of the last request below it that was refused."""

    def answered(self, span: ReadableSpan) -> None:
        """An ordinary span has ended: where it is a client's request that was refused, whose call that was is noted."""
        if span.kind is not SpanKind.CLIENT or span.parent is None:
            return
        status, parent_id = answer_of(span), span.parent.span_id
        if status is None:
            return
        if status >= _REFUSED:
            self._refused[parent_id] = status
            forget_oldest(self._refused, MOST_REFUSED)
        elif self._refused:
            self._refused.pop(parent_id, None)  # tried again, and answered

    def of(self, span_id: int) -> int | None:
        """The HTTP status of the last request below a span, where it was refused."""
        return self._refused.get(span_id)
