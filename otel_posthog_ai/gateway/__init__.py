"""A live door for OTLP: what SDKs of any language and Collectors send, as the events that it would have become live."""

from __future__ import annotations

from .command import main

__all__ = ["main"]
