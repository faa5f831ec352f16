"""The host of a soak: at fault most of the time, and in every way that `fault_server` knows."""

from __future__ import annotations

import random
import time

from .fault_server import CLOSES, NOT_HTTP, OK, RESETS, STORED_BUT_NO_ANSWER, Fault, Received, answer

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
_MOST_BYTES = 3_000_000


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
        return answer(413) if len(received.text) > _MOST_BYTES else OK
