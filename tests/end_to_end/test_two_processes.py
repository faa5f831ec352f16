"""An agent that calls an agent in another process is one tree with the propagator, and two known halves without."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from otel_posthog_ai.inbox import Inbox

from .applications import APPS, Collector, Run, environment, instrument, tree


def call_a_service(
    inbox: Inbox, run: Run, *, service: str = "service.py", caller: str = "caller.py", **environ: str
) -> None:
    command = instrument() if service != "service.py" else []
    serving = subprocess.Popen(
        [*command, sys.executable, str(APPS / service)],
        env=environment(inbox, **environ),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert serving.stdout is not None
        address = f"http://127.0.0.1:{serving.stdout.readline().strip()}/agent"
        run(caller, instrumented=bool(command), SERVICE=address, **environ)
        assert serving.wait(30) == 0
    finally:
        serving.kill()
        serving.communicate()


def needs_the_entry_point() -> None:
    if not [entry for entry in entry_points(group="opentelemetry_propagator") if entry.name == "posthog_ai"]:
        pytest.skip("the package is not installed in this environment")


@pytest.mark.parametrize(
    "propagators", ["tracecontext,baggage,posthog_ai", "posthog_ai,tracecontext"], ids=["last", "first"]
)
def test_one_tree_with_the_propagator(inbox: Inbox, run: Run, propagators: str) -> None:
    needs_the_entry_point()
    call_a_service(inbox, run, OTEL_PROPAGATORS=propagators)
    assert len({event["properties"]["$ai_trace_id"] for event in inbox.events()}) == 1
    assert tree(inbox.events()) == [
        ("$ai_generation", "chat gpt-4o", "remote"),
        ("$ai_span", "ask", "trace"),
        ("$ai_span", "remote", "ask"),
        ("$ai_trace", "local", "none"),
    ]


def test_without_it_nothing_dangles(inbox: Inbox, run: Run) -> None:
    call_a_service(inbox, run, OTEL_PROPAGATORS="tracecontext,baggage")
    events = inbox.events()
    assert len({event["properties"]["$ai_trace_id"] for event in events}) == 1
    assert "DANGLING" not in str(tree(events))
    assert ("$ai_generation", "chat gpt-4o") in {(event, name) for event, name, _ in tree(events)}


def test_two_instrumented_services_without_a_line_of_code(inbox: Inbox, run: Run, collector: Collector) -> None:
    needs_the_entry_point()
    for name in ("flask", "requests", "opentelemetry.instrumentation.flask", "opentelemetry.instrumentation.requests"):
        pytest.importorskip(name)
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    call_a_service(
        inbox,
        run,
        service="web_service.py",
        caller="web_caller.py",
        OTEL_PROPAGATORS="tracecontext,baggage,posthog_ai",
        OTEL_TRACES_EXPORTER="otlp,posthog_ai",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="",
    )
    assert tree(inbox.events()) == [
        ("$ai_generation", "chat gpt-4o", "remote"),
        # The other process names the root by its id, so the root is a node of the tree, too.
        ("$ai_span", "local", "trace"),
        ("$ai_span", "remote", "local"),
        ("$ai_trace", "local", "none"),
    ]
    described = [event["properties"] for event in inbox.events()]
    assert len({properties["$ai_trace_id"] for properties in described}) == 1
    sessions = {properties["$ai_span_name"]: properties.get("$session_id") for properties in described}
    assert sessions == {"local": None, "remote": "browser-1", "chat gpt-4o": "browser-1"}
    # The server span and the client span of the call, and none of the requests to PostHog or to the collector.
    assert [name for name, _ in collector.spans()] == [
        "GET",
        "GET /agent",
        "chat gpt-4o",
        "invoke_agent local",
        "invoke_agent remote",
    ]
