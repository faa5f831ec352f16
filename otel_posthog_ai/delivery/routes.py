"""PostHog's two ways in: `/batch/` for everything, and one for large events of AI observability."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import NamedTuple

from .encoding import EncodedEvent


class Route(NamedTuple):
    """A path below the host, and the most bytes of one event there."""

    path: str
    event_bytes: int
    large: bool


BATCH = Route("/batch/", 983_040, large=False)
LARGE = Route("/i/v0/ai/batch/", 8 * 1024 * 1024, large=True)

# The large route refuses a whole request for one event with another name.
LARGE_ROUTE_NAMES = frozenset(
    {
        "$ai_generation",
        "$ai_embedding",
        "$ai_evaluation",
        "$ai_span",
        "$ai_trace",
        "$ai_metric",
        "$ai_feedback",
        "$ai_tag",
        "$ai_generation_summary",
        "$ai_trace_summary",
        "$ai_evaluation_report",
    }
)
_FORGET_AFTER = 3600.0
_missing: dict[str, float] = {}


def large_route_missing(host: str) -> None:
    """Remember for an hour that `host` does not have the large route."""
    _missing[host] = time.monotonic()


def has_large_route(host: str) -> bool:
    """Whether `host` may have the large route, for all we know."""
    since = _missing.get(host)
    return since is None or time.monotonic() - since > _FORGET_AFTER


def choose(event: EncodedEvent, host: str, large_events: str) -> Route:
    """The route of one event under the option `large_events`."""
    if large_events == "shrink" or event.name not in LARGE_ROUTE_NAMES or not has_large_route(host):
        return BATCH
    if large_events == "ai_route" or len(event.body) > BATCH.event_bytes:
        return LARGE
    return BATCH


def by_route(events: Iterable[EncodedEvent], host: str, large_events: str) -> list[tuple[Route, list[EncodedEvent]]]:
    """The events by route, each in order; the usual route first, for the other one may fail where that does not."""
    grouped: dict[Route, list[EncodedEvent]] = {}
    for event in events:
        grouped.setdefault(choose(event, host, large_events), []).append(event)
    return sorted(grouped.items(), key=lambda one: one[0].large)
