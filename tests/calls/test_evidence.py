"""When two reports are one call: each kind of evidence, what speaks against it, and its bounds.

Every row is tried thrice: where both reports wait, and where one of them, the outer or the inner, has left already.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import pytest
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import StatusCode

from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT

Place = Literal[
    "nested",
    "beside",
    "apart",
    "both alone",
    "below two steps",
    "each below a step of its own trace",
    "around",
    "further out",
    "lost",
]
"""`apart`: the inner one is alone in its trace; `around`: the outer one is; `both alone`: both are; `lost`: the parent
of the outer one is not known."""


class Told(NamedTuple):
    """One report: its times in milliseconds, and what it says."""

    start: float
    end: float
    said: dict[str, Any]
    scope: str
    failed: bool


def _told(scope: str, times: tuple[float, float], failed: bool, said: dict[str, Any]) -> Told:
    """Keys `input__x` are `gen_ai.input.x`; None takes an attribute of `CHAT` away."""
    own = {f"gen_ai.{key.replace('__', '.')}": value for key, value in said.items()}
    return Told(*times, {key: value for key, value in {**CHAT, **own}.items() if value is not None}, scope, failed)


def framework(start: float = 0, end: float = 100, *, failed: bool = False, **said: Any) -> Told:
    return _told("framework", (start, end), failed, said)


def client(start: float = 10, end: float = 90, *, failed: bool = False, **said: Any) -> Told:
    return _told("client", (start, end), failed, said)


def words(text: str, role: str = "user") -> str:
    return f'[{{"role":"{role}","parts":[{{"type":"text","content":"{text}"}}]}}]'


def asked(text: str) -> dict[str, Any]:
    return {"input__messages": words(text)}


NO_COUNTS: dict[str, Any] = {"usage__input_tokens": None, "usage__output_tokens": None}
NO_INPUT: dict[str, Any] = {"usage__input_tokens": None}
EMBEDDING: dict[str, Any] = {"operation__name": "embeddings", "usage__output_tokens": None}
ANSWERED: dict[str, Any] = {"output__messages": words("sunny", "assistant")}


def called(call_id: str) -> dict[str, Any]:
    call = f'{{"type":"tool_call","id":"{call_id}","name":"search","arguments":{{}}}}'
    return {"output__messages": f'[{{"role":"assistant","parts":[{call}]}}]'}


ID: dict[str, Any] = {"response__id": "r1"}

# Where they stand, the outer one, the inner one -> whether they are one call.
ROWS = {
    # ---- the same answer's id, in overlapping times
    "one answer": ("each below a step of its own trace", framework(**ID), client(**ID), True),
    "one answer, whatever they count": ("apart", framework(**ID), client(**ID, usage__input_tokens=7), True),
    "one answer, within two milliseconds": ("beside", framework(0, 10, **ID), client(12, 20, **ID), True),
    "one answer's id, one after the other": ("beside", framework(0, 10, **ID), client(13, 20, **ID), False),
    "one answer's id, the other after the one": ("beside", framework(13, 20, **ID), client(0, 10, **ID), False),
    "one answer's id in one scope": ("apart", framework(**ID), framework(10, 90, **ID), False),
    "one answer's id, an embedding and an answer": (
        "apart", framework(**ID, **EMBEDDING), client(**ID, **ANSWERED), False,
    ),
    # ---- a call in a call
    "counted with the cache": ("nested", framework(), client(usage__input_tokens=6, usage__cache_read__input_tokens=4),
                               True),
    "counted without what was written": (
        "nested", framework(), client(usage__input_tokens=6, usage__cache_creation__input_tokens=4), True,
    ),
    "counted with the cache by the outer": (
        "nested", framework(usage__input_tokens=14, usage__cache_read__input_tokens=4), client(), True,
    ),
    "neither with nor without the cache": (
        "nested", framework(usage__cache_read__input_tokens=4), client(usage__input_tokens=7), False,
    ),
    "the cache of both": (
        "nested", framework(usage__input_tokens=14, usage__cache_read__input_tokens=4),
        client(usage__cache_read__input_tokens=4), True,
    ),
    "more than with the cache": (
        "nested", framework(usage__input_tokens=15, usage__cache_read__input_tokens=4), client(), False,
    ),
    "less, and no cache": ("nested", framework(), client(usage__input_tokens=6), False),
    "asked again, where what failed is still the current span": (
        "nested", framework(0, 100, failed=True), client(103, 110), False,
    ),
    "asked while what failed went on": ("nested", framework(0, 100, failed=True), client(102, 110), True),
    "no input here, another output": ("nested", framework(**NO_INPUT), client(usage__output_tokens=6), False),
    "no output here, another input": (
        "nested", framework(), client(usage__output_tokens=None, usage__input_tokens=9), False,
    ),
    "no output here": ("nested", framework(), client(usage__output_tokens=None), True),
    "no output there": ("nested", framework(usage__output_tokens=None), client(), True),
    "an output of its own and with the thoughts": (
        "nested", framework(), client(usage__output_tokens=3, usage__reasoning__output_tokens=2), True,
    ),
    "an output with the thoughts and of its own": (
        "nested", framework(usage__output_tokens=3, usage__reasoning__output_tokens=2), client(), True,
    ),
    "another output in spite of its thoughts": (
        "nested", framework(), client(usage__output_tokens=3, usage__reasoning__output_tokens=1), False,
    ),
    "the model that answered": (
        "nested", framework(), client(request__model="fast", response__model="gpt-4o"), True,
    ),
    "the model with a date": ("nested", framework(), client(request__model="gpt-4o-2024-08-06"), True),
    "the model without its date": ("nested", framework(request__model="gpt-4o-2024-08-06"), client(), True),
    "an embedding that a client took for a chat": (
        "nested", framework(**EMBEDDING), client(usage__output_tokens=None), True,
    ),
    "an embedding and an answer": ("nested", framework(**EMBEDDING), client(**ANSWERED), False),
    "an answer and an embedding": ("nested", framework(**ANSWERED), client(**EMBEDDING), False),
    "below it, and after it": ("nested", framework(0, 10), client(20, 90, **ID), True),
    "counted otherwise, the same words": (
        "nested", framework(**asked("hi"), **ANSWERED), client(**asked("hi"), **ANSWERED, usage__output_tokens=6), True,
    ),
    "counted otherwise, another question": (
        "nested", framework(**asked("hi"), **ANSWERED), client(**asked("ho"), **ANSWERED, usage__output_tokens=6),
        False,
    ),
    "counted otherwise, no question": (
        "nested", framework(**ANSWERED), client(**ANSWERED, usage__output_tokens=6), False,
    ),
    "counted otherwise, no answer": (
        "nested", framework(**asked("hi")), client(**asked("hi"), usage__output_tokens=6), False,
    ),
    "counted otherwise, another input": (
        "nested", framework(**asked("hi"), **ANSWERED),
        client(**asked("hi"), **ANSWERED, usage__output_tokens=6, usage__input_tokens=9), True,
    ),
    "counted otherwise, the same tool's call": (
        "nested", framework(**asked("hi"), **called("c1")),
        client(**asked("hi"), **called("c1"), usage__output_tokens=6), True,
    ),
    "counted otherwise, another tool's call": (
        "nested", framework(**asked("hi"), **called("c1")),
        client(**asked("hi"), **called("c2"), usage__output_tokens=6), False,
    ),
    # ---- a stream of which one counted the first piece
    "eight tokens of a stream": (
        "nested", framework(request__stream=True, usage__output_tokens=8), client(usage__output_tokens=90), True,
    ),
    "eight tokens of the client's stream": (
        "nested", framework(usage__output_tokens=90), client(request__stream=True, usage__output_tokens=8), True,
    ),
    "eight tokens of the client's stream in another trace": (
        "apart", framework(usage__output_tokens=90), client(request__stream=True, usage__output_tokens=8), True,
    ),
    "nine tokens are no piece": (
        "nested", framework(request__stream=True, usage__output_tokens=9), client(usage__output_tokens=90), False,
    ),
    "two pieces": (
        "nested", framework(request__stream=True, usage__output_tokens=3), client(usage__output_tokens=8), False,
    ),
    "no stream": ("nested", framework(usage__output_tokens=8), client(usage__output_tokens=90), False),
    "another question's stream": (
        "nested", framework(request__stream=True, usage__output_tokens=8),
        client(usage__output_tokens=90, usage__input_tokens=11), False,
    ),
    # ---- in traces of their own
    "as long": ("apart", framework(0, 100), client(0, 100), True),
    "two clocks, the same counts": ("apart", framework(), client(-2, 90), True),
    "two clocks, the same words": (
        "apart", framework(**NO_COUNTS, **asked("hi")), client(-2, 90, **NO_COUNTS, **asked("hi")), True,
    ),
    "two clocks, the same counts and words": (
        "apart", framework(**asked("hi")), client(-2, 90, **asked("hi")), True,
    ),
    "two clocks and nothing to compare": ("apart", framework(**NO_COUNTS), client(-1, 90, **NO_COUNTS), False),
    "two clocks at the end and nothing to compare": (
        "apart", framework(**NO_COUNTS), client(10, 101, **NO_COUNTS), False,
    ),
    "counted by one alone, two clocks": ("apart", framework(), client(-1, 90, **NO_COUNTS), False),
    "asked by one alone, two clocks": (
        "apart", framework(**NO_COUNTS, **asked("hi")), client(-1, 90, **NO_COUNTS), False,
    ),
    "nothing to compare, and right inside": ("apart", framework(**NO_COUNTS), client(0, 100, **NO_COUNTS), True),
    "it began before": ("apart", framework(), client(-3, 90), False),
    "it ended after": ("apart", framework(), client(10, 103), False),
    "two clocks, and longer": ("apart", framework(0, 100), client(-2, 99), False),
    "two clocks, and as long": ("apart", framework(0, 100), client(-1, 99), True),
    "both alone": ("both alone", framework(), client(), True),
    "both alone, the client around the framework": ("both alone", client(0, 100), framework(10, 90), True),
    "both alone, one after the other": ("both alone", framework(0, 1), client(2, 3), False),
    "both alone, the other after the one": ("both alone", framework(2, 3), client(0, 1), False),
    "other words": ("apart", framework(**asked("hi")), client(**asked("bye")), False),
    "other words, of some length": ("apart", framework(**asked("a" * 1_999)), client(**asked("b" * 1_999)), False),
    "other counts": ("apart", framework(), client(usage__input_tokens=11), False),
    "another model": ("apart", framework(), client(request__model="o3"), False),
    "another answer's id": ("apart", framework(**ID), client(response__id="r2"), False),
    "an answer's id for one": ("apart", framework(**ID), client(), True),
    "only the outer failed": ("apart", framework(failed=True), client(), True),
    "only the inner failed": ("apart", framework(), client(failed=True), False),
    "both failed": ("apart", framework(failed=True), client(failed=True), True),
    "with a parent in its own trace": ("each below a step of its own trace", framework(), client(), False),
    # ---- a client alone in its trace, around the call of an instrumentor with a context of its own
    "around it": ("around", client(0, 100, **asked("hi")), framework(10, 90, **asked("hi")), True),
    "around it, other words": ("around", client(0, 100, **asked("hi")), framework(10, 90, **asked("bye")), False),
    "around it, no words": ("around", client(0, 100), framework(10, 90), False),
    "around it, words of one": ("around", client(0, 100), framework(10, 90, **asked("hi")), True),
    "around it, words of one and other counts": (
        "around", client(0, 100, usage__input_tokens=11), framework(10, 90, **asked("hi")), False,
    ),
    "around it, words of one and counts of the other": (
        "around", client(0, 100), framework(10, 90, **NO_COUNTS, **asked("hi")), False,
    ),
    "around it, an embedding that counts and one that has words": (
        "around", client(0, 100, **EMBEDDING), framework(10, 90, **EMBEDDING, **NO_INPUT, **asked("hi")), True,
    ),
    "around it, an embedding that ended later": (
        "around", client(0, 100, **EMBEDDING), framework(10, 101, **EMBEDDING, **NO_INPUT, **asked("hi")), False,
    ),
    "around it, no counts": (
        "around", client(0, 100, **asked("hi"), **NO_COUNTS), framework(10, 90, **asked("hi"), **NO_COUNTS), False,
    ),
    "around it, and both failed": (
        "around", client(0, 100, failed=True, **asked("hi"), **NO_COUNTS),
        framework(10, 90, failed=True, **asked("hi"), **NO_COUNTS), True,
    ),
    "around it, and only the client failed": (
        "around", client(0, 100, failed=True, **asked("hi"), **NO_COUNTS),
        framework(10, 90, **asked("hi"), **NO_COUNTS), False,
    ),
    "around it, not within": ("around", client(0, 100, **asked("hi")), framework(10, 103, **asked("hi")), False),
    # ---- below one step
    "beside it": ("beside", framework(), client(), True),
    "beside it, the same words": (
        "beside", framework(**NO_COUNTS, **asked("hi")), client(**NO_COUNTS, **asked("hi")), True,
    ),
    "beside it, nothing to compare, within": ("beside", framework(**NO_COUNTS), client(**NO_COUNTS), True),
    "beside it, nothing to compare, a moment later": (
        "beside", framework(**NO_COUNTS), client(10, 101, **NO_COUNTS), False,
    ),
    "beside it, other words": ("beside", framework(**asked("hi")), client(**asked("bye")), False),
    "beside it, not within": ("beside", framework(), client(50, 110), False),
    "beside it, only the inner failed": ("beside", framework(), client(failed=True), False),
    "beside it, a moment later, nothing to compare but the failure": (
        "beside", framework(failed=True, **NO_COUNTS), client(10, 101, failed=True, **NO_COUNTS), True,
    ),
    "below another step": ("below two steps", framework(), client(), False),
    # ---- told in the same words, at one time, in one trace
    "the same words, and none within the other": (
        "below two steps", framework(**asked("hi"), **ANSWERED), client(20, 120, **asked("hi"), **ANSWERED), True,
    ),
    "the same words, and other counts": (
        "beside", framework(**asked("hi"), **ANSWERED),
        client(usage__input_tokens=4, usage__output_tokens=9, **asked("hi"), **ANSWERED), True,
    ),
    "the same words for less than half of the time": (
        "below two steps", framework(**asked("hi"), **ANSWERED), client(51, 150, **asked("hi"), **ANSWERED), False,
    ),
    "the same words in another trace": (
        "each below a step of its own trace", framework(**asked("hi"), **ANSWERED), client(**asked("hi"), **ANSWERED),
        False,
    ),
    "the same answer to another question": (
        "below two steps", framework(**asked("hi"), **ANSWERED), client(**asked("bye"), **ANSWERED), False,
    ),
    "another answer to the same question": (
        "below two steps", framework(**asked("hi"), **ANSWERED),
        client(**asked("hi"), output__messages=words("rainy", "assistant")), False,
    ),
    "the same question, and no answers": (
        "below two steps", framework(**asked("hi")), client(**asked("hi")), False,
    ),
    "the same words of two models": (
        "below two steps", framework(**asked("hi"), **ANSWERED),
        client(request__model="o3", **asked("hi"), **ANSWERED), False,
    ),
    "the same question, and the same failure": (
        "below two steps", framework(0, 100, failed=True, **asked("hi")), client(20, 120, failed=True, **asked("hi")),
        True,
    ),
    "the same question, and one failed": (
        "below two steps", framework(0, 100, failed=True, **asked("hi"), **ANSWERED),
        client(20, 120, **asked("hi"), **ANSWERED), False,
    ),
    # ---- begun and ended together, each below a step of its own trace
    "together": ("each below a step of its own trace", framework(0, 100), client(2, 98), True),
    "together, in one trace": ("below two steps", framework(0, 100), client(2, 98), True),
    "together, an embedding": (
        "each below a step of its own trace", framework(0, 100, **EMBEDDING), client(1, 99, **EMBEDDING), True,
    ),
    "begun later": ("each below a step of its own trace", framework(0, 100), client(3, 100), False),
    "ended earlier": ("each below a step of its own trace", framework(0, 100), client(0, 97), False),
    "together, and over at once": ("each below a step of its own trace", framework(0, 2), client(0, 2), False),
    "together, other counts": (
        "each below a step of its own trace", framework(), client(10, 90, usage__input_tokens=11), False,
    ),
    "together, and nothing counted": (
        "each below a step of its own trace", framework(0, 100, **NO_COUNTS), client(0, 100, **NO_COUNTS), False,
    ),
    "together, another model": (
        "each below a step of its own trace", framework(0, 100), client(0, 100, request__model="o3"), False,
    ),
    "together, other words": (
        "each below a step of its own trace", framework(0, 100, **asked("hi")), client(0, 100, **asked("bye")), False,
    ),
    "together, another answer": (
        "each below a step of its own trace", framework(0, 100, **ANSWERED),
        client(0, 100, output__messages=words("rainy", "assistant")), False,
    ),
    "together, and one failed": (
        "each below a step of its own trace", framework(0, 100), client(0, 100, failed=True), False,
    ),
    # ---- below parents that nobody wrote
    "below a step that is never written": ("lost", framework(), client(), True),
    "below a step that is never written, not within": ("lost", framework(), client(50, 110), False),
    "below a step that is never written, other words": (
        "lost", framework(**asked("hi")), client(**asked("bye")), False,
    ),
    # ---- below a step around that of the other
    "further out": ("further out", framework(), client(), True),
    "further out, nothing to compare, within": ("further out", framework(**NO_COUNTS), client(**NO_COUNTS), True),
    "further out, nothing to compare, a moment later": (
        "further out", framework(**NO_COUNTS), client(10, 101, **NO_COUNTS), False,
    ),
    "further out, other words": ("further out", framework(**asked("hi")), client(**asked("bye")), False),
    "further out, other counts": ("further out", framework(), client(usage__input_tokens=7), False),
    "further out, not within": ("further out", framework(), client(50, 110), False),
    "further out, and the outer one there": ("further out", client(0, 100), framework(10, 90), True),
}  # fmt: skip
_ONLY_WHILE_BOTH_WAIT = {
    "an embedding and an answer", "an answer and an embedding", "one answer's id, an embedding and an answer",
    "eight tokens of a stream", "eight tokens of the client's stream", "counted otherwise, the same words",
    "counted otherwise, the same tool's call", "the same words, and none within the other", "together",
    "together, in one trace", "together, an embedding", "counted otherwise, another input",
    "the same words, and other counts", "the same question, and the same failure",
}  # fmt: skip
"""What was answered, and beside how many others, is not remembered of a call that has left."""


def _drawn(place: Place, outer: Told, inner: Told, left: str) -> tuple[list[str], list[str]]:
    """The scopes of the calls, and of the steps, that the two reports became."""
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer

    def at(moment: float) -> int:
        return int((1_000 + moment) * 1_000_000)

    def step(parent: trace.Span | None = None) -> trace.Span:
        """Of no AI: what its calls hang on is the trace."""
        context = trace.set_span_in_context(parent, Context()) if parent is not None else Context()
        return tracer_of("app").start_span("step", context, start_time=at(-10))

    def begin(told: Told, parent: trace.Span | None) -> trace.Span:
        context = trace.set_span_in_context(parent, Context()) if parent is not None else Context()
        span = tracer_of(told.scope).start_span(told.scope, context, attributes=told.said, start_time=at(told.start))
        if told.failed:
            span.set_status(StatusCode.ERROR, "ValueError: no")
        return span

    request = tracer_of("app").start_span("request", Context(), attributes=AGENT, start_time=at(-20))
    around = step(request)
    trace_id = request.get_span_context().trace_id
    unwritten = trace.NonRecordingSpan(
        trace.SpanContext(trace_id, 0xABC, is_remote=False, trace_flags=trace.TraceFlags(1))
    )
    outer_span = begin(outer, None if place in ("both alone", "around") else unwritten if place == "lost" else around)
    alone = place in ("apart", "both alone")
    parents = {
        "nested": outer_span,
        "beside": around,
        "below two steps": step(request),
        "further out": request,
        "lost": around,
    }
    inner_span = begin(inner, None if alone else parents[place] if place in parents else step())
    spans = [(inner_span, inner.end), (outer_span, outer.end)]
    if left == "outer":
        spans.reverse()
    for span, end in spans:
        span.end(at(end))
        if left != "none":
            stages.leave()
    stages.leave()
    calls: list[str] = []
    steps: list[str] = []
    for event in stages.events:
        scope = event["properties"]["otel.scope.name"]
        if scope in (outer.scope, inner.scope):
            (calls if event["event"] in ("$ai_generation", "$ai_embedding") else steps).append(scope)
    assert stages.counters.snapshot()["merged"] == 2 - len(calls) - len(steps), "what is no event was merged"
    return calls, steps


@pytest.mark.parametrize(
    ("row", "left"),
    [(row, left) for row in ROWS for left in ("none", "inner", "outer")
     if left == "none" or row not in _ONLY_WHILE_BOTH_WAIT],
)  # fmt: skip
def test_two_reports_are_one_call(row: str, left: str) -> None:
    """The outer one stays, whoever left first: as the call, or else as a step around it that counts nothing."""
    place, outer, inner, one = ROWS[row]
    calls, steps = _drawn(place, outer, inner, left)
    # A client alone in its trace is the inner one whatever its times say: it has no ancestors.
    first, second = (inner, outer) if place == "around" else (outer, inner)
    if not one:
        assert sorted(calls) == sorted((first.scope, second.scope))
        assert not steps
    elif left == "none" or left == ("outer" if first is outer else "inner"):
        assert (calls, steps) == ([first.scope], [])
    else:
        assert (calls, steps) == ([second.scope], [first.scope])
