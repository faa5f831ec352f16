"""Mistral's Vibe, a coding agent: the GenAI conventions without messages, and steps for the hooks that users set.

https://docs.mistral.ai/mistral-vibe/introduction
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_TOOL_CALL_ID, GEN_AI_TOOL_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import flag, text
from otel_posthog_ai.record import AISpan

NAME = "mistral_vibe"
SCOPE = "mistral_vibe"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
PLUMBING = ("vibe.provider.", "vibe.request.message_id")
LABELS = {SCOPE: "mistral-vibe (its own spans)"}
_HOOK, _STREAMING = "vibe.hook.name", "vibe.request.streaming"


def read(record: AISpan, source: Source) -> None:
    """A hook names the tool that it stands before or after; the run of the tool is a span of its own."""
    record.stream = flag(source.take(_STREAMING))
    hook = text(source.take(_HOOK))
    if hook is not None:
        record.span_type, record.name = "custom", hook
        source.discard(GEN_AI_TOOL_NAME, GEN_AI_TOOL_CALL_ID)
