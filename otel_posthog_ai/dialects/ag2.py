"""AG2's own spans: the GenAI conventions, and beside each call an account of what it used."""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "ag2"
PREFIXES = ("ag2.",)
PLUMBING = ("ag2.",)
FRAMEWORK = "ag2"
KIND = "ag2.span.type"
SIGNS = Signs(keys=(KIND,))
# Spans that only add up what others used. What is summed up or remembered between turns asks a model as nobody else
# tells, and stays a call, unless the client's instrumentor has told of it.
ACCOUNT, OF_WHAT = "usage", "ag2.usage.kind"
ALONE = ("compaction", "aggregation")
# What the hub of a network of agents writes: a message that was handed over, and a task, are steps. A channel and an
# agent are open as long as the network is.
STEPS: dict[str, SpanType] = {"envelope": "chain", "task": "task", "human_input": "task"}
LIVES = ("channel", "agent_lifetime", "agent_event")
FIELDS: Table = (
    Row("input_state", ("ag2.human_input.prompt",), read_state),
    Row("output_state", ("ag2.human_input.response", "ag2.network.outcome"), read_state),
)
IDENTITY = IdentityKeys(incidental_session=("ag2.network.channel_id",))


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    kind = text(source.attributes.get(KIND)) or ""
    if (kind == ACCOUNT and source.attributes.get(OF_WHAT) not in ALONE) or kind in LIVES:
        record.span_type, record.noise = "task", True
    elif kind in STEPS:
        record.span_type = STEPS[kind]
        fill(record, FIELDS, source)
