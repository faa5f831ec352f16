"""What a code block may presuppose, made when it is asked for: `from tests.docs.given import client`."""

from __future__ import annotations

import os
from typing import Any


def _provider() -> Any:
    """A TracerProvider of the app, set globally, that exports nowhere yet."""
    from opentelemetry import trace
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider()
    trace.set_tracer_provider(provider)
    return provider


def _exporting_provider() -> Any:
    """The same, in an app that exports to PostHog."""
    from otel_posthog_ai import PostHogSpanProcessor

    provider = _provider()
    provider.add_span_processor(PostHogSpanProcessor())
    return provider


def _client() -> Any:
    """An OpenAI client under an instrumentor, in an app that exports to PostHog."""
    from openai import OpenAI
    from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor

    os.environ.setdefault("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT", "span_only")
    _exporting_provider()
    OpenAIInstrumentor().instrument()
    return OpenAI()


_MAKERS = {"provider": _provider, "exporting_provider": _exporting_provider, "client": _client}


def __getattr__(name: str) -> Any:
    maker = _MAKERS.get(name)
    if maker is None:
        raise AttributeError(name)
    return maker()
