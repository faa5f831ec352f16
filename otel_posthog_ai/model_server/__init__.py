"""A local stand-in for model providers: real HTTP and real response shapes, made-up and repeatable answers.

It lets the demo, the examples and the tests run real client libraries with no key and no network.
"""

from __future__ import annotations

from otel_posthog_ai.model_server.server import ModelServer

__all__ = ["ModelServer"]
