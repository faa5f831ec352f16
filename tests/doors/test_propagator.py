"""The nearest AI ancestor crosses process borders beside the trace context, and never without it."""

from __future__ import annotations

import importlib.util
from importlib.metadata import entry_points

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context
from opentelemetry.propagators.composite import CompositePropagator
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from otel_posthog_ai.context import remote_parent
from otel_posthog_ai.context.posthog_context import posthog_context
from otel_posthog_ai.context.remote_parent import RemoteParent, remote_ai_parent
from otel_posthog_ai.doors.propagator import HEADER, PostHogPropagator
from otel_posthog_ai.inbox import Inbox

TRACE, SPAN, HTTP_SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}
ORDERS = [
    [TraceContextTextMapPropagator(), W3CBaggagePropagator(), PostHogPropagator()],
    [PostHogPropagator(), W3CBaggagePropagator(), TraceContextTextMapPropagator()],
]


def headers(parent: str, trace_id: str = TRACE) -> dict[str, str]:
    return {"traceparent": f"00-{trace_id}-{HTTP_SPAN}-01", HEADER: parent}


@pytest.mark.parametrize("order", ORDERS)
def test_believed_beside_the_same_trace_in_any_order(order: list[PostHogPropagator]) -> None:
    context = CompositePropagator(order).extract(headers(f"00-{TRACE}-{SPAN}"))
    assert remote_ai_parent(context) == RemoteParent(int(TRACE, 16), int(SPAN, 16))


@pytest.mark.parametrize("order", ORDERS)
def test_not_believed_beside_another_trace(order: list[PostHogPropagator]) -> None:
    context = CompositePropagator(order).extract(headers(f"00-{TRACE}-{SPAN}", trace_id="1" * 32))
    assert remote_ai_parent(context) is None


def test_not_believed_without_a_trace() -> None:
    assert remote_ai_parent(PostHogPropagator().extract({HEADER: f"00-{TRACE}-{SPAN}"})) is None


def test_still_known_to_the_spans_of_that_trace_and_to_no_other() -> None:
    tracer = TracerProvider().get_tracer("test")
    context = CompositePropagator(ORDERS[0]).extract(headers(f"00-{TRACE}-{SPAN}"))
    local = trace.set_span_in_context(tracer.start_span("server", context=context), context)
    assert remote_ai_parent(local) is not None
    other = trace.set_span_in_context(tracer.start_span("other", context=Context()), context)
    assert remote_ai_parent(other) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        "00",
        f"00-{TRACE}",
        f"01-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01",
        f"00-{TRACE.upper()}-{SPAN}",
        f"00-{'0' * 32}-{SPAN}",
        f"00-{TRACE}-{'0' * 16}",
        f"00-{TRACE}-{SPAN}\n00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN[:-1]}٣",
        "x" * 100_000,
    ],
)
def test_malformed_headers_are_ignored(header: str) -> None:
    context = CompositePropagator(ORDERS[0]).extract(headers(header))
    assert remote_ai_parent(context) is None
    assert trace.get_current_span(context).get_span_context().trace_id == int(TRACE, 16)


@given(st.one_of(st.text(), st.lists(st.text())))
def test_any_header_at_all(header: str | list[str]) -> None:
    carrier = {"traceparent": f"00-{TRACE}-{HTTP_SPAN}-01", HEADER: header}
    assert remote_ai_parent(CompositePropagator(ORDERS[0]).extract(carrier)) is None


def test_two_different_parents_are_none() -> None:
    carrier = {"traceparent": [f"00-{TRACE}-{HTTP_SPAN}-01"], HEADER: [f"00-{TRACE}-{SPAN}", f"00-{TRACE}-{HTTP_SPAN}"]}
    assert remote_ai_parent(CompositePropagator(ORDERS[0]).extract(carrier)) is None


def test_nothing_is_written_outside_of_ai_spans() -> None:
    carrier: dict[str, str] = {}
    with TracerProvider().get_tracer("test").start_as_current_span("plain"):
        PostHogPropagator().inject(carrier)
    assert carrier == {}


def test_a_service_without_ai_spans_passes_on_what_it_was_told() -> None:
    tracer = TracerProvider().get_tracer("test")
    context = CompositePropagator(ORDERS[0]).extract(headers(f"00-{TRACE}-{SPAN}"))
    with tracer.start_as_current_span("gateway", context=context):
        here = trace.set_span_in_context(trace.get_current_span(), context)
        carrier: dict[str, str] = {}
        PostHogPropagator().inject(carrier, here)
    assert carrier == {HEADER: f"00-{TRACE}-{SPAN}"}


def test_identity_is_never_carried() -> None:
    carrier: dict[str, str] = {}
    context = CompositePropagator(ORDERS[0]).extract(headers(f"00-{TRACE}-{SPAN}"))
    with posthog_context(distinct_id="user-7", session_id="chat-3", properties={"plan": "pro"}):
        PostHogPropagator().inject(carrier, context)
    assert set(carrier) <= PostHogPropagator().fields == {HEADER}
    assert "user-7" not in str(carrier)


def test_is_found_by_its_name() -> None:
    if importlib.util.find_spec("otel_posthog_ai") is None:  # pragma: no cover
        pytest.skip("not importable")
    found = [entry for entry in entry_points(group="opentelemetry_propagator") if entry.name == "posthog_ai"]
    if not found:
        pytest.skip("the package is not installed")
    assert found[0].load() is PostHogPropagator


class TestAmongAISpans:
    def test_the_nearest_one_is_written(self, provider: TracerProvider) -> None:
        tracer = provider.get_tracer("test")
        with (
            tracer.start_as_current_span("invoke_agent helper", attributes=AGENT) as agent,
            tracer.start_as_current_span("plain"),
            tracer.start_as_current_span("GET"),
        ):
            carrier: dict[str, str] = {}
            PostHogPropagator().inject(carrier)
        own = agent.get_span_context()
        assert carrier == {HEADER: f"00-{own.trace_id:032x}-{own.span_id:016x}"}

    def test_a_local_one_wins_over_the_remote_one(self, provider: TracerProvider) -> None:
        tracer = provider.get_tracer("test")
        context = CompositePropagator(ORDERS[0]).extract(headers(f"00-{TRACE}-{SPAN}"))
        token = otel_context.attach(context)
        try:
            with tracer.start_as_current_span("server"):
                before: dict[str, str] = {}
                PostHogPropagator().inject(before)
                with tracer.start_as_current_span("invoke_agent helper", attributes=AGENT) as agent:
                    inside: dict[str, str] = {}
                    PostHogPropagator().inject(inside)
        finally:
            otel_context.detach(token)
        assert before == {HEADER: f"00-{TRACE}-{SPAN}"}
        assert inside == {HEADER: f"00-{TRACE}-{agent.get_span_context().span_id:016x}"}

    def test_a_root_that_was_passed_on_is_a_node_and_a_trace(self, provider: TracerProvider, inbox: Inbox) -> None:
        tracer = provider.get_tracer("test")
        with tracer.start_as_current_span("invoke_agent helper", attributes=AGENT) as agent:
            PostHogPropagator().inject({})
            with tracer.start_as_current_span("chat gpt-4o", attributes=CALL):
                pass
        assert provider.force_flush(10_000)
        own = agent.get_span_context()
        parents = {event["event"]: event["properties"].get("$ai_parent_id") for event in inbox.events()}
        assert parents == {
            "$ai_trace": None,
            "$ai_span": f"{own.trace_id:032x}",
            "$ai_generation": f"{own.span_id:016x}",
        }

    def test_what_is_remembered_is_bounded(self, provider: TracerProvider, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(remote_parent, "MOST_PASSED_ON", 16)
        monkeypatch.setattr(remote_parent, "_passed_on", {})
        tracer = provider.get_tracer("test")
        for _ in range(100):
            with tracer.start_as_current_span("invoke_agent helper", attributes=AGENT) as agent:
                PostHogPropagator().inject({})
        assert len(remote_parent._passed_on) <= 16
        assert remote_parent.was_passed_on(agent.get_span_context().span_id)
