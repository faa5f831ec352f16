"""The package's one logger, throttled: each kind of line is written at most once a minute.

Content (prompts, outputs, tool data, error texts of the app) and the project key never go into a line.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

logger = logging.getLogger("otel_posthog_ai")

_SECONDS_BETWEEN = 60.0
_last: dict[str, float] = {}
_once: set[str] = set()
_hints: dict[str, tuple[str, str]] = {}
_MOST_HINTS = 100
_lock = threading.RLock()  # A signal handler may log in the middle of logging, here and wherever this is so.


def warn(kind: str, message: str, *values: object, level: int = logging.WARNING) -> None:
    """Log `message % values` unless a line of the same `kind` was logged within the last minute."""
    now = time.monotonic()
    with _lock:
        last = _last.get(kind)
        if last is not None and now - last < _SECONDS_BETWEEN:
            return
        _last[kind] = now
    _write(level, message, values)


def warn_once(kind: str, message: str, *values: object, level: int = logging.WARNING) -> None:
    """Log `message % values` the first time this `kind` is met in the process."""
    with _lock:
        if kind in _once:
            return
        _once.add(kind)
    _write(level, message, values)


def _write(level: int, message: str, values: tuple[object, ...]) -> None:
    """A handler of the app's that fails is not to fail whoever ends a span."""
    with suppress(Exception):
        logger.log(level, message, *values)


def hint(kind: str, cause: str, remedy: str) -> None:
    """Log once what arrives incomplete, and what mends it; kept, so that the doctor can repeat it."""
    if kind not in _hints and len(_hints) < _MOST_HINTS:
        _hints[kind] = cause, remedy
        warn_once(f"hint:{kind}", "%s; %s", cause, remedy)


def hints() -> list[tuple[str, str]]:
    """Cause and remedy of every hint so far."""
    return list(_hints.values())


@contextmanager
def silent() -> Generator[None]:
    """Write no line meanwhile: what the library logs, a command says better itself."""
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def forget() -> None:
    """Let every line be logged again (a forked child starts like this; tests too)."""
    global _lock
    _lock = threading.RLock()
    _last.clear()
    _once.clear()
    _hints.clear()
