"""Where the time behind the caller goes: samples of all that a flush does, by what of this package is at work.

No thread of ours can be started here: who flushes does the work of the worker and of the sender itself.
"""

from __future__ import annotations

import gc
import inspect
import logging
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from functools import cache
from types import CodeType, FrameType
from typing import Any

from .load import AI_SPANS
from .traced_app import Order, TracedApp

_EVERY = 0.0005
"""Seconds."""
_PACKAGE = "/otel_posthog_ai/"
COLLECTING = "Python's garbage collector"
SHARES: dict[str, tuple[str, ...]] = {
    "ended spans told apart, their place noted": (
        "work/sorting", "tree/admission", "tree/ended_spans", "tree/open_spans", "tree/unread", "tree/refusals",
        "reading/marks", "reading/scopes",
    ),
    "spans laid open and recognised": ("reading/source", "dialects/spans"),
    "JSON parsed": ("reading/repeated_json", "reading/values:_decoded"),
    "messages and tools laid out": (
        "reading/bodies", "reading/messages", "reading/plain_messages", "reading/message_layout", "reading/draft",
        "reading/parts", "reading/histories", "reading/tool_definitions",
    ),
    "whose it is": ("reading/identity", "tree/ownership", "context/"),
    "all other fields read, and what follows from them": ("dialects/", "reading/"),
    "reports of one call joined": ("calls/",),
    "the tree: ancestors and places": ("tree/",),
    "usage and costs": ("events/usage",),
    "events and their properties": ("events/",),
    "the look for media, credentials and what JSON cannot say": ("content/",),
    "JSON written": ("delivery/encoding",),
    "gzip": ("delivery/compression", "delivery/chunks"),
    "posted": ("delivery/",),
    COLLECTING: (),
    "batches, waiting, order, counters; what was sent is let go": ("work/", "doors/"),
}  # fmt: skip
"""Share -> where it is spent: folder, module or function; the first that fits is taken.

What is in none of them (the record, an encoder) is spent for whoever called it.
"""

Spent = defaultdict[str, float]
"""Share -> seconds."""


def measure(order: Order) -> dict[str, float]:
    """Share -> microseconds of CPU an AI span."""
    logging.getLogger("otel_posthog_ai").setLevel(logging.ERROR)  # it would say that it has no threads
    with _without_threads():
        measured = TracedApp(order)
    spent: Spent = defaultdict(float)
    for number in range(order.rounds + order.warm_up):
        measured.run()
        gc.collect()
        with _sampled(spent if number >= order.warm_up else defaultdict(float)):
            measured.provider.force_flush()
    measured.provider.shutdown()
    return {share: spent[share] / (order.rounds * order.traces * AI_SPANS) * 1e6 for share in SHARES}


@contextmanager
def _without_threads() -> Generator[None]:
    start: Any = threading.Thread.start

    def refuse_ours(thread: threading.Thread) -> None:
        if thread.name.startswith("otel-posthog-ai"):
            raise RuntimeError("no thread may be started")
        start(thread)

    setattr(threading.Thread, "start", refuse_ours)  # noqa: B010
    try:
        yield
    finally:
        setattr(threading.Thread, "start", start)  # noqa: B010


@contextmanager
def _sampled(spent: Spent) -> Generator[None]:
    """Add the seconds of CPU that are spent inside, each to the share that is at work when they are over."""
    last = time.thread_time()

    def spend(share: str, now: float) -> None:
        nonlocal last
        spent[share] += now - last
        last = time.thread_time()  # what it takes to find the share is none of it

    def sample(_: int, frame: FrameType | None) -> None:
        now = time.thread_time()
        spend(COLLECTING if frame is not None and frame.f_code is collect.__code__ else _share(frame), now)

    def collect(phase: str, _: dict[str, int]) -> None:
        now = time.thread_time()
        spend(COLLECTING if phase == "stop" else _share(inspect.currentframe()), now)

    gc.callbacks.append(collect)
    before = signal.signal(signal.SIGALRM, sample)
    signal.setitimer(signal.ITIMER_REAL, _EVERY, _EVERY)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        gc.callbacks.remove(collect)


def _share(frame: FrameType | None) -> str:
    while frame is not None:
        share = _share_of(frame.f_code)
        if share is not None:
            return share
        frame = frame.f_back
    return ""


@cache
def _share_of(code: CodeType) -> str | None:
    _, inside, module = code.co_filename.rpartition(_PACKAGE)
    place = f"{module.removesuffix('.py')}:{code.co_name}"
    return next((share for share, places in SHARES.items() if inside and place.startswith(places)), None)
