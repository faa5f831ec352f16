"""The few ratios that a reader wants first, taken out of the tables."""

from __future__ import annotations

from collections.abc import Sequence

from .comparing import P1, P1_GZIP, P4, US, US_FAST, Side
from .tables import Made

_WHAT = (
    (
        "the hooks alone, an AI span",
        "Hooks: `on_start` and `on_end` alone: usual load",
        "CPU µs an AI span",
    ),
    ("calling thread in all, an AI span", "Calling thread: usual load", "CPU µs an AI span"),
    ("calling thread in privacy mode", "Calling thread: privacy mode", "CPU µs an AI span"),
    ("behind it, an AI span with 4 kB of messages", "Work: usual load", "behind it, CPU µs an AI span"),
    (
        "behind it, 100 kB of messages",
        "Work: 100 kB of messages a generation",
        "behind the caller, CPU µs an AI span",
    ),
    ("bytes on the wire", "Work: usual load", "bytes on the wire a trace"),
    ("import, beyond the SDK", "Cold start, beyond the SDK", "import, CPU ms"),
    (
        "up to the end of the first export",
        "Cold start, beyond the SDK",
        "up to the end of the first export, CPU ms",
    ),
    ("memory after it", "Cold start, beyond the SDK", "memory after it, MB"),
)
"""What to call it, the table, and the row below which the ratios stand."""
_OTHERS = (P1, P1_GZIP, P4)


def summary(tables: Sequence[Made]) -> str | None:
    """A table of ratios as Markdown, those with the extra `fast` in parentheses; None where a table is not there."""
    titles = " | ".join(f"of {other.title}" for other in _OTHERS)
    lines = [f"| of this package | {titles} |", "| --- | ---: | ---: | ---: |"]
    by_title = {title: (head, rows) for title, head, rows in tables}
    for name, title, row in _WHAT:
        if title not in by_title:
            return None
        head, rows = by_title[title]
        first = next(number for number, cells in enumerate(rows) if cells[0] == row)
        ratios = {cells[0]: cells for cells in rows[first + 1 : first + 1 + len(_OTHERS)]}
        cells = (_ratio(ratios.get(f"… of {other.title}"), head) for other in _OTHERS)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _ratio(cells: tuple[str, ...] | None, head: tuple[str, ...]) -> str:
    if cells is None:
        return ""

    def of(side: Side) -> str:
        return cells[head.index(side.title)] if side.title in head else ""

    return f"{of(US)} ({of(US_FAST)})" if of(US_FAST) else of(US)
