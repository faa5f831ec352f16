"""More than two spans that tell of one call, or of several alike: which belong together, and what nobody needs."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from opentelemetry.trace import Span, StatusCode

from otel_posthog_ai.calls import sent_calls
from tests.calls.told import MILLISECOND, Told
from tests.traced import AGENT, CHAT, TOOL

# ---- three reports ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(["router", "framework", "client"])))
def test_three_reports_of_one_answer_are_one_call(order: tuple[str, ...]) -> None:
    told = Told()
    times = {"router": (0, 100), "framework": (10, 90), "client": (20, 80)}
    for scope in order:
        told.span(scope, times[scope], {**CHAT, "gen_ai.response.id": "r1", f"acme.{scope}": True})
    (call,) = told.events()
    assert (call["otel.scope.name"], call["acme.framework"], call["acme.client"]) == ("router", True, True)


@pytest.mark.parametrize("order", list(permutations(["router", "framework", "client"])))
def test_three_reports_that_leave_one_after_the_other_are_one_call(order: tuple[str, ...]) -> None:
    """The first is the call; what is around it stays as a step, and what is in it leaves nothing."""
    told = Told()
    times = {"router": (0, 100), "framework": (10, 90), "client": (20, 80)}
    for scope in order:
        told.span(scope, times[scope], {**CHAT, "gen_ai.response.id": "r1"})
        told.stages.leave()
    assert [call["otel.scope.name"] for call in told.events()] == [order[0]]


def test_a_call_that_its_client_has_reported_is_not_the_call_of_another_client_span() -> None:
    told = Told()
    told.span("client", (10, 90), CHAT)
    told.events()
    told.span("framework", (0, 100), CHAT)
    told.span("client", (12, 95), CHAT)
    assert len(told.events()) == 2


@pytest.mark.parametrize("left", [False, True])
def test_what_a_report_has_joined_it_brings_along(left: bool) -> None:
    """A router's call, in it a framework's that its client has reported: another client's call is one of its own."""
    told = Told()
    router = told.begin("router", "router", 0, CHAT)
    if left:
        router.end(1_100 * MILLISECOND)
        told.events()
    told.span("client", (10, 90), {**CHAT, "gen_ai.response.id": "r1"})
    told.span("framework", (5, 95), {**CHAT, "gen_ai.response.id": "r1"}, router)
    if not left:
        router.end(1_100 * MILLISECOND)
    assert len(told.events()) == 1
    told.span("client", (20, 80), CHAT)
    assert len(told.events()) == 2


@pytest.mark.parametrize(("texts", "expected"), [(("a", "a"), 1), (("a", "b"), 2)])
def test_embeddings_in_traces_of_their_own_are_one_if_they_embed_the_same(
    texts: tuple[str, str], expected: int
) -> None:
    told = Told()
    for scope, times, text in zip(("framework", "client"), ((0, 100), (10, 90)), texts, strict=True):
        said = {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "house-vectors"}
        told.span(scope, times, {**said, "embedding.embeddings.0.embedding.text": text})
    assert len(told.events("$ai_embedding")) == expected


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_calls_around_it_that_have_left_it_is_of_the_tightest(turned: bool) -> None:
    told = Told()
    for times in ((0, 100), (10, 50)):
        told.span("framework", times, CHAT)
        told.events()
    inside = [(11, 49), (12, 90)]
    for times in inside[::-1] if turned else inside:
        told.span("client", times, CHAT)
        assert len(told.events()) == 2


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_calls_in_it_that_have_left_it_is_of_the_longest(turned: bool) -> None:
    told = Told()
    inside = [(1, 99), (10, 20)]
    for times in inside[::-1] if turned else inside:
        told.span("client", times, CHAT)
        told.events()
    for times in ((0, 100), (9, 21)):
        told.span("framework", times, CHAT)
        assert len(told.events()) == 2


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_of_what_has_left_the_last_call_is_told_again(order: tuple[int, ...]) -> None:
    """Three calls of one agent alike in everything, then three reports of them: no more, and none twice."""
    told = Told()
    for number in range(3):
        told.span("framework", (0 + number, 100 + number), CHAT)
    assert len(told.events()) == 3
    for number in order:
        told.span("client", (10 + number, 90 + number), CHAT)
        assert len(told.events()) == 3
    told.span("client", (13, 93), CHAT)
    assert len(told.events()) == 4, "each was told"


def test_of_two_calls_with_one_answers_id_the_last_that_left_is_told_again() -> None:
    """Some server gives every answer one id: the first call then waits for a report of its own."""
    told = Told()
    for times in ((0, 50), (20, 100)):
        told.span("framework", times, {**CHAT, "gen_ai.response.id": "r1"})
        told.events()
    told.span("client", (25, 90), {**CHAT, "gen_ai.response.id": "r1"})
    told.span("client", (5, 45), CHAT)
    assert len(told.events()) == 2


@pytest.mark.parametrize("of_one_trace", [True, False])
def test_as_many_calls_are_remembered_as_there_is_room_for(of_one_trace: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sent_calls, "MOST_CALLS", 2)
    told = Told()
    request = told.begin("app", "request", -10, {}) if of_one_trace else None
    for number in range(3):
        said = {**CHAT, "gen_ai.response.id": f"r{number}"}
        told.span("framework", (number * 100, number * 100 + 50), said, request)
        told.events()
    for number, expected in ((2, 3), (1, 3), (0, 4)):
        said = {**CHAT, "gen_ai.response.id": f"r{number}"}
        told.span("client", (number * 100, number * 100 + 50), said, request)
        assert len(told.events()) == expected


@pytest.mark.parametrize(("length", "expected"), [(1_999, 2), (2_000, 1)])
def test_of_a_call_that_has_left_words_of_some_length_are_remembered(length: int, expected: int) -> None:
    """Longer ones would cost too much, a thousand times: then the counts decide."""
    told = Told()
    for scope, times, letter in (("framework", (0, 100), "a"), ("client", (10, 90), "b")):
        said = json.dumps([{"role": "user", "content": letter * length}])
        told.span(scope, times, {**CHAT, "gen_ai.input.messages": said})
        told.stages.leave()
    assert len(told.events()) == expected


# ---- streams that are handed out, and who reads them -----------------------------------------------------------------

STREAM = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"}


def stream(told: Told, begins: float, first_token: float, above: Span | None = None, **said: Any) -> None:
    span = told.begin("openinference.instrumentation.llama_index", "stream_chat", begins, {**STREAM, **said}, above)
    span.add_event("First Token Stream Event", timestamp=int((1_000 + first_token) * MILLISECOND))
    span.end(int((1_000 + begins + 1) * MILLISECOND))


def test_a_reader_that_ends_later_began_before() -> None:
    """Whichever ends first, each stream has the call that began while it was at work."""
    told = Told()
    told.span("client", (50, 60), {**CHAT, "gen_ai.response.finish_reasons": ("second",)})
    told.span("client", (10, 70), {**CHAT, "gen_ai.response.finish_reasons": ("first",)})
    stream(told, 0, 40)
    stream(told, 45, 55)
    assert [call["$ai_stop_reason"] for call in told.events()] == ["first", "second"]


# The stream's first token, the reader's times -> whether the reader read it.
READ = {
    "from the first moment": (10, (0, 40), True),
    "to the first token": (10, (10, 40), True),
    "after the first token": (10, (11, 40), False),
    "before the stream": (10, (-1, 40), False),
    "over with the first token, by two clocks": (10, (2, 8), True),
    "over before the first token": (10, (2, 7), False),
}


@pytest.mark.parametrize("left", ["none", "stream", "reader"])
@pytest.mark.parametrize("row", READ)
def test_who_read_a_stream(row: str, left: str) -> None:
    token, times, read = READ[row]
    told = Told()
    request = told.begin("app", "request", -10, {})
    if left == "stream":
        stream(told, 0, token, request)
        told.events()
    told.span("client", times, {**CHAT, "gen_ai.request.stream": True}, request)
    if left != "stream":
        if left == "reader":
            told.events()
        stream(told, 0, token, request)
    assert len(told.events()) == (1 if read else 2)


HI, BYE = (json.dumps([{"role": "user", "content": text}]) for text in ("hi", "bye"))
SUNNY, RAINY = (json.dumps([{"role": "assistant", "content": text}]) for text in ("sunny", "rainy"))
ASKED_FOR = {"llm.input_messages.0.message.role": "user", "llm.input_messages.0.message.content": "hi"}
ANSWERED = {"llm.output_messages.0.message.role": "assistant", "llm.output_messages.0.message.content": "sunny"}
COUNTED = {"llm.token_count.prompt": 10, "llm.token_count.completion": 5}

# What the stream's span says, and what a call that began while it spoke: where that is -> whether it read the stream.
SPOKE = {
    "the same words": (ASKED_FOR, {"gen_ai.input.messages": HI}, "beside", True),
    "other words": (ASKED_FOR, {"gen_ai.input.messages": BYE}, "beside", False),
    "words of one": (ASKED_FOR, {}, "beside", True),
    "the same answer": (ANSWERED, {"gen_ai.output.messages": SUNNY}, "beside", True),
    "another answer": (ANSWERED, {"gen_ai.output.messages": RAINY}, "beside", False),
    "an answer of one": (ANSWERED, {}, "beside", True),
    "the same counts": (COUNTED, {}, "beside", True),
    "other counts of what was asked": (COUNTED, {"gen_ai.usage.input_tokens": 11}, "beside", False),
    "other counts of what was answered": (COUNTED, {"gen_ai.usage.output_tokens": 6}, "beside", False),
    "another model": ({}, {"gen_ai.request.model": "o3"}, "beside", False),
    "an embedding": ({}, {"gen_ai.operation.name": "embeddings", "gen_ai.output.messages": SUNNY}, "beside", False),
    "below another step": ({}, {}, "below a step", True),
    "alone in its trace": ({}, {}, "alone", True),
    "below a step of another trace": ({}, {}, "elsewhere", False),
}


@pytest.mark.parametrize("row", SPOKE)
def test_what_a_stream_and_its_reader_say(row: str) -> None:
    stream_says, reader_says, place, read = SPOKE[row]
    told = Told()
    request = told.begin("app", "request", -10, {})
    stream(told, 0, 20, request, **stream_says)
    step = told.begin("app", "step", -5, {}, request)
    other = told.begin("app", "job", -5, {})
    above = {"beside": request, "below a step": step, "alone": None, "elsewhere": other}[place]
    told.span("client", (10, 40), {**CHAT, "gen_ai.request.stream": True, **reader_says}, above)
    told.stages.leave()
    assert len(told.stages.events) == (1 if read else 2)


@pytest.mark.parametrize(("failed", "expected"), [((True, True), 1), ((True, False), 2), ((False, True), 2)])
def test_a_stream_and_its_reader_fail_together(failed: tuple[bool, bool], expected: int) -> None:
    told = Told()
    span = told.begin("openinference.instrumentation.llama_index", "stream_chat", 0, STREAM)
    span.add_event("First Token Stream Event", timestamp=1_010 * MILLISECOND)
    reader = told.begin("client", "client", 2, CHAT)
    for each, has in zip((span, reader), failed, strict=True):
        if has:
            each.set_status(StatusCode.ERROR, "ValueError: no")
    reader.end(1_040 * MILLISECOND)
    span.end(1_001 * MILLISECOND)
    assert len(told.events()) == expected


# ---- accounts of what a call used ------------------------------------------------------------------------------------

USED = {"gen_ai.response.model": "gpt-4o", "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 5}
ASKED = {**CHAT, "gen_ai.input.messages": '[{"role":"user","content":"hi"}]'}


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize(
    ("begun", "scope", "said", "place", "counted"),
    [
        (95, "app", {}, "beside", True),
        (50, "app", {}, "below", True),
        (0, "app", {}, "beside", True),
        (-1, "app", {}, "beside", False),
        (105, "app", {}, "beside", True),
        (105, "other", {}, "beside", True),  # an app writes down what the call that somebody traced has used
        (105, "other", {}, "below", True),
        (105, "other", {"gen_ai.usage.input_tokens": 11}, "beside", False),
        (105, "other", {"gen_ai.response.model": "o3"}, "beside", False),
        (105, "other", {}, "elsewhere", False),
        (105, "other", {}, "alone", False),
        (95, "app", {"gen_ai.response.model": "o3"}, "beside", False),
        (95, "app", {"gen_ai.usage.input_tokens": 11}, "beside", False),
        (95, "app", {"gen_ai.usage.output_tokens": 6}, "beside", False),
        (95, "app", {}, "elsewhere", False),
        (95, "app", {}, "alone", False),
    ],
)
def test_what_an_account_counts_again(
    begun: float, scope: str, said: dict[str, Any], place: str, counted: bool, left: bool
) -> None:
    told = Told()
    agent = told.begin("app", "agent", -50, AGENT)
    step = told.begin("app", "step", -50, {"acme.step": 1}, agent)
    call = told.span("app", (0, 100), ASKED, agent)
    if left:
        told.events()
    above = {"beside": agent, "below": call, "elsewhere": step, "alone": None}[place]
    told.span(scope, (begun, begun), {**USED, **said}, above)
    assert len(told.events()) == (1 if counted else 2)


def test_each_call_is_counted_again_once_by_the_account_that_followed_it() -> None:
    told = Told()
    agent = told.begin("app", "agent", -50, AGENT)
    bare = {key: value for key, value in ASKED.items() if "usage" not in key}
    for number in range(3):
        told.span("app", (number * 100, number * 100 + 90), bare, agent)
    for number in (2, 0, 1, 3):
        begun = number * 100 + 91
        told.span("app", (begun, begun), {**USED, "gen_ai.usage.input_tokens": 10 + number}, agent)
    calls = told.events()
    assert [call["$ai_input_tokens"] for call in calls] == [10, 11, 12, 13]
    assert [call.get("$ai_latency") for call in calls[:3]] == [pytest.approx(0.09)] * 3


# ---- halves that a dialect declares ----------------------------------------------------------------------------------

REQUEST = {"litellm.call_id": "c", "gen_ai.operation.name": "chat", "gen_ai.request.model": "claude-sonnet-4-5"}
RAW = {"llm.anthropic.messages": "[]", "llm.anthropic.model": "claude-sonnet-4-5"}


def _halves(told: Told, answer: str | None, tries: list[tuple[str, str]]) -> list[dict[str, Any]]:
    """LiteLLM's request, and a span below it of each try: the answer's id, and why it stopped."""
    said = {**REQUEST, "gen_ai.response.id": answer} if answer is not None else REQUEST
    request = told.begin("litellm", "litellm_request", 0, said)
    for number, (answered, reason) in enumerate(tries):
        raw = {**RAW, "llm.anthropic.id": answered, "llm.anthropic.stop_reason": reason}
        told.span("litellm", (10 * number, 10 * number + 9), raw, request, "raw_gen_ai_request")
    request.end(1_100 * MILLISECOND)
    return told.events()


@pytest.mark.parametrize(
    ("answer", "tries", "reasons"),
    [
        (None, [("m1", "end_turn")], ["end_turn"]),
        ("m1", [("m1", "end_turn"), ("m2", "max_tokens")], ["end_turn", "max_tokens"]),
        ("m2", [("m1", "end_turn"), ("m2", "max_tokens")], ["max_tokens", "end_turn"]),
        (None, [("m1", "end_turn"), ("m2", "max_tokens")], ["max_tokens", "end_turn"]),
    ],
    ids=["one try", "the first has the answer", "the last has the answer", "nobody says: the last"],
)
def test_the_other_half_of_a_request(answer: str | None, tries: list[tuple[str, str]], reasons: list[str]) -> None:
    """The request, whose half is the try with its answer, and then what is left."""
    calls = sorted(_halves(Told(), answer, tries), key=lambda call: call["$ai_span_name"])
    assert [call.get("$ai_stop_reason") for call in calls] == reasons


def test_usage_that_was_noted_apart_belongs_to_the_call_that_ended_nearest_to_it() -> None:
    """Codex writes the usage of a request down when it has ended, in a span beside the request's."""
    told = Told()
    turn = told.begin("codex_core", "turn", 0, {"codex.turn.token_usage.total_tokens": 6})
    for number in (2, 0, 1):
        told.span("codex_core", (number * 10, number * 10 + 8), {"codex.turn.phase": "sampling"}, turn, f"try {number}")
    for number in (1, 2, 0):
        times = (number * 10 + 7, number * 10 + 8 + number % 2)
        told.span("codex_core", times, {"codex.usage.total_tokens": number + 1}, turn, "usage")
    turn.end(1_100 * MILLISECOND)
    assert {call["$ai_span_name"]: call["$ai_total_tokens"] for call in told.events()} == {
        f"try {number}": number + 1 for number in range(3)
    }


LOGFIRE = {
    "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "request_data": '{"model":"gpt-4o"}',
}  # fmt: skip


def _stream(told: Told, opened: float, answered: float, tokens: int, above: Span | None) -> None:
    """Logfire's two halves of a stream: the request, and a log when it has been read."""
    lasted = {"logfire.span_type": "log", "duration": (answered - opened) / 1_000}
    told.span("logfire.openai", (0, opened), LOGFIRE, above, "request")
    told.span(
        "logfire.openai", (answered, answered), {**LOGFIRE, **lasted, "gen_ai.usage.output_tokens": tokens}, above
    )


def test_two_streams_of_the_same_words_at_once_have_a_half_each() -> None:
    told = Told()
    step = told.begin("app", "step", 0, AGENT)
    _stream(told, 30.0, 90.0, 1, step)
    _stream(told, 30.0, 95.0, 2, step)
    step.end(1_100 * MILLISECOND)
    assert sorted(call["$ai_output_tokens"] for call in told.events()) == [1, 2]


def test_halves_of_one_trace_come_before_one_of_another() -> None:
    told = Told()
    steps = [told.begin("app", "step", 0, AGENT) for _ in range(2)]
    for number, step in enumerate(steps):
        told.span("logfire.openai", (0, 30 + number), LOGFIRE, step, "request")
    for number, step in enumerate(steps):
        # As the clock has it, each is the other's.
        lasted = {"logfire.span_type": "log", "duration": (60 - 31 + number) / 1_000}
        told.span(
            "logfire.openai", (60, 60), {**LOGFIRE, **lasted, "gen_ai.usage.output_tokens": number}, step, "answer"
        )
        step.end(1_100 * MILLISECOND)
    calls = told.events()
    assert {call["$ai_trace_id"]: call["$ai_output_tokens"] for call in calls} == {
        f"{step.get_span_context().trace_id:032x}": number for number, step in enumerate(steps)
    }


# ---- what a step around a call knows of it ---------------------------------------------------------------------------

THOUGHT = {"type": "thinking", "thinking": "hm"}
TEXT = {"type": "text", "text": "yes"}
VOLTAGENT = "@voltagent/core"
RUN = {
    "entity.type": "agent", "entity.name": "guide", "output": "all of it, and more",
    "agent.messages": '[{"role":"user","content":"hi"}]',
    "usage.prompt_tokens": 159, "usage.completion_tokens": 19,
}  # fmt: skip
ATTEMPT = {"entity.type": "agent", "span.type": "llm", "llm.model": "gpt-4o-mini", "llm.usage.prompt_tokens": 91}


# What the provider answered the step, what the call says of it -> what the call tells: whichever is more.
LENT = [
    pytest.param([THOUGHT, TEXT], None, [THOUGHT, TEXT], id="the call says nothing"),
    pytest.param([THOUGHT, TEXT], "yes", [THOUGHT, TEXT], id="the call says the text alone"),
    pytest.param([TEXT], "yes, and more", "yes, and more", id="the call says as much"),
]


@pytest.mark.parametrize(("answered", "said", "expected"), LENT)
def test_the_answer_of_a_step_around_a_call(answered: list[dict[str, str]], said: str | None, expected: Any) -> None:
    told = Told()
    body = json.dumps({"type": "message", "role": "assistant", "content": answered})
    kind = "mastra.span.type"
    step = told.begin("mastra", "step", 0, {kind: "model_step", "mastra.metadata.body": body})
    parts = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": said}]}])
    output = {"gen_ai.output.messages": parts} if said is not None else {}
    told.span("mastra", (10, 20), {kind: "model_inference", **CHAT, **output}, step, "chat")
    step.end(1_100 * MILLISECOND)
    (call,) = told.events()
    assert call["$ai_output_choices"] == [{"role": "assistant", "content": expected}]


def test_of_several_calls_below_a_run_the_first_has_what_the_run_counts() -> None:
    told = Told()
    run = told.begin(VOLTAGENT, "guide", 0, RUN)
    for number in range(2):
        said = {**ATTEMPT, "llm.usage.completion_tokens": 12 + number}
        told.span(VOLTAGENT, (10 + number, 20 + number), said, run, "llm:generateText")
    run.end(1_100 * MILLISECOND)
    first, second = told.events()
    assert (first["$ai_input_tokens"], first["$ai_output_tokens"]) == (159, 19)
    assert (second["$ai_input_tokens"], second["$ai_output_tokens"]) == (91, 13)
    for call in (first, second):
        assert call["$ai_input"] == [{"role": "user", "content": "hi"}]
        assert call["$ai_output_choices"] == [{"role": "assistant", "content": "all of it, and more"}]


@pytest.mark.parametrize(
    ("said", "between", "expected"),
    [
        ({"llm.usage.completion_tokens": 20}, None, 20),
        ({"llm.usage.completion_tokens": 19}, None, 19),
        ({"llm.usage.completion_tokens": 12}, {"entity.type": "agent", "span.type": "tool", "tool.name": "t"}, 12),
    ],
    ids=["it counts more itself", "it counts as much", "a tool lies between"],
)
def test_a_call_keeps_its_counts(said: dict[str, Any], between: dict[str, Any] | None, expected: int) -> None:
    told = Told()
    run = told.begin(VOLTAGENT, "guide", 0, RUN)
    step = told.begin(VOLTAGENT, "step", 1, between, run) if between is not None else run
    told.span(VOLTAGENT, (10, 20), {**ATTEMPT, **said}, step, "llm:generateText")
    if step is not run:
        step.end(1_050 * MILLISECOND)
    run.end(1_100 * MILLISECOND)
    (call,) = told.events()
    assert call["$ai_output_tokens"] == expected


def test_a_call_that_counts_nothing_has_what_the_run_counts_of_what_was_asked() -> None:
    told = Told()
    run = told.begin(VOLTAGENT, "guide", 0, {key: value for key, value in RUN.items() if "completion" not in key})
    bare = {key: value for key, value in ATTEMPT.items() if "usage" not in key}
    told.span(VOLTAGENT, (10, 20), bare, run, "llm:generateText")
    run.end(1_100 * MILLISECOND)
    (call,) = told.events()
    assert call["$ai_input_tokens"] == 159


# ---- whose sessions are below ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("sessions", "expected"), [(("a", "a"), "a"), (("a", "b"), None)])
@pytest.mark.parametrize(("key", "stands"), [("session.id", "$ai_session_id"), ("user.id", "distinct_id")])
def test_what_is_below_both_reports_is_below_the_call(
    sessions: tuple[str, str], expected: str | None, key: str, stands: str
) -> None:
    """Of those below a call all must name one: else it is of none of them."""
    told = Told()
    request = told.begin("app", "request", -10, {})
    outer = told.begin("framework", "framework", 0, CHAT, request)
    inner = told.begin("client", "client", 10, CHAT, outer)
    for above, session in zip((outer, inner), sessions, strict=True):
        told.span("app", (20, 30), {**TOOL, key: session}, above)
    inner.end(1_090 * MILLISECOND)
    outer.end(1_100 * MILLISECOND)
    told.stages.leave()
    (call,) = [event for event in told.stages.events if event["event"] == "$ai_generation"]
    found = {**call["properties"], "distinct_id": call["distinct_id"]}.get(stands)
    assert (found if found in sessions else None) == expected


# ---- steps that only repeat the one around them ----------------------------------------------------------------------

TASK = {"traceloop.span.kind": "task"}
NAMED = {**TASK, "traceloop.entity.name": "step"}

# The outer and the inner step, each with its span's name -> how many are drawn.
STEPS = {
    "the same name": (("a", NAMED), ("b", NAMED), 1),
    "the same span": (("a", TASK), ("a", TASK), 1),
    "another span": (("a", TASK), ("b", TASK), 2),
    "another name": (("a", NAMED), ("a", {**TASK, "traceloop.entity.name": "other"}), 2),
    "another type": (("a", NAMED), ("a", {**NAMED, "traceloop.span.kind": "agent"}), 2),
    "with a state of its own": (("a", NAMED), ("a", {**NAMED, "traceloop.entity.input": '{"q":1}'}), 2),
    "with a result of its own": (("a", NAMED), ("a", {**NAMED, "traceloop.entity.output": '{"q":1}'}), 2),
    "with an error of its own": (("a", NAMED), ("a", {**NAMED, "error.type": "ValueError"}), 2),
}


@pytest.mark.parametrize("row", STEPS)
def test_a_step_that_says_nothing_new(row: str) -> None:
    outer, inner, drawn = STEPS[row]
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    around = told.begin("app", outer[0], 1, outer[1], agent)
    step = told.begin("app", inner[0], 2, inner[1], around)
    if "error.type" in inner[1]:
        step.set_status(StatusCode.ERROR, "no")
    told.span("app", (3, 4), CHAT, step)
    for span, end in ((step, 5), (around, 6), (agent, 7)):
        span.end((1_000 + end) * MILLISECOND)
    assert len(told.events("$ai_span")) == drawn


def test_after_a_step_that_stays_the_others_are_looked_at() -> None:
    """One that has no parent that is sent, one that a child has named, one that is a call: none ends the look."""
    told = Told()
    agent = told.begin("app", "agent", 0, AGENT)
    told.span("app", (1, 2), NAMED, None, "alone")
    told.span("app", (1, 2), CHAT, agent)
    around = told.begin("app", "around", 1, NAMED, agent)
    told.span("app", (2, 3), NAMED, around, "within")
    around.end(1_004 * MILLISECOND)
    agent.end(1_005 * MILLISECOND)
    told.events()
    assert [event["event"] for event in told.stages.events].count("$ai_span") == 1


# A step below an agent -> whether it is drawn where only the nodes of graphs are wanted.
IN_A_GRAPH = {
    "a chain": (NAMED, False),
    "a prompt": ({"openinference.span.kind": "PROMPT", "input.value": "hi"}, False),
    "a node": ({**NAMED, "traceloop.association.properties.langgraph_node": "step"}, True),
    "a tool": ({"traceloop.span.kind": "tool", "traceloop.entity.name": "search"}, True),
    "an agent": ({"traceloop.span.kind": "agent", "traceloop.entity.name": "planner"}, True),
    "a retriever": ({"openinference.span.kind": "RETRIEVER", "input.value": "hi"}, True),
}


@pytest.mark.parametrize("row", IN_A_GRAPH)
def test_what_is_drawn_of_a_graph(row: str) -> None:
    said, drawn = IN_A_GRAPH[row]
    told = Told(chain_spans="graph")
    agent = told.begin("app", "agent", 0, AGENT)
    step = told.span("app", (1, 2), said, agent)
    agent.end(1_005 * MILLISECOND)
    assert len(told.events("$ai_span")) == drawn
    assert bool(told.why(step)) is not drawn
    assert told.stages.counters.snapshot()["filtered"] == (not drawn)


@pytest.mark.parametrize(("chain_spans", "drawn"), [("all", 1), ("graph", 0)])
def test_chains_that_are_no_nodes_of_a_graph(chain_spans: str, drawn: int) -> None:
    told = Told(chain_spans=chain_spans)
    agent = told.begin("app", "agent", 0, AGENT)
    chain = told.begin("app", "chain", 1, NAMED, agent)
    told.span("app", (2, 3), CHAT, chain)
    chain.end(1_004 * MILLISECOND)
    agent.end(1_005 * MILLISECOND)
    assert len(told.events("$ai_span")) == drawn
    assert bool(told.why(chain)) is not bool(drawn), "what is left out says why"
