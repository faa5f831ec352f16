"""How many events typical runs make: `python -m tests.docs.event_volume` measures and writes docs/event-volume.md anew.

Real graphs under a real instrumentor, against the local model server, with each value of `chain_spans`.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, TypedDict

from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.model_server import ModelServer

from .markdown import ROOT, table

DOCUMENT = ROOT / "docs" / "event-volume.md"
PACKAGES = ("langchain", "langgraph", "langchain-openai", "openinference-instrumentation-langchain")
_BLOCK = re.compile(r"(<!-- event-volume -->\n).*?(<!-- end -->)", re.DOTALL)
_QUESTION = "What is the weather in Paris?"


class State(TypedDict, total=False):
    question: str
    documents: list[str]
    answer: str


def one_call() -> None:
    _model().invoke(_QUESTION)


def chain() -> None:
    (_prompt() | _model() | _parser()).invoke({"question": _QUESTION})


def agent() -> None:
    from langchain.agents import create_agent

    create_agent(_model(), tools=[_get_weather], name="guide").invoke(
        {"messages": [{"role": "user", "content": _QUESTION}]}
    )


def graph_of_chains() -> None:
    """Retrieve, answer, check: each node a chain of prompt, model and parser, but the first."""
    from langgraph.graph import END, START, StateGraph

    ask = _prompt() | _model() | _parser()

    def retrieve(state: State) -> State:
        return {"documents": [state["question"]]}

    def answer(state: State) -> State:
        return {"answer": ask.invoke({"question": state["question"]})}

    def check(state: State) -> State:
        return {"answer": ask.invoke({"question": state["answer"]})}

    builder = StateGraph(State)
    for node in (retrieve, answer, check):
        builder.add_node(node.__name__, node)
    builder.add_edge(START, "retrieve")
    builder.add_edge("retrieve", "answer")
    builder.add_edge("answer", "check")
    builder.add_conditional_edges("check", lambda _state: END)
    builder.compile(name="guide").invoke({"question": _QUESTION})


RUNS: dict[str, Callable[[], None]] = {
    "one `ChatOpenAI` call": one_call,
    "prompt → model → parser": chain,
    "`create_agent`: model, tool, model": agent,
    "LangGraph: three nodes, two of them prompt → model → parser": graph_of_chains,
}


def measured() -> list[tuple[str, ...]]:
    """Rows of the table."""
    rows: list[tuple[str, ...]] = []
    with ModelServer() as models, Inbox() as inbox:
        os.environ.update(OPENAI_BASE_URL=f"{models.url}/v1", OPENAI_API_KEY="local")
        for name, run in RUNS.items():
            everything, graph = (_counted(run, inbox, value) for value in ("all", "graph"))
            calls = everything["$ai_generation"]
            rows.append((name, str(calls), str(everything.total()), str(graph.total()), _listed(everything, graph)))
    return rows


def _counted(run: Callable[[], None], inbox: Inbox, chain_spans: str) -> Counter[str]:
    from openinference.instrumentation.langchain import LangChainInstrumentor

    before = len(inbox.events())
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_volume", host=inbox.url, chain_spans=chain_spans))
    instrumentor = LangChainInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        run()
    finally:
        instrumentor.uninstrument()
        provider.shutdown()
    return Counter(event["event"] for event in inbox.events()[before:])


def _listed(everything: Counter[str], graph: Counter[str]) -> str:
    names = sorted(everything)
    return ", ".join(f"{everything[name]} → {graph[name]} `{name}`" for name in names)


def _model() -> Any:
    from langchain_openai import ChatOpenAI

    return ChatOpenAI(model="gpt-4o-mini")


def _prompt() -> Any:
    from langchain_core.prompts import ChatPromptTemplate

    return ChatPromptTemplate.from_messages([("human", "{question}")])


def _parser() -> Any:
    from langchain_core.output_parsers import StrOutputParser

    return StrOutputParser()


def _get_weather(city: str) -> str:
    """The current weather of a city."""
    return f"21 °C and sunny in {city}"


def block() -> str:
    """What stands in the document."""
    versions = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    head = ("run", "calls of a model", "events with `all`", "with `graph`", "of them, `all` → `graph`")
    return f"{table(head, measured())}\n\nMeasured with {versions}."


def in_document() -> str:
    found = _BLOCK.search(DOCUMENT.read_text(encoding="utf-8"))
    assert found is not None
    return found[0].removeprefix(found[1]).removesuffix(found[2]).strip()


if __name__ == "__main__":
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(_BLOCK.sub(lambda found: f"{found[1]}\n{block()}\n\n{found[2]}", text), encoding="utf-8")
