"""What PostHog cuts, changes, does not draw or bills wrongly in an event that it accepts: a table of checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from otel_posthog_ai.inbox.facts import EventFacts
from otel_posthog_ai.inbox.intake import ReceivedEvent
from otel_posthog_ai.inbox.tree import Tree


@dataclass(frozen=True, slots=True)
class Warning_:
    """One thing that PostHog would do to an event and that its sender hardly wants."""

    code: str
    effect: str
    text: str

    def as_json(self) -> dict[str, str]:
        """The warning as the API gives it."""
        return asdict(self)


def event_warnings(event: ReceivedEvent, now: float) -> Sequence[Warning_]:
    """All warnings for one event."""
    return ()


def reused_uuid(other_event: str) -> Warning_:
    """The warning for an event whose uuid another, different event carried before."""
    return Warning_("uuid-reused", "doubled", f"the uuid was seen before on a different event ({other_event})")


def trace_warnings(trace_id: str, events: Sequence[EventFacts], tree: Tree) -> Sequence[Warning_]:
    """What the trace view does to the events of a trace together."""
    return ()
