"""Evidently's tracely: the arguments of a function under their own names, its `result`, and usage told by hand.

https://docs.evidentlyai.com/
"""

from __future__ import annotations

from otel_posthog_ai.reading.kind_words import CUSTOM
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.vendor_keys import VendorKeys
from otel_posthog_ai.reading.vendor_spans import read_vendor_span
from otel_posthog_ai.reading.vendor_values import bare_arguments
from otel_posthog_ai.record import AISpan

NAME = "tracely"
SCOPE = "evidently"
PREFIXES = ()
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
LABELS = {SCOPE: "tracely"}
PLUMBING = ("evidently.", "tokens.", "cost.", "result.", "result", "exception")
KEYS = VendorKeys(output=("result", "result."), error=("exception",))
_NO_ARGUMENTS = frozenset({"result", "exception", "session_id", "user_id"})


def read(record: AISpan, source: Source) -> None:
    read_vendor_span(record, source, KEYS, CUSTOM)
    if unset(record.input_state):
        record.input_state = bare_arguments(source, _NO_ARGUMENTS) or record.input_state
