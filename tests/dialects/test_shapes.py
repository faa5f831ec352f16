"""Spans of one shape share what follows from their keys, and nothing else."""

from __future__ import annotations

from opentelemetry import trace

from otel_posthog_ai.dialects import Source
from otel_posthog_ai.dialects.gen_ai_fields import FIELDS
from otel_posthog_ai.dialects.spans import blank_record, recognised
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
