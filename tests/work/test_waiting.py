"""What waits for what: calls for streams and for other traces, records for their span or their conversation's end."""

from __future__ import annotations

import time
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import Span, StatusCode

from otel_posthog_ai.agent_logs.entry import AgentEntry
from otel_posthog_ai.agent_logs.entry import agent_entry as entry_of
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.reading.content_events import CHOICE, EVALUATION
from otel_posthog_ai.reading.source import Occurrence
from otel_posthog_ai.work import held_agents, held_logs, late_results
from otel_posthog_ai.work.held_agents import HeldAgents
from otel_posthog_ai.work.held_logs import HeldLogs, weight
from otel_posthog_ai.work.late_results import LateResults
from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT, TOOL

MILLISECOND = 1_000_000
EMBEDDING = {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "m"}
STREAMED = {**CHAT, "gen_ai.request.stream": True}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1_000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


# ---- calls that another instrumentor may report, too -----------------------------------------------------------------

# What is open (its scope, what it says, when it began), what has ended from 10 to 90, where -> whether that waits.
MEETS = {
    "a call of another scope": (("framework", CHAT, 0), CHAT, "alone", True),
    "one that began with it": (("framework", CHAT, 10), CHAT, "alone", True),
    "one that began later": (("framework", CHAT, 11), CHAT, "alone", False),
    "a call of its own scope": (("client", CHAT, 0), CHAT, "alone", False),
    "an embedding": (("framework", EMBEDDING, 0), CHAT, "alone", False),
    "an agent": (("framework", AGENT, 0), CHAT, "alone", False),
    "nothing of AI": (("opentelemetry.instrumentation.requests", {"http.request.method": "GET"}, 0), CHAT, "alone",
                      False),
    "an instrumentor of calls": (("openinference.instrumentation.langchain", {}, 0), CHAT, "alone", True),
    "a call, and a step has ended": (("framework", CHAT, 0), TOOL, "alone", False),
    "a call, and one with a parent in its own trace has ended": (("framework", CHAT, 0), CHAT, "apart", False),
    "a call beside it": (("framework", CHAT, 0), CHAT, "beside", True),
    "a call below a step beside it": (("framework", CHAT, 0), CHAT, "further out", True),
    "a call beside it, below another step": (("framework", CHAT, 0), CHAT, "below another", False),
    "a call beside it, whose stream it may have read": (("framework", CHAT, 0), STREAMED, "beside", True),
    "a call of another trace, whose stream is not its own": (("framework", CHAT, 0), STREAMED, "apart", False),
}  # fmt: skip


@pytest.mark.parametrize("row", MEETS)
def test_a_call_waits_for_what_may_report_it_too(row: str) -> None:
    (scope, said, start), ended, place, waits = MEETS[row]
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer

    def begin(scope: str, start: int, said: dict[str, Any], above: Span | None) -> Span:
        context = trace.set_span_in_context(above, Context()) if above is not None else Context()
        return tracer_of(scope).start_span("span", context, attributes=said, start_time=(1_000 + start) * MILLISECOND)

    request = begin("app", -10, AGENT, None)
    step = begin("app", -5, TOOL, request)
    around = begin(scope, start, said, {"beside": request, "further out": step, "below another": step}.get(place))
    above = {"alone": None, "apart": begin("app", -10, AGENT, None), "below another": begin("app", -5, TOOL, request)}
    above |= {"beside": request, "further out": request}
    begin("client", 10, ended, above[place]).end(1_090 * MILLISECOND)
    stages.leave(everything=False)
    assert stages.room.held == int(waits)
    around.end(1_100 * MILLISECOND)
    stages.leave(everything=False)
    assert stages.room.held == 0


# When the other call ended, on its way still -> whether the one that lasted from 10 to 90 waits for it.
@pytest.mark.parametrize(("end", "token", "waits"), [(90, None, True), (89, None, False), (11, 12, True)])
def test_a_call_waits_for_one_that_lasted_as_long_or_handed_out_a_stream(
    end: int, token: int | None, waits: bool
) -> None:
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    outer = tracer_of("framework").start_span("outer", Context(), attributes=CHAT, start_time=1_000 * MILLISECOND)
    if token is not None:
        outer.add_event("First Token Stream Event", timestamp=(1_000 + token) * MILLISECOND)
    inner = tracer_of("client").start_span("inner", Context(), attributes=CHAT, start_time=1_010 * MILLISECOND)
    inner.end(1_090 * MILLISECOND)
    stages.queue_ended()
    stages.read_queued()
    outer.end((1_000 + end) * MILLISECOND)
    stages.queue_ended()
    stages.release(everything=False)
    assert stages.room.held == int(waits)


# ---- spans that never end --------------------------------------------------------------------------------------------


def test_at_the_end_an_open_span_leaves_if_its_child_has_named_it() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    root = tracer.start_span("root", attributes={**AGENT, "gen_ai.agent.name": "a"})
    named = tracer.start_span("named", trace.set_span_in_context(root), attributes=AGENT)
    inner = tracer.start_span("inner", trace.set_span_in_context(named), attributes={**AGENT, "gen_ai.agent.name": "b"})
    tracer.start_span("chat", trace.set_span_in_context(inner), attributes=CHAT).end()
    nobody = tracer.start_span("nobody", attributes=AGENT)
    inner.end()
    stages.leave()
    before = time.time()
    left = [decode(event) for event in stages.room.release(everything=True, final=True)]
    assert {event["properties"]["$ai_span_id"] for event in left} == {f"{named.get_span_context().span_id:016x}"}
    (step,) = (event["properties"] for event in left if event["event"] == "$ai_span")
    assert 0 < step["$ai_latency"] == pytest.approx(time.time() - before, abs=30)
    assert all(span.is_recording() for span in (root, named, nobody))


def test_at_the_end_nobody_names_a_span_that_will_never_end() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    agent = tracer.start_span("agent", attributes=AGENT)
    inner = tracer.start_span("inner", trace.set_span_in_context(agent), attributes=AGENT)
    tracer.start_span("chat", trace.set_span_in_context(inner), attributes=CHAT).end()
    stages.queue_ended()
    stages.read_queued()
    (chat,) = (decode(event)["properties"] for event in stages.room.release(everything=True, final=True))
    assert chat["$ai_parent_id"] == chat["$ai_trace_id"]


def test_at_the_end_an_open_span_that_says_nothing_leaves_if_its_child_has_named_it() -> None:
    """Its scope is one of AI alone, so the child took it for a step and hangs on it."""
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    silent = tracer_of("openinference.instrumentation.langchain").start_span("silent")
    tracer_of("app").start_span("chat", trace.set_span_in_context(silent), attributes=CHAT).end()
    assert stages.leave() == ["chat"]
    stages.events += [decode(event) for event in stages.room.release(everything=True, final=True)]
    parent = stages.events[0]["properties"]["$ai_parent_id"]
    assert parent in {event["properties"]["$ai_span_id"] for event in stages.events if event["event"] == "$ai_span"}


# ---- in which order ----


@pytest.mark.parametrize("between", [0, 2])
def test_an_ancestor_whose_clock_is_late_is_placed_before_what_ran_below_it(between: int) -> None:
    """Else it would not be known as the root of the trace when that is placed, and leave a second time as a step."""
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    spans = [tracer.start_span("agent", Context(), attributes=AGENT, start_time=1_001 * MILLISECOND)]
    for attributes in (*[{}] * between, CHAT):
        above = trace.set_span_in_context(spans[-1], Context())
        spans.append(tracer.start_span("below", above, attributes=attributes, start_time=1_000 * MILLISECOND))
    for span in reversed(spans):
        span.end(1_010 * MILLISECOND)
    stages.leave()
    assert [event["event"] for event in stages.events] == ["$ai_trace", "$ai_generation"]


# ---- results that judges give afterwards -----------------------------------------------------------------------------


def result(name: str = "helpful", **said: Any) -> Occurrence:
    return Occurrence(EVALUATION, {"gen_ai.evaluation.name": name, "gen_ai.evaluation.score.value": 1.0, **said})


@pytest.mark.parametrize("named_by", ["span", "merged span", "answer", "neither"])
def test_a_result_finds_the_call_that_has_left(named_by: str) -> None:
    stages, results = Stages(), LateResults()
    tracer_of, said = provider_of(stages).get_tracer, {**CHAT, "gen_ai.response.id": "r1"}
    with tracer_of("framework").start_as_current_span("chat", attributes=said) as span:
        inner = tracer_of("client").start_span("chat", attributes=said)
        inner.end()
    named = {"span": span, "merged span": inner}.get(named_by, trace.INVALID_SPAN)
    said = {"gen_ai.response.id": "r1"} if named_by == "answer" else {}
    results.add(named.get_span_context().span_id, result(**said))
    assert stages.room.evaluated(results) == [], "the call has not left yet"
    stages.leave()
    told = [decode(event) for event in stages.room.evaluated(results)]
    assert [event["event"] for event in told] == ([] if named_by == "neither" else ["$ai_metric"])
    assert len(results) == (1 if named_by == "neither" else 0)
    assert stages.room.evaluated(results) == []


def test_results_wait_in_their_order_and_for_an_hour(clock: Clock) -> None:
    results = LateResults()
    for number in range(3):
        results.add(number + 1, result(f"result {number}"))
        clock.now += 1
    assert [found for found, _ in results.due(lambda span_id, _: "call" if span_id == 2 else None)] == ["call"]
    results.add(4, result("result 3"))
    assert [each.name for _, each in results.due(lambda span_id, _: span_id)] == ["result 0", "result 2", "result 3"]
    results.add(1, result())
    clock.now += late_results.LONGEST_WAIT
    assert not list(results.due(lambda span_id, _: None))
    assert len(results) == 0


# ---- log records with content ----------------------------------------------------------------------------------------


def ended(start: int = 0, end: int = 100, scope: str = "app", failed: bool = False) -> ReadableSpan:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer(scope)
    span = tracer.start_span("chat", Context(), start_time=(1_000 + start) * MILLISECOND)
    if failed:
        span.set_status(StatusCode.ERROR)
    span.end((1_000 + end) * MILLISECOND)
    assert isinstance(span, ReadableSpan)
    return span


def record(text: str, at: int = 0, name: str = CHOICE) -> Occurrence:
    return Occurrence(name, {"content": text}, None, (1_000 + at) * MILLISECOND)


def texts(found: Any) -> list[str]:
    return [each.attributes["content"] for each in found]


# When a record of no span was written, by which scope, and how the span went that lasted from 0 to 100 -> it is its.
STRAYS = {
    "while it ran": (50, "app", False, True),
    "when it began": (0, "app", False, True),
    "before": (-1, "app", False, False),
    "two seconds after it": (2_100, "app", False, True),
    "long after it": (2_101, "app", False, False),
    "by another scope": (50, "other", False, False),
    "and it failed": (50, "app", True, False),
}


@pytest.mark.parametrize("row", STRAYS)
def test_whose_a_record_is_that_names_no_span(row: str) -> None:
    at, scope, failed, its = STRAYS[row]
    logs = HeldLogs()
    logs.add(0, 0, record("stray", at), scope)
    assert texts(logs.of(ended(failed=failed))) == (["stray"] if its else [])
    assert texts(logs.of(ended())) == (["stray"] if not its and (scope, failed) == ("app", True) else [])


def test_the_nearest_stray_rather_before_the_end_than_after_it() -> None:
    logs = HeldLogs()
    for text, at in (("after", 101), ("early", 10), ("late", 90), ("later", 300)):
        logs.add(0, 0, record(text, at), "app")
    assert [texts(logs.of(ended())) for _ in range(5)] == [["late"], ["early"], ["after"], ["later"], []]


def test_a_span_with_an_answer_of_its_own_takes_no_stray() -> None:
    logs = HeldLogs()
    first, second = ended(), ended()
    for span, name in ((first, CHOICE), (second, "gen_ai.user.message")):
        context = span.get_span_context()
        assert context is not None
        logs.add(context.trace_id, context.span_id, record("own", name=name), "app")
    logs.add(0, 0, record("stray", 50), "app")
    assert texts(logs.of(first)) == ["own"]
    assert texts(logs.of(second)) == ["own", "stray"]
    assert texts(logs.of(second)) == [], "they are handed out once"


# What is bounded -> the bound that is set, and which of five records of spans and of nobody are still there.
@pytest.mark.parametrize(
    ("bound", "most", "kept", "told"),
    [
        ("MOST_SPANS", 3, [2, 3, 4], True),
        ("MOST_STRAYS", 3, [0, 1, 2, 3, 4], False),
        ("MOST_BYTES", 3 * weight({"content": "x0"}) + 3 * 16, [2, 3, 4], True),
    ],
)
def test_the_oldest_records_go_when_there_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    bound: str,
    most: int,
    kept: list[int],
    told: bool,
) -> None:
    monkeypatch.setattr(held_logs, bound, most)
    logs, spans = HeldLogs(), [ended() for _ in range(5)]
    for number, span in enumerate(spans):
        context = span.get_span_context()
        assert context is not None
        logs.add(context.trace_id, context.span_id, record(f"x{number}"), "other")
    assert [number for number, span in enumerate(spans) if texts(logs.of(span)) == [f"x{number}"]] == kept
    assert ("log records with message content are dropped" in caplog.text) is told


def test_what_was_handed_out_or_has_gone_weighs_nothing(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Three records fit: of spans, and of nobody; whoever leaves makes room for one more."""
    monkeypatch.setattr(held_logs, "MOST_BYTES", 3 * weight({"content": "xx"}) + 3 * 16)
    logs = HeldLogs()

    def add(span: ReadableSpan | None) -> None:
        context = span.get_span_context() if span is not None else None
        logs.add(*((context.trace_id, context.span_id) if context else (0, 0)), record("xx", 50), "app")

    for _ in range(4):
        spans = [ended(scope="other") for _ in range(2)]
        add(None)
        for span in spans:
            add(span)
        assert [texts(logs.of(span)) for span in spans] == [["xx"], ["xx"]]
        assert texts(logs.of(ended())) == ["xx"]
    add(ended())
    add(None)
    clock.now += held_logs.LONGEST_WAIT + 1
    spans = [ended(scope="other") for _ in range(3)]
    for span in spans:
        add(span)
    assert [texts(logs.of(span)) for span in spans] == [["xx"]] * 3


def test_one_record_or_one_span_does_not_push_out_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_logs, "MOST_RECORDS_OF_A_SPAN", 2)
    monkeypatch.setattr(held_logs, "MOST_BYTES", 1_000)
    logs, first, second = HeldLogs(), ended(), ended()
    for span, text in ((first, "one"), (second, "x" * 1_000), (second, "a"), (second, "b"), (second, "c")):
        context = span.get_span_context()
        assert context is not None
        logs.add(context.trace_id, context.span_id, record(text), "app")
    assert (texts(logs.of(first)), texts(logs.of(second))) == (["one"], ["a", "b"])


# ---- log records of agents -------------------------------------------------------------------------------------------


def agent_entry(session: str, text: str = "") -> AgentEntry:
    said = {"session.id": session, "event.name": "user_prompt", "prompt": text}
    scope = "com.anthropic.claude_code.events"
    entry = entry_of(0, scope, None, Resource({}), Occurrence("claude_code.user_prompt", said, None, 1))
    assert entry is not None
    return entry


def sessions(entries: list[AgentEntry]) -> list[str]:
    return [entry.session for entry in entries]


def test_records_of_an_agent_wait_until_its_conversation_is_quiet(clock: Clock) -> None:
    agents = HeldAgents()
    for session in ("a", "b", "a"):
        agents.add(agent_entry(session))
        clock.now += 1
    assert (len(agents), agents.due(3.0)) == (3, [])
    assert sessions(agents.due(2.0)) == ["b"], "it said its last word two seconds ago"
    assert len(agents) == 2
    assert sessions(agents.due(1.0)) == ["a", "a"]
    assert (len(agents), agents.due(0.0)) == (0, [])


@pytest.mark.parametrize("bound", ["MOST_RECORDS", "MOST_BYTES"])
def test_the_conversation_that_was_quiet_longest_goes_first(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, bound: str
) -> None:
    size = weight(agent_entry("a", "x" * 100).record.attributes) + weight(None)
    monkeypatch.setattr(held_agents, bound, 3 if bound == "MOST_RECORDS" else 3 * size)
    agents = HeldAgents()
    for _ in range(3):
        for session in ("a", "b", "b"):
            agents.add(agent_entry(session, "x" * 100))
        assert not caplog.text
        assert sessions(agents.due(0.0)) == ["a", "b", "b"]
    for session in ("a", "b", "c", "a"):
        agents.add(agent_entry(session, "x" * 100))
    assert sessions(agents.due(0.0)) == ["c", "a", "a"]
    assert "log records of agents are dropped" in caplog.text
    for _ in range(5):
        agents.add(agent_entry("a", "x" * 100))
    assert len(agents) == 5, "one conversation alone is never given up"


def test_few_or_new_or_long_unseen_spans_are_looked_through(clock: Clock) -> None:
    """Of more than 64 that wait a quarter has to be new, unless half a second has passed."""
    stages = Stages()
    provider = provider_of(stages)
    tracer = provider.get_tracer("app")

    def leaves() -> list[str]:
        return stages.leave(everything=False)

    parents = [tracer.start_span(f"parent {number}") for number in range(80)]
    for parent in parents:
        tracer.start_span("chat", trace.set_span_in_context(parent), attributes=CHAT).end()
    assert leaves() == []
    parents[0].end()
    assert leaves() == [], "nothing new, and a moment ago"
    clock.now += 0.5
    assert leaves() == ["chat"]
    for parent in parents[1:20]:
        parent.end()
    assert len(leaves()) == 1
    for _ in range(27):
        tracer.start_span("late", trace.set_span_in_context(parents[-1]), attributes=CHAT).end()
    assert len(leaves()) == 20, "27 of 106 are more than a quarter"
