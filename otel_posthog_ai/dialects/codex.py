"""Codex's own spans: hundreds a turn, of which the turn, the requests to the model and the tools are for readers.

https://developers.openai.com/codex/config ; its log records are read in `agent_logs`. A request is told by two spans:
one lasts as long as the request, the other, written at its end, has the counts; the model stands on the turn.
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.coding_agents import CONVERSATION_ID
from otel_posthog_ai.reading.identity import ACCOUNT_KEYS, IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import count, identifier, text
from otel_posthog_ai.record import AISpan

NAME = "codex"
PREFIXES = ("codex.turn.", "codex.tool.", "codex.usage.")
SIGNS = Signs(scopes_begin=("codex_",))
IDENTITY = IdentityKeys(incidental_session=(CONVERSATION_ID,))
PLUMBING = ACCOUNT_KEYS
LABELS = {
    "codex_exec": "Codex",
    "codex_otel.log_only": "Codex (its log records)",
}
FRAMEWORK = "codex"
PHASE = "codex.turn.phase"
SAMPLING = "sampling"
TOOL_PHASE = "codex.tool.phase"
USAGE = "codex.usage.total_tokens"
TURN = "codex.turn.token_usage.total_tokens"

TOTALS: Table = (
    Row("request_model", ("model",), text),
    Row("usage.input", ("codex.turn.token_usage.input_tokens",), count),
    Row("usage.output", ("codex.turn.token_usage.output_tokens",), count),
    Row("usage.cache_read", ("codex.turn.token_usage.cached_input_tokens",), count),
    Row("usage.cache_write", ("codex.turn.token_usage.cache_write_input_tokens",), count),
    Row("usage.reasoning", ("codex.turn.token_usage.reasoning_output_tokens",), count),
)
COUNTS: Table = (
    Row("usage.total", (USAGE,), count),
    Row("usage.reasoning", ("codex.usage.reasoning_output_tokens",), count),
)


def read(record: AISpan, source: Source) -> None:
    attributes = source.attributes
    record.framework = FRAMEWORK
    record.usage.input_excludes_cache = False
    if TURN in attributes:
        record.span_type, record.name, record.lends = "agent", "codex.turn", True
        fill(record, TOTALS, source)
    elif TOOL_PHASE in attributes:
        record.span_type = "tool"
        record.name = record.tool_name = text(attributes.get("tool_name"))
        record.tool_call_id = identifier(attributes.get("call_id"))
    elif attributes.get(PHASE) == SAMPLING:
        record.kind, record.stream, record.pair_key = "generation", True, record.trace_id
    elif USAGE in attributes:
        record.kind, record.pair_key, record.pair_time_ns = "generation", record.trace_id, record.end_ns
        fill(record, COUNTS, source)
    elif PHASE in attributes:
        record.noise = True
    if record.kind != "span" or record.span_type is not None:
        source.used.update(attributes)
