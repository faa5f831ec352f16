"""Run the measurements side by side: fresh processes, in alternating order, and the median of each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from .contestants import LEAST, OTLP, OURS, POSTHOG
from .sink import Sink
from .traced_app import Order

_LONGEST_PROBE_SECONDS = 1_800


@dataclass(frozen=True)
class Side:
    """One column of a table."""

    title: str
    contestant: str
    fast: bool = False
    gzip: bool = False
    """PostHog's and the OTLP exporter send uncompressed unless they are told."""
    plain: bool = False
    """Ours compresses unless it is told."""


US = Side("ours", OURS)
US_PLAIN = Side("ours, no gzip", OURS, plain=True)
US_FAST = Side("ours, extra `fast`", OURS, fast=True)
P1 = Side("posthog.ai.otel", POSTHOG)
P1_GZIP = Side("posthog.ai.otel, gzip", POSTHOG, gzip=True)
P4 = Side("OTLP/HTTP", OTLP)
BOUND = Side("the least", LEAST)
BOUND_FAST = Side("the least, extra `fast`", LEAST, fast=True)

Numbers = dict[str, float]

_BYTE_CODE = TemporaryDirectory(prefix="otel-posthog-ai-byte-code-")
_compiled: set[Side] = set()


def probe(side: Side, order: dict[str, Any], sink: Sink) -> Numbers:
    """One measurement of one side, with the bytes and marks that arrived meanwhile."""
    asked = Order(contestant=side.contestant, fast=side.fast, url=sink.url, **order)
    before = (sink.bytes, sink.marks, sink.requests)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.probe", json.dumps(asdict(asked))],
        check=True, stdout=subprocess.PIPE, timeout=_LONGEST_PROBE_SECONDS, env=_environment(side),
    )  # fmt: skip
    found: Numbers = json.loads(done.stdout)
    after = (sink.bytes, sink.marks, sink.requests)
    for name, now, then in zip(("bytes", "marks", "requests"), after, before, strict=True):
        found[name] = now - then
    return found


def _environment(side: Side) -> dict[str, str]:
    """Everybody's byte code is compiled once, as `pip install` does it, and not in the middle of a measurement."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": _BYTE_CODE.name}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    if side.gzip:
        environment["OTEL_EXPORTER_OTLP_COMPRESSION"] = "gzip"
    if side.plain:
        environment["POSTHOG_COMPRESSION"] = "none"
    return environment


@contextmanager
def _ahead_of_others() -> Iterator[None]:
    """Where the user may (root, `CAP_SYS_NICE`), what is measured and the server run ahead of all other processes."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(os.sched_get_priority_min(os.SCHED_RR)))
    except (AttributeError, OSError):
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def compare(
    sides: Sequence[Side], order: dict[str, Any], repeats: int, *, answer_seconds: float = 0.0
) -> dict[Side, Numbers]:
    """The medians of every side; each round takes the sides in the opposite order of the one before.

    The host answers each request after `answer_seconds`.
    """
    found: dict[Side, list[Numbers]] = {side: [] for side in sides}
    with _ahead_of_others(), Sink(answer_seconds) as sink:
        for side in sides:
            if side not in _compiled:
                probe(side, {"measure": "cold"}, sink)
                _compiled.add(side)
        for number in range(repeats):
            for side in sides if number % 2 == 0 else reversed(sides):
                found[side].append(probe(side, order, sink))
    return {side: {name: median(each[name] for each in runs) for name in runs[0]} for side, runs in found.items()}
