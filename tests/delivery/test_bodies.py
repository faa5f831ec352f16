"""Request bodies: spliced, within limits, gzip that any server reads, `sent_at` of this very try."""

from __future__ import annotations

import gzip
import json
import zlib

from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai.delivery.chunks import REQUEST_BYTES, Envelope, chunks, halves, sent_now
from otel_posthog_ai.delivery.encoding import EncodedEvent

from .samples import make_events

SIZES = st.lists(st.integers(min_value=1, max_value=400), min_size=1, max_size=60)


def sized(sizes: list[int]) -> list[EncodedEvent]:
    return [EncodedEvent("e", str(index), b"x" * size) for index, size in enumerate(sizes)]


@given(SIZES, st.integers(min_value=50, max_value=1000))
def test_chunks_keep_order_lose_nothing_and_stay_within_the_limit(sizes: list[int], limit: int) -> None:
    events = sized(sizes)
    groups = list(chunks(events, 10, limit))
    assert [event for group in groups for event in group] == events
    for group in groups:
        assert group
        size = 10 + sum(len(event.body) for event in group) + len(group) - 1
        assert size <= limit or len(group) == 1


@given(SIZES.filter(lambda sizes: len(sizes) > 1))
def test_halves_are_two_and_lose_nothing(sizes: list[int]) -> None:
    events = sized(sizes)
    first, second = halves(events)
    assert first
    assert second
    assert first + second == events


def test_a_body_is_one_json_object_with_the_moment_of_the_try() -> None:
    events = make_events(3)
    for compression in ("none", "gzip"):
        body = Envelope("phc_ä", compression).body(events)
        for moment in ("2026-11-21T10:00:00.000001Z", "2026-11-21T10:00:09.000001Z"):
            raw = body.ending_with(Envelope.tail(moment))
            content = json.loads(gzip.decompress(raw) if compression == "gzip" else raw)
            assert content["sent_at"] == moment
            assert content["api_key"] == "phc_ä"
            assert [event["uuid"] for event in content["batch"]] == [event.uuid for event in events]


def test_gzip_is_a_single_member() -> None:
    body = Envelope("phc_x", "gzip").body(make_events(50, size=1000))
    raw = body.ending_with(Envelope.tail(sent_now()))
    reader = zlib.decompressobj(31)
    assert json.loads(reader.decompress(raw))["batch"]
    assert reader.eof
    assert reader.unused_data == b""


def test_the_overhead_of_an_envelope_is_exact() -> None:
    envelope = Envelope("phc_x", "none")
    events = make_events(2)
    raw = envelope.body(events).ending_with(Envelope.tail(sent_now()))
    assert len(raw) == envelope.overhead + sum(len(event.body) for event in events) + 1
    assert REQUEST_BYTES == 5 * 1024 * 1024
