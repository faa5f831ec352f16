"""A request as the protocols see it and the two kinds of answer they give: a JSON body or a stream of events."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request; header names are lower case, `sequence` counts the server's requests from 1."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    sequence: int

    def identifier(self, prefix: str, part: str = "") -> str:
        """An id that differs for each request of one server and comes out the same in the next run."""
        seed = f"{self.sequence}|{self.path}|{part}|{json.dumps(self.body, sort_keys=True, default=str)}"
        return prefix + hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class JSONAnswer:
    """A whole body."""

    value: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event; `data` is JSON, or text that is sent as it is."""

    data: Any
    name: str | None = None

    def encode(self) -> bytes:
        data = self.data if isinstance(self.data, str) else json.dumps(self.data, separators=(",", ":"))
        head = f"event: {self.name}\n" if self.name is not None else ""
        return f"{head}data: {data}\n\n".encode()


@dataclass(frozen=True, slots=True)
class StreamAnswer:
    """Server-sent events, sent one by one."""

    events: Iterable[Event]


Answer = JSONAnswer | StreamAnswer


def fault_answer(status: int, body: Any) -> JSONAnswer:
    """An error; a status that clients retry says to do so at once."""
    hurry = {"retry-after-ms": "5"} if status in (408, 409, 429) or status >= 500 else {}
    return JSONAnswer(body, status, hurry)
