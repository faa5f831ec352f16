"""Gateways in front of models that write request and answer whole: Cloudflare's `gen_ai.prompt_json` and its like.

https://developers.cloudflare.com/ai-gateway/observability/otel-integration/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_PROMPT_TOKENS
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_answers import raw_output, read_raw_answer
from otel_posthog_ai.reading.raw_requests import read_request
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import is_mapping, parse_json, text
from otel_posthog_ai.record import AISpan

NAME = "model_gateways"
PREFIXES = ()
REQUEST, ANSWER = "gen_ai.prompt_json", "gen_ai.completion_json"
PROVIDER = "gen_ai.model.provider"
SIGNS = Signs(keys=(REQUEST, ANSWER, PROVIDER))


def read(record: AISpan, source: Source) -> None:
    record.provider_original = record.provider_original or text(source.take(PROVIDER))
    request, answer = parse_json(source.take(REQUEST)), parse_json(source.take(ANSWER))
    if is_mapping(request):
        read_request(record, request)
    elif request is not None:
        record.input = read_messages(request, "user")
    if answer is not None:
        record.output = raw_output(answer)
        # What it cost is said beside it, by who was asked to pay.
        read_raw_answer(record, answer, usage=not source.has(GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_PROMPT_TOKENS))
