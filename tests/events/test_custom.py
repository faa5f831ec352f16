"""How much of what nobody reads becomes properties: of a span, and of the resource that all its spans repeat."""

from __future__ import annotations

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanLimits, TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from tests.receiver import Receiver
from tests.traced import CHAT


def test_only_so_many_and_only_so_long(receiver: Receiver) -> None:
    processor = PostHogSpanProcessor(api_key="phc_test", host=receiver.url)
    resource = Resource(
        {"shop.manifest": "r" * 20_000, **{f"shop.resource.n{number}": number for number in range(300)}}
    )
    limits = SpanLimits(max_span_attributes=1_000)
    provider = TracerProvider(resource=resource, span_limits=limits, shutdown_on_exit=False)
    provider.add_span_processor(processor)
    own = {"shop.cart": "s" * 20_000, **{f"shop.span.n{number}": number for number in range(300)}}
    with provider.get_tracer("shop").start_as_current_span("chat", attributes={**CHAT, **own}):
        pass
    provider.shutdown()
    (event,) = receiver.events
    properties = event["properties"]
    assert sum(key.startswith("shop.span.") for key in properties) == 99
    assert sum(key.startswith("shop.resource.") for key in properties) < 100
    assert (properties["shop.cart"], properties["shop.manifest"]) == ("s" * 1_000, "r" * 1_000)
    assert processor.status()["attributes_dropped"] > 400
