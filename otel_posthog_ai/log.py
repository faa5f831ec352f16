"""The package's one logger, throttled: each kind of line is written at most once a minute.

Content (prompts, outputs, tool data, error texts of the app) and the project key never go into a line.
"""

from __future__ import annotations

import _thread
import logging
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress

from otel_posthog_ai.letting_go import is_behind_the_app

logger = logging.getLogger("otel_posthog_ai")

_SECONDS_BETWEEN = 60.0
_last: dict[str, float] = {}
_once: set[str] = set()
_hints: dict[str, tuple[str, str]] = {}
_MOST_HINTS = 100
_PATIENCE = 0.5
"""Seconds that a thread of ours waits for the app's handlers of log lines; the line is written all the same."""


lock = threading.RLock()
"""Guards what was logged when. A signal handler may log in the middle of logging, here and wherever this is so."""


def warn(kind: str, message: str, *values: object, level: int = logging.WARNING) -> None:
    """Log `message % values` unless a line of the same `kind` was logged within the last minute."""
    now = time.monotonic()
    with lock:
        last = _last.get(kind)
        if last is not None and now - last < _SECONDS_BETWEEN:
            return
        _last[kind] = now
    _write(level, message, values)


def warn_once(kind: str, message: str, *values: object, level: int = logging.WARNING) -> None:
    """Log `message % values` the first time this `kind` is met in the process."""
    with lock:
        if kind in _once:
            return
        _once.add(kind)
    _write(level, message, values)


def debugs() -> bool:
    """Whether lines for developers are wanted; unlike `isEnabledFor` without the lock of the logging module."""
    return logger.getEffectiveLevel() <= logging.DEBUG


def debug(message: str, *values: object) -> None:
    """Log `message % values`, each time."""
    _write(logging.DEBUG, message, values)


def _write(level: int, message: str, values: tuple[object, ...]) -> None:
    """A handler of the app's that fails is not to fail whoever ends a span."""
    with suppress(Exception):
        if is_behind_the_app():
            _write_aside(logger.makeRecord(logger.name, level, __file__, 0, message, values, None))
        else:
            logger.log(level, message, *values)


def _write_aside(record: logging.LogRecord) -> None:
    """Write it, and wait for that only for a moment: a handler's lock may be held by a thread of the app that waits for
    this one, by a signal handler that flushes, which came while its thread was logging.
    """
    written = threading.Event()

    def write() -> None:
        with suppress(Exception):
            if logger.isEnabledFor(record.levelno):
                logger.handle(record)
        written.set()

    try:
        # Not by `threading`, whose own lock is as likely to be held.
        _thread.start_new_thread(write, ())
        written.wait(_PATIENCE)
    except RuntimeError:  # The interpreter is ending, or the machine has no threads left.
        write()


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
    global lock
    lock = threading.RLock()
    _last.clear()
    _once.clear()
    _hints.clear()
