"""What a user may set on a span under PostHog's own names: read as it stands, whatever instrumentor wrote the span."""

from __future__ import annotations

USER_KEY = "posthog.distinct_id"
SESSION_KEY = "posthog.session_id"
SESSION_KEYS = (SESSION_KEY, "$ai_session_id")
REPLAY_SESSION_KEY = "$session_id"
GROUPS_KEY = "$groups"

FEATURE_PREFIX = "$feature/"
_PROPERTIES = frozenset(
    {
        "$ai_input_cost_usd", "$ai_output_cost_usd", "$ai_total_cost_usd", "$ai_request_cost_usd",
        "$ai_web_search_cost_usd",
        "$ai_input_token_price", "$ai_output_token_price", "$ai_cache_read_token_price", "$ai_cache_write_token_price",
        "$ai_cache_write_1h_token_price", "$ai_request_price", "$ai_request_count", "$ai_web_search_price",
        "$ai_web_search_count", "$ai_prompt_name", "$ai_prompt_version",
    }
)  # fmt: skip


def is_documented(key: str) -> bool:
    """Whether a user may set this `$…` property of an event on its span."""
    return key in _PROPERTIES or key.startswith(FEATURE_PREFIX)
