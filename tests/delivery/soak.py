"""Minutes of random faults: every event arrives, once by uuid, and memory stays flat.

    python -m tests.delivery.soak [seconds]        # 600 by default; from the root of the repository

Four threads put events of mixed sizes while the server changes its mind every few seconds between all the faults that
`fault_server` knows. In the end the server is well, and everything must have arrived.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from pathlib import Path

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Sender, encode, retry

from .fault_server import CLOSES, NOT_HTTP, OK, RESETS, STORED_BUT_NO_ANSWER, Fault, FaultServer, Received, answer
from .samples import adds_up, make_event, make_settings, within

THREADS = 4
FAULTS = [
    *(fault for stage, fault in RESETS.items() if stage != "body"),
    Fault(reset="body", stores=True),
    *CLOSES.values(),
    *(answer(status) for status in (408, 429, 500, 502, 503, 504)),
    answer(429, Retry_After="1"),
    answer(302, Location="/login"),
    Fault(delay=1.5),
    Fault(hang="answer"),
    Fault(hang="body", stores=True),
    Fault(drip=0.01),
    STORED_BUT_NO_ANSWER,
    NOT_HTTP,
    answer(404),
]
SIZES = [200] * 300 + [5_000] * 100 + [100_000] * 3 + [1_200_000]


class Weather:
    """Chooses a fault for each request: for some seconds one kind prevails, then another, or none."""

    def __init__(self, random_source: random.Random) -> None:
        self._random = random_source
        self._until = 0.0
        self._fault = OK
        self.clear_up = False
        self.faults = 0

    def __call__(self, received: Received) -> Fault:
        if self.clear_up:
            return OK
        now = time.monotonic()
        if now > self._until:
            self._fault = self._random.choice(FAULTS) if self._random.random() < 0.6 else OK
            self._until = now + self._random.uniform(0.2, 4.0)
        if self._fault is not OK and self._random.random() < 0.8:
            self.faults += 1
            return self._fault
        return answer(413) if len(received.text) > 3_000_000 else OK


def resident_kilobytes() -> int:
    """Memory of this process now; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0
    return int(next(line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmRSS:")))


def soak(seconds: float, seed: int) -> bool:
    """Run for about `seconds`; prints what happened and says whether all is well."""
    retry.FIRST_REST, retry.LONGEST_REST = 0.5, 3.0
    weather = Weather(random.Random(seed))
    produced: list[str] = []
    end = time.monotonic() + seconds
    with FaultServer(weather) as server:
        settings = make_settings(server.url, timeout=3.0, outbox_bytes=256 * 1024 * 1024)
        sender = Sender(settings, Counters(), shrink=shrink)

        def emit(number: int) -> None:
            source = random.Random(seed + number)
            while time.monotonic() < end:
                events = [encode(make_event(size=source.choice(SIZES))) for _ in range(source.randint(1, 10))]
                produced.extend(event.uuid for event in events)
                sender.put(events)
                time.sleep(source.expovariate(10))

        threads = [threading.Thread(target=emit, args=(number,)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        memory: list[int] = []
        arrived: set[str] = set()
        doubled = 0
        sums = True
        while time.monotonic() < end:
            time.sleep(min(2.0, seconds / 20))
            sums &= adds_up(sender.status())
            with server._lock:  # What has arrived is forgotten but for its uuid, or the test itself would grow.
                uuids = [event["uuid"] for event in server.events]
                server.events.clear()
                server.requests.clear()
            doubled += len(uuids) - len(set(uuids) - arrived)
            arrived.update(uuids)
            memory.append(resident_kilobytes())
        for thread in threads:
            thread.join()
        weather.clear_up = True
        for _ in range(10):
            if sender.flush(within(30)):
                break
        stopped = sender.shutdown(within(30))
        status = sender.status()
        arrived.update(server.uuids)

    lost = set(produced) - arrived
    third = max(len(memory) // 3, 1)
    first, last = (sorted(part)[len(part) // 2] for part in (memory[third : 2 * third] or memory, memory[-third:]))
    growth = last - first
    print(f"seed {seed}: {len(produced)} events, {len(arrived)} arrived, {len(lost)} lost, {doubled} twice on the wire")
    print(
        f"{weather.faults} faults, {status['retried']} repeats, dropped {status['dropped']}, shrunk {status['shrunk']}"
    )
    print(f"memory {first} kB in the middle, {last} kB at the end, numbers always added up: {sums and adds_up(status)}")
    return not lost and stopped and sums and adds_up(status) and not status["dropped"] and growth < 60_000


if __name__ == "__main__":
    arguments = [float(argument) for argument in sys.argv[1:]]
    sys.exit(0 if soak(arguments[0] if arguments else 600.0, int(time.time()) % 100_000) else 1)
