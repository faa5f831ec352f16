"""Called by `opentelemetry-instrument` in every app, when the SDK is configured and the libraries are instrumented.

It is loaded wherever the package is installed, so it imports nothing.
"""

from __future__ import annotations

import sys


def complete() -> None:
    """Complete what a configuration file has begun: its exporters were built before there was a provider."""
    zero_code = sys.modules.get("otel_posthog_ai.doors.zero_code")
    if zero_code is not None:
        zero_code.complete()
