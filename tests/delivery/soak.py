"""An hour of everything that goes wrong at once: what was owed arrives, numbers add up, memory levels off.

    python -m tests.delivery.soak [seconds]        # 3600 by default; from the root of the repository

One process traces with twenty threads, and forks; it is never killed. Eight more of four threads each come and go:
every few seconds one of them is killed or told to end, forks children that end with work undone, or meets a disk that
takes no more. All nine share a spool. Meanwhile the host is at fault most of the time, and the clock is set forward and
back. In the end the host is well, and one more process takes over what is left: every span that was ended by the
survivor, and every event of the others that was on disk or delivered, must have arrived.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Sender

from .clock import Clock
from .fault_server import FaultServer
from .samples import make_settings, within
from .weather import Weather

PROCESSES = 8
MOST_GROWTH_KILOBYTES = 10_000
"""Of the survivor, between the middle third of the run and the last one."""
_APP = "tests.delivery.soak_app"
_SHORTEST_LIFE, _LONGEST_LIFE = 1.0, 20.0
_LOOK_SECONDS = 0.3
_LAST_SECONDS = 150.0


def _start(kind: str, host: str, folder: Path, seed: int, clock: Clock, *options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*clock.command, _APP, kind, host, str(folder), str(seed), *options])


class Herd:
    """The processes that come and go, and what is done to them."""

    def __init__(self, host: str, folder: Path, seed: int, clock: Clock) -> None:
        self._random = random.Random(seed)
        self._folder = folder
        self._host = host
        self._clock = clock
        self._living: list[tuple[subprocess.Popen[bytes], float]] = []
        self.counts = {"started": 0, "killed": 0, "ended": 0, "disk full": 0, "wrong": 0}

    def look(self) -> None:
        """Keep their number, and end whose time has come."""
        while len(self._living) < PROCESSES:
            self._add()
        for process, end in [one for one in self._living if time.monotonic() > one[1]]:
            self._end(process, kill=self._random.random() < 0.6)
            self._living.remove((process, end))

    def end(self) -> None:
        """All of them."""
        for process, _ in self._living:
            self._end(process, kill=False)

    def _add(self) -> None:
        full = self._random.random() < 0.15
        self.counts["started"] += 1
        self.counts["disk full"] += full
        number = self.counts["started"]
        process = _start("mortal", self._host, self._folder, number, self._clock, *(["full"] if full else []))
        self._living.append((process, time.monotonic() + self._random.uniform(_SHORTEST_LIFE, _LONGEST_LIFE)))

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


class Memory:
    """What a process holds, over time."""

    def __init__(self, process: int) -> None:
        self._status = Path(f"/proc/{process}/status")
        self._samples: list[int] = []

    def look(self) -> None:
        """One more sample; none where the system does not say."""
        if self._status.exists():
            lines = self._status.read_text().splitlines()
            self._samples += [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]

    def tenths(self) -> list[int]:
        """The median of each tenth of the run, in kB."""
        size = max(len(self._samples) // 10, 1)
        return [int(median(self._samples[at : at + size])) for at in range(0, len(self._samples), size)][:10]

    def growth(self) -> int:
        """From the middle third to the last, in kB."""
        third = len(self._samples) // 3
        if not third:
            return 0
        return int(median(self._samples[-third:]) - median(self._samples[third : 2 * third]))


class Arrivals:
    """What the host has taken, by uuid and by span; the events themselves are forgotten, or the test would grow."""

    def __init__(self, server: FaultServer) -> None:
        self._server = server
        self.uuids: set[str] = set()
        self.spans: set[str] = set()
        self.doubled = 0

    def look(self) -> None:
        with self._server._lock:
            events = list(self._server.events)
            self._server.events.clear()
            self._server.requests.clear()
        for event in events:
            self.doubled += event["uuid"] in self.uuids
            self.uuids.add(event["uuid"])
            self.spans.add(event["properties"].get("$ai_span_id", ""))


def _noted(path: Path) -> set[str]:
    return set(path.read_text().split()) if path.exists() else set()


def _take_over(url: str, folder: Path, arrivals: Arrivals) -> tuple[set[str], set[str]]:
    """What the last process leaves undelivered, events and spans, when all is well."""
    last = Sender(make_settings(url, spool_directory=str(folder / "spool"), timeout=10.0), Counters(), shrink=shrink)
    events, spans = _noted(folder / "events"), _noted(folder / "spans")
    deadline = time.monotonic() + _LAST_SECONDS
    arrivals.look()
    while (events - arrivals.uuids or spans - arrivals.spans) and time.monotonic() < deadline:
        last.flush(within(5))
        time.sleep(0.5)
        arrivals.look()
    last.shutdown(within(5))
    print(f"{len(events)} events of processes that came and went were on disk or delivered, "
          f"{len(events - arrivals.uuids)} of them lost")  # fmt: skip
    print(f"{len(spans)} spans were ended by the one that stayed, {len(spans - arrivals.spans)} of them lost")
    return events - arrivals.uuids, spans - arrivals.spans


def soak(seconds: float, seed: int) -> bool:
    """Run for about `seconds`; prints what happened and says whether all is well."""
    weather = Weather(random.Random(seed))
    with tempfile.TemporaryDirectory() as name, FaultServer(weather) as server:
        folder = Path(name)
        clock = Clock(folder, random.Random(seed))
        arrivals = Arrivals(server)
        herd = Herd(server.url, folder, seed, clock)
        survivor = _start("survivor", server.url, folder, seed, clock)
        memory = Memory(survivor.pid)
        end = time.monotonic() + seconds
        while time.monotonic() < end and survivor.poll() is None:
            herd.look()
            clock.look()
            memory.look()
            arrivals.look()
            time.sleep(_LOOK_SECONDS)
        herd.end()
        weather.clear_up = True
        survivor.terminate()
        status = survivor.wait(_LAST_SECONDS)
        lost_events, lost_spans = _take_over(server.url, folder, arrivals)
    print(f"seed {seed}, {seconds:.0f} s: {herd.counts}, {weather.faults} faults, {clock.jumps} clock jumps")
    print(f"{len(arrivals.uuids)} events arrived, {arrivals.doubled} twice on the wire; the survivor's numbers and "
          f"those of its children {'add up' if status == 0 else 'DO NOT ADD UP'}")  # fmt: skip
    print(f"memory of the survivor by tenths of the run, kB: {memory.tenths()}", flush=True)
    all_well = status == 0 and not herd.counts["wrong"] and memory.growth() < MOST_GROWTH_KILOBYTES
    return all_well and not (lost_events or lost_spans)


if __name__ == "__main__":
    sys.exit(0 if soak(float(sys.argv[1]) if sys.argv[1:] else 3_600.0, int(time.time()) % 100_000) else 1)
