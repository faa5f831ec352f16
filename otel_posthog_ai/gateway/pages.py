"""What the gateway says about itself: is it alive, is it ready, and what has it done."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from .answers import Answer
from .project import Project
from .projects import Target
from .receiver import Receiver

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_FULL = 0.9
_PREFIX = "posthog_gateway_"
_REFUSES_SECONDS = 60.0


def pages(receiver: Receiver, projects: Mapping[Target, Project]) -> dict[str, Callable[[], Answer]]:
    """Path → what gives its answer."""
    return {
        "/healthz": lambda: Answer(200, b"alive\n", "text/plain"),
        "/readyz": lambda: _ready(receiver, projects),
        "/metrics": lambda: Answer(200, "".join(_lines(receiver, projects)).encode(), _TEXT),
    }


def _ready(receiver: Receiver, projects: Mapping[Target, Project]) -> Answer:
    """Whether it should be sent anything: there is room, and PostHog answers."""
    faults: list[str] = []
    if receiver.budget.taken >= _FULL * receiver.budget.most:
        faults.append("the memory for spans is full")
    for target, project in projects.items():
        status = project.status()
        if status["paused"]:
            faults.append(f"{target.settings.host}: {status['paused']}")
        elif status["last_error"] and status["oldest_seconds"] > _REFUSES_SECONDS:
            faults.append(f"{target.settings.host} takes no events: {status['last_error']}")
    text = "; ".join(faults) if faults else "ready"
    return Answer(503 if faults else 200, f"{text}\n".encode(), "text/plain; charset=utf-8")


def _lines(receiver: Receiver, projects: Mapping[Target, Project]) -> Iterator[str]:
    received = receiver.received
    yield from _metric(
        "requests_total", "counter", "OTLP requests, by signal and HTTP status.",
        (({"signal": signal, "status": str(status)}, n) for (signal, status), n in received.requests.copy().items()),
    )  # fmt: skip
    yield from _metric("spans_received_total", "counter", "Spans in requests that were taken.", [({}, received.spans)])
    yield from _metric(
        "log_records_received_total", "counter", "Log records with content for PostHog.", [({}, received.log_records)]
    )
    yield from _metric(
        "rejected_total", "counter", "Spans and log records that could not be taken.", [({}, received.rejected)]
    )
    yield from _metric(
        "attributes_unread_total", "counter", "Attributes that could not be read, left out of what was taken.",
        [({}, received.unread_attributes)],
    )  # fmt: skip
    yield from _metric(
        "requests_repeated_total", "counter", "Requests that came again and had been taken.", [({}, received.repeated)]
    )
    yield from _metric("memory_bytes", "gauge", "Of requests and held traces.", [({}, receiver.budget.taken)])
    yield from _metric("memory_limit_bytes", "gauge", "From there on requests get 503.", [({}, receiver.budget.most)])
    statuses = [(target.binding, project, project.status()) for target, project in projects.items()]
    for name, kind, about, value in _OF_PROJECT:
        yield from _metric(name, kind, about, (({"project": project}, value(each, status))
                                               for project, each, status in statuses))  # fmt: skip
    yield from _metric(
        "events_dropped_total", "counter", "Spans and events that were lost, by reason.",
        (({"project": project, "reason": reason}, n)
         for project, _, status in statuses for reason, n in status["dropped"].items()),
    )  # fmt: skip
    yield from _metric(
        "spans_total", "counter", "Spans by instrumentation scope, and whether they were understood as AI.",
        (({"project": project, "scope": scope, "understood": "yes" if is_ai else "no"}, n)
         for project, _, status in statuses for (scope, is_ai), n in status["seen_by_scope"].items()),
    )  # fmt: skip


_OF_PROJECT: tuple[tuple[str, str, str, Callable[[Project, Mapping[str, Any]], float]], ...] = (
    ("held_spans", "gauge", "Spans of traces that are not yet whole.", lambda _, status: status["held_spans"]),
    ("held_traces", "gauge", "Traces that are not yet whole.", lambda _, status: status["held_traces"]),
    ("held_bytes", "gauge", "Memory of what is held.", lambda _, status: status["held_bytes"]),
    ("held_oldest_seconds", "gauge", "Since the first span of the oldest trace that is held.",
     lambda _, status: status["held_oldest_seconds"]),
    ("held_seconds_total", "counter", "How long the traces that left were held, all together.",
     lambda project, _: project.held_seconds),
    ("traces_total", "counter", "Traces that left.", lambda project, _: project.traces),
    ("log_records_lost_total", "counter", "Log records with content whose span did not come.",
     lambda project, _: project.lost_logs),
    ("events_queued_total", "counter", "Events made.", lambda _, status: status["queued"]),
    ("events_sent_total", "counter", "Events that PostHog took.", lambda _, status: status["sent"]),
    ("events_waiting", "gauge", "Events that PostHog has not taken yet.", lambda _, status: status["waiting"]),
    ("events_waiting_bytes", "gauge", "Their size.", lambda _, status: status["waiting_bytes"]),
    ("events_oldest_seconds", "gauge", "How long the oldest of them has been waiting.",
     lambda _, status: status["oldest_seconds"]),
    ("retries_total", "counter", "Requests to PostHog that were repeated.", lambda _, status: status["retried"]),
)  # fmt: skip


def _metric(name: str, kind: str, about: str, values: Iterable[tuple[Mapping[str, str], float]]) -> Iterator[str]:
    yield f"# HELP {_PREFIX}{name} {about}\n# TYPE {_PREFIX}{name} {kind}\n"
    for labels, value in values:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield f"{_PREFIX}{name}{{{inside}}} {value}\n" if inside else f"{_PREFIX}{name} {value}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
