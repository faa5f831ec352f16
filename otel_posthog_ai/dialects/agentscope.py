"""AgentScope's own spans: the GenAI conventions, with counts and failures of its own beside them.

https://doc.agentscope.io/ ; the result of a tool says whether it failed, the span does not.
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_TOOL_CALL_RESULT
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import count, mapping, text
from otel_posthog_ai.record import AISpan, Failure

NAME = "agentscope"
PREFIXES = ("agentscope.",)
AI_SCOPES = ("agentscope",)
SIGNS = Signs(scopes_begin=AI_SCOPES)
PLUMBING = ("agentscope.",)
LABELS = {"agentscope": "agentscope (its own spans)"}
FRAMEWORK = "agentscope"
FIELDS: Table = (
    Row("usage.cache_read", ("agentscope.usage.cache_input_tokens",), count),
    Row("usage.cache_write", ("agentscope.usage.cache_creation_input_tokens",), count),
)
_FAILED = frozenset({"error", "failed"})


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    fill(record, FIELDS, source)
    result = mapping(source.attributes.get(GEN_AI_TOOL_CALL_RESULT))
    if result is None or "state" not in result or "content" not in result:
        return
    record.output_state = read_state({"role": "tool", "content": result["content"]})
    source.discard(GEN_AI_TOOL_CALL_RESULT)
    if result["state"] in _FAILED:
        record.error = Failure(message=text(record.output_state))
