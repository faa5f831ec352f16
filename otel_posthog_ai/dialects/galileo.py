"""Galileo's own spans around retrievals, tools and workflows; its processor names the session on every span.

https://docs.galileo.ai/sdk-api/third-party-integrations/opentelemetry-and-openinference
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "galileo"
PREFIXES = ()
SCOPE = "galileo-tracer"
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(session=("galileo.session.id",))
LABELS = {SCOPE: "galileo"}
PLUMBING = ("galileo.",)


def read(record: AISpan, source: Source) -> None:
    """What a step took and gave stands in `gen_ai.*`; it is said at its end only, and not of one that failed."""
    source.discard("gen_ai.system")  # its own name
    if source.attributes.get("db.operation") == "search":
        weigh(record, source, ("span", "retriever"))
    else:
        weigh(record, source, ("span", "workflow") if source.has("gen_ai.input.messages") else CUSTOM)
