"""An app, loaded as far as its set-up goes, and what OpenTelemetry said meanwhile."""

from __future__ import annotations

import importlib
import logging
import os
import runpy
import sys
from collections.abc import Generator
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
def watched() -> Generator[ProviderLog]:
    """Listen to OpenTelemetry's log."""
    handler, logger = ProviderLog(), logging.getLogger("opentelemetry.trace")
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


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
