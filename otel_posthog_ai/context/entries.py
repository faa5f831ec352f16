"""That the app has said for whom anything runs: for those who see spans only when they have ended.

Whoever does not see spans start cannot know in which context they ran. It is called when a context is entered, so that
it can look for the provider by then, and it must ask whether any context of this process was private.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

_watchers: list[weakref.WeakMethod[Callable[[], bool]]] = []
_entered: set[str] = set()  # "any", "private"


def watch(watcher: Callable[[], bool]) -> None:
    """Call `watcher` (a method, held weakly) whenever a context is entered, until it says that it has seen enough.

    It is called at once where a context was entered before.
    """
    if "any" in _entered and watcher():
        return
    _watchers.append(weakref.WeakMethod(watcher))


def note_entry(private: bool) -> None:
    """A context is entered; called in the app's threads, never raises."""
    _entered.add("any")
    if private:
        _entered.add("private")
    for reference in list(_watchers):
        if _is_content(reference()) and reference in _watchers:
            _watchers.remove(reference)


def _is_content(watcher: Any) -> bool:
    try:
        return watcher is None or bool(watcher())
    except Exception:  # what it looks for is not there in a form that it knows
        return True


def any_was_entered() -> bool:
    """Whether any context was ever entered in this process."""
    return "any" in _entered


def any_was_private() -> bool:
    """Whether a private context was ever entered in this process (or in the one that it was forked from)."""
    return "private" in _entered
