"""An agent that calls an agent in another process is one tree with the propagator, and two known halves without."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from otel_posthog_ai.inbox import Inbox

from .applications import APPS, Run, environment, tree


def call_a_service(inbox: Inbox, run: Run, propagators: str) -> None:
    service = subprocess.Popen(
        [sys.executable, str(APPS / "service.py")],
        env=environment(inbox, OTEL_PROPAGATORS=propagators),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert service.stdout is not None
        port = service.stdout.readline().strip()
        run("caller.py", OTEL_PROPAGATORS=propagators, SERVICE=f"http://127.0.0.1:{port}/agent")
        assert service.wait(30) == 0
    finally:
        service.kill()
        service.communicate()


@pytest.mark.parametrize(
    "propagators", ["tracecontext,baggage,posthog_ai", "posthog_ai,tracecontext"], ids=["last", "first"]
)
def test_one_tree_with_the_propagator(inbox: Inbox, run: Run, propagators: str) -> None:
    if not [entry for entry in entry_points(group="opentelemetry_propagator") if entry.name == "posthog_ai"]:
        pytest.skip("the package is not installed in this environment")
    call_a_service(inbox, run, propagators)
    assert len({event["properties"]["$ai_trace_id"] for event in inbox.events()}) == 1
    assert tree(inbox.events()) == [
        ("$ai_generation", "chat gpt-4o", "remote"),
        ("$ai_span", "ask", "trace"),
        ("$ai_span", "remote", "ask"),
        ("$ai_trace", "local", "none"),
    ]


def test_without_it_nothing_dangles(inbox: Inbox, run: Run) -> None:
    call_a_service(inbox, run, "tracecontext,baggage")
    events = inbox.events()
    assert len({event["properties"]["$ai_trace_id"] for event in events}) == 1
    assert "DANGLING" not in str(tree(events))
    assert ("$ai_generation", "chat gpt-4o") in {(event, name) for event, name, _ in tree(events)}
