"""OpenInference's instrumentor of OpenAI's client calls every request LLM, and names it after its answer's class."""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, LLM_INVOCATION_PARAMETERS, OUTPUT_VALUE
from otel_posthog_ai.reading.raw_answers import read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import mapping, object_of, text
from otel_posthog_ai.record import AISpan, SpanType

SCOPE = "openinference.instrumentation.openai"
# Classes of answers that are no answer of a chat -> what the request asked for.
SPEECH: dict[str, SpanType] = {
    "HttpxBinaryResponseContent": "speech",
    "Transcription": "transcription",
    "TranscriptionVerbose": "transcription",
    "TranscriptionDiarized": "transcription",
    "Translation": "transcription",
    "TranslationVerbose": "transcription",
}
_COUNTING = "InputTokenCountResponse"


def read_client_call(record: AISpan, source: Source) -> None:
    """Tell speech, and what asks no model at all: lists of models and files, a count of tokens."""
    requested = source.attributes.get(LLM_INVOCATION_PARAMETERS)
    if source.name == _COUNTING or (isinstance(requested, str) and '"model"' not in requested):
        record.kind, record.noise = "span", True
        return
    span_type = SPEECH.get(source.name)
    if span_type is None:
        return
    record.kind, record.span_type = "span", span_type
    body, answer = mapping(source.take(INPUT_VALUE)) or {}, source.take(OUTPUT_VALUE)
    if span_type == "speech":
        record.input_state = text(body.get("input"))
        record.parameters.update({key: body[key] for key in ("voice", "speed", "response_format") if key in body})
    else:
        record.output_state = text(object_of(mapping(answer)).get("text"))
        read_raw_answer(record, answer)
    read_request(record, {key: value for key, value in body.items() if key != "input"})
    source.discard(INPUT_VALUE, OUTPUT_VALUE)
