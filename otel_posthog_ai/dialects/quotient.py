"""Quotient: functions that it traces leave their names, and a mark at the end of each.

https://docs.quotientai.co/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.kinds import weigh
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "quotient"
SCOPE = "quotient.sdk.python"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "quotientai"}
PLUMBING = ("quotient.",)
_END = "quotient.end_of_trace"


def read(record: AISpan, source: Source) -> None:
    weigh(record, source, CUSTOM)
    record.noise = record.noise or source.name == _END
