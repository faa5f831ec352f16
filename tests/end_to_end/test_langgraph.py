"""Graphs that run on asyncio, many at once: each has one tree, its own user, and an interrupt is no error."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any, TypedDict

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context
from otel_posthog_ai.inbox import Inbox

from .applications import tree
from .test_requests_at_once import by_trace

pytest.importorskip("langgraph")
instrumentation = pytest.importorskip("openinference.instrumentation.langchain")
pytestmark = pytest.mark.instrumentor


class State(TypedDict, total=False):
    question: str
    answer: str


@pytest.fixture
def provider(inbox: Inbox) -> Iterator[TracerProvider]:
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_test", host=inbox.url, flush_at=5))
    instrumentor = instrumentation.LangChainInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield provider
    instrumentor.uninstrument()
    provider.shutdown()


def graph(*, asks_back: bool = False) -> Any:
    from langchain_core.language_models.fake_chat_models import FakeListChatModel
    from langgraph.checkpoint.memory import InMemorySaver
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    model = FakeListChatModel(responses=["fine"])

    async def think(state: State) -> State:
        await asyncio.sleep(0)
        answer = await model.ainvoke(state["question"])
        if asks_back:
            interrupt("sure?")
        return {"answer": str(answer.content)}

    def polish(state: State) -> State:
        return {"answer": state["answer"].upper()}

    builder = StateGraph(State)
    builder.add_node("think", think)
    builder.add_node("polish", polish)
    builder.add_edge(START, "think")
    builder.add_edge("think", "polish")
    builder.add_edge("polish", END)
    return builder.compile(checkpointer=InMemorySaver(), name="support")


def test_many_graphs_at_once(provider: TracerProvider, inbox: Inbox) -> None:
    compiled = graph()

    async def ask(number: int) -> str:
        with posthog_context(distinct_id=f"u{number}", session_id=f"chat-u{number}"):
            state = await compiled.ainvoke({"question": "how?"}, {"configurable": {"thread_id": f"t{number}"}})
        return str(state["answer"])

    async def main() -> list[str]:
        return await asyncio.gather(*(ask(number) for number in range(20)))

    assert asyncio.run(main()) == ["FINE"] * 20
    assert provider.force_flush(10_000)
    requests = by_trace(inbox.events())
    assert len(requests) == 20
    shapes = {tuple(tree(request)) for request in requests}
    assert len(shapes) == 1
    shape = shapes.pop()
    assert [event for event, _, _ in shape].count("$ai_trace") == 1
    assert [event for event, _, _ in shape].count("$ai_generation") == 1
    assert "DANGLING" not in str(shape)
    assert {parent for event, _, parent in shape if event == "$ai_generation"} == {"think"}
    for request in requests:
        owners = {(event["distinct_id"], event["properties"].get("$ai_session_id")) for event in request}
        assert len(owners) == 1
        user, session = owners.pop()
        assert session == f"chat-{user}"


def test_an_interrupt_is_no_error(provider: TracerProvider, inbox: Inbox) -> None:
    from langgraph.types import Command

    compiled = graph(asks_back=True)
    thread = {"configurable": {"thread_id": "t"}}

    async def main() -> None:
        state = await compiled.ainvoke({"question": "how?"}, thread)
        assert "__interrupt__" in state
        assert (await compiled.ainvoke(Command(resume="yes"), thread))["answer"] == "FINE"

    asyncio.run(main())
    assert provider.force_flush(10_000)
    events = inbox.events()
    assert {"$ai_generation", "$ai_trace"} <= {event["event"] for event in events}
    assert [event for event in events if event["properties"].get("$ai_is_error")] == []
    assert "DANGLING" not in str(tree(events))
