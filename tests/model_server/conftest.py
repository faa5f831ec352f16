"""A model server for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from otel_posthog_ai.model_server import ModelServer


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server
