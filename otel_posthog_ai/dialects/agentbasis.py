"""AgentBasis: `@trace` writes what a function took and gave as Python writes it down, on spans of its scope.

https://agentbasis.co/
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.openinference import LLM_SYSTEM
from otel_posthog_ai.attribute_names.traceloop import LLM_REQUEST_MODEL
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CALL, CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import shaped
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.record import AISpan

NAME = "agentbasis"
SCOPE = "agentbasis"
PREFIXES = ()
SIGNS = Signs(scopes_begin=(SCOPE,))
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(
    user=("agentbasis.user.id",), session=("agentbasis.session.id",), incidental_session=("agentbasis.conversation.id",)
)
PLUMBING = ("agentbasis.",)
LABELS = {"agentbasis.llms.openai": "agentbasis", SCOPE: "agentbasis (its decorator)"}
KEYS = VendorKeys(output=("output",), metadata=("agentbasis.metadata",))
# The rest of a call is in OpenLLMetry's words.
CALLS = VendorKeys(
    provider=(LLM_SYSTEM,),
    input_messages=("llm.request.messages", "llm.request.prompt"),
    output_messages=("llm.response.content",),
    first_token_ms=("llm.response.first_token_ms",),
    metadata=("agentbasis.metadata",),
)
_ARGUMENTS = ("input.args", "input.kwargs")


def read(record: AISpan, source: Source) -> None:
    if source.scope != SCOPE:
        read_vendor_span(record, source, CALLS, CALL if source.has(LLM_REQUEST_MODEL) else CUSTOM)
    else:
        weigh(record, source, CUSTOM)
        if unset(record.input_state) and source.has(*_ARGUMENTS):
            args, kwargs = (_literal(source.take(key)) for key in _ARGUMENTS)
            record.input_state = shaped({"args": args, "kwargs": kwargs})
        read_vendor_span(record, source, KEYS)


def _literal(value: Any) -> Any:
    """What a repr stands for, or the text that it is."""
    found = read_literal(value) if isinstance(value, str) else value
    return value if found is None else found
