"""vLLM's and SGLang's own spans: one for each request that the engine served, and SGLang's for the stages of it.

https://docs.vllm.ai/en/latest/examples/online_serving/opentelemetry.html , https://docs.sglang.ai/advanced_features/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_USAGE_PROMPT_TOKENS
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "inference_engines"
PREFIXES = ("gen_ai.latency.",)
SCOPES = ("vllm", "sglang")
SIGNS = Signs(scopes_begin=SCOPES)
PLUMBING = ("rid", "module", "host_id", "pid", "thread_label")
LABELS = {"vllm.llm_engine": "vllm (its own spans)", "sglang server": "sglang (its own spans)"}
_SERVED = ("gen_ai.request.id", "gen_ai.latency.e2e", GEN_AI_USAGE_PROMPT_TOKENS)


def read(record: AISpan, source: Source) -> None:
    if source.has(*_SERVED):
        record.kind = "generation"
