"""What is compared, and the tables that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .comparing import BOUND, BOUND_FAST, P1, P1_GZIP, P4, US, US_FAST, US_PLAIN, Numbers, Side, compare
from .contestants import NOTHING
from .load import AI_SPANS, MARKERS, SPANS
from .traced_app import WARM_UP

_NO_OP = Side("no-op", NOTHING)
_PEERS = (P1, P1_GZIP, P4)

Row = tuple[str, ...]
Made = tuple[str, Row, list[Row]]
"""Title with what it means, head, rows."""


def _ratio(value: float, other: float) -> str:
    return f"{value / other:.2f} ×" if other > 0 else "-"


def _row(title: str, values: dict[Side, float], digits: int, sides: Sequence[Side]) -> list[Row]:
    """One row of values and, below it, what ours are of PostHog's and of the OTLP exporter's."""
    rows = [(title, *(f"{values[side]:.{digits}f}" for side in sides))]
    for other in (each for each in _PEERS if each in values):
        ratios = ("" if side in _PEERS else _ratio(values[side], values[other]) for side in sides)
        rows.append((f"… of {other.title}", *ratios))
    return rows


def _minus(found: dict[Side, Numbers], name: str) -> dict[Side, float]:
    """What each side costs beyond a processor that does nothing."""
    return {side: numbers[name] - found[_NO_OP][name] for side, numbers in found.items() if side is not _NO_OP}


_VARIANTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("usual load", {}),
    ("user named by a context", {"context": True}),
    ("privacy mode", {"private": True}),
)


def hooks(quick: bool) -> Iterator[Made]:
    """What the processor's own hooks cost the app's thread."""
    yield from _of_caller("Hooks: `on_start` and `on_end` alone", {"measure": "hooks"}, quick, digits=2)


def caller(quick: bool) -> Iterator[Made]:
    """What the app's own thread pays in all."""
    yield from _of_caller("Calling thread", {"measure": "caller", "traces": 20}, quick, digits=1)


def _of_caller(heading: str, order: dict[str, Any], quick: bool, *, digits: int) -> Iterator[Made]:
    sides = (P1, P4, US)
    repeats, rounds = (1, 12) if quick else (5, 40)
    for title, options in _VARIANTS:
        found = compare(sides, {**order, "rounds": rounds, **options}, repeats)
        rows: list[Row] = []
        for name, what in (("caller", "CPU µs an AI span"), ("plain", "CPU µs a span without AI")):
            rows += _row(what, {side: found[side][name] for side in sides}, digits, sides)
        yield f"{heading}: {title}", ("", *(side.title for side in sides)), rows


def work(quick: bool) -> Iterator[Made]:
    """Worker and wire under the usual load, in a user's context, and in privacy mode."""
    repeats, rounds = (1, 6) if quick else (5, 10)
    for title, options in _VARIANTS:
        sides = (P1, P4, US, US_FAST) if options else (P1, P4, US, US_FAST, BOUND, BOUND_FAST)
        found = compare((_NO_OP, *sides), {"measure": "work", "rounds": rounds, **options}, repeats)
        traces = (rounds + WARM_UP) * 30
        wire = {side: found[side]["bytes"] / traces for side in sides}
        rows = [
            *_row("behind it, CPU µs an AI span", _minus(found, "worker"), 0, sides),
            *_row("bytes on the wire a trace", wire, 0, sides),
        ]
        yield f"Work: {title}", ("", *(side.title for side in sides)), rows


def shares(quick: bool) -> Iterator[Made]:
    """What of it all the time behind the caller goes into."""
    from .shares import SHARES

    sides = (US, US_FAST)
    found = compare(sides, {"measure": "shares", "rounds": 60 if quick else 200}, 1 if quick else 3)
    whole = {side: sum(found[side][share] for share in SHARES) for side in sides}
    rows: list[Row] = []
    for share in SHARES:
        of_sides = ((found[side][share], found[side][share] / whole[side]) for side in sides)
        rows.append((share, *(text for spent, part in of_sides for text in (f"{spent:.1f}", f"{part:.1%}"))))
    rows.append(("all of it", *(text for side in sides for text in (f"{whole[side]:.0f}", ""))))
    head = ("", *(text for side in sides for text in (f"{side.title}, CPU µs an AI span", "of all")))
    yield "Shares: what the time behind the caller goes into, usual load", head, rows


def large(quick: bool) -> Iterator[Made]:
    """Generations with 100 kB of messages."""
    sides = (P1, P1_GZIP, P4, US, US_FAST, BOUND, BOUND_FAST)
    order = {"measure": "work", "message_bytes": 100_000, "traces": 5, "rounds": 2 if quick else 6}
    found = compare((_NO_OP, *sides), order, 2 if quick else 5)
    rows = _row("behind the caller, CPU µs an AI span", _minus(found, "worker"), 0, sides)
    yield "Work: 100 kB of messages a generation", ("", *(side.title for side in sides)), rows


def cold(quick: bool) -> Iterator[Made]:
    """What a fresh process pays beyond the SDK."""
    sides = (P1, P4, US, US_FAST)
    found = compare(sides, {"measure": "cold"}, 3 if quick else 9)
    rows: list[Row] = []
    for name, title in (
        ("import", "import, CPU ms"),
        ("first", "up to the end of the first export, CPU ms"),
        ("memory", "memory after it, MB"),
    ):
        rows += _row(title, {side: found[side][name] for side in sides}, 1, sides)
    loaded = ("yes" if found[side]["http"] else "no" for side in sides)
    rows.append(("an HTTP library is imported before anything is sent", *loaded))
    yield "Cold start, beyond the SDK", ("", *(side.title for side in sides)), rows


def scaling(quick: bool) -> Iterator[Made]:
    """Cost a span from few spans to many, and cost a byte from small messages to large ones."""
    sides = (P1, US, US_FAST)
    head = ("", *(side.title for side in sides))
    rows: list[Row] = []
    for traces in (1, 100) if quick else (1, 10, 100, 1_000, 10_000):
        repeated = {"rounds": 3} if traces < 1_000 else {"rounds": 1, "warm_up": 0}
        found = compare(sides, {"measure": "work", "traces": traces, "queue": 100_000, **repeated}, 1)
        rows.append((f"{traces * SPANS:,}", *(f"{found[side]['worker']:.0f}" for side in sides)))
    yield "Scaling: spans between two flushes; CPU µs an AI span behind the caller", head, rows
    rows = []
    for size in (1_000, 100_000) if quick else (1_000, 10_000, 100_000, 1_000_000, 5_000_000):
        found = compare(sides, {"measure": "work", "traces": 1, "rounds": 3, "message_bytes": size}, 1)
        per_kilobyte = (f"{found[side]['worker'] * AI_SPANS / (3 * size / 1_000):.1f}" for side in sides)
        rows.append((f"{size // 1000:,} kB", *per_kilobyte))
    yield "Scaling: messages a generation; CPU µs a kB behind the caller", head, rows


def memory(quick: bool) -> Iterator[Made]:
    """Whether memory stays flat over many spans."""
    sides = (P1, US)
    rounds = 100 if quick else 3_334
    found = compare(sides, {"measure": "growth", "rounds": rounds}, 1)
    rows = [
        (f"after {share} of {found[US]['spans']:,.0f} spans, MB", *(f"{found[side][name]:.1f}" for side in sides))
        for share, name in (("a quarter", "early"), ("all", "late"))
    ]
    yield "Memory over time", ("", *(side.title for side in sides)), rows


def burst(quick: bool) -> Iterator[Made]:
    """50,000 spans from one thread, queues of equal size."""
    sides = (P1, P4, US, US_FAST)
    traces, rounds = 50, 20 if quick else 100
    order = {"measure": "burst", "traces": traces, "rounds": rounds, "queue": 2_048}
    found = compare(sides, order, 1 if quick else 3)
    arrived = {side: 100 * found[side]["marks"] / (traces * rounds * MARKERS) for side in sides}
    called = {side: found[side]["caller"] for side in sides}
    rows = [
        ("arrived, % of the AI spans", *(f"{arrived[side]:.0f}" for side in sides)),
        ("calling thread with the SDK's own work, CPU µs a span", *(f"{called[side]:.1f}" for side in sides)),
    ]
    spans = f"{traces * rounds * SPANS:,}"
    yield f"Burst: {spans} spans at once from one thread, queues of 2,048", ("", *(s.title for s in sides)), rows


def stall(quick: bool) -> Iterator[Made]:
    """How late an event loop's timers fire while spans are worked on."""
    sides = (_NO_OP, P1, P4, US)
    for rate, size in ((300, 4_000), (600, 4_000), (90, 100_000)):
        order = {"measure": "stall", "rate": rate, "message_bytes": size, "seconds": 4.0 if quick else 12.0}
        found = compare(sides, order, 1 if quick else 3)
        rows: list[Row] = [
            (f"{name}, ms", *(f"{found[side][name]:.2f}" for side in sides)) for name in ("p50", "p99", "p99.9")
        ]
        for name in ("p99", "p99.9"):
            beyond = {side: found[side][name] - found[_NO_OP][name] for side in sides}
            best = min(beyond[P1], beyond[P4])
            rows.append((f"{name} beyond the no-op, of the better of both", "", "", "", _ratio(beyond[US], best)))
        yield (
            f"Stall: how late a timer of 2 ms fires, {rate} AI spans a second of {size // 1000} kB",
            ("", *(side.title for side in sides)),
            rows,
        )


_ANSWER_SECONDS = 0.05


def flush(quick: bool) -> Iterator[Made]:
    """How long a flush and a shutdown take while a host answers in 50 ms."""
    sides = (P1, P4, US, US_FAST)
    rows: list[Row] = []
    for traces in (0, 1, 10, 100):
        order = {"measure": "flush", "traces": traces, "rounds": 3 if quick else 9}
        found = compare(sides, order, 1 if quick else 3, answer_seconds=_ANSWER_SECONDS)
        for name, title in (("flush", "`force_flush`"), ("shutdown", "`shutdown`")):
            values = (f"{found[side][name]:.1f}" for side in sides)
            rows.append((f"{title}, {traces * AI_SPANS} AI spans wait, ms", *values))
    yield "Flush and shutdown with 4 kB of messages a generation, a host that answers in 50 ms", (
        "", *(side.title for side in sides),
    ), rows  # fmt: skip


def load(quick: bool) -> Iterator[Made]:
    """What arrives of many spans, and what the app feels meanwhile, while a host answers in 50 ms."""
    sides = (P1, P4, US) if quick else (P1, P4, US, US_FAST)
    head = ("", *(side.title for side in sides))
    rates = (2_000, 10_000) if quick else (100, 500, 2_000, 10_000)
    for size, title in ((200, "200 B"), (20_000, "20 kB")):
        rows: list[Row] = []
        for rate in rates:
            seconds = 20.0 if not quick else 3.0 if rate < 10_000 else 7.0  # what is slow to begin with shows later
            order = {"measure": "heavy_load", "rate": rate, "message_bytes": size, "seconds": seconds}
            found = compare(sides, order, 1, answer_seconds=_ANSWER_SECONDS)
            rows += _of_load(f"{rate:,} a second", found, sides)
        yield f"Load: spans a second with {title} of messages, a host that answers in 50 ms", head, rows
    order = {"measure": "heavy_load", "traces": 600, "message_bytes": 100_000}
    found = compare(sides, order, 1, answer_seconds=_ANSWER_SECONDS)
    yield "Load: 600 spans with 100 kB of messages, one upon the other", head, _of_load("600 at once", found, sides)


def _of_load(what: str, found: dict[Side, Numbers], sides: Sequence[Side]) -> list[Row]:
    values = {side: found[side] for side in sides}
    return [
        (f"{what}: stored, %", *(f"{100 * each['marks'] / each['made']:.1f}" for each in values.values())),
        ("… made, spans a second", *(f"{each['rate']:,.0f}" for each in values.values())),
        ("… longest `end()`, ms", *(f"{each['longest']:.1f}" for each in values.values())),
        ("… 99.9 % of `end()` within, ms", *(f"{each['p99.9']:.2f}" for each in values.values())),
    ]


def conversation(quick: bool) -> Iterator[Made]:
    """Calls that repeat the whole history: cost a call by the number of turns, and by convention."""
    sides = (P1, P1_GZIP, US, US_PLAIN, US_FAST)
    order = {"measure": "conversation", "warm_up": 1, "rounds": 1 if quick else 2}
    repeats = 1 if quick else 3
    head = ("", *(side.title for side in sides))
    rows: list[Row] = []
    for turns in (10, 100) if quick else (10, 50, 200):
        found = compare(sides, {**order, "turns": turns, "pattern": "JSON"}, repeats)
        rows += _row(f"{turns} turns", {side: found[side]["worker"] for side in sides}, 2, sides)
    yield "Conversation: 4 kB new a turn, every call repeats all before; CPU ms a call behind the caller", head, rows
    rows, turns = [], 20 if quick else 50
    for pattern in ("OpenInference", "Traceloop", "span events"):
        found = compare(sides, {**order, "turns": turns, "pattern": pattern}, repeats)
        rows += _row(pattern, {side: found[side]["worker"] for side in sides}, 2, sides)
    yield f"Conversation: {turns} turns, by the convention that carries the history; CPU ms a call", head, rows


def wide(quick: bool) -> Iterator[Made]:
    """One trace of 10,000 spans, and 1,000 traces at once."""
    sides = (P1, US, US_FAST)
    repeats = 1 if quick else 3
    titles = {"one by one": "traces of 6 AI spans", "one run": "a trace of 10,000", "all open": "1,000 traces at once"}
    found: dict[str, dict[Side, Numbers]] = {}
    for pattern, turns in (("one by one", 500), ("one run", 2_000), ("all open", 1_000)):
        order = {"measure": "wide", "pattern": pattern, "turns": turns, "queue": 20_000}
        found[pattern] = compare(sides, order, repeats)
    rows: list[Row] = []
    for pattern, title in titles.items():
        rows.append((f"{title}, CPU µs an AI span", *(f"{found[pattern][side]['worker']:.0f}" for side in sides)))
        if pattern != "one by one":
            usual = found["one by one"]
            ratios = (_ratio(found[pattern][side]["worker"], usual[side]["worker"]) for side in sides)
            rows.append(("… of traces of 6 AI spans", *ratios))
        rows.append((f"{title}, MB held before the flush", *(f"{found[pattern][side]['held']:.1f}" for side in sides)))
    yield "Wide: one long trace, and many at once", ("", *(side.title for side in sides)), rows


def gateway(quick: bool) -> Iterator[Made]:
    """The gateway beside a collector in Rust that passes the same OTLP on; loads its packages only now."""
    from .gateway import accepting, compared, load
    from .gateway_parts import STAGES, stages

    at_rate = accepting(quick)
    kinds = {"small": "5,000 spans a second of 400 B", "large": "10 MB a second of 100 kB messages"}
    head = "", "p50, ms", "p99, ms", "spans lost", "memory, MB"
    yield (
        "The gateway: until a request is answered",
        head,
        [
            (title, f"{of['p50']:.1f}", f"{of['p99']:.1f}", f"{of['lost']:.0f}", f"{of['memory']:.0f}")
            for kind, title in kinds.items()
            for of in (at_rate[kind],)
        ],
    )
    found = compared(quick)
    rows: list[Row] = []
    for kind, what, number in (
        ("small", "400 B of messages: spans a CPU second", "spans a CPU second"),
        ("large", "100 kB of messages: MB a CPU second", "MB a CPU second"),
        ("small", "memory after it, MB", "memory"),
    ):
        values = {name: kinds[kind][number] for name, kinds in found.items()}
        rows.append((what, *(f"{value:,.0f}" for value in values.values())))
        if number != "memory" and "rotel" in values:
            rows.append(("… of rotel", "", _ratio(values["ours"], values["rotel"])))
    yield "The gateway: OTLP in, events out", ("", *found), rows
    loads = {"small": load(400, 400, 25), "large": load(40, 100_000, 5)}
    parts = {kind: stages(given, 5 if quick else 20) for kind, given in loads.items()}
    rows = [(stage, *(f"{parts[kind][stage]:.1f}" for kind in loads)) for stage in STAGES]
    for title, name in (("all of it, with HTTP, gzip and posting", "ours"), ("rotel, all of it", "rotel")):
        if name in found:
            rows.append((title, *(f"{1e6 / found[name][kind]['spans a CPU second']:.1f}" for kind in loads)))
    yield "The gateway: CPU µs a span", ("", "400 B of messages", "100 kB of messages"), rows


TABLES: dict[str, Callable[[bool], Iterator[Made]]] = {
    "hooks": hooks,
    "caller": caller,
    "work": work,
    "shares": shares,
    "large": large,
    "cold": cold,
    "burst": burst,
    "stall": stall,
    "flush": flush,
    "load": load,
    "conversation": conversation,
    "wide": wide,
    "scaling": scaling,
    "memory": memory,
    "gateway": gateway,
}


def markdown(made: Made) -> str:
    """A table as Markdown."""
    title, head, rows = made
    lines = [f"### {title}", "", *(f"| {' | '.join(row)} |" for row in (head, ("---", *("---:",) * (len(head) - 1))))]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows), ""])
