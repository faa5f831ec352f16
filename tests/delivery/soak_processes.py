"""Minutes of what happens to many processes that share a spool: what was once on disk arrives, whatever happens.

    python -m tests.delivery.soak_processes [seconds]        # 600 by default; from the root of the repository

Eight processes of four threads each put events while the host is at fault most of the time. Every few seconds one of
them is killed, or forks children that end with work undone, or meets a disk that takes no more. Each process writes
down which events were on disk, or were delivered. In the end the host is well, and one more process takes over what is
left: everything that was written down must have arrived.
"""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Sender, encode, retry

from .fault_server import FaultServer
from .samples import adds_up, make_event, make_settings, within
from .soak import Weather

PROCESSES = 8
THREADS = 4
_SIZES = [200] * 50 + [5_000] * 20 + [100_000]
_DISK_FULL = 2_000
_LONGEST_LIFE = 20.0


def live(host: str, spool: str, produced: str, seed: int, *, full: bool) -> bool:
    """What one process does until it is told to end; whether its numbers add up."""
    retry.FIRST_REST, retry.LONGEST_REST = 0.5, 3.0
    if full:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (_DISK_FULL, _DISK_FULL))
    told = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: told.set())
    sender = Sender(make_settings(host, spool_directory=spool, timeout=3.0), Counters(), shrink=shrink)
    written = os.open(produced, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    safe = threading.Lock()

    def emit(number: int) -> None:
        source = random.Random(seed * 100 + number)
        while not told.is_set():
            events = [encode(make_event(size=source.choice(_SIZES))) for _ in range(source.randint(1, 5))]
            sender.put(events)
            with safe:
                while not sender.is_safe() and not told.is_set():
                    time.sleep(0.005)
                if sender.is_safe() and not full:
                    os.write(written, "".join(f"{event.uuid}\n" for event in events).encode())
            time.sleep(source.expovariate(5))

    threads = [threading.Thread(target=emit, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    while not told.wait(1.0):
        if random.random() < 0.2 and os.fork() == 0:
            sender.put([encode(make_event())])
            os._exit(0 if adds_up(sender.status()) else 1)
        elif not adds_up(sender.status()):
            return False
    for thread in threads:
        thread.join()
    sender.shutdown(within(5))
    return adds_up(sender.status())


class Herd:
    """The processes, and what is done to them."""

    def __init__(self, host: str, folder: Path, seed: int) -> None:
        self._random = random.Random(seed)
        self._folder = folder
        self._host = host
        self._living: list[tuple[subprocess.Popen[bytes], float]] = []
        self.counts = {"started": 0, "killed": 0, "ended": 0, "disk full": 0, "wrong": 0}

    def start(self) -> None:
        """One more."""
        full = self._random.random() < 0.15
        self.counts["started"] += 1
        self.counts["disk full"] += full
        options = ["full"] if full else []
        command = [sys.executable, "-W", "ignore", "-m", __spec__.name, "live", self._host, str(self._folder / "spool"),
                   str(self._folder / "produced"), str(self.counts["started"]), *options]  # fmt: skip
        end = time.monotonic() + self._random.uniform(1.0, _LONGEST_LIFE)
        self._living.append((subprocess.Popen(command), end))

    def look(self) -> None:
        """Keep their number, and end whose time has come."""
        while len(self._living) < PROCESSES:
            self.start()
        for process, end in [one for one in self._living if time.monotonic() > one[1]]:
            self._end(process, kill=self._random.random() < 0.6)
            self._living.remove((process, end))

    def end(self) -> None:
        """All of them."""
        for process, _ in self._living:
            self._end(process, kill=False)

    def _end(self, process: subprocess.Popen[bytes], *, kill: bool) -> None:
        process.send_signal(signal.SIGKILL if kill else signal.SIGTERM)
        try:
            status = process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            status = process.wait()
            self.counts["wrong"] += 1
        self.counts["killed" if kill else "ended"] += 1
        # Who is told to end before it listens has nothing to say.
        self.counts["wrong"] += status not in ((-signal.SIGKILL, 1) if kill else (0, -signal.SIGTERM))


def soak(seconds: float, seed: int) -> bool:
    """Run for about `seconds`; prints what happened and says whether all is well."""
    weather = Weather(random.Random(seed))
    with tempfile.TemporaryDirectory() as name, FaultServer(weather) as server:
        folder = Path(name)
        herd = Herd(server.url, folder, seed)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            herd.look()
            time.sleep(0.3)
        herd.end()
        weather.clear_up = True
        last = Sender(
            make_settings(server.url, spool_directory=str(folder / "spool"), timeout=10.0), Counters(), shrink=shrink
        )
        produced = set((folder / "produced").read_text().split())
        deadline = time.monotonic() + 150
        while produced - set(server.uuids) and time.monotonic() < deadline:
            last.flush(within(5))
            time.sleep(0.5)
        last.shutdown(within(5))
        arrived = server.uuids
    lost = produced - set(arrived)
    print(f"seed {seed}: {herd.counts}, {weather.faults} faults")
    print(f"{len(produced)} events were on disk or delivered, {len(lost)} of them lost; "
          f"{len(arrived)} arrived, {len(arrived) - len(set(arrived))} twice on the wire")  # fmt: skip
    return not lost and not herd.counts["wrong"]


if __name__ == "__main__":
    if sys.argv[1:2] == ["live"]:
        host, spool, produced, number = sys.argv[2:6]
        sys.exit(0 if live(host, spool, produced, int(number), full=sys.argv[6:] == ["full"]) else 1)
    sys.exit(0 if soak(float(sys.argv[1]) if sys.argv[1:] else 600.0, int(time.time()) % 100_000) else 1)
