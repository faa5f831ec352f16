"""What an OpenTelemetry Collector has written to files, as the events that it would have become live."""

from __future__ import annotations

from .command import main

__all__ = ["main"]
