"""What is known of a span while it is open, when it has ended, was lost, was merged or was forgotten."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import pytest
from opentelemetry.context import Context
from opentelemetry.sdk.trace import ReadableSpan, Span, TracerProvider
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context

from otel_posthog_ai import posthog_context
from otel_posthog_ai.context.belonging import Belonging
from otel_posthog_ai.dialects import read_identity
from otel_posthog_ai.record import AISpan
from otel_posthog_ai.tree import ancestry, open_spans, unread
from otel_posthog_ai.tree.ancestry import Hierarchy
from otel_posthog_ai.tree.nodes import Fate, Node
from otel_posthog_ai.tree.open_spans import OpenSpans
from otel_posthog_ai.tree.unread import UnreadSpans
from tests.stages import Stages, all_unread, provider_of
from tests.traced import AGENT, CHAT

_tracer = TracerProvider(shutdown_on_exit=False).get_tracer("app")


def _span(name: str = "span", **given: Any) -> Span:
    span = _tracer.start_span(name, **given)
    assert isinstance(span, Span)
    return span


def _id(span: Any) -> int:
    found: int = span.get_span_context().span_id
    return found


def _afar(trace_id: int = 0xABC) -> Context:
    """Below a span of another process."""
    return set_span_in_context(NonRecordingSpan(SpanContext(trace_id, 0x123, True, TraceFlags(1))), Context())


def _called(stages: Stages, name: str) -> dict[str, Any]:
    (found,) = [event for event in stages.events if event["properties"]["$ai_span_name"] == name]
    return {**found, **found["properties"]}


# ---- lost before it was read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("asked_before", [False, True], ids=["nobody asked", "a child was read before"])
@pytest.mark.parametrize("whose", [None, "u1"], ids=["of nobody", "of a user"])
def test_what_was_lost_is_passed_over_and_nobody_waits_for_it(asked_before: bool, whose: str | None) -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    outer = tracer.start_span("outer", attributes=AGENT)
    inner = tracer.start_span("inner", set_span_in_context(outer), attributes=AGENT)
    with posthog_context(distinct_id=whose) if whose is not None else nullcontext():
        lost = tracer.start_span("lost", set_span_in_context(inner), attributes=AGENT)
    below = set_span_in_context(lost)
    if asked_before:
        tracer.start_span("first", below, attributes=CHAT).end()
        stages.queue_ended()
        stages.read_queued()
    lost.end()
    stages.queue_ended()
    ended = stages.queue.pop()
    stages.room.hierarchy.lost(ended)
    assert stages.room.hierarchy.unread.get(_id(lost)) is None, "also while somebody holds it"
    unread_there = stages.room.hierarchy.unread.of_trace(lost.get_span_context().trace_id)
    assert all(span is not ended for _, span in unread_there)
    tracer.start_span("chat", below, attributes=CHAT).end()
    stages.leave(everything=False)
    chat = _called(stages, "chat")
    assert chat["$ai_parent_id"] == f"{_id(inner):016x}"
    assert chat["distinct_id"] == (whose or chat["$ai_trace_id"])


def test_the_only_span_above_was_lost() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    lost = tracer.start_span("lost", attributes=AGENT)
    lost.end()
    stages.queue_ended()
    stages.room.hierarchy.lost(stages.queue.pop())
    tracer.start_span("chat", set_span_in_context(lost), attributes=CHAT).end()
    assert stages.leave(everything=False) == ["chat"]
    assert _called(stages, "chat")["$ai_parent_id"] == _called(stages, "chat")["$ai_trace_id"]


def test_what_was_lost_below_another_process_still_says_that_the_trace_goes_on_there() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    lost = tracer.start_span("lost", _afar(), attributes=AGENT)
    lost.end()
    stages.queue_ended()
    stages.room.hierarchy.lost(stages.queue.pop())
    tracer.start_span("agent", set_span_in_context(lost), attributes=AGENT).end()
    stages.leave(everything=False)
    assert sorted(event["event"] for event in stages.events) == ["$ai_span", "$ai_trace"]


def test_whoever_was_lost_without_ids_is_nobodys_ancestor() -> None:
    hierarchy = Hierarchy()
    hierarchy.lost(ReadableSpan("without a context"))
    assert not hierarchy.has_begun()


# ---- ended, and asked for afterwards -------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", [{}, {"user.id": "u1"}], ids=["of nobody", "of a user"])
@pytest.mark.parametrize("ended", [False, True], ids=["open", "ended"])
@pytest.mark.parametrize("remote", [False, True], ids=["begun here", "from afar"])
def test_a_late_agent_knows_whether_its_trace_began_elsewhere(remote: bool, ended: bool, whose: dict[str, str]) -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    web = tracer.start_span("web", _afar() if remote else Context(), attributes=whose)
    agent = tracer.start_span("agent", set_span_in_context(web), attributes=AGENT)
    if ended:
        web.end()
        stages.queue_ended()
    agent.end()
    stages.leave()
    assert sorted(event["event"] for event in stages.events) == (["$ai_span", "$ai_trace"] if remote else ["$ai_trace"])
    assert {event["distinct_id"] for event in stages.events} == {
        whose.get("user.id", f"{web.get_span_context().trace_id:032x}")
    }


@pytest.mark.parametrize("same_trace", [True, False])
@pytest.mark.parametrize("asked_before", [True, False])
@pytest.mark.parametrize("how", ["open", "ended", "read"])
@pytest.mark.parametrize("what", [{}, {"user.id": "u1"}, CHAT], ids=["a plain span", "a user's span", "a call"])
def test_the_id_of_a_span_means_it_in_its_own_trace_only(
    same_trace: bool, asked_before: bool, how: str, what: dict[str, Any]
) -> None:
    """Two children of two traces name the same span id: it is above the one that is of its trace."""
    stages = Stages(deduplicate=False)
    tracer = provider_of(stages).get_tracer("app")
    agent = tracer.start_span("agent", attributes=AGENT)
    link = tracer.start_span("link", set_span_in_context(agent), attributes=what)
    if how != "open":
        link.end()
        stages.queue_ended()
    later, stages.queue = stages.queue if how == "ended" else [], stages.queue if how == "read" else []
    own = tracer.start_span("own", set_span_in_context(link), attributes=CHAT)
    if asked_before:
        own.end()
    stages.leave()
    known = link.get_span_context()
    other = SpanContext(known.trace_id if same_trace else 7, known.span_id, False, TraceFlags(1))
    tracer.start_span("chat", set_span_in_context(NonRecordingSpan(other)), attributes=CHAT).end()
    own.end()
    agent.end()
    stages.leave()
    stages.queue += later
    link.end()
    stages.leave()
    above = f"{known.span_id:016x}" if what == CHAT else f"{known.trace_id:032x}"
    found, chat = _called(stages, "own"), _called(stages, "chat")
    assert (found["$ai_parent_id"], found["$ai_trace_id"]) == (above, f"{known.trace_id:032x}")
    assert chat["$ai_trace_id"] == f"{other.trace_id:032x}"
    assert chat["$ai_parent_id"] == (above if same_trace else chat["$ai_trace_id"])
    owner = what.get("user.id", found["$ai_trace_id"])
    assert found["distinct_id"] == owner
    assert chat["distinct_id"] == (owner if same_trace else chat["$ai_trace_id"])


@pytest.mark.parametrize(
    ("what", "ai", "fate"),
    [("plain", False, Fate.LINK), ("of a user", False, Fate.LINK), ("in a context", False, Fate.LINK),
     ("in a context", True, Fate.UNKNOWN), ("plain", True, Fate.UNKNOWN), ("from afar", False, Fate.LINK),
     ("from afar", True, Fate.UNKNOWN)],
)  # fmt: skip
def test_what_is_known_of_an_ended_span_whoever_asks(what: str, ai: bool, fate: Fate) -> None:
    hierarchy = Hierarchy()
    belonging = Belonging(distinct_id="u2") if what == "in a context" else None
    identity = read_identity({"user.id": "u1"}) if what == "of a user" else None
    hierarchy.ended.add(8, SpanContext(1, 7, what == "from afar"), 1, belonging, None, identity, ai)
    node = hierarchy.node(8)
    assert node is not None
    assert node is hierarchy.node(8)
    assert (node.span_id, node.parent_id, node.parent_is_remote, node.fate) == (8, 7, what == "from afar", fate)
    assert (node.belonging, hierarchy.identity(node)) == (belonging, identity)
    assert hierarchy.ended.is_on_its_way(8) is ai
    assert hierarchy.node(9) is None
    assert hierarchy.node(9) is None


@pytest.mark.parametrize("what", [{}, {"user.id": "u1"}], ids=["of nobody", "of a user"])
def test_nobody_waits_for_a_plain_span_that_has_ended(what: dict[str, str]) -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    plain = tracer.start_span("plain", attributes=what)
    chat = tracer.start_span("chat", set_span_in_context(plain), attributes=CHAT)
    plain.end()
    stages.queue_ended()
    chat.end()
    assert stages.leave(everything=False) == ["chat"]


def test_a_step_that_turns_out_to_be_none_is_passed_over_from_then_on() -> None:
    hierarchy = Hierarchy()
    top = hierarchy.learn(1, 1, None)
    outer, inner, node = (hierarchy.learn(span_id, 1, SpanContext(1, span_id - 1, False)) for span_id in (2, 3, 4))
    with hierarchy.at_rest():
        assert list(hierarchy.spans_above(node)) == [inner, outer, top]
        inner.drop("noise")
        outer.drop("noise")
        assert hierarchy.span_above(node) is top
        assert list(hierarchy.spans_above(node)) == [top]


def test_a_way_that_leads_in_a_circle_leads_nowhere() -> None:
    """Ids that an app makes up may do so; it is asked in the app's threads."""
    hierarchy = Hierarchy()
    for span_id, parent_id in ((1, 2), (2, 3), (3, 1)):
        hierarchy.finished(span_id, SpanContext(1, parent_id, False), 1, None, False)
    assert hierarchy.nearest_marked(1, None) is None


# ---- merged ----------------------------------------------------------------------------------------------------


def _record() -> AISpan:
    return AISpan(trace_id="1" * 32, span_id="2" * 16, parent_id=None, start_ns=1, end_ns=2,
                  span_name="chat", scope="app")  # fmt: skip


def test_what_was_merged_into_what_was_merged_is_the_last_of_them_however_often_one_asks() -> None:
    hierarchy = Hierarchy()
    nodes = [hierarchy.learn(span_id, 1, None) for span_id in (11, 12, 13, 14)]
    for node in nodes:
        node.hold(_record())
    for node, survivor in pairwise(nodes):
        node.merge_into(survivor, "the same")
    for _ in range(2):
        assert [hierarchy.survivor(node) for node in nodes] == [nodes[-1]] * 4


def test_of_a_survivor_that_is_forgotten_the_last_that_is_known_stands_for_it() -> None:
    hierarchy = Hierarchy()
    node, merged = hierarchy.learn(11, 1, None), hierarchy.learn(12, 1, None)
    for each, survivor in ((node, merged), (merged, Node(13, 1, 0))):
        each.hold(_record())
        each.merge_into(survivor, "the same")
    assert hierarchy.survivor(node) is merged
    assert hierarchy.survivor(node) is merged


# ---- what an open span says, as far as it has got ------------------------------------------------------------------


def test_an_open_span_is_asked_again_when_it_says_more() -> None:
    stages = Stages()
    tracer = provider_of(stages).get_tracer("app")
    web = tracer.start_span("web", Context())
    above = set_span_in_context(web)

    def whose(name: str) -> str | None:
        tracer.start_span(name, above, attributes=CHAT).end()
        stages.leave()
        found = _called(stages, name)
        return None if found["distinct_id"] == found["$ai_trace_id"] else found["distinct_id"]

    assert whose("before") is None
    web.set_attribute("http.route", "/ask")
    assert whose("routed") is None
    web.set_attribute("user.id", "u1")
    assert whose("logged in") == "u1"
    web.set_attribute("key", "value")
    assert whose("later") == "u1"
    web.end()
    assert whose("afterwards") == "u1"


# ---- forgotten -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "kept"),
    [(16, 16), (17, 14), (18, 14), (30, 14)],
    ids=["as many as may be", "one more", "two more", "many more"],
)
def test_an_eighth_is_forgotten_when_more_are_known_than_may_be(
    monkeypatch: pytest.MonkeyPatch, known: int, kept: int
) -> None:
    monkeypatch.setattr(ancestry, "MOST_ENDED", 16)
    hierarchy = Hierarchy()
    for span_id in range(1, known + 1):
        hierarchy.learn(span_id, 1, None)
    hierarchy.trim()
    assert list(hierarchy.nodes) == list(range(known - kept + 1, known + 1)), "the oldest go"


@pytest.mark.parametrize("who", ["held", "open", "held below what is open"])
def test_who_waits_or_is_open_is_not_forgotten_however_many_they_are(monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    monkeypatch.setattr(ancestry, "MOST_ENDED", 16)
    hierarchy, spans = Hierarchy(), [_span() for _ in range(30)]
    for span in spans:
        if who != "held":
            hierarchy.open_spans.add(span)
        node = hierarchy.learn(_id(span), span.get_span_context().trace_id, None)
        if who != "open":
            node.hold(_record())
    kept = [_id(span) for span in spans]
    hierarchy.trim()
    assert list(hierarchy.nodes) == kept
    # They are no reason to look again until an eighth more has come.
    for span_id in (1, 2):
        hierarchy.learn(span_id, 1, None)
        hierarchy.trim()
        assert len(hierarchy.nodes) == 30 + span_id
    hierarchy.learn(3, 1, None)
    hierarchy.trim()
    assert list(hierarchy.nodes) == kept


def test_open_spans_are_looked_through_twice_a_second_or_when_much_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen by who is let go of: an open span that its app has dropped is gone after the look."""
    now = [0.0]
    monkeypatch.setattr("otel_posthog_ai.tree.ancestry.time.monotonic", lambda: now[0])
    monkeypatch.setattr(ancestry, "MOST_ENDED", 8)
    hierarchy = Hierarchy()

    def looked_at(seconds: float, ended: int = 0) -> bool:
        span = _span()
        gone = weakref.ref(span)
        hierarchy.open_spans.add(span)
        hierarchy.open_spans.known(1)
        now[0] += seconds
        for number in range(ended):
            hierarchy.finished(100 + number, None, 1, None, False)
        hierarchy.sweep_if_due()
        del span
        gc.collect()
        return gone() is None

    assert looked_at(0)
    assert not looked_at(0.49)
    assert looked_at(0.01)
    assert not looked_at(0.0)
    assert looked_at(0.5)
    assert not looked_at(0.0, ended=8)
    assert looked_at(0.0, ended=9)
    assert len(hierarchy.ended) < 9


# ---- seen by another thread in the middle of a move ---------------------------------------------------------------


def test_a_span_that_is_being_moved_is_among_the_open_ones_once() -> None:
    opened, span = OpenSpans(), _span()
    opened.add(span)
    assert opened.live(_id(span)) is span
    opened._opened[_id(span)] = (weakref.ref(span), None, None)  # as `sweep` does before it takes it from the others
    assert list(opened.but(())) == [(_id(span), span)]
    del opened._begun[_id(span)]
    assert list(opened.but(())) == [(_id(span), span)]


@pytest.mark.parametrize("swept", [False, True])
def test_whose_end_is_noted_meanwhile_is_no_longer_among_the_open_ones(swept: bool) -> None:
    opened, spans = OpenSpans(), [_span(str(number)) for number in range(3)]
    for span in spans:
        opened.add(span)
    if swept:
        opened.sweep()
    found = opened.but(())
    assert next(found) == (_id(spans[0]), spans[0])
    opened.remove(_id(spans[1]))
    assert list(found) == [(_id(spans[2]), spans[2])]


def test_who_is_swept_meanwhile_stays_among_the_open_ones() -> None:
    opened, spans = OpenSpans(), [_span(str(number)) for number in range(3)]
    for span in spans:
        opened.add(span)
    found = opened.but(())
    next(found)
    opened.sweep()
    assert list(found) == [(_id(span), span) for span in spans[1:]]


def test_abandoned_spans_are_looked_for_again_when_many_more_have_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(open_spans, "SWEEP_EVERY", 4)
    opened, kept = OpenSpans(), [_span() for _ in range(5)]
    for span in kept:
        opened.add(span)
    opened.sweep()
    for abandoned, left in ((3, {8}), (2, {5, 6})):
        for _ in range(abandoned):
            opened.add(_span())
        opened.sweep()
        gc.collect()
        opened.sweep()
        assert len(opened) in left, "the last one may still be in hand"


@pytest.mark.parametrize("how", ["just begun", "put in order", "swept"])
def test_open_spans_are_counted_wherever_they_stand(how: str) -> None:
    opened, span = OpenSpans(), _span()
    assert (len(opened), bool(opened)) == (0, False)
    opened.add(span)
    if how == "put in order":
        opened.live(1)
    elif how == "swept":
        opened.sweep()
    assert (len(opened), bool(opened)) == (1, True)
    opened.live(_id(span))
    opened.remove(_id(span))
    assert (len(opened), bool(opened)) == (0, False)


# ---- on its way ----------------------------------------------------------------------------------------------------


def _arriving(unread_spans: UnreadSpans, *spans: Span) -> list[ReadableSpan]:
    """What the queue holds."""
    queue = []
    for span in spans:
        span.end()
        ended = span._readable_span()
        unread_spans.arrives(_id(span), span.get_span_context().trace_id, ended)
        queue.append(ended)
    return queue


def _of(scope: str, name: str, above: Span | None = None) -> Span:
    context = set_span_in_context(above) if above is not None else Context()
    span = TracerProvider(shutdown_on_exit=False).get_tracer(scope).start_span(name, context)
    assert isinstance(span, Span)
    return span


def test_who_is_unread_by_trace_and_scope() -> None:
    opened = OpenSpans()
    spans = UnreadSpans(opened, lambda: None)
    first, elsewhere = _of("a", "first"), _of("a", "elsewhere")
    second, third, fourth = (_of(scope, name, first) for scope, name in (("b", "second"), ("a", "third"), ("b", "4th")))
    for span in (first, second, elsewhere):
        opened.add(span)
    queue = _arriving(spans, third, fourth)
    trace_id = first.get_span_context().trace_id

    def names(found: Any) -> set[str]:
        found = list(found)
        assert all(span.get_span_context().span_id == span_id for span_id, span in found)
        assert len({span_id for span_id, _ in found}) == len(found)
        return {span.name for _, span in found}

    assert names(all_unread(spans)) == {"first", "second", "third", "4th", "elsewhere"}
    assert names(all_unread(spans, but="a")) == {"second", "4th"}
    assert names(all_unread(spans, but="b")) == {"first", "third", "elsewhere"}
    assert names(spans.of_trace(trace_id)) == {"first", "second", "third", "4th"}
    assert names(spans.of_trace(trace_id, but="a")) == {"second", "4th"}
    assert names(spans.of_trace(trace_id, but="b")) == {"first", "third"}
    assert names(spans.of_trace(elsewhere.get_span_context().trace_id)) == {"elsewhere"}
    assert names(spans.of_trace(5)) == set()
    assert [spans.get(_id(span)) is not None for span in (first, third, fourth, elsewhere)] == [True] * 4

    spans.arrived(_id(third), trace_id, "a")
    assert names(all_unread(spans)) == {"first", "second", "4th", "elsewhere"}
    assert names(spans.of_trace(trace_id)) == {"first", "second", "4th"}
    assert spans.get(_id(third)) is None
    spans.arrived(_id(third), trace_id, "a")  # a second time
    spans.arrived(_id(third), trace_id, "unknown")
    queue.clear()  # nobody holds what was thrown away on its way
    gc.collect()
    assert names(all_unread(spans)) == {"first", "second", "elsewhere"}
    assert names(spans.of_trace(trace_id)) == {"first", "second"}
    assert spans.get(_id(fourth)) is None


def test_several_of_one_trace_and_scope_arrive_one_by_one() -> None:
    spans = UnreadSpans(OpenSpans(), lambda: None)
    first = _of("a", "first")
    second = _of("a", "second", first)
    queue = _arriving(spans, first, second)
    trace_id = first.get_span_context().trace_id
    for span, left in zip((first, first, second), ([_id(second)], [_id(second)], []), strict=True):
        spans.arrived(_id(span), trace_id, "a")
        assert [span_id for span_id, _ in spans.of_trace(trace_id)] == left
    assert spans._arriving_of == {}, "nothing is left behind"
    queue += _arriving(spans, third := _of("a", "third", first))
    assert [span_id for span_id, _ in spans.of_trace(trace_id)] == [_id(third)]


class _Between(dict[Any, Any]):
    """Something else happens before an entry is taken away, or after it was looked up to be added to."""

    before_pop: Callable[[], None] | None = None
    after_setdefault: Callable[[], None] | None = None

    def pop(self, *given: Any) -> Any:
        then, self.before_pop = self.before_pop, None
        if then is not None:
            then()
        return super().pop(*given)

    def setdefault(self, *given: Any) -> Any:
        found = super().setdefault(*given)
        then, self.after_setdefault = self.after_setdefault, None
        if then is not None:
            then()
        return found


@pytest.mark.parametrize("when", ["before_pop", "after_setdefault"])
def test_what_arrives_while_the_last_one_before_it_is_taken_away_is_unread(when: str) -> None:
    """The worker takes one and another thread brings one, at the same moment."""
    spans = UnreadSpans(OpenSpans(), lambda: None)
    spans._arriving_of = between = _Between()
    first = _of("a", "first")
    second = _of("a", "second", first)
    trace_id = first.get_span_context().trace_id
    queue = _arriving(spans, first)

    def bring() -> None:
        queue.extend(_arriving(spans, second))

    def take() -> None:
        spans.arrived(_id(first), trace_id, "a")

    if when == "before_pop":
        between.before_pop = bring
        take()
    else:
        between.after_setdefault = take
        bring()
    assert [span_id for span_id, _ in spans.of_trace(trace_id)] == [_id(second)]


def test_what_begins_is_unread_at_once_unless_all_is_at_rest() -> None:
    opened = OpenSpans()
    spans = UnreadSpans(opened, lambda: None)
    first = _of("a", "first")
    opened.add(first)
    trace_id = first.get_span_context().trace_id
    assert len(spans.of_trace(trace_id)) == 1
    opened.add(second := _of("a", "second", first))
    assert len(spans.of_trace(trace_id)) == 2
    spans.rest(True)
    assert len(spans.of_trace(trace_id)) == 2
    opened.add(third := _of("a", "third", first))
    assert len(spans.of_trace(trace_id)) == 2
    spans.rest(False)
    assert {span.name for _, span in spans.of_trace(trace_id)} == {first.name, second.name, third.name}


def test_what_is_open_stays_known_by_trace_and_scope_however_much_begins_and_ends_beside_it() -> None:
    opened = OpenSpans()
    spans = UnreadSpans(opened, lambda: None)

    def begin(scope: str) -> Span:
        opened.add(span := _of(scope, "span"))
        return span

    def ids(unread: Iterable[tuple[int, ReadableSpan]]) -> list[int]:
        found = dict(unread)
        assert all(_id(span) == span_id for span_id, span in found.items())
        return sorted(found)

    kept = [begin(scope) for scope in ("app", "other") * 3]
    for number in range(2_000):
        if number % 100 == 0:
            opened.sweep()
            kept.append(begin("app"))
        passing = begin("app")
        if number % 7 == 0:
            assert _id(passing) in ids(all_unread(spans))
        assert opened.live(_id(passing)) is passing
        opened.remove(_id(passing))
    assert ids(all_unread(spans)) == sorted(map(_id, kept))
    assert ids(all_unread(spans, but="app")) == sorted(map(_id, kept[1:6:2]))
    for span in kept:
        assert ids(spans.of_trace(span.get_span_context().trace_id)) == [_id(span)]
        opened.remove(_id(span))
    assert ids(all_unread(spans)) == []


def test_a_span_that_nobody_ends_is_not_kept_alive_by_who_looks_for_it() -> None:
    opened = OpenSpans()
    spans = UnreadSpans(opened, lambda: None)
    opened.add(span := _of("app", "span"))
    assert len(all_unread(spans)) == 1
    opened.sweep()
    gone = weakref.ref(span)
    del span
    gc.collect()
    assert gone() is None
    assert all_unread(spans) == []


def test_what_is_on_its_way_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "MOST_ARRIVING", 16)
    spans = UnreadSpans(OpenSpans(), lambda: None)
    all_spans = [_of("a", str(number)) for number in range(20)]
    queue = _arriving(spans, *all_spans)
    found = [spans.get(_id(span)) is not None for span in all_spans]
    of_traces = [bool(spans.of_trace(span.get_span_context().trace_id)) for span in all_spans]
    for each in (found, of_traces):
        assert (each[0], each[-1]) == (False, True)
        assert 14 <= sum(each) <= 16
    assert len(queue) == 20


def test_spans_without_a_scope_are_unread_like_others() -> None:
    spans = UnreadSpans(OpenSpans(), lambda: None)
    ended = ReadableSpan("bare", SpanContext(1, 2, False, TraceFlags(1)), start_time=1, end_time=2)
    spans.arrives(2, 1, ended)
    assert [span for _, span in all_unread(spans)] == [ended]
    assert [span for _, span in spans.of_trace(1)] == [ended]
    assert all_unread(spans, but="") == []
    assert list(spans.of_trace(1, but="")) == []
    spans.arrived(2, 1, "")
    assert all_unread(spans) == []


@pytest.mark.parametrize("catches_up", [False, True], ids=["its end is noted", "nobody has looked yet"])
def test_whoever_asks_for_a_span_that_ended_this_moment_has_its_end_noted(catches_up: bool) -> None:
    """The app still holds the span; what is read is the copy that is on its way."""
    opened, looks = OpenSpans(), list[str]()
    span = _span("span")
    queue: list[ReadableSpan] = []

    def catch_up() -> None:
        looks.append("look")
        if not queue:
            queue.append(span._readable_span())
            spans.arrives(_id(span), span.get_span_context().trace_id, queue[0])
            opened.remove(_id(span))

    spans = UnreadSpans(opened, catch_up)
    opened.add(span)
    assert spans.get(_id(span)) is span
    assert looks == []
    span.end()
    if not catches_up:
        catch_up()
    assert spans.get(_id(span)) is queue[0]
    assert looks == ["look"]
    assert spans.live(_id(span)) is None


def test_an_open_span_that_nobody_holds_any_more_may_have_ended() -> None:
    opened, looks = OpenSpans(), list[str]()
    spans = UnreadSpans(opened, lambda: looks.append("look"))
    span = _span()
    span_id = _id(span)
    opened.add(span)
    opened.sweep()
    assert spans.live(span_id) is span
    assert looks == []
    del span
    gc.collect()
    assert spans.live(span_id) is None
    assert looks == ["look"]
    assert spans.live(1) is None
    assert looks == ["look"], "of who is not known nobody asks"


# ---- promised ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [True, False])
def test_an_id_that_a_child_names_is_kept_for_the_span_that_comes(known: bool) -> None:
    hierarchy = Hierarchy()
    if known:
        hierarchy.learn(8, 1, None)
    below = hierarchy.learn(9, 1, SpanContext(1, 8, False))
    hierarchy.learn_promised(8, below)
    node = hierarchy.learn(8, 1, SpanContext(1, 7, True))
    assert (node.promised, node.fate, node.trace_id) == (True, Fate.UNKNOWN, 1)
    assert (node.parent_id, node.parent_is_remote) == (7, True)
    assert not node.calls_below
