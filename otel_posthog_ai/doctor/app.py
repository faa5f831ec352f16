"""An app, loaded as far as its set-up goes, and what OpenTelemetry said meanwhile."""

from __future__ import annotations

import importlib
import logging
import os
import runpy
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

_OVERRIDE = "Overriding of current TracerProvider is not allowed"


class NotLoaded(Exception):
    """The app could not be loaded; the text says why."""


class ProviderLog(logging.Handler):
    """Notices that a second TracerProvider was set: OpenTelemetry tells of it in its log alone."""

    def __init__(self) -> None:
        super().__init__()
        self.set_twice = False

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log."""
        if _OVERRIDE in record.getMessage():
            self.set_twice = True

    @contextmanager
    def listening(self) -> Generator[None]:
        """Listen to OpenTelemetry's log."""
        logger = logging.getLogger("opentelemetry.trace")
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)


_SECONDS_OF_SILENCE = 5.0


@contextmanager
def ended_after(seconds: float, last_act: Callable[[], int], say: Callable[[str], None]) -> Generator[None]:
    """End the process when the block, which may serve for ever, takes longer than this.

    Args:
        seconds: what the block may take.
        last_act: called then, in a thread of its own; the process ends with the exit code that it gives.
        say: told meanwhile, in a sentence, that the block still runs.
    """
    over = threading.Event()
    ending = threading.Lock()

    def watch() -> None:
        if seconds > _SECONDS_OF_SILENCE and not over.wait(_SECONDS_OF_SILENCE):
            say(f"it still loads; it is ended {seconds:g} s after its start")
        if over.wait(max(seconds - _SECONDS_OF_SILENCE, 0) if seconds > _SECONDS_OF_SILENCE else seconds):
            return
        with ending:
            if not over.is_set():
                code = last_act()
                sys.stderr.flush()
                # The block may hold the main thread for ever, and may have installed handlers for whatever ends it.
                os._exit(code)

    threading.Thread(target=watch, name="posthog-ai-doctor", daemon=True).start()
    try:
        yield
    finally:
        with ending:
            over.set()


def load(name: str) -> Any:
    """Load an app and give its TracerProvider where it names one, else None.

    Args:
        name: `module`, `module:attribute`, or the path of a `.py` file (with or without `:attribute`). A file is run
            under a name other than `__main__`. The attribute is a TracerProvider, or a function without arguments
            that sets tracing up and may return one.

    Raises:
        NotLoaded: whatever goes wrong in it.
    """
    target, _, attribute = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        names = _namespace(target)
        if not attribute:
            return None
        if attribute not in names:
            raise NotLoaded(f"{target} has no {attribute}")
        value = names[attribute]
        if hasattr(value, "get_tracer") or not callable(value):
            return value if hasattr(value, "get_tracer") else None
        made = value()
        return made if hasattr(made, "get_tracer") else None
    except NotLoaded:
        raise
    except (Exception, SystemExit) as error:
        raise NotLoaded(f"{name} cannot be loaded: {type(error).__name__}: {error}") from error


def _namespace(target: str) -> dict[str, Any]:
    if target.endswith(".py"):
        directory = os.path.dirname(os.path.abspath(target))
        if directory not in sys.path:
            sys.path.insert(0, directory)
        return runpy.run_path(target, run_name="__posthog_doctor__")
    return vars(importlib.import_module(target))
