"""What must happen when the process forks, and when a child of multiprocessing ends.

No thread, lock or socket crosses a fork: whoever owns one registers how it starts anew in the child. Children of
`multiprocessing` (and of celery's `billiard`) leave by `os._exit`, without `atexit`; they run finalizers instead, or
send a signal of celery, so whoever has something to deliver registers that here too. Everything is held weakly.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from otel_posthog_ai import log

_POOL_MODULES = ("multiprocessing.util", "billiard.util")
_FIRST = 100  # Above every priority that the pools use themselves: their queues must still work while we deliver.

_PATIENCE = 10.0

# Owner and function of a method. Not a WeakMethod: its callback fails noisily while the interpreter goes down.
Hook = tuple[weakref.ReferenceType[Any], Callable[[Any], None]]

_child_hooks: list[Hook] = []
_thread_hooks: list[Hook] = []
_end_hooks: list[Hook] = []
_pause_hooks: list[Hook] = []
_pool_hooks: list[Hook] = []
_armed: set[str] = set()

_CELERY_SIGNALS = "celery.signals"

_forked_by_main_thread = True
"""Whether that is so of this process."""
_main_thread_forks = True
"""Whether the thread that forks at this moment is the main one."""

_WIPE_ON_FORK = 18
"""Linux's MADV_WIPEONFORK, for which Python has no name."""


def _own_page() -> mmap.mmap | bytearray:
    """A byte that is 1 in this process and 0 in a child, whoever forked it; always 0 where the kernel has no such."""
    if sys.platform != "linux":
        return bytearray(1)
    try:
        page = mmap.mmap(-1, mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        page.madvise(_WIPE_ON_FORK)
    except (OSError, ValueError):
        return bytearray(1)
    page[0] = 1
    return page


page = _own_page()
"""Whoever is called for every span looks here before calling `notice`."""
_pid = os.getpid()
_noticing = threading.RLock()
unheard = False
"""Whether the hooks are called because of a fork that Python did not hear of: then nobody else's hooks were called."""


class _Anchor:
    """Something that multiprocessing can hold weakly on our behalf."""


_anchor = _Anchor()


def in_child(method: Callable[[], None]) -> None:
    """Call the bound `method` in every forked child, in the order of registration: it makes state anew."""
    _register(_child_hooks, method)


def start_in_child(method: Callable[[], None]) -> None:
    """Call the bound `method` in every forked child when all state is new: it starts threads.

    A thread started any earlier can meet the queues and locks of the parent.
    """
    _register(_thread_hooks, method)


def at_end_of_child(method: Callable[[], None]) -> None:
    """Call the bound `method` when this process ends, if it is a child of a process pool.

    The last registered is called first. A normal process has `atexit`, and the OpenTelemetry SDK uses it.
    """
    _register(_end_hooks, method)
    _arm(already_in_child=_is_pool_child())


def at_pause_of_child(method: Callable[[], None]) -> None:
    """Call the bound `method` when a task is over, in a child of celery that may be killed before it is told to end.

    Celery (5.7.0) has its children killed when their parent ends, by Linux's PR_SET_PDEATHSIG. That signal comes when
    the thread ends that forked the child: for children that took the place of others this is a thread of the pool,
    which is the first thing to end when the worker is told to.
    """
    _register(_pause_hooks, method)


def below_gevent() -> bool:
    """Whether gevent has put greenlets in the place of threads; a library may have imported it for nothing."""
    monkey = sys.modules.get("gevent.monkey")
    return monkey is not None and bool(monkey.is_module_patched("threading"))


def rest_in_peace(*, copied: bool) -> None:
    """Called by a daemon thread with nothing left to do; `copied`: it is the parent's, for gevent's live on in a child.

    Under gevent none ends: `threading` would stumble over threads that it has forgotten, or knows by another name.
    """
    while copied or below_gevent():
        time.sleep(3600)  # Not a wait without end: gevent takes that for a mistake where nothing else is to be done.


def in_pool_child(method: Callable[[], None]) -> None:
    """Call the bound `method` at the start of every child of a process pool, in its main thread; at once in such a one.

    A pool that was loaded after this is known from the next fork on.
    """
    _register(_pool_hooks, method)
    _arm(already_in_child=False)
    if _is_pool_child():
        method()


class ForkGuard:
    """A lock for moments in which the process must not fork, such as the middle of an import by another thread.

    A child forked there would find the module locked for ever. A fork waits for the moment to pass, at most ten
    seconds. Reentrant: a signal handler on top of an import may import, too.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._held = False
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(before=self._hold, after_in_parent=self._let_go, after_in_child=self._start_anew)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def _hold(self) -> None:
        if self._lock.acquire(timeout=_PATIENCE):
            self._held = True

    def _let_go(self) -> None:
        if self._held:
            self._held = False
            self._lock.release()

    def _start_anew(self) -> None:
        self._lock = threading.RLock()
        self._held = False


importing = ForkGuard()
"""Held by our threads while they import what is not loaded before it is needed."""


def _register(hooks: list[Hook], method: Callable[[], None]) -> None:
    bound: Any = method
    for hook in [hook for hook in hooks if hook[0]() is None]:
        with suppress(ValueError):  # Another thread was faster.
            hooks.remove(hook)
    hooks.append((weakref.ref(bound.__self__), bound.__func__))


def _call(hooks: list[Hook]) -> None:
    for reference, function in hooks:
        owner = reference()
        if owner is not None:
            try:
                function(owner)
            except Exception as error:
                log.warn("forks", "a forked child could not be set up: %s", type(error).__name__)


def notice() -> None:
    """Set this process up if it is the child of a fork that Python did not hear of: uwsgi forks by itself."""
    global unheard
    if page[0] or os.getpid() == _pid:
        return
    with _noticing:
        if os.getpid() != _pid:
            unheard = True
            try:
                _in_child()
            finally:
                unheard = False


def _in_child() -> None:
    global page, _pid, _forked_by_main_thread
    _forked_by_main_thread = _main_thread_forks
    log.forget()
    _call(list(_child_hooks))
    _call(list(_thread_hooks))
    _arm(already_in_child=False)
    page, _pid = _own_page(), os.getpid()


def _arm(*, already_in_child: bool) -> None:
    """Have the end hooks called by every process pool that this process knows.

    A pool's child first forgets all finalizers and then runs its after-fork callbacks, so the finalizer is made there.
    """
    for name in _POOL_MODULES:
        util = sys.modules.get(name)
        if util is None:
            continue
        try:
            if name not in _armed:
                _armed.add(name)
                util.register_after_fork(_anchor, _callback_of(name))
            if already_in_child:
                _make_finalizer(name)
        except Exception as error:
            log.warn("forks", "children of %s may end without delivering: %s", name, type(error).__name__)
    signals = sys.modules.get(_CELERY_SIGNALS)
    if signals is not None and _CELERY_SIGNALS not in _armed:
        _armed.add(_CELERY_SIGNALS)
        signals.worker_process_shutdown.connect(_at_end, weak=False, dispatch_uid="otel-posthog-ai")
        signals.task_postrun.connect(_at_pause, weak=False, dispatch_uid="otel-posthog-ai")


def _make_finalizer(module: str) -> None:
    sys.modules[module].Finalize(None, _at_end, exitpriority=_FIRST)
    _call(list(_pool_hooks))


def _callback_of(module: str) -> Callable[[Any], None]:
    return lambda _anchor: _make_finalizer(module)


def _at_end(**_: object) -> None:
    _call(list(reversed(_end_hooks)))


def _at_pause(**_: object) -> None:
    if not _forked_by_main_thread:
        _call(list(_pause_hooks))


def _note_forking_thread() -> None:
    global _main_thread_forks
    _main_thread_forks = threading.current_thread() is threading.main_thread()


def _is_pool_child() -> bool:
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_note_forking_thread, after_in_child=_in_child)
