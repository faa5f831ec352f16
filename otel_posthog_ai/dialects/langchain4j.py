"""LangChain4j in Quarkus: services of AI are spans that say nothing but their name, around spans of the conventions.

https://docs.quarkiverse.io/quarkus-langchain4j/dev/observability.html
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.values import number
from otel_posthog_ai.record import AISpan

NAME = "langchain4j"
PREFIXES = ("gen_ai.client.estimated_cost",)
SCOPE = "io.quarkus.opentelemetry"
SIGNS = Signs(scopes=(SCOPE,))
# The scope of the whole app, in which only the names tell the services of AI.
AI_NAMES = {SCOPE: ("langchain4j.",)}
LABELS = {SCOPE: "quarkus-langchain4j"}
SERVICE = "langchain4j.aiservices."
COST = "gen_ai.client.estimated_cost"
FRAMEWORK = "langchain4j"


def recognises(source: Source) -> bool:
    return source.name.startswith("langchain4j.") or any(key.startswith("gen_ai.") for key in source.attributes)


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.name.startswith(SERVICE):
        record.span_type = "agent"
        record.name = source.name.removeprefix(SERVICE)
    cost = source.take(COST)
    if isinstance(cost, str) and cost.endswith("USD"):
        record.cost.total = number(cost.removesuffix("USD"))
