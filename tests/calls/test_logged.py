"""What an agent tells in log records and in spans: when both are one call, one run of a tool, one prompt.

Every row is tried thrice: where both wait, and where the records, or the spans, have left already.
"""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, Status, StatusCode, TraceFlags

from otel_posthog_ai.calls import told_steps
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import decode
from otel_posthog_ai.reading.source import LoggedSpan
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work.whole_traces import WholeTraces
from tests.stages import Stages
from tests.traced import AGENT, CHAT, TOOL, assert_nothing_failed

RETRIEVER = {"openinference.span.kind": "RETRIEVER"}
_ids = iter(range(1, 1_000_000))


def span(
    attributes: dict[str, Any],
    times: tuple[float, float],
    *,
    trace: int = 1,
    talk: str = "s",
    below: ReadableSpan | None = None,
    failed: bool = False,
    made_of: type[ReadableSpan] = ReadableSpan,
    **more: Any,
) -> ReadableSpan:
    """Times in seconds; `more` are attributes without their `gen_ai.`, with `__` for `.`. Its parent is in no batch."""
    said = {"session.id": talk, **attributes, **{f"gen_ai.{key.replace('__', '.')}": more[key] for key in more}}
    sampled = TraceFlags(TraceFlags.SAMPLED)
    above = below.context if below is not None else SpanContext(trace, 99_999_999, False, sampled)
    return made_of(
        name="step",
        context=SpanContext(trace, next(_ids), False, sampled),
        parent=above,
        resource=Resource({}),
        attributes=said,
        start_time=int((1_000 + times[0]) * 10**9),
        end_time=int((1_000 + times[1]) * 10**9),
        instrumentation_scope=InstrumentationScope("logs" if made_of is LoggedSpan else "agent"),
        status=Status(StatusCode.ERROR, "ValueError: no") if failed else Status(StatusCode.UNSET),
    )


def logged(attributes: dict[str, Any], times: tuple[float, float], **more: Any) -> ReadableSpan:
    """The same, made of log records."""
    return span(attributes, times, trace=more.pop("trace", 2), made_of=LoggedSpan, **more)


def events(*batches: list[ReadableSpan]) -> list[dict[str, Any]]:
    counters = Counters()
    whole = WholeTraces(resolve({"api_key": "phc_x"}, environ={}), counters)
    found = [decode(event) for batch in batches for event in whole.events(batch, lambda _: ())]
    assert_nothing_failed(counters.snapshot())
    return found


# The records, the span -> whether they tell the same.
ROWS = {
    "a call": (logged(CHAT, (0, 1)), span(CHAT, (0, 1)), True),
    "a call that ended two seconds before": (logged(CHAT, (0, 1)), span(CHAT, (0, 3)), True),
    "a call that ended two seconds after": (logged(CHAT, (0, 3)), span(CHAT, (0, 1)), True),
    "a call that was written down two seconds after it": (logged(CHAT, (3, 3)), span(CHAT, (0, 1)), True),
    "a call that was written down long after it": (logged(CHAT, (3.1, 3.1)), span(CHAT, (0, 1)), False),
    "a call that was written down two seconds before it": (logged(CHAT, (0, 1)), span(CHAT, (3, 3)), True),
    "a call that was written down long before it": (logged(CHAT, (0, 1)), span(CHAT, (3.1, 3.1)), False),
    "a call that ended long before": (logged(CHAT, (0, 1)), span(CHAT, (0, 3.1)), False),
    "a call that ended long after": (logged(CHAT, (0, 3.1)), span(CHAT, (0, 1)), False),
    "a call in another conversation": (logged(CHAT, (0, 1)), span(CHAT, (0, 1), talk="t"), False),
    "a call that failed for one": (logged(CHAT, (0, 1), failed=True), span(CHAT, (0, 1)), False),
    "a call that failed for both": (logged(CHAT, (0, 1), failed=True), span(CHAT, (0, 1), failed=True), True),
    "a call of another model": (logged(CHAT, (0, 1)), span(CHAT, (0, 1), request__model="o3"), False),
    "a call with other counts": (logged(CHAT, (0, 1)), span(CHAT, (0, 1), usage__input_tokens=7), False),
    "a call that neither of both logged": (span(CHAT, (0, 1), trace=2), span(CHAT, (0, 1)), False),
    "a call that both logged": (logged(CHAT, (0, 1)), logged(CHAT, (0, 1), trace=1), False),
    "a tool by its name": (logged(TOOL, (0, 1)), span(TOOL, (0, 1)), True),
    "a tool by its name, two seconds later": (logged(TOOL, (0, 3)), span(TOOL, (0, 1)), True),
    "a tool by its name, long after": (logged(TOOL, (0, 3.1)), span(TOOL, (0, 1)), False),
    "a tool of another name": (logged(TOOL, (0, 1)), span(TOOL, (0, 1), tool__name="read"), False),
    "a tool in another conversation": (logged(TOOL, (0, 1)), span(TOOL, (0, 1), talk="t"), False),
    "a tool by its call, long after": (
        logged(TOOL, (0, 9), tool__call__id="c"), span(TOOL, (0, 1), tool__call__id="c"), True,
    ),
    "a tool by its call, of another name": (
        logged(TOOL, (0, 1), tool__call__id="c", tool__name="read"), span(TOOL, (0, 1), tool__call__id="c"), True,
    ),
    "a tool's other call": (
        logged(TOOL, (0, 1), tool__call__id="c"), span(TOOL, (0, 1), tool__call__id="d"), False,
    ),
    "a tool whose call only the records name": (logged(TOOL, (0, 1), tool__call__id="c"), span(TOOL, (0, 1)), True),
    "a tool whose call only the span names": (logged(TOOL, (0, 1)), span(TOOL, (0, 1), tool__call__id="c"), True),
    "a tool and a call": (logged(TOOL, (0, 1)), span(CHAT, (0, 1)), False),
}  # fmt: skip


@pytest.mark.parametrize("left", ["none", "records", "span"])
@pytest.mark.parametrize("row", ROWS)
def test_records_and_a_span_tell_the_same(row: str, left: str) -> None:
    records, other, same = ROWS[row]
    batches = {"none": [[records, other]], "records": [[records], [other]], "span": [[other], [records]]}[left]
    found = [event for event in events(*batches) if event["event"] in ("$ai_generation", "$ai_span")]
    assert len(found) == (1 if same else 2)


def test_steps_of_other_kinds_are_told_by_nothing_but_themselves() -> None:
    prompt = span(AGENT, (0, 1))
    found = events([prompt, logged(RETRIEVER, (0, 1), trace=1, below=prompt), span(RETRIEVER, (0, 1), below=prompt)])
    assert [event["event"] for event in found] == ["$ai_trace", "$ai_span", "$ai_span"]


def test_the_span_stays_with_what_only_the_records_know() -> None:
    said = '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]'
    run, of_records = span(TOOL, (0.5, 1)), logged(TOOL, (0.4, 1.1), tool__call__arguments='{"q":1}')
    call_of_records = logged(
        {**CHAT, "user.id": "ada"}, (0, 1), input__messages=said, response__finish_reasons=("end_turn",)
    )
    found = events([span(CHAT, (0, 1), response__finish_reasons=("stop",)), run, of_records, call_of_records])
    tool, call = sorted((event["properties"] for event in found), key=lambda each: "$ai_model" in each)
    assert (tool["otel.scope.name"], tool["$ai_input_state"]) == ("agent", {"q": 1})
    assert (call["otel.scope.name"], call["$ai_input"]) == ("agent", [{"role": "user", "content": "hi"}])
    assert call["$ai_stop_reason"] == "stop", "the span was nearer the wire"
    assert [event["distinct_id"] for event in found if event["event"] == "$ai_generation"] == ["ada"]


@pytest.mark.parametrize("left", ["none", "records", "spans"])
@pytest.mark.parametrize("in_spans", [1, 3])
@pytest.mark.parametrize("what", [CHAT, TOOL], ids=["calls", "runs of a tool"])
def test_of_what_is_alike_each_is_told_once(what: dict[str, Any], in_spans: int, left: str) -> None:
    """Beside each other in a conversation: some of them are told by spans, two by records."""
    spans = [span(what, (0, 1 + number / 10)) for number in range(in_spans)]
    records = [logged(what, (0, 1 + number / 10)) for number in range(2)]
    batches = {"none": [[*records, *spans]], "records": [records, spans], "spans": [spans, records]}[left]
    assert len(events(*batches)) == max(in_spans, 2)


def test_the_nearest_in_time_tell_the_same() -> None:
    spans = [span(CHAT, (0, 1 + number), agent__name=f"agent {number}") for number in range(3)]
    records = [logged(CHAT, (0, 1 + number + 0.1), response__id=f"record {number}") for number in (2, 0, 1)]
    found = [event["properties"] for event in events([*spans, *records])]
    assert {each["$ai_agent_name"]: each["$ai_completion_id"] for each in found} == {
        f"agent {number}": f"record {number}" for number in range(3)
    }


def test_steps_that_have_left_are_remembered_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_steps, "MOST_STEPS", 8)
    spans = [span(TOOL, (number * 10, number * 10 + 1)) for number in range(20)]
    last, first = logged(TOOL, (190, 191)), logged(TOOL, (0, 1))
    assert len(events(*([each] for each in spans), [last])) == 20
    assert len(events(*([each] for each in spans), [first])) == 21, "the first is forgotten"


def test_a_step_that_was_told_again_stays_told_as_long_as_it_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(told_steps, "MOST_STEPS", 8)
    others = [[span(TOOL, (number * 10, number * 10 + 1))] for number in range(1, 9)]
    step, told, another = span(TOOL, (0, 1)), logged(TOOL, (0, 1)), logged(TOOL, (0, 1))
    assert len(events(*others[:-1], [step], [told], others[-1], [another])) == 10, "of equal runs each is told once"


def test_of_what_has_left_the_nearest_in_time_is_told_again() -> None:
    """Were the later record taken for the earlier call, none would be left for the record that ended long before."""
    spans = [span(CHAT, (-3, 1)), span(CHAT, (-3, 2.5))]
    late, early = logged(CHAT, (-3, 2.4)), logged(CHAT, (-3, -0.9))
    assert len(events(spans, [late], [early])) == 2
    assert len(events([late, early], spans[1:], spans[:1])) == 2


# ---- prompts ---------------------------------------------------------------------------------------------------------

# When a prompt's records were written, and in which trace, the span's being 1 -> whether they tell the span's prompt.
PROMPTS = {
    "while it ran": ((2, 3), 1, True),
    "two seconds before": ((-2, 0), 1, True),
    "long before": ((-2.1, 0), 1, False),
    "two seconds after": ((7, 7), 1, True),
    "long after": ((7.1, 8), 1, False),
    "in another trace": ((2, 3), 2, False),
}


@pytest.mark.parametrize("left", ["none", "records", "span"])
@pytest.mark.parametrize("row", PROMPTS)
def test_a_prompt_is_told_by_its_trace_and_time(row: str, left: str) -> None:
    times, trace, same = PROMPTS[row]
    prompt = span(AGENT, (0, 5))
    records = logged(AGENT, times, trace=trace)
    call = logged(CHAT, (2, 3), trace=trace, below=records)  # what is left of the records has its place
    kept = span(CHAT, (3, 4), below=prompt, usage__input_tokens=7)
    of_spans, of_records = [prompt, kept], [records, call]
    batches = {
        "none": [[*of_spans, *of_records]],
        "records": [of_records, of_spans],
        "span": [of_spans, of_records],
    }[left]
    found = events(*batches)
    assert len([event for event in found if event["event"] in ("$ai_trace", "$ai_span")]) == (1 if same else 2)


@pytest.mark.parametrize("told_by_spans", [True, False])
def test_a_prompt_below_which_nothing_is_left_goes(told_by_spans: bool) -> None:
    """What answered it is told by spans in a trace of their own."""
    prompt = logged(AGENT, (0, 5))
    batch = [prompt, logged(CHAT, (1, 2), below=prompt), *([span(CHAT, (1, 2))] if told_by_spans else [])]
    kinds = [event["event"] for event in events(batch)]
    assert kinds == (["$ai_generation"] if told_by_spans else ["$ai_trace", "$ai_generation"])


def test_an_agents_own_prompt_stays_though_nothing_is_below_it() -> None:
    assert [event["event"] for event in events([span(AGENT, (0, 5))])] == ["$ai_trace"]
    assert events([logged(AGENT, (0, 5))]) == []


# ---- what has left, and is told again --------------------------------------------------------------------------------


@pytest.mark.parametrize("inner_first", [True, False])
def test_a_run_within_its_run_is_told_by_the_records_that_have_left(inner_first: bool) -> None:
    """A tool and the tool's own span in it: one run. Another run beside it, of the same name, is drawn."""
    outer = span(TOOL, (0, 1), tool__call__id="c")
    inner = span(TOOL, (0.2, 0.8), tool__call__id="c", below=outer)
    told = [[inner], [outer]] if inner_first else [[outer], [inner]]
    assert len(events([logged(TOOL, (0, 1), tool__call__id="c")], *told)) == 1
    beside = span(TOOL, (0, 1), tool__call__id="c", trace=3)
    assert len(events([logged(TOOL, (0, 1), tool__call__id="c")], *told, [beside])) == 2


def test_an_agent_within_an_agent_is_another() -> None:
    prompt = logged(AGENT, (0, 5), trace=1)
    call = logged(CHAT, (1, 2), trace=1, below=prompt)
    outer = span(AGENT, (0, 5))
    inner = span(AGENT, (1, 4), below=outer, agent__name="second")
    found = events([prompt, call], [outer], [inner])
    names = [event["properties"]["$ai_span_name"] for event in found if event["event"] in ("$ai_trace", "$ai_span")]
    assert names == ["helper", "second"]


@pytest.mark.parametrize("between", [0, 1, 7])
def test_a_step_is_found_whenever_it_left(between: int) -> None:
    """Whether it was asked for steps already, or not yet."""
    others = [[span(TOOL, (100 * number, 100 * number + 1), tool__call__id=f"o{number}")] for number in range(between)]
    asked = [[logged(TOOL, (100, 101), tool__call__id="o1")]] if between > 1 else []
    step, told = span(TOOL, (0, 1), tool__call__id="c"), logged(TOOL, (0, 1), tool__call__id="c")
    assert len(events(*others, *asked, [step], [told])) == between + 1
    assert len(events(*others, *asked, [told], [step])) == between + 1


def test_steps_of_other_types_are_not_remembered_as_told() -> None:
    """A retriever that left before is nobody's other telling."""
    prompt = span(AGENT, (0, 5))
    first = span(RETRIEVER, (0, 1), below=prompt)
    again = logged(RETRIEVER, (0, 1), trace=1, below=prompt)
    found = events([prompt, first], [again])
    assert [event["event"] for event in found].count("$ai_span") + [event["event"] for event in found].count(
        "$ai_trace"
    ) == 3


def test_of_steps_that_have_left_the_nearest_in_time_is_told_again() -> None:
    """Were the late record taken for the early run, nothing would be left for the early record."""
    runs = [span(TOOL, (-3, 1)), span(TOOL, (-3, 2.5))]
    late, early = logged(TOOL, (-3, 2.4)), logged(TOOL, (-3, -0.9))
    assert len(events(runs, [late], [early])) == 2
    assert len(events(runs[::-1], [late], [early])) == 2


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(("key", "tells"), [("session.id", True), ("gen_ai.conversation.id", True), ("acme", False)])
def test_what_tells_the_conversation(key: str, tells: bool, left: bool) -> None:
    """The session, or else the id of the conversation; who names neither may be of any, and time and counts decide."""
    for talk, same in (("a", True), ("b", not tells)):
        both = [span({**CHAT, key: "a"}, (0, 1), talk=""), logged({**CHAT, key: talk}, (0, 1), talk="")]
        assert len(events(*([each] for each in both) if left else [both])) == (1 if same else 2)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("said", [CHAT, TOOL], ids=["a call", "the run of a tool"])
def test_what_is_told_twice_says_so(said: dict[str, Any], left: bool) -> None:
    stages = Stages()
    both = [span(said, (0, 1)), logged(said, (0, 1))]
    for batch in [[each] for each in both] if left else [both]:
        stages.room.add(batch, lambda _: ())
        stages.release()
    assert len(stages.events) == 1
    assert stages.counters.snapshot()["merged"] == 1
    why = stages.room.hierarchy.nodes[both[1].context.span_id].because
    assert why in ("log records of the same agent that tell the same", "the other report of this call has left already")


def test_a_lonely_prompt_says_so() -> None:
    stages = Stages()
    prompt = logged(AGENT, (0, 5))
    stages.room.add([prompt], lambda _: ())
    stages.release()
    assert not stages.events
    assert stages.counters.snapshot()["filtered"] == 1
    assert "nothing is left" in stages.room.hierarchy.nodes[prompt.context.span_id].because
