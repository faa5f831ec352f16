"""A local stand-in for PostHog: takes events by PostHog's rules, keeps them in SQLite, and draws the traces."""

from __future__ import annotations

from otel_posthog_ai.inbox.command import main
from otel_posthog_ai.inbox.inbox import Inbox

__all__ = ["Inbox", "main"]
