"""Microsoft Agent 365: what the golden recordings do not show."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai.record import Kind, SpanType

from .test_gen_ai import read, record

SCOPE = "microsoft_agents_a365.observability.core.config"
BY_NAME: dict[str, tuple[Kind, SpanType | None, str | None]] = {
    "ChatAnthropic": ("generation", None, None),
    "AzureChatOpenAI": ("generation", None, None),
    "ChatPromptTemplate": ("span", "chain", "ChatPromptTemplate"),
    "execute_tool book": ("span", "tool", "book"),
    "invoke_agent LangGraph": ("span", "agent", "LangGraph"),
    "Chatty node": ("span", "chain", "Chatty node"),
}


@pytest.mark.parametrize(("name", "expected"), BY_NAME.items())
def test_a_span_that_has_nothing_but_a_name(name: str, expected: tuple[Any, ...]) -> None:
    found = record({}, name, SCOPE)
    assert (found.kind, found.span_type) == expected[:2]
    assert expected[2] in (None, found.name, found.span_name)


def test_what_its_processor_stamps_makes_no_span_ai() -> None:
    stamped = {
        "microsoft.tenant.id": "t",
        "microsoft.a365.agent.blueprint.id": "b",
        "gen_ai.agent.id": "a",
        "gen_ai.agent.type": "EntraEmbodied",
        "gen_ai.agent.description": "helps",
        "gen_ai.agent.version": "1",
        "gen_ai.conversation.id": "c",
        "microsoft.session.id": "s",
    }
    assert read(stamped, "GET /", "opentelemetry.instrumentation.aiohttp") is None
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}
    found = record({**chat, **stamped}, scope="opentelemetry.instrumentation.genai.openai")
    assert (found.identity.session, found.attributes) == ("s", {"microsoft.tenant.id": "t"})


def test_a_count_where_reasons_of_an_end_belong() -> None:
    chat = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.response.finish_reasons": 64}
    found = record(chat, "chat ChatOpenAI", SCOPE)
    assert (found.usage.reasoning, found.finish_reason) == (64, None)
