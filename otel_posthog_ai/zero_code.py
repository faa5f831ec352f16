"""The classes of the zero-code entry points under the path that set-ups name: `otel_posthog_ai.zero_code`."""

from __future__ import annotations

from .doors.zero_code import PostHogConfigurator, ZeroCodeLogExporter, ZeroCodeSpanExporter, complete

__all__ = ["PostHogConfigurator", "ZeroCodeLogExporter", "ZeroCodeSpanExporter", "complete"]
