"""Steps that two tracers of one framework draw beside each other: each stands once."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import Context

from tests.stages import Stages, provider_of
from tests.traced import AGENT, TOOL

CHAIN = {"openinference.span.kind": "CHAIN"}
RUN = {**TOOL, "gen_ai.tool.call.id": "c1", "gen_ai.tool.call.arguments": '{"city":"Paris"}'}


class Drawing:
    """Spans of a request, by their times in milliseconds, and the steps that they became."""

    def __init__(self) -> None:
        self.stages = Stages()
        self._tracer_of = provider_of(self.stages).get_tracer
        self._spans: list[tuple[trace.Span, int]] = []
        self.request = self.draw("app", "request", {}, (0, 1_000), None)

    def draw(
        self, scope: str, name: str, said: dict[str, Any], times: tuple[float, float], above: trace.Span | None
    ) -> trace.Span:
        context = trace.set_span_in_context(above, Context()) if above is not None else Context()
        start, end = (int((1_000 + each) * 1_000_000) for each in times)
        span = self._tracer_of(scope).start_span(name, context, attributes=said, start_time=start)
        self._spans.append((span, end))
        return span

    def steps(self) -> list[str]:
        for span, end in reversed(self._spans):
            span.end(end)
        self.stages.leave()
        said = [event["properties"] for event in self.stages.events if event["event"] in ("$ai_span", "$ai_trace")]
        return sorted(properties["$ai_span_name"] for properties in said)


def test_two_trees_of_one_run_are_one() -> None:
    drawing = Drawing()
    for scope, late in (("first", 0), ("second", 5)):
        graph = drawing.draw(scope, "graph", AGENT, (late, 100 + late), drawing.request)
        for turn in (0, 40):
            node = drawing.draw(scope, "node", CHAIN, (turn + late + 1, turn + late + 30), graph)
            drawing.draw(scope, "parser", CHAIN, (turn + late + 2, turn + late + 3), node)
    assert drawing.steps() == ["helper", "node", "node", "parser", "parser"]


def test_what_one_tracer_drew_more_hangs_in_the_tree_of_both() -> None:
    drawing = Drawing()
    first = drawing.draw("first", "graph", CHAIN, (0, 100), drawing.request)
    second = drawing.draw("second", "graph", CHAIN, (5, 105), drawing.request)
    drawing.draw("first", "node", CHAIN, (1, 50), first)
    drawing.draw("second", "router", CHAIN, (6, 50), second)
    assert drawing.steps() == ["graph", "node", "router"]
    parents = {
        event["properties"]["$ai_span_name"]: event["properties"].get("$ai_parent_id")
        for event in drawing.stages.events
    }
    assert parents["node"] == parents["router"]


@pytest.mark.parametrize(
    ("scope", "name", "said", "times"),
    [
        ("first", "graph", CHAIN, (0, 100)),
        ("second", "another", CHAIN, (0, 100)),
        ("second", "graph", CHAIN, (60, 160)),
        ("second", "graph", {**TOOL, "gen_ai.tool.name": "graph"}, (0, 100)),
    ],
    ids=["of one tracer", "of another name", "at another time", "of another kind"],
)
def test_two_steps_beside_each_other(scope: str, name: str, said: dict[str, Any], times: tuple[float, float]) -> None:
    drawing = Drawing()
    kind = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "graph"} if "gen_ai.tool.name" in said else {}
    drawing.draw("first", "graph", kind or CHAIN, (0, 100), drawing.request)
    drawing.draw(scope, name, said, times, drawing.request)
    assert drawing.steps() == sorted(["graph", name])


@pytest.mark.parametrize(
    ("told", "times", "runs"),
    [
        ({}, (5, 25), 1),
        ({}, (40, 60), 2),
        ({"gen_ai.tool.call.id": "c2"}, (5, 25), 2),
        ({"gen_ai.tool.name": "pay"}, (5, 25), 2),
        ({"gen_ai.tool.call.arguments": '{"city":"Rome"}'}, (5, 25), 2),
    ],
    ids=["the same", "at another time", "another call", "another tool", "another input"],
)
def test_a_tool_run_told_in_two_traces(told: dict[str, Any], times: tuple[float, float], runs: int) -> None:
    drawing = Drawing()
    drawing.draw("first", "tool", RUN, (0, 20), drawing.request)
    other = drawing.draw("app", "request", {}, (0, 1_000), None)
    drawing.draw("second", "tool", {**RUN, **told}, times, other)
    assert len(drawing.steps()) == runs
