"""What really happened in some requests, and the spans by which instrumentors tell it: once, or twice, and not all."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from .spellings import CLIENTS, FRAMEWORKS, Call

MILLISECONDS = 10
"""Of one tick: more than two clocks of one machine may differ by."""
WEB = "opentelemetry.instrumentation.fastapi"
_FACTS = ("text", "id", "usage")


@dataclass(eq=False)
class Span:
    """One span to be made."""

    scope: str
    name: str
    said: dict[str, Any]
    start: int
    parent: Span | None
    failed: bool = False


class Story:
    """Requests of users, each traced by a framework's instrumentor, by a client's, or by both.

    The client's span lies in the framework's (`nested`), beside it, in a trace of its own (`apart`: the context was
    lost), or below the request (`ambient`: the framework makes no span the current one).
    """

    def __init__(self, random: Random) -> None:
        self._random = random
        self._now = 0
        self.calls: list[Call] = []
        self.users: dict[int, str] = {}
        """Of each call."""
        self.tools: list[str] = []
        self.spans: list[Span] = []
        self.moments: list[tuple[int, Span, bool]] = []
        """The tick, a span, and whether it ends; in the order in which they happened."""
        for number in range(random.randint(1, 2)):
            self._request(f"user-{number}")
            if random.random() < 0.4:  # the next one begins before this one is over
                self._now = max(self._now - random.randint(0, 40), 0)
        self.moments.sort(key=lambda moment: moment[0])

    def _tick(self) -> int:
        self._now += self._random.choice((0, 1, 1, 2, 5))
        return self._now

    def _span(self, scope: str, name: str, said: dict[str, Any], parent: Span | None) -> Span:
        span = Span(scope, name, said, self._tick(), parent)
        self.spans.append(span)
        self.moments.append((span.start, span, False))
        return span

    def _end(self, span: Span) -> None:
        self.moments.append((self._tick(), span, True))

    def _request(self, user: str) -> None:
        random = self._random
        self._user = user
        self._framework, self._client = random.choice(list(FRAMEWORKS)), random.choice(list(CLIENTS))
        self._traced_by = random.choice(("framework", "client", "both", "both", "both"))
        self._stands = random.choice(("nested", "beside", "apart", "ambient"))
        self._web = self._span(WEB, "POST /chat", {"http.request.method": "POST", "user.id": user}, None)
        for _ in range(random.randint(1, 2)):
            self._step(self._web, random.choice(("agent", "chain", "call")), 0)
        self._end(self._web)

    def _step(self, parent: Span, kind: str, depth: int) -> None:
        if kind == "call":
            self._call(parent)
            return
        random, name = self._random, f"{kind} {len(self.spans)}"
        step = around = self._drawn(self._framework, kind, name, parent)
        if kind == "tool":
            self.tools.append(name)
            other = random.choice(list(FRAMEWORKS))
            if other != self._framework and random.random() < 0.4:
                around = self._drawn(other, kind, name, step)
        self._steps_in(around, kind, depth)
        if around is not step:
            self._end(around)
        self._end(step)

    def _drawn(self, scope: str, kind: str, name: str, parent: Span) -> Span:
        return self._span(scope, name, FRAMEWORKS[scope][1](kind, name, f"call of {name}"), parent)

    def _steps_in(self, around: Span, kind: str, depth: int) -> None:
        random = self._random
        at_once, began, latest = random.random() < 0.3, self._now, self._now
        for _ in range(random.choice((0, 0, 1)) if kind == "tool" else random.randint(1, 3)):
            inner = "call" if depth > 2 else random.choice(("call", "call", "tool", "agent", "chain"))
            self._now = began if at_once else self._now
            self._step(around, inner, depth + 1)
            latest = max(latest, self._now)
        self._now = latest

    def _call(self, parent: Span) -> None:
        random, call = self._random, self._next_call()
        told = self._told(call)
        spans: list[Span] = []
        if self._traced_by != "client":
            said = FRAMEWORKS[self._framework][0](call, told[0])
            spans.append(self._span(self._framework, f"call {call.number}", said, parent))
        if self._traced_by != "framework":
            said = CLIENTS[self._client](call, told[1])
            spans.append(self._span(self._client, f"client {call.number}", said, self._place(parent, spans)))
        self._now += random.choice((2, 3, 5, 20))
        for span in reversed(spans):
            span.failed = call.failed
            self._end(span)

    def _next_call(self) -> Call:
        random, number = self._random, len(self.calls)
        embeds, alike = random.random() < 0.1, self._traced_by != "both" and random.random() < 0.5
        call = Call(
            number,
            embeds=embeds,
            failed=random.random() < 0.1,
            model="text-embedding-3-small" if embeds else random.choice(("gpt-4o", "gpt-4o-mini")),
            input_tokens=7 if alike else 10 + number,
            output_tokens=70 if alike else 100 + number,
            question="the same" if alike else f"question {number}",
        )
        self.calls.append(call)
        self.users[number] = self._user
        return call

    def _told(self, call: Call) -> tuple[set[str], set[str]]:
        """What each of both tells: together the usage, and what a person could tell the calls apart by."""
        random = self._random
        told = {fact for fact in _FACTS if random.random() < 0.6}, {fact for fact in _FACTS if random.random() < 0.6}
        if self._traced_by != "both":
            told[self._traced_by == "client"].add("usage")
            return told
        told[random.choice((0, 1))].add("usage")
        if self._stands != "nested":
            shared = "usage" if call.embeds else random.choice(("text", "usage"))
            told[0].add(shared)
            told[1].add(shared)
        return told

    def _place(self, parent: Span, framework: list[Span]) -> Span | None:
        if not framework:
            return parent
        return {"nested": framework[0], "beside": parent, "ambient": self._web, "apart": None}[self._stands]
