"""Python's collector of circular garbage, while spans are made by the thousand: hardly any are in a circle."""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager

_AFTER = (50_000, 20, 50)


@contextmanager
def seldom_collected() -> Generator[None]:
    """Look for garbage in circles less often than usual, and not among what is there already; for a process of ours."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_AFTER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
