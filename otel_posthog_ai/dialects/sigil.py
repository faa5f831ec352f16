"""Grafana's Sigil: OpenTelemetry's own words, its ids beside them, the texts of embeddings under a key of its own.

https://grafana.com/docs/grafana-cloud/machine-learning/ai-observability/
"""

from __future__ import annotations

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.table import Row, Table, fill
from otel_posthog_ai.reading.values import texts
from otel_posthog_ai.record import AISpan

NAME = "sigil"
SCOPE = "github.com/grafana/sigil/"
PREFIXES = ("sigil.generation.",)
SIGNS = Signs(scopes_begin=(SCOPE,))
IDENTITY = IdentityKeys(user=("sigil.user.id",))
PLUMBING = ("sigil.",)
LABELS = {"github.com/grafana/sigil/sdks/python": "sigil-sdk"}
FIELDS: Table = (Row("embedding_input", ("gen_ai.embeddings.input_texts",), texts),)


def read(record: AISpan, source: Source) -> None:
    fill(record, FIELDS, source)
