"""Log records of coding agents that wait until their conversation is quiet, bounded in number and bytes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from otel_posthog_ai.log import warn

from .held_logs import MOST_BYTES, weight

if TYPE_CHECKING:
    from otel_posthog_ai.agent_logs.entry import AgentEntry

MOST_RECORDS = 50_000


class _Conversation:
    """The records that are held together."""

    __slots__ = ("changed", "entries", "weight")

    def __init__(self) -> None:
        self.changed = 0.0
        self.entries: list[AgentEntry] = []
        self.weight = 0


class HeldAgents:
    """Records by the conversation that they belong to. Thread-safe."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._held: OrderedDict[int, _Conversation] = OrderedDict()
        """The one that has been quiet for longest comes first."""
        self._count = 0
        self._weight = 0

    def __len__(self) -> int:
        return self._count

    def add(self, entry: AgentEntry) -> None:
        """Keep a record; called in the app's thread. Where there are too many, those that were quiet longest go."""
        size = weight(entry.record.attributes) + weight(entry.record.body)
        with self.lock:
            conversation = self._held.setdefault(entry.holding_id, _Conversation())
            self._held.move_to_end(entry.holding_id)
            conversation.changed = time.monotonic()
            conversation.entries.append(entry)
            conversation.weight += size
            self._count += 1
            self._weight += size
            while len(self._held) > 1 and (self._count > MOST_RECORDS or self._weight > MOST_BYTES):
                self._take_first()
                warn(
                    "held_agents:full", "log records of agents are dropped: too many wait for the end of their prompts"
                )

    def due(self, quiet: float) -> list[AgentEntry]:
        """The records of the conversations in which nothing was said for so many seconds, each once."""
        latest = time.monotonic() - quiet
        found: list[AgentEntry] = []
        with self.lock:
            while self._held and next(iter(self._held.values())).changed <= latest:
                found += self._take_first()
        return found

    def _take_first(self) -> list[AgentEntry]:
        _, conversation = self._held.popitem(last=False)
        self._count -= len(conversation.entries)
        self._weight -= conversation.weight
        return conversation.entries
