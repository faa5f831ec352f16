"""Cognee's own spans: `memory.*` for what the app asked of the memory, `cognee.*` for the steps below, Langfuse's and
GenAI's keys for its model calls, whose prompt is the arguments of a function.

https://docs.cognee.ai/
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_SYSTEM
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.user_metadata import metadata_of
from otel_posthog_ai.reading.values import text
from otel_posthog_ai.record import AISpan, Message, SpanType

NAME = "cognee"
SCOPE = "cognee"
PREFIXES = ("cognee.", "memory.system")
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(session=("cognee.session.id",))
LABELS = {SCOPE: "cognee (its own spans)"}
PLUMBING = ("cognee.", "memory.")
FRAMEWORK = "cognee"
CATEGORY = "cognee.span.category"
CALLS = ("generation", "embeddings")
# How the names of steps begin -> what they are; and those that only ask a database.
STEPS: tuple[tuple[str, SpanType], ...] = (
    ("memory.retrieve", "retriever"),
    ("memory.", "workflow"),
    ("cognee.api.", "workflow"),
    ("cognee.search.", "retriever"),
    ("cognee.retrieval.get_completion", "chain"),
    ("cognee.retrieval.", "retriever"),
)
DATABASES = ("cognee.db.", "cognee.session.get_session")
FIELDS: Table = (
    Row("name", ("cognee.pipeline.task_name",), text),
    Row("input_state", ("memory.query.text", "cognee.search.query"), read_state),
    Row("output_state", ("cognee.result.summary",), read_state),
)
_GIVEN = "langfuse.observation.input"
# What stands where the name of a provider belongs, where another library asks it.
_NO_PROVIDER = "litellm-native"


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.attributes.get(CATEGORY) in CALLS:
        if source.attributes.get(GEN_AI_SYSTEM) == _NO_PROVIDER:
            source.discard(GEN_AI_SYSTEM)
        record.input = _asked(metadata_of(source.attributes.get(_GIVEN)))
        return
    record.span_type = next((found for start, found in STEPS if source.name.startswith(start)), "task")
    record.noise = source.name.startswith(DATABASES)
    fill(record, FIELDS, source)


def _asked(arguments: dict[str, Any]) -> list[Message] | None:
    """The prompt among the arguments, in which everything but the system's is what was said."""
    system = text(arguments.pop("system_prompt", None))
    said = [value for value in arguments.values() if text(value) is not None]
    messages: list[Message] = [{"role": "system", "content": system}] if system is not None else []
    return [*messages, *({"role": "user", "content": each} for each in said)] or None
