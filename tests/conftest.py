from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import log
from otel_posthog_ai.doors.registry import active_processors

from .receiver import Receiver
from .stages import Stages, provider_of
from .traced import Traced

# A build must not fail by the luck of a draw; elsewhere every run draws anew. A busy machine is no fault.
if find_spec("hypothesis") is not None:
    from hypothesis import HealthCheck, settings

    settings.register_profile(
        "here",
        derandomize=bool(os.environ.get("CI")),
        deadline=None,
        suppress_health_check=(HealthCheck.too_slow,),
    )
    settings.load_profile("here")


# A build that was started in the background ignores this signal, and so would the processes that tests interrupt.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# The rooms whose tests need neither processes nor servers nor anybody's library: `-m quick` runs these.
_QUICK = frozenset(
    {
        "calls", "content", "context", "dialects", "doors", "events", "explain", "golden", "otlp", "test_settings.py",
        "tree", "work",
    }
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the quick rooms."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).parts[0] in _QUICK:
            item.add_marker(pytest.mark.quick)


@pytest.fixture(autouse=True)
def _clean_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of the developer's machine reaches a test, and every warning may be told again."""
    for name in list(os.environ):
        if name.startswith(("POSTHOG_", "OTEL_")):
            monkeypatch.delenv(name)
    log.forget()


@pytest.fixture(autouse=True)
def _nobody_lives_on(_clean_surroundings: None) -> Iterator[None]:
    """A processor that a test leaves alive would take part in those that follow: each test ends its own."""
    before = set(active_processors())
    yield
    left = [processor for processor in active_processors() if processor not in before]
    for processor in left:
        processor.shutdown(0)
    assert not left, f"{len(left)} processors were not shut down"


@pytest.fixture(autouse=True)
def _nothing_fails_in_silence(_clean_surroundings: None) -> Iterator[None]:
    """What is caught so that an app feels nothing would pass for a decision: of two reports of a call, both leave."""
    told: list[str] = []

    class Told(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            told.append(record.getMessage())

    handler = Told()
    log.logger.addHandler(handler)
    yield
    log.logger.removeHandler(handler)
    faults = ("spans of one call could not be joined", "a span could not be turned into an event")
    assert not [line for line in told if line.startswith(faults)]


@pytest.fixture
def often_switched() -> Iterator[None]:
    """Threads take turns as often as the interpreter lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A server that takes events."""
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def traced(receiver: Receiver) -> Iterator[Traced]:
    traced = Traced(receiver)
    yield traced
    traced.provider.shutdown()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the expected events of the golden tests anew")


@pytest.fixture
def stages() -> Stages:
    """The stages of the processor without its threads."""
    return Stages()


@pytest.fixture
def provider(stages: Stages) -> TracerProvider:
    """Whose spans go through `stages`."""
    return provider_of(stages)
