"""A server written in C forks: Python does not hear of it, and calls no hook.

With the argument `by-process-id` as on a system whose kernel does not mark the pages of a child.
"""

from __future__ import annotations

import ctypes
import os
import sys
import time

from traced import ask_agent, processor, provider

from otel_posthog_ai import forks

if "by-process-id" in sys.argv:
    forks.page = bytearray(1)
    forks._own_page = lambda: bytearray(1)

assert provider.force_flush(20_000)  # A module that is being imported at such a fork stays locked in the child.
ask_agent()
libc = ctypes.PyDLL(None)
children = []
for first in (ask_agent, processor.force_flush):
    pid = libc.fork()
    if pid == 0:
        first()
        ask_agent()
        started = time.monotonic()
        provider.shutdown()
        assert time.monotonic() - started < 5
        os._exit(0)
    children.append(pid)
statuses = [os.waitpid(pid, 0)[1] for pid in children]
assert statuses == [0] * len(children), statuses
ask_agent()
