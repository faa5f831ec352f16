"""A slow local stand-in for PostHog, and a server that posts to it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.delivery.fault_server import FaultServer

from .serving import SLOWLY, Served


@pytest.fixture
def served() -> Iterator[Served]:
    # A folder with a short name: the path of a Unix socket has at most about a hundred characters.
    with tempfile.TemporaryDirectory() as folder, FaultServer(lambda _: SLOWLY) as inbox:
        serving = Served(inbox, Path(folder))
        try:
            yield serving
        finally:
            serving.kill()
