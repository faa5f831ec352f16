"""Guardrails AI's own spans: a guard, its steps, and in each the call of a model and the validators of its answer.

https://www.guardrailsai.com/docs/concepts/telemetry ; a guard that only parses has a call without a model.
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, LLM_INVOCATION_PARAMETERS, OUTPUT_VALUE
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.values import is_mapping, parse_json, text
from otel_posthog_ai.record import AISpan

NAME = "guardrails_ai"
PREFIXES = ("guardrails.", "validator.")
SCOPE = "guardrails-ai"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = (
    "guardrails.", "validator.", "guard.", "step.", "client.ip", "organization", "app", "on_fail_descriptor", "args",
    "instance_id", "validation_session_id", "execution_id", "number_of_reasks", "number_of_llm_calls", "input", "type",
    "token_consumption", "validation_passed",
)  # fmt: skip
LABELS = {SCOPE: "guardrails-ai (its own spans)"}
FRAMEWORK = "guardrails"
KIND = "type"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    kind = (text(source.attributes.get(KIND)) or "").rsplit("/", 1)[-1]
    if kind == "call":
        _read_call(record, source)
    elif kind == "validator":
        record.span_type, record.name = "guardrail", text(source.attributes.get("validator.name"))
        given = source.attributes.get("validator.validate.input.value")
        record.input_state = record.input_state if given is None else read_state(given)
        _read_outcome(record, source)
    elif kind in ("guard", "step"):
        record.span_type = "guardrail" if kind == "guard" else "task"
        record.name = text(source.attributes.get("guard.name")) if kind == "guard" else kind
        if kind == "guard":
            _read_outcome(record, source)


def _read_outcome(record: AISpan, source: Source) -> None:
    result = source.take(OUTPUT_VALUE)
    record.output_state = record.output_state if result is None else read_state(result, "assistant")


def _read_call(record: AISpan, source: Source) -> None:
    """A call, with its request as Python's own text; without a request nobody was called."""
    stated = source.take(LLM_INVOCATION_PARAMETERS)
    if stated is None:
        record.span_type, record.noise = "task", True
        return
    record.kind = "generation"
    request = parse_json(stated)
    request = read_literal(request) if isinstance(request, str) else request
    source.discard(LLM_INVOCATION_PARAMETERS, INPUT_VALUE, OUTPUT_VALUE)
    if is_mapping(request):
        read_request(record, request)
