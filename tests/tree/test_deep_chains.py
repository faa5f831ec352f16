"""A chain of thousands of spans costs what as many beside each other do: counted in steps up, not in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, TraceFlags

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.tree.nodes import Node
from otel_posthog_ai.work.reading_room import ReadingRoom
from tests.stages import Stages

SHORT, LONG = 300, 1_200
MOST_STEPS = 30
"""Steps up to the next ancestor that a span may cost, however many there are."""
BATCH = 50
MOST_WAYS = 8
"""Times that the whole way up may be walked for a batch."""

Attributes = dict[str, str | int]


def _agent(number: int) -> Attributes:
    return {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": f"agent {number}"}


def _chat(number: int) -> Attributes:
    return {"gen_ai.operation.name": "chat", "gen_ai.request.model": f"m{number}", "gen_ai.usage.input_tokens": 3}


def _tool(number: int) -> Attributes:
    return {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": f"tool {number}"}


def _span(number: int, parent: int | None, attributes: Attributes, scope: str = "app", count: int = 0) -> ReadableSpan:
    """Span `number` of `count` nested ones: it begins after those before it, and ends before them."""
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return ReadableSpan(
        name=f"span {number}",
        context=SpanContext(1, number + 1, False, sampled),
        parent=SpanContext(1, parent + 1, False, sampled) if parent is not None else None,
        attributes=attributes,
        start_time=1_000 + number,
        end_time=1_000 + 3 * count - number,
        instrumentation_scope=InstrumentationScope(scope),
    )


def _nested(count: int, attributes: Callable[[int], Attributes], scopes: int = 1) -> list[ReadableSpan]:
    return [
        _span(number, number - 1 if number else None, attributes(number), f"app {number % scopes}", count)
        for number in range(count)
    ]


def _agents(count: int) -> list[ReadableSpan]:
    return _nested(count, _agent)


def _calls_of_two_scopes(count: int) -> list[ReadableSpan]:
    return _nested(count, _chat, scopes=2)


def _each_of_another_user(count: int) -> list[ReadableSpan]:
    return _nested(count, lambda number: {**_agent(number), "user.id": f"u{number}", "session.id": f"s{number}"})


def _repetitions(count: int) -> list[ReadableSpan]:
    return _nested(count, lambda _: _agent(0))


def _half_are_links(
    count: int, leaf: Callable[[int], int], attributes: Callable[[int], Attributes]
) -> list[ReadableSpan]:
    """An agent, a chain below it that is not AI, and as many AI spans, each below `leaf` of that."""
    half = count // 2
    links = _nested(half, lambda number: {"step": number} if number else _agent(0))
    return links + [
        _span(number, leaf(number - half), attributes(number), count=count) for number in range(half, count)
    ]


def _tools_at_the_end(count: int) -> list[ReadableSpan]:
    return _half_are_links(count, lambda _: count // 2 - 1, _tool)


def _calls_all_along(count: int) -> list[ReadableSpan]:
    return _half_are_links(count, lambda number: number, _chat)


def _count_steps(room: ReadingRoom) -> Counter[str]:
    """How often the ancestor right above a span is looked for, from now on."""
    steps: Counter[str] = Counter()
    look = room.hierarchy.lineage.parent

    def counting(node: Node) -> Node | None:
        steps["up"] += 1
        return look(node)

    room.hierarchy.lineage.parent = counting
    return steps


def _leave_at_once(room: ReadingRoom, spans: list[ReadableSpan]) -> list[dict[str, object]]:
    """As a file of whole traces is replayed."""
    ended = [span for span in sorted(spans, key=lambda span: span.end_time or 0) if room.note_end(span)]
    room.add(ended, lambda _: ())
    return [decode(event) for event in room.release(everything=True)]


@pytest.mark.parametrize(
    "make",
    [_agents, _calls_of_two_scopes, _each_of_another_user, _repetitions, _tools_at_the_end, _calls_all_along],
)
def test_a_whole_trace(make: Callable[[int], list[ReadableSpan]]) -> None:
    for count in (SHORT, LONG):
        room = ReadingRoom(resolve({"api_key": "phc_x"}, environ={}), Counters(), patient=True, one_process=False)
        steps = _count_steps(room)
        assert _leave_at_once(room, make(count))
        assert steps["up"] <= MOST_STEPS * count, count


@pytest.mark.parametrize("early", [True, False], ids=["attributes at start", "attributes at end"])
def test_a_running_app_whose_spans_end_inner_first(early: bool) -> None:
    """What is above may change until it has ended: each batch walks the way up again, but not each of its spans."""
    stages, provider = Stages(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(stages)
    steps = _count_steps(stages.room)
    tracer, context, spans = provider.get_tracer("app"), None, list[trace.Span]()
    for number in range(LONG):
        span = tracer.start_span(f"agent {number}", context, attributes=_agent(number) if early else None)
        context = trace.set_span_in_context(span)
        spans.append(span)
    for number in reversed(range(LONG)):
        if not early:
            spans[number].set_attributes(_agent(number))
        spans[number].end()
        if number % BATCH == 0:
            stages.leave(everything=False)
    stages.leave()
    assert len(stages.events) == LONG
    assert steps["up"] <= MOST_STEPS * LONG + MOST_WAYS * LONG * LONG // BATCH


def test_a_cycle_is_cut_and_every_span_of_it_leaves() -> None:
    """A sender may say anything. Below the cycle hang more spans, which find their way up."""
    room = ReadingRoom(resolve({"api_key": "phc_x"}, environ={}), Counters(), patient=True)
    steps = _count_steps(room)
    cycle = [_span(number, (number + 1) % LONG, _agent(number)) for number in range(LONG)]
    below = [_span(LONG + number, number, _tool(number)) for number in range(LONG)]
    events = [event["properties"] for event in _leave_at_once(room, cycle + below)]
    assert len(events) == 2 * LONG
    assert steps["up"] <= MOST_STEPS * 2 * LONG
    parents = {event.get("$ai_span_id"): event.get("$ai_parent_id") for event in events}  # type: ignore[attr-defined]
    for start in parents:
        way = [start]
        while (above := parents.get(way[-1])) in parents:
            assert above not in way, "a cycle left"
            way.append(above)
            if len(way) > 20:
                break
