"""`python -m otel_posthog_ai demo`: a real client under a real instrumentor, from the call to the trace tree."""

from __future__ import annotations

from otel_posthog_ai.demo.command import main

__all__ = ["main"]
