"""Long runs of entries that come again as they were: deflated once, and put into each request as they are."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from operator import is_
from typing import Any, Final, NamedTuple

from otel_posthog_ai.bounds import Lately
from otel_posthog_ai.delivery.compression import deflate
from otel_posthog_ai.delivery.encoding import Stretch

LONG_RUN: Final = 32 * 1024
"""Bytes of JSON that are worth deflating for themselves: as far as deflate looks back."""
_OVERHEAD: Final = 100
"""Bytes that remembering a part in a run costs."""


class Part(NamedTuple):
    """An entry of a list and its JSON. It is held so that its id stays its own."""

    entry: Any
    body: bytes
    values: int
    """No fewer than the values in it, at all depths."""


class _Run(NamedTuple):
    parts: list[Part]
    size: int
    """Bytes of JSON, with the commas between the parts."""
    deflated: bytes


class Runs:
    """The runs that were met lately, by their first part."""

    def __init__(self, most_bytes: int) -> None:
        self._runs = Lately(most_bytes)

    @property
    def held_bytes(self) -> int:
        """What is remembered."""
        return self._runs.held_bytes

    def stretches(self, parts: list[Part], known: Sequence[Part | None], at: int) -> list[Stretch]:
        """The runs in a list whose first part is written at `at`; parts that are `known` may make a new one."""
        found: list[Stretch] = []
        number = hopeless = 0
        while number < len(parts):
            run = self._at(parts, number)
            if run is None and number >= hopeless:
                run, hopeless = self._new(parts, known, number)
            if run is None:
                at += len(parts[number].body) + 1
                number += 1
            else:
                found.append(Stretch(at, at + run.size, run.deflated))
                at += run.size + 1
                number += len(run.parts)
        return found

    def _at(self, parts: list[Part], number: int) -> _Run | None:
        run: _Run | None = self._runs.get(id(parts[number]))
        if run is None or len(run.parts) > len(parts) - number:
            return None
        return run if all(map(is_, run.parts, islice(parts, number, None))) else None

    def _new(self, parts: list[Part], known: Sequence[Part | None], number: int) -> tuple[_Run | None, int]:
        """A run of what was met before, as soon as that is long enough; else where another may begin."""
        size, end = -1, number
        while size < LONG_RUN:
            if end == len(parts) or known[end] is None:
                return None, end + 1
            size += len(parts[end].body) + 1
            end += 1
        taken = parts[number:end]
        run = _Run(taken, size, deflate(b",".join([part.body for part in taken])))
        self._runs.put(id(taken[0]), run, len(run.deflated) + _OVERHEAD * len(taken))
        return run, end
