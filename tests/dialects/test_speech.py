"""What was heard and said: steps with their text, or calls where tokens or a cost can be counted."""

from __future__ import annotations

import pytest

from otel_posthog_ai.record import MISSING
from tests.traced import Traced

from .test_gen_ai import record

TTS = {"gen_ai.provider.name": "openai", "gen_ai.request.model": "tts-1"}


@pytest.mark.parametrize(
    ("operation", "expected"),
    [("tts", "speech"), ("text_to_speech", "speech"), ("audio", "speech"), ("stt", "transcription"),
     ("speech_to_text", "transcription"), ("transcription", "transcription")],
)  # fmt: skip
def test_speech_is_a_step_that_names_its_model(operation: str, expected: str) -> None:
    found = record({**TTS, "gen_ai.operation.name": operation})
    assert (found.kind, found.span_type) == ("span", expected)
    assert (found.request_model, found.provider) == ("tts-1", "openai")


@pytest.mark.parametrize("counted", [{"gen_ai.usage.cost": 0.015}, {"gen_ai.usage.input_tokens": 14}])
def test_speech_with_a_cost_or_tokens_is_a_call(counted: dict[str, float]) -> None:
    found = record({**TTS, "gen_ai.operation.name": "tts", **counted})
    assert (found.kind, found.span_type, found.request_model) == ("generation", None, "tts-1")


def test_a_turn_of_pipecat(traced: Traced) -> None:
    tracer = traced.provider.get_tracer("pipecat")
    turns = traced.provider.get_tracer("pipecat.turn")
    with (
        turns.start_as_current_span("conversation", attributes={"conversation.id": "c-1"}),
        turns.start_as_current_span("turn", attributes={"turn.number": 1, "conversation.id": "c-1"}),
    ):
        heard = {"gen_ai.operation.name": "stt", "gen_ai.request.model": "nova-3", "transcript": "Is it raining?"}
        with tracer.start_as_current_span("stt", attributes={**heard, "gen_ai.provider.name": "deepgram"}):
            pass
        said = {**TTS, "gen_ai.operation.name": "tts", "text": "No.", "voice_id": "alloy", "metrics.ttfb": 0.25}
        with tracer.start_as_current_span("tts", attributes={**said, "metrics.character_count": 3}):
            pass
    events = traced.events()
    assert events.keys() == {"trace:conversation", "turn 1", "stt", "tts"}
    stt, tts = events["stt"]["properties"], events["tts"]["properties"]
    assert (stt["$ai_span_type"], stt["$ai_output_state"]) == ("transcription", "Is it raining?")
    assert (stt["$ai_model"], stt["$ai_provider"]) == ("nova-3", "deepgram")
    assert (tts["$ai_span_type"], tts["$ai_input_state"]) == ("speech", "No.")
    assert (tts["$ai_time_to_first_token"], tts["$ai_model_parameters"]) == (0.25, {"voice": "alloy"})
    assert tts["metrics.character_count"] == 3
    assert {event["properties"]["$ai_session_id"] for event in events.values()} == {"c-1"}


def test_a_model_that_answers_in_json_is_quoted() -> None:
    found = record({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o", "output": '{"model": "x"}'},
                   "llm", "pipecat")  # fmt: skip
    assert found.output == [{"role": "assistant", "content": '{"model": "x"}'}]
    assert found.input_state is MISSING
