"""Token counts by kind; those that cannot be true are left out, counted and told."""

from __future__ import annotations

import pytest

from tests.traced import Traced

CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 5,
}
# An instrumentor that adds the cache to the input, as its scope tells.
INCLUSIVE = "opentelemetry.instrumentation.genai.langchain"


def test_more_from_the_cache_than_the_input_has(traced: Traced, caplog: pytest.LogCaptureFixture) -> None:
    tracer = traced.provider.get_tracer(INCLUSIVE)
    for name, cached in (("true", 8), ("false", 50)):
        tracer.start_span(f"chat {name}", attributes={**CALL, "gen_ai.usage.cache_read.input_tokens": cached}).end()
    events = traced.events()
    assert events["chat true"]["properties"]["$ai_cache_read_input_tokens"] == 8
    left = events["chat false"]["properties"]
    assert left["$ai_input_tokens"] == 10
    assert not [name for name in left if "cache" in name]
    assert traced.processor.status()["cache_splits_dropped"] == 1
    assert sum("the split is left out" in record.message for record in caplog.records) == 1


def test_the_input_by_kind(traced: Traced) -> None:
    kinds = {"text": 6, "audio": 4, "image": 0}
    split = {f"gen_ai.usage.{kind}.input_tokens": count for kind, count in kinds.items()}
    traced.tracer.start_span("chat", attributes={**CALL, **split}).end()
    properties = traced.events()["chat"]["properties"]
    assert properties["$ai_text_input_tokens"] == 6
    assert properties["$ai_audio_input_tokens"] == 4
    assert "$ai_image_input_tokens" not in properties
