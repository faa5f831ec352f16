"""OpenClaw's `diagnostics-otel`: runs, calls and tools, by `gen_ai` and, in releases before 2026.4, words of its own.

https://docs.openclaw.ai/gateway/opentelemetry ; `openclaw.model.usage` counts the calls of a whole turn together, and
stands beside them. Releases that told of no call say there alone what was used.
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_OUTPUT_TOKENS
from otel_posthog_ai.attribute_names.openinference import INPUT_VALUE, OUTPUT_VALUE
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import count, number, text
from otel_posthog_ai.record import AISpan

NAME = "openclaw"
SCOPE = "openclaw"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
_RUNS = ("openclaw.harness.run", "openclaw.run")
_CALL, _TURN, _TOOL = "openclaw.model.call", "openclaw.model.usage", "openclaw.tool.execution"
AI_NAMES = {SCOPE: (*_RUNS, _CALL, _TURN, _TOOL)}
IDENTITY = IdentityKeys(incidental_session=("openclaw.sessionId", "openclaw.sessionKey"))
# Sizes, and copies of what the conventions say.
PLUMBING = (
    "openclaw.api", "openclaw.content.", "openclaw.context.", "openclaw.error", "openclaw.harness.", "openclaw.model",
    "openclaw.model_call.", "openclaw.outcome", "openclaw.provider", "openclaw.sessionId", "openclaw.sessionKey",
    "openclaw.tokens.", "openclaw.tool.params.", "openclaw.toolName", "openclaw.transport",
)  # fmt: skip
LABELS = {SCOPE: "OpenClaw (diagnostics-otel)"}
FRAMEWORK = "openclaw"

CALLS: Table = (
    Row("provider_original", ("openclaw.provider",), text),
    Row("request_model", ("openclaw.model",), text),
)
# The input without what the cache served, unlike that of the conventions, which newer releases write beside.
TOTALS: Table = (
    Row("usage.input", ("openclaw.tokens.input",), count),
    Row("usage.output", ("openclaw.tokens.output",), count),
    Row("usage.cache_read", ("openclaw.tokens.cache_read",), count),
    Row("usage.cache_write", ("openclaw.tokens.cache_write",), count),
)


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.name in _RUNS:
        _read_run(record, source)
    elif source.name == _TOOL:
        record.span_type = "tool"
        record.name = record.tool_name = text(source.take("openclaw.toolName"))
    elif source.name == _TURN:
        record.kind, record.sums_trace = "generation", True
        fill(record, CALLS, source)
        if GEN_AI_USAGE_OUTPUT_TOKENS not in source.attributes and GEN_AI_USAGE_INPUT_TOKENS not in source.attributes:
            record.usage.input_excludes_cache = True
            fill(record, TOTALS, source)
    else:
        fill(record, CALLS, source)
        waited = number(source.take("openclaw.model_call.time_to_first_byte_ms"))
        record.time_to_first_token = waited / 1000 if waited is not None else None
        source.discard(INPUT_VALUE, OUTPUT_VALUE)  # the messages once more


def _read_run(record: AISpan, source: Source) -> None:
    """A harness stands around the run itself; what was asked and answered stands on the outer one."""
    record.span_type = "agent"
    record.name = record.agent_name = text(source.attributes.get("openclaw.agent.id")) or FRAMEWORK
    for key, field in ((INPUT_VALUE, "input_state"), (OUTPUT_VALUE, "output_state")):
        said = source.take(key)
        if said is not None:
            setattr(record, field, read_state(said))
