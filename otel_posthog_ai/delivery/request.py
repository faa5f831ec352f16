"""One request to be made: its events, by which route, and its body where that was made before."""

from __future__ import annotations

from collections.abc import Iterable

from .compression import Body
from .encoding import EncodedEvent
from .routes import Route


class Request:
    """Events that go together; `last_chance`: they were shrunk already, because a smaller limit was told."""

    __slots__ = ("body", "events", "last_chance", "route")

    def __init__(self, route: Route, events: list[EncodedEvent], last_chance: bool = False) -> None:
        self.route = route
        self.events = events
        self.last_chance = last_chance
        self.body: Body | None = None

    @property
    def size(self) -> int:
        """Bytes of the events, before compression."""
        return sum(len(event.body) for event in self.events)


def events_of(requests: Iterable[Request]) -> list[EncodedEvent]:
    """All events of these requests, in order."""
    return [event for request in requests for event in request.events]
