"""Spring AI's observations (Micrometer): its chat client, advisors and tools beside the GenAI conventions.

https://docs.spring.io/spring-ai/reference/observability/
"""

from __future__ import annotations

from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.reading.values import identifier, text
from otel_posthog_ai.record import AISpan, SpanType

NAME = "spring_ai"
PREFIXES = ("spring.ai.",)
SIGNS = Signs(keys_begin=("spring.ai.",))
KIND = "spring.ai.kind"
LABELS = {"org.springframework.boot": "spring-ai"}
FRAMEWORK = "spring-ai"
SPAN_TYPES: dict[str, SpanType] = {
    "chat_client": "agent",
    "advisor": "chain",
    "tool_call": "tool",
    "vector_store": "retriever",
}


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    stated = text(source.take(KIND))
    if stated is not None:
        record.span_type = SPAN_TYPES.get(stated, "custom")
    if record.span_type == "tool":
        record.name = record.tool_name = text(source.take("spring.ai.tool.definition.name"))
        given, result = source.take("spring.ai.tool.call.arguments"), source.take("spring.ai.tool.call.result")
        if given is not None and unset(record.input_state):
            record.input_state = read_state(given)
        if result is not None and unset(record.output_state):
            record.output_state = read_state(result)
    record.identity.incidental_session = identifier(source.take("spring.ai.chat.client.conversation.id"))
    source.below("spring.ai.")
