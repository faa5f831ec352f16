"""Every fault and its outcome, from real runs: `python -m tests.delivery.fault_table docs/faults.md` writes its table.

Each line is one run: five events are put while the fault is on, `flush` is asked for one second, the fault ends, and
what PostHog has then is counted by uuid.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otel_posthog_ai.content.shrinking import shrink
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Sender, encode, poster, retry

from .fault_server import CLOSES, HANGS, NOT_HTTP, OK, RESETS, STORED_BUT_NO_ANSWER, WEB_PAGE, Fault, FaultServer
from .fault_server import answer as _answer
from .samples import adds_up, make_event, make_settings, within

EVENTS = 5
FLUSH_SECONDS = 1.0
_BEGIN, _END = "<!-- every fault -->\n\n", "\n<!-- end of every fault -->"


@dataclass(frozen=True)
class Case:
    """One fault: how the server treats requests while it is on, and on which socket."""

    name: str
    play: Any = None
    host: str | None = None
    tls: bool = False
    late: bool = False
    """The server starts only when the flush has ended."""
    size: int = 0


@dataclass(frozen=True)
class Outcome:
    """What one run showed."""

    flushed: bool
    flush_seconds: float
    delivered: int
    waiting: int
    doubled: int
    dropped: dict[str, int]
    shrunk: int
    adds_up: bool


def _always(fault: Fault) -> Callable[[Any], Fault]:
    return lambda _: fault


def _poison(received: Any) -> Fault:
    return _answer(400) if any("poison" in event["properties"] for event in received.batch) else OK


def _above(limit: int) -> Callable[[Any], Fault]:
    return lambda received: _answer(413) if len(received.text) > limit else OK


def _no_large_route(received: Any) -> Fault:
    return OK if received.path == "/batch/" else _answer(404)


CASES = (
    Case("nothing: all is well", _always(OK)),
    Case("answers after 0.2 s", _always(Fault(delay=0.2))),
    Case("accepts and resets the connection, once", [RESETS["accept"]]),
    Case("resets during the upload, once", [RESETS["upload"]]),
    Case("resets before the answer, always", _always(RESETS["answer"])),
    Case("resets within the headers, always", _always(RESETS["headers"])),
    Case("resets within the body of a 200, always", _always(Fault(reset="body", stores=True))),
    Case("takes the events, then resets without an answer, once", [STORED_BUT_NO_ANSWER]),
    Case("closes without an answer, always", _always(CLOSES["answer"])),
    Case("closes within the headers of a 200, always", _always(CLOSES["headers"])),
    Case("hangs before the answer", _always(HANGS["answer"])),
    Case("hangs within the headers", _always(HANGS["headers"])),
    Case("hangs within the body of a 200", _always(Fault(hang="body", stores=True))),
    Case("answers a byte every 100 ms", _always(Fault(drip=0.1, stores=False))),
    Case("answers in another protocol", _always(NOT_HTTP)),
    *(Case(f"{status}, twice", [_answer(status)] * 2) for status in (408, 429, 500, 502, 503, 504)),
    Case("503 throughout", _always(_answer(503))),
    Case("429 with `Retry-After: 1`, once", [_answer(429, Retry_After="1")]),
    Case("429 with `Retry-After: 3`", _always(_answer(429, Retry_After="3"))),
    Case("429 with `Retry-After: Fri, 31 Dec 1999 23:59:59 GMT`, once",
         [_answer(429, Retry_After="Fri, 31 Dec 1999 23:59:59 GMT")]),
    Case("429 with `Retry-After: soon`, once", [_answer(429, Retry_After="soon")]),
    Case("400 for one poisoned event", _poison),
    Case("413 above 3 kB, 1 kB events", _above(3_000), size=1_000),
    Case("413 above 100 kB, 200 kB events", _above(100_000), size=200_000),
    Case("413 whatever the size", _always(_answer(413))),
    Case("1.2 MB events, large route", _always(OK), size=1_200_000),
    Case("1.2 MB events, no large route (404)", _no_large_route, size=1_200_000),
    Case("401, then the key is accepted", _always(_answer(401))),
    Case("403, then the key is accepted", _always(_answer(403))),
    Case("404, then the host is right", _always(_answer(404))),
    Case("302 to a login page, then the host is right", _always(_answer(302, Location="https://example.invalid/"))),
    Case("200 with a web page, then the host is right", _always(WEB_PAGE)),
    Case("certificate that nobody trusts", _always(OK), tls=True),
    Case("name that DNS does not know", host="http://posthog.invalid"),
    Case("nobody listens, then somebody does", late=True),
)  # fmt: skip


def run(case: Case) -> Outcome:
    """Play the case, and see what has arrived when the fault is over."""
    server = FaultServer(case.play or (), tls=case.tls)
    with server:
        if not case.late:
            return _observe(case, server, case.host or server.url)
    # The port is known and free now.
    return _observe(case, FaultServer(port=server.port), server.url)


def _observe(case: Case, server: FaultServer, url: str) -> Outcome:
    sender = Sender(make_settings(url, timeout=3.0), Counters(), shrink=shrink)
    events = [make_event(size=case.size, **({"poison": 1} if number == 2 else {})) for number in range(EVENTS)]
    sender.put([encode(event) for event in events])
    started = time.monotonic()
    flushed = sender.flush(within(FLUSH_SECONDS))
    flush_seconds = time.monotonic() - started
    if not _stays(case):
        server.play([])
    with server if case.late else nullcontext():
        return _end_of(case, server, sender, flushed, flush_seconds)


def _end_of(case: Case, server: FaultServer, sender: Sender, flushed: bool, flush_seconds: float) -> Outcome:
    """What there is when the fault is over and the sender's own clock has struck."""
    if case.host is None and not case.tls:
        server.wait_for(lambda _: sender.status()["waiting"] == 0, 10)
    status, uuids = sender.status(), server.uuids
    sender.shutdown(within(0))
    return Outcome(
        flushed,
        flush_seconds,
        len(set(uuids)),
        status["waiting"],
        len(uuids) - len(set(uuids)),
        status["dropped"],
        status["shrunk"],
        adds_up(status) and adds_up(sender.status()),
    )


def _stays(case: Case) -> bool:
    """Whether the fault is a limit of the server, not a time of trouble."""
    return case.play in (_poison, _no_large_route) or "413" in case.name


def hurry() -> None:
    """Shorten the waits of our own choice, in this process."""
    retry.FIRST_WAIT, retry.FIRST_REST, retry.LONGEST_REST = 0.02, 0.1, 0.3
    poster.PAUSE_SECONDS = 1.5


def run_all() -> dict[str, Outcome]:
    """All cases by name; several at once, because they mostly wait."""
    run(CASES[0])  # The first send imports the HTTP library; no case should be measured with that.
    with ThreadPoolExecutor(8) as pool:
        return dict(zip((case.name for case in CASES), pool.map(run, CASES), strict=True))


def rendered(outcomes: dict[str, Outcome]) -> str:
    """The table as Markdown; only what is the same in every run."""
    lines = [
        "| the host … | `force_flush(1000)` | arrived of 5 | still waiting | twice on the wire | dropped | shrunk |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, outcome in outcomes.items():
        dropped = ", ".join(f"{count} {reason}" for reason, count in outcome.dropped.items()) or "–"
        lines.append(
            f"| {name} | {outcome.flushed} | {outcome.delivered} | {outcome.waiting or '–'} | {outcome.doubled or '–'} "
            f"| {dropped} | {outcome.shrunk or '–'} |"
        )
    return "\n".join(lines) + "\n"


def in_document(document: Path) -> tuple[str, str, str]:
    """What stands before the table there, the table, and what stands after it."""
    before, begin, rest = document.read_text(encoding="utf-8").partition(_BEGIN)
    table, end, after = rest.partition(_END)
    return before + begin, table, end + after


if __name__ == "__main__":
    hurry()
    text = rendered(run_all())
    if len(sys.argv) > 1:
        report = Path(sys.argv[1])
        before, _, after = in_document(report)
        report.write_text(f"{before}{text}{after}", encoding="utf-8")
    print(text)
