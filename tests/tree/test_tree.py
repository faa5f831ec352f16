"""Every AI span hangs on its nearest exported ancestor, whatever lies between and whenever it ends."""

from __future__ import annotations

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, StatusCode, TraceFlags, set_span_in_context

from otel_posthog_ai import PostHogSpanExporter, PostHogSpanProcessor
from otel_posthog_ai.doors.propagator import HEADER, PostHogPropagator
from tests.delivery.fault_server import FaultServer, answer
from tests.receiver import Receiver
from tests.recordings import load, play
from tests.traced import AGENT, CHAT, TOOL, Traced, assert_sound, parent_of, span_id_of, trace_id_of

GOLDEN = Path(__file__).parent.parent / "golden"
RECORDINGS = sorted((GOLDEN / "worked_examples").glob("*.spans.json")) + sorted(
    (GOLDEN / "semantic_kernel").glob("*.spans.json")
)


def test_spans_that_are_no_ai_are_links(traced: Traced) -> None:
    tracer = traced.tracer
    with (
        tracer.start_as_current_span("GET /", kind=SpanKind.SERVER),
        tracer.start_as_current_span("agent", attributes=AGENT),
        tracer.start_as_current_span("work"),
        tracer.start_as_current_span("execute_tool", attributes=TOOL),
        tracer.start_as_current_span("POST", kind=SpanKind.CLIENT),
        tracer.start_as_current_span("chat", attributes=CHAT),
    ):
        pass
    events = traced.events()
    assert set(events) == {"trace:helper", "search", "chat"}
    assert parent_of(events["search"]) == trace_id_of(events["search"])
    assert parent_of(events["chat"]) == span_id_of(events["search"])
    assert parent_of(events["trace:helper"]) is None
    assert_sound(traced.receiver.events)


def test_a_root_that_is_a_generation_stays_one(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("chat", attributes=CHAT):
        pass
    events = traced.events()
    assert events["chat"]["event"] == "$ai_generation"
    assert parent_of(events["chat"]) == trace_id_of(events["chat"])
    assert len(events) == 1


def test_a_single_tool_is_no_trace(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("execute_tool", attributes=TOOL):
        pass
    assert traced.events()["search"]["event"] == "$ai_span"


def test_of_two_roots_under_one_request_the_first_is_the_trace(traced: Traced) -> None:
    tracer = traced.tracer
    with tracer.start_as_current_span("GET /", kind=SpanKind.SERVER):
        for name in ("first", "second"):
            with (
                tracer.start_as_current_span(name, attributes={**AGENT, "gen_ai.agent.name": name}),
                tracer.start_as_current_span(f"chat {name}", attributes=CHAT),
            ):
                pass
    events = traced.events()
    assert set(events) == {"trace:first", "chat first", "second", "chat second"}
    assert parent_of(events["chat first"]) == parent_of(events["second"]) == trace_id_of(events["second"])
    assert parent_of(events["chat second"]) == span_id_of(events["second"])
    assert_sound(traced.receiver.events)


def test_the_first_root_is_the_trace_also_when_it_ends_last(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("GET /", kind=SpanKind.SERVER):
        first = traced.tracer.start_span("a", attributes={**AGENT, "gen_ai.agent.name": "first"})
        second = traced.tracer.start_span("b", attributes={**AGENT, "gen_ai.agent.name": "second"})
        second.end()
        traced.events()
        first.end()
    events = traced.events()
    assert set(events) == {"trace:first", "second"}


def test_an_ancestor_that_shows_itself_only_at_its_end(traced: Traced) -> None:
    tracer = traced.tracer
    with tracer.start_as_current_span("agent") as agent:
        with tracer.start_as_current_span("chat", attributes=CHAT):
            pass
        agent.set_attributes(AGENT)
    events = traced.events()
    assert set(events) == {"trace:helper", "chat"}
    assert parent_of(events["chat"]) == trace_id_of(events["chat"])


def test_a_late_child_of_a_root_that_has_left(traced: Traced) -> None:
    with traced.tracer.start_as_current_span("agent", attributes=AGENT):
        child = traced.tracer.start_span("chat", attributes=CHAT)
    traced.events()
    child.end()
    events = traced.events()
    assert parent_of(events["chat"]) == trace_id_of(events["trace:helper"])
    assert_sound(traced.receiver.events)


def test_a_child_that_left_under_an_open_span_keeps_its_parent(traced: Traced) -> None:
    """The open span's kind was unknown when the child left: the child named its id, so it is drawn as a node, too."""
    tracer = traced.provider.get_tracer("openinference.instrumentation.langchain")
    with tracer.start_as_current_span("graph") as graph:
        with traced.tracer.start_as_current_span("chat", attributes=CHAT):
            pass
        chat = traced.events()["chat"]
        graph.set_attribute("openinference.span.kind", "CHAIN")
    events = traced.events()
    assert parent_of(chat) == span_id_of(events["trace:graph"])
    assert events["graph"]["event"] == "$ai_span"
    assert parent_of(events["graph"]) == trace_id_of(events["graph"])
    assert_sound(traced.receiver.events)


def test_a_parent_that_never_ends_leaves_no_dangling_id(receiver: Receiver) -> None:
    traced = Traced(receiver)
    tracer = traced.provider.get_tracer("openinference.instrumentation.langchain")
    graph = tracer.start_span("graph")
    with traced.tracer.start_as_current_span("chat", context=set_span_in_context(graph), attributes=CHAT):
        pass
    traced.events()
    traced.provider.shutdown()
    assert set(traced.sent()) >= {"chat", "graph"}
    assert_sound(receiver.events)


def test_a_held_span_leaves_after_the_flush_interval(receiver: Receiver) -> None:
    traced = Traced(receiver, flush_interval_millis=300)
    undecided = traced.tracer.start_span("request")
    with traced.tracer.start_as_current_span("chat", context=set_span_in_context(undecided), attributes=CHAT):
        pass
    deadline = time.monotonic() + 10
    while not receiver.events and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [e["event"] for e in receiver.events] == ["$ai_generation"]
    undecided.end()
    traced.provider.shutdown()


def test_spans_that_the_filter_drops_are_links(receiver: Receiver) -> None:
    traced = Traced(receiver, span_filter=lambda span: span.name not in ("search it", "plain"))
    with (
        traced.tracer.start_as_current_span("agent", attributes=AGENT),
        traced.tracer.start_as_current_span("search it", attributes=TOOL),
        traced.tracer.start_as_current_span("chat", attributes=CHAT),
    ):
        pass
    events = traced.events()
    assert set(events) == {"trace:helper", "chat"}
    assert parent_of(events["chat"]) == trace_id_of(events["chat"])
    traced.provider.shutdown()


def test_a_remote_parent_makes_the_local_root_trace_and_node(traced: Traced) -> None:
    caller = SpanContext(0xABC, 0xDEF, True, TraceFlags(1))
    with (
        traced.tracer.start_as_current_span(
            "POST /", context=set_span_in_context(NonRecordingSpan(caller)), kind=SpanKind.SERVER
        ),
        traced.tracer.start_as_current_span("agent", attributes=AGENT),
        traced.tracer.start_as_current_span("chat", attributes=CHAT),
    ):
        pass
    events = traced.events()
    assert set(events) == {"trace:helper", "helper", "chat"}
    assert parent_of(events["chat"]) == span_id_of(events["helper"])
    assert parent_of(events["helper"]) == f"{0xABC:032x}"
    assert_sound(traced.receiver.events)


def test_threads_and_tasks(traced: Traced) -> None:
    tracer = traced.tracer

    def in_thread(context: otel_context.Context, number: int) -> None:
        with tracer.start_as_current_span(f"chat {number}", context=context, attributes=CHAT):
            time.sleep(0.001)

    async def in_task(number: int) -> None:
        with tracer.start_as_current_span(f"chat {number}", attributes=CHAT):
            await asyncio.sleep(0.001)

    async def many() -> None:
        await asyncio.gather(*(in_task(number) for number in range(20, 40)))

    with tracer.start_as_current_span("agent", attributes=AGENT):
        context = otel_context.get_current()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: in_thread(context, number), range(20)))
        asyncio.run(many())
    events = traced.events()
    assert len(events) == 41
    assert all(parent_of(e) == trace_id_of(e) for name, e in events.items() if name.startswith("chat"))


def test_starting_and_ending_from_many_threads_while_it_flushes(receiver: Receiver) -> None:
    traced = Traced(receiver, flush_at=5)
    stop = threading.Event()

    def flush() -> None:
        while not stop.is_set():
            traced.processor.force_flush(5_000)

    def work(number: int) -> None:
        for step in range(20):
            with (
                traced.tracer.start_as_current_span(
                    "agent", attributes={**AGENT, "gen_ai.agent.name": f"a{number}.{step}"}
                ),
                traced.tracer.start_as_current_span("between"),
                traced.tracer.start_as_current_span(f"chat {number}.{step}", attributes=CHAT),
            ):
                pass

    flusher = threading.Thread(target=flush)
    flusher.start()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    stop.set()
    flusher.join()
    traced.provider.shutdown()
    assert sum(e["event"] == "$ai_generation" for e in receiver.events) == 80
    assert_sound(receiver.events)


def _orphan(span_id: int, parent_id: int, trace_id: int = 1) -> ReadableSpan:
    flags = TraceFlags(1)
    return ReadableSpan(
        f"chat {span_id}",
        SpanContext(trace_id, span_id, False, flags),
        SpanContext(trace_id, parent_id, False, flags),
        attributes=CHAT,
        start_time=1,
        end_time=2,
    )


@pytest.mark.parametrize(
    "spans", [[_orphan(5, 5)], [_orphan(5, 6), _orphan(6, 5)], [_orphan(5, 6), _orphan(6, 7), _orphan(7, 5)]]
)
def test_cyclic_parents(receiver: Receiver, spans: list[ReadableSpan]) -> None:
    exporter = PostHogSpanExporter(api_key="phc_tree", host=receiver.url)
    exporter.export(spans)
    exporter.shutdown()
    assert len(receiver.events) == len(spans)
    parents = {span_id_of(e): parent_of(e) for e in receiver.events}
    for start in parents:
        seen, at = set(), start
        while at in parents:
            assert at not in seen, "a cycle left"
            seen.add(at)
            at = parents[at]


@pytest.mark.parametrize("early", [False, True], ids=["attributes at end", "attributes at start"])
@pytest.mark.parametrize(
    "path", RECORDINGS, ids=lambda path: path.parent.name + "/" + path.name.removesuffix(".spans.json")
)
def test_a_flush_after_every_step_leaves_a_sound_tree(receiver: Receiver, path: Path, early: bool) -> None:
    """Nothing can be taken back once it has left; what remains possible is a tree without dangling ids or doubles."""
    processor = PostHogSpanProcessor(api_key="phc_tree", host=receiver.url, flush_at=1)
    play(load(path), [processor], attributes_at_start=early, between=lambda: processor.force_flush(5_000))
    processor.shutdown()
    assert_sound(receiver.events)


def test_a_second_processor_of_the_same_project_stays_inert(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    for _ in range(2):
        provider.add_span_processor(PostHogSpanProcessor(api_key="phc_tree", host=receiver.url))
    with provider.get_tracer("tests").start_as_current_span("chat", attributes=CHAT):
        pass
    provider.force_flush()
    provider.shutdown()
    assert len(receiver.events) == 1
    assert sum("one is inert" in record.message for record in caplog.records) == 1


def _our_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name.startswith("otel-posthog-ai")}


@pytest.mark.parametrize("options", [{}, {"flush_at": 7}], ids=["the same settings", "other settings"])
def test_a_second_processor_holds_no_thread_and_its_flush_tells_the_truth(options: dict[str, int]) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    with FaultServer() as server:
        first = PostHogSpanProcessor(api_key="phc_tree", host=server.url, max_retries=0)
        provider.add_span_processor(first)
        before = _our_threads()
        second = PostHogSpanProcessor(api_key="phc_tree", host=server.url, max_retries=0, **options)
        provider.add_span_processor(second)
        provider.get_tracer("tests").start_span("chat", attributes=CHAT).end()
        for thread in _our_threads() - before:
            thread.join(10)  # one that was told to end does so in a moment
        assert _our_threads() <= before
        assert second.status() == {"inert": True}
        assert second.force_flush(5_000)
        assert len(server.events) == 1
        server.play(lambda _: answer(503))
        provider.get_tracer("tests").start_span("chat", attributes=CHAT).end()
        assert not second.force_flush(1_000)  # something is owed, by the first
        second.shutdown()
        assert first.active
        first.shutdown(100)


def test_nearest_ai_ancestor_is_what_the_propagator_writes(traced: Traced) -> None:
    with (
        traced.tracer.start_as_current_span("agent", attributes=AGENT) as agent,
        traced.tracer.start_as_current_span("POST", kind=SpanKind.CLIENT),
    ):
        here = trace.get_current_span().get_span_context()
        carrier: dict[str, str] = {}
        PostHogPropagator().inject(carrier)
        assert carrier == {HEADER: f"00-{here.trace_id:032x}-{agent.get_span_context().span_id:016x}"}
    outside: dict[str, str] = {}
    PostHogPropagator().inject(outside)
    assert outside == {}


def test_memory_stays_bounded_with_spans_that_never_end(receiver: Receiver) -> None:
    traced = Traced(receiver)
    kept = [traced.tracer.start_span("forgotten") for _ in range(50)]
    for number in range(60_000):
        span = traced.tracer.start_span("plain")
        if number % 100:
            span.end()
    hierarchy = traced.processor.hierarchy
    traced.processor.force_flush(1_000)
    assert len(hierarchy.open_spans) < 5_000
    assert len(hierarchy.ended) < 25_000
    assert all(hierarchy.open_spans.live(span.get_span_context().span_id) is span for span in kept)
    traced.provider.shutdown()


@pytest.mark.parametrize(("statuses", "expected"), [([429], 429), ([429, 503], 503), ([429, 200], None), ([200], None)])
def test_the_status_of_a_failed_call_from_the_request_below_it(
    traced: Traced, statuses: list[int], expected: int | None
) -> None:
    http = traced.provider.get_tracer("opentelemetry.instrumentation.httpx")
    with traced.tracer.start_as_current_span("call", attributes=CHAT) as call:
        for status in statuses:
            http.start_span("POST", kind=SpanKind.CLIENT, attributes={"http.response.status_code": status}).end()
        call.set_status(StatusCode.ERROR, "(refused) come back later")
    assert traced.events()["call"]["properties"].get("$ai_http_status") == expected
