"""What was parsed, read and written before is taken over, and not one byte of any event is another for it."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider

from otel_posthog_ai import PostHogLogRecordProcessor
from otel_posthog_ai.content import repeats
from otel_posthog_ai.content.outgoing import Outgoing, Privacy
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import compression, encode
from otel_posthog_ai.delivery.chunks import Envelope
from otel_posthog_ai.dialects import Occurrence
from otel_posthog_ai.dialects.spans import read_span
from otel_posthog_ai.reading import repeated_json as store
from otel_posthog_ai.reading import values
from otel_posthog_ai.reading.histories import read_entry
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.repeated_json import repeated_json
from otel_posthog_ai.record import Message
from otel_posthog_ai.settings import Settings, resolve
from otel_posthog_ai.work.held_logs import HeldLogs
from otel_posthog_ai.work.whole_traces import WholeTraces
from tests.benchmarks import conversation
from tests.recordings import load, play

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture(autouse=True)
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is worth remembering begins where the recordings are: most are shorter than a real conversation."""
    for module in (store, values):
        monkeypatch.setattr(module, "SHORTEST", 100)
    monkeypatch.setattr(repeats, "_MANY", 1)
    repeated_json.forget()
    yield
    repeated_json.off = False
    repeated_json.forget()


class _Played(SpanProcessor):
    """The spans and logs of a recording."""

    active = True

    def __init__(self, path: Path) -> None:
        self.spans: list[ReadableSpan] = []
        self.logs: list[tuple[int, int, Occurrence, str]] = []
        play(load(path), [self], [PostHogLogRecordProcessor(self)])  # type: ignore[arg-type]

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)

    def join_log(self, trace_id: int, span_id: int, occurrence: Occurrence, scope: str) -> None:
        self.logs.append((trace_id, span_id, occurrence, scope))

    def bodies(self, settings: Settings, outgoing: Outgoing) -> list[bytes]:
        logs = HeldLogs()
        for each in self.logs:
            logs.add(*each)
        whole = WholeTraces(settings, Counters())
        whole._outgoing = outgoing
        return [event.body for event in whole.events(self.spans, logs.of)]


def _outgoing(settings: Settings, *, repeating: bool) -> Outgoing:
    outgoing = Outgoing(settings, Counters())
    if not repeating:
        outgoing._repeats = None
    return outgoing


@pytest.mark.parametrize("capture_media", [False, True], ids=["", "media"])
def test_no_event_of_any_recording_is_another_for_what_is_remembered(capture_media: bool) -> None:
    settings = resolve({"api_key": "phc_golden", "capture_media": capture_media})
    remembering = _outgoing(settings, repeating=True)
    for path in sorted(GOLDEN.rglob("*.spans.json")):
        played = _Played(path)
        repeated_json.off = True
        expected = played.bodies(settings, _outgoing(settings, repeating=False))
        repeated_json.off = False
        for _ in range(3):
            assert played.bodies(settings, remembering) == expected, path.name


def _conversation(turns: int) -> Iterator[list[dict[str, Any]]]:
    dice = random.Random(1)
    history: list[dict[str, Any]] = [{"role": "system", "content": "Be brief. " * 30}]
    for turn in range(turns):
        text = f"turn {turn} " + "".join(dice.choices('abc é\n"\\', k=300))
        call = {"id": f"call_{turn}", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
        history = [*history, {"role": "user", "content": [{"type": "text", "text": text}]}]
        yield history
        history = [
            *history,
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"call_{turn}", "content": text[::-1]},
        ]


@pytest.mark.parametrize("indent", [None, 1])
@pytest.mark.parametrize("inside", ["{}", '{{"model": "m", "messages": {} , "n": 1}}'])
def test_what_a_history_shares_with_an_earlier_one_is_the_same_object(inside: str, indent: int | None) -> None:
    before: list[Any] = []
    for history in _conversation(12):
        read = read_messages(inside.format(json.dumps(history, indent=indent)), "user")
        repeated_json.off = True
        assert read == read_messages(inside.format(json.dumps(history, indent=indent)), "user")
        repeated_json.off = False
        assert read is not None
        assert all(mine is earlier for mine, earlier in zip(read, before, strict=False))
        before = read
    assert len(before) > 12


def test_items_of_a_turn_are_joined_as_if_all_were_read_anew() -> None:
    items: list[dict[str, Any]] = [{"role": "user", "content": "Go on. " * 100}]
    for number in range(8):
        items.append({"type": "reasoning", "summary": [{"type": "summary_text", "text": f"thought {number}"}]})
        items.append({"type": "function_call", "name": "look", "call_id": f"c{number}", "arguments": "{}"})
        items.append({"type": "function_call_output", "call_id": f"c{number}", "output": "seen"})
        items.append({"role": "assistant", "content": f"said {number}"})
        for end in range(1, len(items) + 1):
            text = json.dumps(items[:end])
            found = read_messages(text, "user")
            repeated_json.off = True
            assert found == read_messages(text, "user")
            repeated_json.off = False


@pytest.mark.parametrize(
    "ending", [",", ",]", '],"n":', "] x", ', {"role": "user"', ", 1]", ', {"a": NaN}]', "]]", ', "\x01"]', '{"a": 1}]']
)
def test_a_history_that_goes_on_badly_is_what_json_says_of_it(ending: str) -> None:
    text = json.dumps([{"role": "user", "content": "x" * 600}])
    read_messages(text, "user")
    for damaged in (text[:-1] + ending, '{"messages": ' + text[:-1] + ending + "}"):
        found = read_messages(damaged, "user")
        repeated_json.off = True
        assert repr(found) == repr(read_messages(damaged, "user"))
        repeated_json.off = False


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST_CHARACTERS", 20_000)
    monkeypatch.setattr(repeats, "MOST_BYTES", 20_000)
    settings = resolve({"api_key": "phc_golden"})
    outgoing = _outgoing(settings, repeating=True)
    for number in range(50):
        text = json.dumps([{"role": "user", "content": f"{number} " + "x" * 2_000}])
        event = {"event": "$ai_generation", "uuid": "u", "distinct_id": "d", "properties": {}}
        outgoing.encode([{**event, "properties": {"$ai_input": read_messages(text, "user")}}], Privacy())
    assert repeated_json.characters <= 20_000
    assert outgoing._repeats is not None
    assert outgoing._repeats.held_bytes <= 20_000 + 2_500


@pytest.mark.parametrize("extra", [True, False], ids=["fast", "plain"])
def test_a_long_history_is_deflated_once_and_arrives_whole(extra: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not extra:
        monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    compression._library.cache_clear()
    outgoing = _outgoing(resolve({"api_key": "phc_golden"}), repeating=True)
    envelope = Envelope("phc_golden", "gzip")
    reused: list[int] = []
    for history in _conversation(300):
        messages = read_messages(json.dumps(history), "user")
        event = {"event": "$ai_generation", "uuid": "u", "distinct_id": "d", "properties": {"$ai_input": messages}}
        found = outgoing.encode([event, event], Privacy())
        raw = envelope.body(found).ending_with(Envelope.tail("now"))
        assert gzip.decompress(raw) == b'{"api_key":"phc_golden","batch":[%s,%s],"sent_at":"now"}' % (
            encode(event).body, encode(event).body,
        )  # fmt: skip
        reused.append(sum(stretch.end - stretch.start for stretch in found[0].stretches))
    compression._library.cache_clear()
    assert reused == sorted(reused)
    assert reused[-1] > 0.8 * len(json.dumps(history, ensure_ascii=False))


def test_a_secret_in_a_history_is_removed_each_time() -> None:
    secret = "sk-proj-" + "a1B2c3D4" * 6
    said = [{"role": "user", "content": f"my key is {secret} " + "x" * 600}, {"role": "assistant", "content": "no"}]
    outgoing = _outgoing(resolve({"api_key": "phc_golden"}), repeating=True)
    for end in (1, 2, 2):
        messages = read_messages(json.dumps(said[:end]), "user")
        event = {"event": "$ai_generation", "uuid": "u", "distinct_id": "d", "properties": {"$ai_input": messages}}
        body = outgoing.encode([event], Privacy())[0].body
        assert secret.encode() not in body
        assert b"[REDACTED]" in body


def test_entries_that_are_equal_and_yet_not_the_same_are_read_each() -> None:
    def read(said: Any, role: str) -> list[Message]:
        return [{"role": role, "content": repr(said["content"])}]

    for value in (1, True, 1.0, "1"):
        for _ in range(2):
            assert read_entry("form", {"content": value}, "user", read)[0]["content"] == repr(value)


@pytest.mark.parametrize("pattern", ["OpenInference", "Traceloop", "span events"])
def test_what_was_flattened_is_read_once_and_the_same(pattern: str) -> None:
    write = conversation.CONVENTIONS[pattern]
    history: list[tuple[str, str]] = [("system", "Be brief.")]
    before: list[Any] = []
    for turn in range(6):
        history = [*history, ("user", f"question {turn} " * 20)]
        call = write(history, f"answer {turn} " * 20)
        provider = TracerProvider(shutdown_on_exit=False)
        span = provider.get_tracer("app").start_span("chat", attributes=call.attributes)
        for name, attributes in call.events:
            span.add_event(name, attributes)
        span.end()
        found = read_span(span)  # type: ignore[arg-type]
        repeated_json.off = True
        anew = read_span(span)  # type: ignore[arg-type]
        repeated_json.off = False
        assert found is not None
        assert anew is not None
        assert found.input == anew.input
        assert found.input is not None
        assert len(found.input) == len(history)
        assert all(mine is earlier for mine, earlier in zip(found.input, before, strict=False))
        before = found.input
        history.append(("assistant", f"answer {turn} " * 20))
