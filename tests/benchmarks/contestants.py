"""Who is compared: this plugin, PostHog's own processor, and the OTLP exporter behind the stock processor.

Nothing is imported before it is asked for, because what an import costs is measured as well.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

KEY = "phc_benchmark"
OURS, POSTHOG, OTLP, NOTHING, LEAST = "otel-posthog-ai", "posthog.ai.otel", "otlp/http", "no-op", "least"
FAST_EXTRA = ("orjson", "isal")


class Contestant(Protocol):
    """A processor to be made, and the context in which the app names its user."""

    def load(self) -> None:
        """Import what the app would import."""

    def make(self, url: str, *, private: bool, queue: int | None) -> Any:
        """The processor, sending to `url`."""

    def request(self) -> AbstractContextManager[Any]:
        """What surrounds a request that belongs to a user."""


class Ours:
    def load(self) -> None:
        import otel_posthog_ai

        _ = otel_posthog_ai.PostHogSpanProcessor

    def make(self, url: str, *, private: bool, queue: int | None) -> Any:
        from otel_posthog_ai import PostHogSpanProcessor

        return PostHogSpanProcessor(api_key=KEY, host=url, privacy_mode=private, max_queue_size=queue)

    def request(self) -> AbstractContextManager[Any]:
        from otel_posthog_ai import posthog_context

        return posthog_context(distinct_id="user-1", session_id="session-1", properties={"plan": "pro"})


class PostHog:
    def load(self) -> None:
        from posthog.ai.otel import PostHogSpanProcessor

        _ = PostHogSpanProcessor

    def make(self, url: str, *, private: bool, queue: int | None) -> Any:
        from posthog.ai.otel import PostHogSpanProcessor

        if queue is not None:
            os.environ["OTEL_BSP_MAX_QUEUE_SIZE"] = str(queue)
        return PostHogSpanProcessor(api_key=KEY, host=url, privacy_mode=private)

    @contextlib.contextmanager
    def request(self) -> Iterator[None]:
        import posthog

        with posthog.new_context():
            posthog.identify_context("user-1")
            posthog.set_context_session("session-1")
            posthog.tag("plan", "pro")
            yield


class _NamesNobody:
    def request(self) -> AbstractContextManager[Any]:
        return contextlib.nullcontext()


class Otlp(_NamesNobody):
    def load(self) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        _ = OTLPSpanExporter

    def make(self, url: str, *, private: bool, queue: int | None) -> Any:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        return BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{url}/v1/traces"), max_queue_size=queue)


class Nothing(_NamesNobody):
    def load(self) -> None:
        """The SDK has it."""

    def make(self, url: str, *, private: bool, queue: int | None) -> Any:
        from opentelemetry.sdk.trace import SpanProcessor

        return SpanProcessor()


class Least(_NamesNobody):
    """What nobody can leave out who sends messages as PostHog draws them: parse, write as JSON, compress, post.

    It understands nothing, has no tree, no user and no look for secrets: the bound that Python code in between starts
    from.
    """

    def load(self) -> None:
        from . import least

        _ = least.LeastExporter

    def make(self, url: str, *, private: bool, queue: int | None) -> Any:
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        from .least import LeastExporter

        return BatchSpanProcessor(LeastExporter(url), max_queue_size=queue)


CONTESTANTS: dict[str, Contestant] = {
    OURS: Ours(),
    POSTHOG: PostHog(),
    OTLP: Otlp(),
    NOTHING: Nothing(),
    LEAST: Least(),
}


def hide_fast_extra() -> None:
    """Make the extra `fast` look as if it were not installed."""
    for name in FAST_EXTRA:
        sys.modules[name] = None  # type: ignore[assignment]
