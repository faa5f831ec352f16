"""Values written down as Python reprs, read by several threads at once."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from otel_posthog_ai.reading.literals import read_literal

VALUE = {"usage": [{"prompt_tokens": number, "details": {"cached_tokens": 0}} for number in range(10)]}
REPR = repr(VALUE)


@pytest.fixture
def switched_while_parsing(often_switched: None) -> Iterator[None]:
    """Threads take turns within C code too: garbage collection runs Python code there, as `__del__` does."""
    thresholds = gc.get_threshold()

    def collected(phase: str, info: dict[str, int]) -> None:
        for _ in range(20):
            pass

    gc.set_threshold(50)
    gc.callbacks.append(collected)
    yield
    gc.callbacks.remove(collected)
    gc.set_threshold(*thresholds)


@pytest.mark.usefixtures("switched_while_parsing")
def test_a_repr_is_read_whatever_other_threads_read_meanwhile() -> None:
    """CPython 3.11 and 3.12 raise SystemError for a good text that two threads parse at the same moment."""
    with ThreadPoolExecutor(4) as threads:
        values = list(threads.map(read_literal, [REPR] * 400))

    assert all(value == VALUE for value in values)
