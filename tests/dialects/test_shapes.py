"""Spans of one shape share what follows from their keys, and nothing else."""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.sdk.trace import SpanLimits

from otel_posthog_ai.dialects import Source
from otel_posthog_ai.dialects.gen_ai_fields import FIELDS
from otel_posthog_ai.dialects.spans import blank_record, read_span, recognised
from otel_posthog_ai.reading.source import one_of_each_form
from otel_posthog_ai.reading.table import fill

from .test_gen_ai import CALL, read, spans_of


def test_each_span_has_its_own_values() -> None:
    for answer, plan in (("a", "pro"), ("b", "free"), ("c", "")):
        record = read({**CALL, "gen_ai.response.id": answer, "plan": plan, "$feature/new": plan})
        assert record is not None
        assert record.response_id == answer
        assert record.attributes == {"plan": plan}
        assert record.documented == {"$feature/new": plan}


def test_what_a_dialect_took_out_of_play_is_not_read() -> None:
    def work(provider: trace.TracerProvider) -> None:
        provider.get_tracer("app").start_span("chat", attributes={**CALL, "gen_ai.response.id": "a"}).end()

    span = spans_of(work)[0]
    for discarded in (True, False, True):
        source = Source(span)
        recognised(source)
        if discarded:
            source.discard("gen_ai.response.id")
        record = blank_record(span, source)
        fill(record, FIELDS, source)
        assert (record.response_id is None) is discarded


def conversation(messages: int) -> dict[str, str]:
    flat = {"gen_ai.system": "openai", "gen_ai.request.model": "gpt-4o", "llm.request.type": "chat"}
    for number in range(messages):
        flat |= {f"gen_ai.prompt.{number}.role": "user", f"gen_ai.prompt.{number}.content": f"Question {number}"}
    return flat


def test_a_flattened_conversation_keeps_its_shape_as_it_grows() -> None:
    lengths = (1, 2, 30, 200)
    limits = SpanLimits(max_span_attributes=1_000)

    def work(provider: trace.TracerProvider) -> None:
        for length in lengths:
            provider.get_tracer("app").start_span("openai.chat", attributes=conversation(length)).end()

    spans = spans_of(work, limits)
    sources = [Source(span) for span in spans]
    assert len({recognised(source) for source in sources}) == 1
    assert len({id(source.shape) for source in sources}) == 1
    for length, span in zip(lengths, spans, strict=True):
        record = read_span(span)
        assert record is not None
        assert record.input is not None
        assert [message["content"] for message in record.input] == [f"Question {number}" for number in range(length)]


def test_a_form_is_told_by_the_first_entry_that_has_it() -> None:
    keys = ("llm.1.text", "plan.24", "llm.0.text", "llm.3.tools.1.name", "llm.4.tools.0.name")
    assert one_of_each_form(keys) == ("llm.0.text", "plan.24", "llm.3.tools.1.name")
    assert one_of_each_form(("$feature/a.1", "$feature/a.2")) == ("$feature/a.1", "$feature/a.2")
