"""Scorecard's wrapped clients: the GenAI conventions, with a word and zeros for all that it does not know.

https://docs.scorecard.io/
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_USAGE_PROMPT_TOKENS, GEN_AI_USAGE_TOTAL_TOKENS
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "scorecard"
SCOPE = "scorecard-llm"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "scorecard-ai"}
PLUMBING = ("scorecard.",)


def read(record: AISpan, source: Source) -> None:
    """Of a stream of Anthropic's it never knows the input, and says 0: no call is made of nothing."""
    if source.attributes.get(GEN_AI_USAGE_PROMPT_TOKENS) == 0:
        source.discard(GEN_AI_USAGE_PROMPT_TOKENS, GEN_AI_USAGE_TOTAL_TOKENS)
