"""A check of the tracers in an app: whether those of AI instrumentors make their spans where our processor is."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer, TracerProvider

from otel_posthog_ai.dialects import is_ai_scope

from .finding import Finding
from .in_process import SetUp, hear


def check_tracers(set_up: SetUp) -> Iterator[Finding]:
    """Instrumentors that were given another TracerProvider, one that our processor does not hear."""
    if not set_up.hearing or not isinstance(set_up.provider, TracerProvider):
        return  # nobody hears anything: that is told already
    ours = set_up.provider.get_tracer(__name__)
    heard, unheard = set[str](), set[str]()
    for tracer in _living():
        scope = _scope(tracer)
        if not is_ai_scope(scope):
            continue
        here = getattr(tracer, "span_processor", None) is getattr(ours, "span_processor", None)
        (heard if here or hear(tracer, set_up.processors) else unheard).add(scope)
    for scope in sorted(unheard - heard):
        yield Finding(
            "tracers",
            "error",
            f"{scope} makes its spans with another TracerProvider, which has no PostHogSpanProcessor: they do not "
            "reach PostHog",
            "give it the one that has: .instrument(tracer_provider=provider), or leave the argument out",
        )


def _living() -> list[Tracer]:
    # By its type: to ask an object for its class may run code of the app.
    return [each for each in gc.get_objects() if issubclass(type(each), Tracer)]


def _scope(tracer: Any) -> str:
    """The name that a tracer's spans carry, taken from a span that is never ended."""
    scope = getattr(tracer.start_span("probe of the doctor", Context()), "instrumentation_scope", None)
    return str(getattr(scope, "name", ""))
