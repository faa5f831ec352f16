"""Splunk AO: the GenAI conventions, with what users wrote about a step beside them.

By what the package `splunk-ao` writes.
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_belonging
from otel_posthog_ai.record import AISpan

NAME = "splunk_ao"
SCOPE = "splunk-ao-tracer"
PREFIXES = ()  # its processor stamps every span of the provider
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
IDENTITY = IdentityKeys(session=("splunk_ao.session.id",))
LABELS = {SCOPE: "splunk-ao"}
# Copies of the conventions' attributes, and what an experiment expects of an answer.
PLUMBING = ("splunk_ao.", "gen_ai.conversation_root")
KEYS = VendorKeys(metadata=("splunk_ao.metadata",), tags=("splunk_ao.tags",))


def read(record: AISpan, source: Source) -> None:
    read_belonging(record, source, KEYS)
