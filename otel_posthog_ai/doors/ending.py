"""What is owed leaves before the process ends, also where nobody shuts the TracerProvider down.

A normal exit: the SDK shuts its providers down by `atexit`, unless it was told not to, and with a
`ConcurrentMultiSpanProcessor` that never reaches a processor, because the pool of threads between them is closed by
then. SIGTERM: its default action ends the process at once, and servers restore and repeat it when they have stopped.
"""

from __future__ import annotations

import _thread
import atexit
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from types import FrameType

from otel_posthog_ai import forks

from .flushing import flush_all
from .registry import owing_processors

_POKE_SECONDS = 0.05
_SAME_SIGNAL_SECONDS = 0.5
_STEP_ASIDE_SECONDS = 0.01
_MOST_STEPS_ASIDE = 20
"""Where the app itself runs below one of our decorators, it may never be found waiting."""
_OURS = f"{__name__.partition('.')[0]}."

_exit_by: float | None = None
_registered = False


def exit_by() -> float | None:
    """When the exit that has begun is to be over (`time.monotonic()`); None while there is none."""
    return _exit_by


def deliver_at_exit() -> None:
    """At the exit of this process, deliver what is owed; to be called when a processor begins."""
    global _registered
    if not _registered:
        _registered = True
        atexit.register(_deliver_at_exit)


def _deliver_at_exit() -> None:
    """What ends spans at the exit may come after this: the processors stay as they are, for the SDK to shut down."""
    global _exit_by
    timeout = max((processor.settings.timeout for processor in owing_processors()), default=0.0)
    if timeout:
        _exit_by = time.monotonic() + timeout
        flush_all(timeout * 1000)
        _end_as_interrupted()


def _end_as_interrupted() -> None:
    """Where a KeyboardInterrupt has ended the program, let the process end by SIGINT, as it would have without us.

    CPython (3.10 to 3.14) notes that, and forgets it as soon as any text is evaluated. Delivery imports modules with
    named tuples, which do that.
    """
    if getattr(sys, "last_type", None) is KeyboardInterrupt and not hasattr(sys, "ps1"):
        with suppress(KeyboardInterrupt):
            exec("raise KeyboardInterrupt")


def deliver_on_sigterm(timeout: float) -> None:
    """Where SIGTERM would end the process at once, deliver first, for at most `timeout` seconds in all.

    Nobody's handler is replaced, and who installs one later replaces this. Then the default action takes place, so that
    the exit status is what it would have been. Only the main thread of the main interpreter can do this (mod_wsgi runs
    apps in others); anywhere else nothing is done.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    _termination.timeout = max(_termination.timeout, timeout)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        try:
            signal.signal(signal.SIGTERM, _termination.handle)
        except ValueError:
            return
        if not _termination.installed:
            _termination.installed = True
            forks.in_pool_child(_termination.watch)


class _Termination:
    """Our handler of SIGTERM."""

    def __init__(self) -> None:
        self.timeout = 0.0
        self.installed = False
        self._since: float | None = None
        self._seen_at: tuple[int, int] | None = None
        self._steps = 0

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Deliver, then let the default action happen; at once where somebody could not wait and sends another one."""
        now = time.monotonic()
        if self._since is None and self._steps_aside(frame):
            return
        if self._since is not None and now - self._since < _SAME_SIGNAL_SECONDS:
            return
        try:
            if self._since is None:
                self._since = now
                flush_all(self.timeout * 1000)
        finally:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)
        # Only the first process of a container lives on: for it the signal has no default action.
        self._since = None
        signal.signal(number, self.handle)

    def _steps_aside(self, frame: FrameType | None) -> bool:
        """Whether the signal is to come again in a moment.

        The main thread may have been interrupted while it holds a lock of ours, and does not let go of it while we wait
        here for a thread that needs it. Where it is found twice at one spot, it waits itself, and holds none.
        """
        innermost, spot = frame, None if frame is None else (id(frame), frame.f_lasti)
        while innermost is not None and not str(innermost.f_globals.get("__name__")).startswith(_OURS):
            innermost = innermost.f_back
        waits = spot == self._seen_at or self._steps >= _MOST_STEPS_ASIDE
        if innermost is None or waits or not hasattr(signal, "pthread_kill"):
            return False
        self._seen_at = spot
        self._steps += 1
        try:
            # Not by `threading`: the main thread may be in the middle of that.
            _thread.start_new_thread(self._come_again, (threading.get_ident(),))
        except RuntimeError:
            return False  # The machine has no threads left.
        return True

    @staticmethod
    def _come_again(main: int) -> None:
        time.sleep(_STEP_ASIDE_SECONDS)
        signal.pthread_kill(main, signal.SIGTERM)

    def watch(self) -> None:
        """See to it that the handler is called, in the child of a pool.

        A pool ends its children at any moment, also on their way into a wait for a lock. A signal that comes after
        Python's last look and before the wait begins is not seen before the wait ends, which it then never does.
        """
        if os.name == "nt" or signal.getsignal(signal.SIGTERM) != self.handle:
            return
        self._since = None
        hears, tells = os.pipe()
        os.set_blocking(tells, False)
        others = signal.set_wakeup_fd(tells, warn_on_full_buffer=False)
        if others != -1:
            signal.set_wakeup_fd(others)
            os.close(hears)
            os.close(tells)
            return
        threading.Thread(target=self._poke, args=(hears,), name="otel-posthog-ai sigterm", daemon=True).start()

    def _poke(self, hears: int) -> None:
        main = threading.main_thread().ident
        while main is not None and (numbers := os.read(hears, 64)):
            while signal.SIGTERM in numbers and self._since is None:
                time.sleep(_POKE_SECONDS)
                if self._since is None:
                    signal.pthread_kill(main, signal.SIGTERM)


_termination = _Termination()
