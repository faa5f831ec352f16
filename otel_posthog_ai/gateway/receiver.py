"""From the body of a request to spans that are held: what is answered with 200 is kept, what is not kept is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Hashable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha1
from typing import Any, Literal

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.log import warn
from otel_posthog_ai.otlp import protobuf
from otel_posthog_ai.otlp.json_values import Malformed, parse
from otel_posthog_ai.otlp.requests import Contents, LogEntry, read_request

from .bodies import Refused
from .budget import Budget
from .journal import Entry, Journal
from .project import Project
from .projects import Routes, Target
from .whose import Whose

Signal = Literal["traces", "logs", "metrics"]
Form = Literal["protobuf", "json"]

_RETRY_SECONDS = 5
_NO_PROJECT = "no project is configured for their resource"
_MOST_TAKEN = 20_000
_REASONS_TOLD = 3


@dataclass(slots=True)
class Receipt:
    """What is said of a request that was taken."""

    rejected: int = 0
    """Spans or log records that could not be."""
    reason: str = ""


@dataclass(slots=True)
class Received:
    """Counts since the start, for `/metrics`."""

    requests: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    """By signal and HTTP status."""
    spans: int = 0
    log_records: int = 0
    rejected: int = 0
    unread_attributes: int = 0
    """Attributes that were left out of what was taken, because they could not be read."""
    repeated: int = 0
    """Requests that came again, byte for byte."""


class Receiver:
    """Reads, sorts by project, keeps. Thread-safe."""

    def __init__(
        self, routes: Routes, projects: Mapping[Target, Project], budget: Budget, journal: Journal | None
    ) -> None:
        self.received = Received()
        self.budget = budget
        self.routes = routes
        self._projects = projects
        self._journal = journal
        self._taken: dict[Hashable, None] = {}
        """Marks of the requests that were taken last."""

    def receive(self, signal: Signal, form: Form, body: bytes, target: Target | None, whose: Whose) -> Receipt:
        """Take a request. Raises `Refused`: 400 for what is no OTLP at all, 503 when the disk takes no more."""
        try:
            contents = _read(signal, form, body, whose)
        except Malformed as error:
            raise Refused(400, f"no OTLP request: {error}") from None
        receipt = Receipt(len(contents.malformed), _reason(contents))
        parts, homeless = self._sorted(contents, target)
        if homeless:
            warn("gateway:homeless", "spans or log records are refused: %s (--config)", _NO_PROJECT)
            receipt.rejected += homeless
            receipt.reason = "; ".join(filter(None, (receipt.reason, _NO_PROJECT)))
        if parts:
            mark = _mark_of(signal, body, target, whose)
            if mark in self._taken:
                self.received.repeated += 1
            else:
                self._keep(parts, len(body), mark, self._written(signal, form, body, target, whose))
        self.received.spans += len(contents.spans)
        self.received.log_records += len(contents.logs)
        self.received.rejected += receipt.rejected
        self.received.unread_attributes += contents.unread_attributes.total()
        return receipt

    def _keep(self, parts: list[tuple[Target, Contents]], size: int, mark: Hashable, entry: Entry | None) -> None:
        for target, part in parts:
            self._projects[target].take(part, size, entry)
        if entry is not None:
            entry.let_go()
        self._taken[mark] = None
        forget_oldest(self._taken, _MOST_TAKEN)

    @contextmanager
    def room_for(self, size: int) -> Generator[None]:
        """Room for so many bytes while they are worked on. Raises `Refused` (503)."""
        self.reserve(size)
        try:
            yield
        finally:
            self.budget.move(-size)

    def reserve(self, size: int) -> None:
        """So many bytes more are needed until the budget is moved back. Raises `Refused` (503)."""
        if not self.budget.take(size):
            reason = "the memory for spans is full: PostHog takes less than arrives"
            raise Refused(503, reason, retry_after=_RETRY_SECONDS)

    def recover(self) -> int:
        """Take what an earlier gateway had on disk; how many requests that were."""
        if self._journal is None:
            return 0
        count = 0
        by_binding = {target.binding: target for target in self._projects}
        for entry, about, body in self._journal.left():
            target = by_binding.get(about.get("project", ""))
            if target is None and about.get("project"):
                warn("gateway:recover", "requests on disk are for a project that is not configured; they stay there")
                continue
            signal, whose = about["signal"], Whose(**about["whose"])
            parts, _ = self._sorted(_read(signal, about["form"], body, whose), target)
            self._keep(parts, len(body), _mark_of(signal, body, target, whose), entry)
            count += 1
        return count

    def _written(self, signal: Signal, form: Form, body: bytes, target: Target | None, whose: Whose) -> Entry | None:
        if self._journal is None:
            return None
        about: dict[str, Any] = {"signal": signal, "form": form, "whose": whose.as_json()}
        if target is not None:
            about["project"] = target.binding
        try:
            return self._journal.add(about, body)
        except OSError as error:
            warn("gateway:disk", "the spool directory takes no requests: %s", error.strerror)
            raise Refused(503, "the disk takes no more", retry_after=10) from None

    def _sorted(self, contents: Contents, target: Target | None) -> tuple[list[tuple[Target, Contents]], int]:
        """What is for which project, and how many spans and records are for none."""
        if not contents.spans and not contents.logs:
            return [], 0
        if target is None and not self.routes.sorts_by_resource:
            target = self.routes.by_resource({})
        if target is not None:
            return [(target, contents)], 0
        parts: dict[Target, Contents] = {}
        homeless = 0
        targets: dict[int, Target | None] = {}
        items: list[ReadableSpan | LogEntry] = [*contents.spans, *contents.logs]
        for item in items:
            resource = item.resource
            if id(resource) not in targets:
                targets[id(resource)] = self.routes.by_resource(resource.attributes if resource is not None else {})
            found = targets[id(resource)]
            if found is None:
                homeless += 1
            elif isinstance(item, LogEntry):
                parts.setdefault(found, Contents()).logs.append(item)
            else:
                parts.setdefault(found, Contents()).spans.append(item)
        return list(parts.items()), homeless


def _reason(contents: Contents) -> str:
    """Why not all of it was taken, "" where it was."""
    reasons = sorted(set(contents.malformed))[:_REASONS_TOLD]
    reasons += [f"an attribute was left out: {each}" for each in sorted(contents.unread_attributes)[:_REASONS_TOLD]]
    return "; ".join(reasons)


def _mark_of(signal: Signal, body: bytes, target: Target | None, whose: Whose) -> Hashable:
    """What tells a request that is sent again, because its answer was lost, from one that only looks like another.

    Spans that come twice are told by their ids; of log records a copy would be taken for one more message.
    """
    mark = sha1(body, usedforsecurity=False)  # the fastest of those that tell apart what was not made to be alike
    mark.update(repr((signal, whose)).encode())  # of headers, which may be long, nothing else is kept
    return mark.digest(), target


def _read(signal: Signal, form: Form, body: bytes, whose: Whose) -> Contents:
    if signal == "metrics":
        return Contents()
    said = whose.as_resource()
    if form == "protobuf":
        return protobuf.read_traces(body, said) if signal == "traces" else protobuf.read_logs(body, said)
    try:
        return read_request(parse(body) if body.strip() else {}, said)
    except (ValueError, RecursionError) as error:
        if isinstance(error, Malformed):
            raise
        raise Malformed("not JSON") from None
