"""A host with faults that takes whatever a contestant sends, and knows which spans it has been given."""

from __future__ import annotations

import re
from collections import Counter

from tests.delivery.fault_server import FaultServer, Play, Received

from .app import MARK

_MARKS = re.compile(MARK.encode() + rb"[0-9a-f]{32}")


class Host(FaultServer):
    """`marks`: of each span how often it was taken, be it in JSON or in protobuf."""

    def __init__(self, play: Play = (), *, port: int = 0) -> None:
        super().__init__(play, port=port)
        self.marks: Counter[str] = Counter()

    def take(self, received: Received) -> None:
        self.marks.update(mark.decode() for mark in set(_MARKS.findall(received.text)))
