"""How our worker leaves the interpreter to the app: it works in pieces, and between them it lets everybody else run.

Python hands the interpreter lock over only every 5 milliseconds to a thread that asks for it, so that an event loop
whose timer fires meanwhile is that late. What works behind the app's back therefore calls `give_way` after each small
piece. In a thread that somebody waits for (a flush, an exporter's caller) nothing is given away.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

from otel_posthog_ai import forks

LONGEST_PIECE: Final = 0.0002
"""Seconds of work between two moments in which others may run, unless the app keeps the interpreter to itself."""
LONGEST_PIECE_WHILE_BUSY: Final = 0.005
"""Then the worker keeps it as long as it had to wait for it, up to this: it must not starve."""
_MOMENT: Final = 0.00005
"""Seconds. Zero would be over before another thread has woken up."""
_MEMORY: Final = 0.8


class _Turn(threading.local):
    """Of each thread: whether it gives way, since when it works, and how long it lately waited to get its turn."""

    gives_way = False
    since = 0.0
    waited = 0.0


_turn = _Turn()
_hurried = 0


def give_way() -> None:
    """Let other threads run, if this thread works behind the app's back and has worked for a piece by now."""
    turn = _turn
    if not turn.gives_way or _hurried:
        return
    now = time.perf_counter()
    if now - turn.since < LONGEST_PIECE or now - turn.since < min(turn.waited, LONGEST_PIECE_WHILE_BUSY):
        return
    process = os.getpid()
    time.sleep(_MOMENT)
    if os.getpid() != process:
        # A greenlet of gevent goes on in a forked child, in the middle of work that is the parent's.
        forks.rest_in_peace(copied=True)
    turn.since = time.perf_counter()
    turn.waited = _MEMORY * turn.waited + (1 - _MEMORY) * (turn.since - now)


def _start_anew() -> None:
    """In a forked child nobody waits who waited in the parent."""
    global _hurried
    _hurried = 0


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_anew)


@contextmanager
def giving_way() -> Generator[None]:
    """Inside, this thread gives way."""
    before, _turn.gives_way = _turn.gives_way, True
    _turn.since = time.perf_counter()
    try:
        yield
    finally:
        _turn.gives_way = before


def is_for_the_caller(error: BaseException) -> bool:
    """Whether what the app's code raised in our hands is to go on: what interrupts the app's own thread.

    In the worker nobody would take it. It would only end the thread, whether by `sys.exit`, a failed assertion of
    pytest, or a timeout of gevent.
    """
    return not (isinstance(error, Exception) or _turn.gives_way)


@contextmanager
def hurried(really: bool = True) -> Generator[None]:
    """Inside, somebody waits for the work (if `really`): no thread gives way."""
    global _hurried
    _hurried += really
    try:
        yield
    finally:
        _hurried = max(_hurried - really, 0)  # a forked child has begun to count anew
