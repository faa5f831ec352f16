"""Who says what a call costs: the event itself, PostHog's price list, or nobody.

The inbox has no prices. PostHog takes the entry of its list whose name, without its maker, stands anywhere in the name
of the model, dots and dashes alike; a second, short list is compared whole. `FAMILIES` and `EXACT` are names that were
read in these lists (PostHog/posthog, `nodejs/src/ingestion/ai/costs/providers`: `llm-costs.json`,
`manual-providers.ts`), so a model with such a name is priced. The long list is renewed every week: of any other name
the inbox can only say that it does not know it.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from otel_posthog_ai.inbox.json_values import JsonObject, number

Pricing = Literal["sent", "posthog", "unknown"]

PRICED_EVENTS = frozenset({"$ai_generation", "$ai_embedding"})
"""The events of a trace whose costs PostHog adds up."""

FAMILIES = {
    "OpenAI": ("gpt-3-5-turbo", "gpt-4", "gpt-5", "gpt-audio", "gpt-oss", "o1", "o3", "o4-mini"),
    "Anthropic": (
        "claude-3-haiku", "claude-3-5-haiku", "claude-haiku-4-5", "claude-opus-4", "claude-sonnet-4", "claude-fable-5",
    ),
    "Google": (
        "gemini-2-5-flash", "gemini-2-5-pro", "gemini-3-1-flash-lite", "gemini-3-1-pro-preview", "gemini-3-5-flash",
        "gemma-2-27b-it", "gemma-3-4b-it", "gemma-3-12b-it", "gemma-3-27b-it", "gemma-4-26b", "gemma-4-31b",
    ),
    "Amazon": ("nova-lite-v1", "nova-micro-v1", "nova-pro-v1", "nova-premier-v1", "nova-2-lite-v1"),
    "Meta": (
        "llama-3-2-1b-instruct", "llama-3-2-3b-instruct", "llama-3-2-11b-vision-instruct", "llama-3-3-70b-instruct",
        "llama-4-maverick", "llama-4-scout",
    ),
    "Mistral": (
        "mistral-large", "mistral-medium-3", "mistral-nemo", "mistral-saba", "mistral-small-24b-instruct-2501",
        "mistral-small-2603", "mistral-small-3-1-24b-instruct", "mistral-small-3-2-24b-instruct", "ministral-3b-2512",
        "ministral-8b-2512", "mixtral-8x22b-instruct", "voxtral-small-24b-2507",
    ),
    "Cohere": ("command-a", "command-r-08-2024", "command-r-plus-08-2024", "command-r7b-12-2024"),
    "DeepSeek": ("deepseek-chat", "deepseek-r1", "deepseek-v3-1-terminus", "deepseek-v3-2", "deepseek-v4"),
    "xAI": ("grok-4-20", "grok-4-3"),
    "Perplexity": ("sonar",),
    "Moonshot": ("kimi-k2",),
    "Alibaba": (
        "qwen-2-5-7b-instruct", "qwen-2-5-72b-instruct", "qwen-plus", "qwen3-14b", "qwen3-30b-a3b", "qwen3-235b-a22b",
        "qwen3-6-27b", "qwen3-6-35b-a3b", "qwen3-6-flash", "qwen3-6-plus", "qwen3-7-max", "qwen3-7-plus",
    ),
    "Z.ai": ("glm-4-5", "glm-4-6", "glm-4-7", "glm-5"),
    "MiniMax": ("minimax-m1", "minimax-m2", "minimax-m3"),
    "Microsoft": ("phi-4",),
    "IBM": ("granite-4-0-h-micro", "granite-4-1-8b"),
}  # fmt: skip
"""Names that price every model whose name holds them; lower case, everything but letters and digits as one hyphen."""

EXACT = frozenset(
    {
        "claude-2", "deepseek-v3-fireworks", "mistral-small-3.2", "text-embedding-3-small", "text-embedding-3-large",
        "text-embedding-ada-002",
    }
)  # fmt: skip
"""Names that price only the model of just this name, with or without its maker in front."""

_NOT_LETTERS_OR_DIGITS = re.compile(r"[^a-z0-9]+")
_LONGEST_MODEL_NAME = 500
_FAMILY = re.compile("|".join(re.escape(name) for names in FAMILIES.values() for name in names))
_TOKENS = ("$ai_input_tokens", "$ai_output_tokens")
_OWN_PRICES = ("$ai_input_token_price", "$ai_output_token_price")


def pricing(event: str, properties: JsonObject, total_cost: float | None) -> Pricing | None:
    """Who says the cost of an event; None where there is nothing to price.

    Args:
        event: its name.
        properties: its properties as sent.
        total_cost: the cost in USD that it carries, if any.
    """
    if event not in PRICED_EVENTS:
        return None
    if total_cost is not None:
        return "sent"
    if all(number(properties.get(name)) is None for name in _TOKENS):
        return None
    if all(number(properties.get(name)) is not None for name in _OWN_PRICES):
        return "posthog"
    return "posthog" if is_priced(properties.get("$ai_model")) else "unknown"


def is_priced(model: Any) -> bool:
    """Whether a model belongs to a family of PostHog's price list."""
    if not isinstance(model, str):
        return False
    name = model[:_LONGEST_MODEL_NAME].lower()
    return name.rsplit("/", 1)[-1] in EXACT or _FAMILY.search(_NOT_LETTERS_OR_DIGITS.sub("-", name)) is not None
