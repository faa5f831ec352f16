"""Eight threads ask agents while the process forks, time and again; every child asks and ends."""

from __future__ import annotations

import os
import sys
import threading
import time

from traced import ask_agent, provider

FORKS = 20
stop = threading.Event()


def ask_on() -> None:
    """Ask until told to stop."""
    while not stop.is_set():
        ask_agent()
        time.sleep(0.02)


threads = [threading.Thread(target=ask_on) for _ in range(8)]
for thread in threads:
    thread.start()
children = []
for _ in range(FORKS):
    pid = os.fork()
    if pid == 0:
        ask_agent()
        assert provider.force_flush(20_000)
        ask_agent()
        sys.exit()  # delivers by atexit
    children.append(pid)
    time.sleep(0.01)
statuses = [os.waitpid(pid, 0)[1] for pid in children]
stop.set()
for thread in threads:
    thread.join()
assert statuses == [0] * FORKS, statuses
