"""One thing that PostHog would do to an event, or to a trace, and that its sender hardly wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Effect = Literal["refused", "lost", "cut", "changed", "not drawn", "drawn wrong", "billed wrong", "doubled"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What would happen (``effect``), by which rule (``code``), and a sentence for people (``text``)."""

    code: str
    effect: Effect
    text: str
    uuid: str | None = None
    """The event it is about; None for the event that carries it, and for a whole trace."""

    def as_json(self) -> dict[str, Any]:
        """The finding as the API gives it."""
        found = {"code": self.code, "effect": self.effect, "text": self.text}
        return found if self.uuid is None else {**found, "uuid": self.uuid}
