"""OpenTelemetry spans of any GenAI instrumentor as PostHog AI observability events.

    from otel_posthog_ai import PostHogSpanProcessor

    provider.add_span_processor(PostHogSpanProcessor())   # POSTHOG_API_KEY, POSTHOG_HOST from the environment

`PostHogSpanExporter` is for set-ups that take only an exporter, `posthog_context` says for whom spans run, and
`flush_on_exit` delivers before a platform freezes the process.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .version import __version__

if TYPE_CHECKING:
    from .context.posthog_context import posthog_context
    from .doors.exporter import PostHogSpanExporter
    from .doors.feedback import capture_evaluation, capture_feedback, capture_metric
    from .doors.log_records import PostHogLogRecordProcessor
    from .doors.processor import PostHogSpanProcessor
    from .doors.propagator import PostHogPropagator
    from .doors.serverless import flush_on_exit

# Name -> module that defines it; loaded when first asked for, so that importing the package costs next to nothing.
_DEFINED_IN = {
    "PostHogLogRecordProcessor": ".doors.log_records",
    "PostHogPropagator": ".doors.propagator",
    "PostHogSpanExporter": ".doors.exporter",
    "PostHogSpanProcessor": ".doors.processor",
    "capture_evaluation": ".doors.feedback",
    "capture_feedback": ".doors.feedback",
    "capture_metric": ".doors.feedback",
    "flush_on_exit": ".doors.serverless",
    "posthog_context": ".context.posthog_context",
}

__all__ = [
    "PostHogLogRecordProcessor",
    "PostHogPropagator",
    "PostHogSpanExporter",
    "PostHogSpanProcessor",
    "__version__",
    "capture_evaluation",
    "capture_feedback",
    "capture_metric",
    "flush_on_exit",
    "posthog_context",
]


def __getattr__(name: str) -> Any:
    module = _DEFINED_IN.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(module, __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_DEFINED_IN})
