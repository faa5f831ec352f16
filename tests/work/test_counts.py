"""Every span that ends is counted once, and why one did not become an event of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.trace import SpanContext, TraceFlags

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work import no_ai, sorting
from otel_posthog_ai.work.no_ai import NoAIYet
from otel_posthog_ai.work.reading_room import ReadingRoom
from otel_posthog_ai.work.sorting import Sorter
from otel_posthog_ai.work.whole_traces import WholeTraces
from tests.stages import Stages, provider_of
from tests.traced import AGENT, CHAT, TOOL

PLAIN: dict[str, Any] = {"http.request.method": "GET"}


def ended(scope: str, attributes: dict[str, Any], name: str = "span") -> ReadableSpan:
    span = TracerProvider(shutdown_on_exit=False).get_tracer(scope).start_span(name, attributes=attributes)
    span.end()
    assert isinstance(span, ReadableSpan)
    return span


class Broken(ReadableSpan):
    """Cannot be read."""

    @property
    def events(self) -> Any:
        raise ValueError("secret")


def counts(counters: Counters) -> dict[str, Any]:
    """What is not zero."""
    return {name: count for name, count in counters.snapshot().items() if count}


def plain_spans(provider: TracerProvider) -> None:
    for _ in range(3):
        provider.get_tracer("http").start_span("GET", attributes=PLAIN).end()


def two_reports(provider: TracerProvider) -> None:
    with provider.get_tracer("framework").start_as_current_span("framework", attributes=CHAT):
        provider.get_tracer("client").start_span("client", attributes=CHAT).end()


def plumbing(provider: TracerProvider) -> None:
    provider.get_tracer("app").start_span("create", attributes={"gen_ai.operation.name": "create_agent"}).end()


def nothing(provider: TracerProvider) -> None:
    provider.get_tracer("openinference.instrumentation.langchain").start_span("step").end()


def many_attributes(provider: TracerProvider) -> None:
    said = {**CHAT, **{f"acme.key{number:03}": number for number in range(103)}}
    provider.get_tracer("app").start_span("chat", attributes=said).end()


ENDS: dict[str, tuple[Callable[[TracerProvider], None], dict[str, Any]]] = {
    "plain spans": (plain_spans, {"seen": 3, "filtered": 3}),
    "two reports of one call": (two_reports, {"seen": 2, "merged": 1, "exported": 1}),
    "plumbing": (plumbing, {"seen": 1, "filtered": 1}),
    "nothing, in a scope of AI": (nothing, {"seen": 1, "filtered": 1}),
    "attributes over the limit": (many_attributes, {"seen": 1, "exported": 1, "attributes_dropped": 3}),
}


@pytest.mark.parametrize("row", ENDS)
def test_what_ends_is_counted_once(row: str) -> None:
    ends, expected = ENDS[row]
    stages = Stages()
    ends(provider_of(stages))
    stages.leave()
    found = counts(stages.counters)
    found.pop("dropped", None)
    assert {name: found.get(name) for name in expected} == expected
    assert found.get("filtered", 0) + found.get("merged", 0) + found.get("exported", 0) == found["seen"]


def test_plumbing_tells_the_tags_of_its_trace() -> None:
    """And for whom what ran below it ran."""
    stages = Stages()
    tracer_of = provider_of(stages).get_tracer
    made = {"gen_ai.operation.name": "create_agent", "langfuse.trace.tags": ("beta", "shop")}
    remembered = {"entity.type": "agent", "span.type": "memory", "conversation.id": "c1"}
    with (
        tracer_of("app").start_as_current_span("create", attributes=made) as create,
        tracer_of("@voltagent/core").start_as_current_span("memory", attributes=remembered),
    ):
        tracer_of("app").start_span("chat", attributes=CHAT).end()
        create.end()
    stages.leave()
    (chat,) = (event["properties"] for event in stages.events)
    assert (chat["tags"], chat["$ai_session_id"]) == (["beta", "shop"], "c1")


def test_a_span_whose_end_cannot_be_noted_is_counted_and_the_others_are_not_lost() -> None:
    class Unknowable(ReadableSpan):
        def get_span_context(self) -> Any:
            raise ValueError("secret")

    counters = Counters()
    sorter = sorter_of(counters)
    for span in (ended("app", CHAT), Unknowable("chat", attributes=CHAT), ended("app", CHAT)):
        sorter.add(span)
    sorter.sort_out()
    assert len(sorter.next_batch()) == 2
    assert counts(counters) == {"seen": 3, "dropped": {"unreadable": 1}}


def test_a_span_that_comes_again_is_no_second_one() -> None:
    stages, span = Stages(), ended("app", CHAT)
    for _ in range(2):
        stages.room.add([span], lambda _: ())
        stages.release()
    assert len(stages.events) == 1
    assert counts(stages.counters)["dropped"] == {"repeated": 1}


def test_a_span_that_nobody_can_read_loses_itself_alone(caplog: pytest.LogCaptureFixture) -> None:
    good = ended("app", CHAT)
    bad = Broken("chat", context=ended("app", CHAT).context, attributes=CHAT, start_time=1, end_time=2)
    nameless = ReadableSpan("chat", context=None, attributes=CHAT)
    stages = Stages()
    stages.may_lose = True
    stages.room.add([bad, nameless, good], lambda _: ())
    stages.release()
    assert len(stages.events) == 1
    assert counts(stages.counters)["dropped"] == {"unreadable": 2}
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_of_a_whole_trace_all_leaves_also_what_ran_in_a_span_that_cannot_be_read() -> None:
    good = ended("app", CHAT)
    context = good.get_span_context()
    assert context is not None
    above = SpanContext(context.trace_id, 7, False, context.trace_flags)
    bad = Broken("around", context=above, attributes=CHAT, start_time=1, end_time=2)
    inner = ReadableSpan("chat", context=context, parent=above, attributes=CHAT, start_time=1, end_time=2)
    counters = Counters()
    whole = WholeTraces(resolve({"api_key": "phc_x"}, environ={}), counters)
    assert len(whole.events([inner, bad], lambda _: ())) == 1
    assert counts(counters)["dropped"] == {"unreadable": 1}


def sorter_of(counters: Counters, wake: Callable[[], None] = lambda: None, **options: Any) -> Sorter:
    settings = resolve({"api_key": "phc_x", **options}, environ={})
    return Sorter(settings, ReadingRoom(settings, counters, patient=True), counters, wake=wake)


def test_what_does_not_fit_into_the_queue_waits_for_room() -> None:
    counters = Counters()
    sorter = sorter_of(counters, max_queue_size=2, flush_at=1)
    spans = [ended("app", CHAT) for _ in range(3)]
    for span in spans:
        sorter.add(span)
    sorter.sort_out()
    assert (sorter.queued, counts(counters)) == (3, {}), "what does not fit waits where it is"
    assert [*sorter.next_batch(), *sorter.next_batch()] == spans[:2]
    sorter.sort_out()
    assert sorter.next_batch() == spans[2:]
    assert counts(counters) == {"seen": 3}


def test_batches_are_as_many_as_wait() -> None:
    sorter = sorter_of(Counters(), flush_at=4, flush_interval_millis=60_000)
    for number in range(1, 10):
        sorter.add(ended("app", CHAT))
        assert sorter.batches(everything=True) == -(-number // 4)
        if number == 3:
            sorter.sort_out()
            assert sorter.batches(everything=False) == 0, "fewer than a batch wait for the interval"
    sorter.sort_out()
    assert sorter.batches(everything=False) == 3
    assert [len(sorter.next_batch()) for _ in range(4)] == [4, 4, 1, 0]


def test_few_spans_are_read_when_they_have_waited_for_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr(sorting.time, "monotonic", lambda: moment[0])
    sorter = sorter_of(Counters(), flush_at=4, flush_interval_millis=5_000)
    assert sorter.due_in() == 5.0
    sorter.add(ended("app", CHAT))
    sorter.sort_out()
    moment[0] += 2
    sorter.add(ended("app", CHAT))
    sorter.sort_out()
    assert (sorter.batches(everything=False), sorter.due_in()) == (0, 3.0), "the oldest tells"
    moment[0] += 3
    assert (sorter.batches(everything=False), sorter.due_in()) == (1, 0.0)
    moment[0] += 3
    assert sorter.due_in() == 0.0


def test_the_worker_does_not_rest_while_a_batch_waits() -> None:
    sorter = sorter_of(Counters(), flush_at=2, flush_interval_millis=60_000)
    for rests in (True, False):
        sorter.add(ended("app", CHAT))
        sorter.sort_out()
        assert (sorter.due_in() > 0) is rests


def test_the_worker_is_woken_for_every_512_spans_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sorting, "MOST_UNSORTED", 2_000)
    woken: list[int] = []
    sorter = sorter_of(Counters(), wake=lambda: woken.append(sorter.queued))
    span = ended("http", PLAIN)
    for _ in range(1_600):
        sorter.add(span)
    assert woken == [512, 1024, 1536]


def test_whoever_ends_one_span_too_many_looks_at_the_oldest_few() -> None:
    counters = Counters()
    sorter = sorter_of(counters)
    span = ended("http", PLAIN)
    for _ in range(sorting.MOST_UNSORTED):
        sorter.add(span)
    assert counts(counters) == {}
    sorter.add(span)
    assert counts(counters) == {"seen": 4, "filtered": 4}
    assert sorter.queued == sorting.MOST_UNSORTED - 3


@pytest.mark.parametrize(("waiting", "behind"), [(24, False), (25, True)])
def test_a_quarter_of_a_full_queue_is_behind(waiting: int, behind: bool) -> None:
    sorter = sorter_of(Counters(), max_queue_size=100)
    for _ in range(waiting):
        sorter.add(ended("app", CHAT))
    assert sorter.is_behind is behind


def test_what_nobody_will_read_is_lost_and_told(caplog: pytest.LogCaptureFixture) -> None:
    counters = Counters()
    sorter = sorter_of(counters)
    for attributes in (CHAT, PLAIN, AGENT):
        sorter.add(ended("app", attributes))
    sorter.sort_out()
    sorter.add(ended("app", TOOL))
    sorter.give_up()
    assert counts(counters) == {"seen": 4, "filtered": 1, "dropped": {"unread": 3}}
    assert "3 ended spans could not be read" in caplog.text
    assert sorter.queued == 0


def test_after_the_shutdown_only_ai_spans_are_missed() -> None:
    counters = Counters()
    sorter = sorter_of(counters)
    unsampled = ReadableSpan("chat", context=SpanContext(1, 1, False, TraceFlags(0)), attributes=CHAT)
    for span in (ended("app", CHAT), ended("http", PLAIN), unsampled, ReadableSpan("chat", attributes=CHAT)):
        sorter.refuse(span)
    assert counts(counters) == {"seen": 1, "dropped": {"after_shutdown": 1}}


def test_whole_traces_tell_what_was_not_for_posthog() -> None:
    counters = Counters()
    whole = WholeTraces(resolve({"api_key": "phc_x"}, environ={}), counters)
    nameless = ReadableSpan("GET", context=ended("x", {}).context, attributes=PLAIN, start_time=1, end_time=2)
    spans = [ended("http", PLAIN), ended("app", CHAT), ended("http", PLAIN), ended("db", PLAIN), nameless]
    assert len(whole.events(spans, lambda _: ())) == 1
    assert whole.unread == {"http": 2, "db": 1, "": 1}
    assert counts(counters).items() >= {"seen": 5, "filtered": 4, "exported": 1}.items()


# ---- many spans, and none of them AI ---------------------------------------------------------------------------------


def test_scopes_are_told_by_how_many_spans_they_had(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(no_ai, "MANY", 10)
    noted = NoAIYet()
    for number, scope in enumerate(["a", "b", "b", "", "c", "c", "c", "d", "e", "f"], 1):
        assert not noted.over
        noted.note(ended(scope, PLAIN), False)
        assert noted.spans == number
    assert noted.over
    assert not noted.ai_seen
    assert noted.scopes() == ["c", "b", "a", "(no scope)", "d"]


def test_one_ai_span_ends_the_count() -> None:
    noted = NoAIYet()
    noted.note(ended("a", PLAIN), False)
    noted.note(ended("app", CHAT), True)
    assert (noted.over, noted.ai_seen, noted.scopes()) == (True, True, [])


def test_of_very_many_scopes_the_first_hundred_are_remembered() -> None:
    noted = NoAIYet()
    for number in range(102):
        noted.note(ended(f"scope-{number}", PLAIN), False)
    for number in (100, 101, 0, 99, 99):
        noted.note(ended(f"scope-{number}", PLAIN), False)
    assert noted.scopes()[:3] == ["scope-99", "scope-0", "scope-1"]
