"""What will become of an open span: its own word, else its scope, else what its like turned out to be."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider

from otel_posthog_ai.dialects.spans import read_span
from otel_posthog_ai.tree.nodes import Node, Outlook
from otel_posthog_ai.tree.outlook import MOST_LEARNED, NOT_AI, UNDECIDED, Outlooks, of_record
from tests.traced import AGENT, CHAT, TOOL

_provider = TracerProvider(shutdown_on_exit=False)


def _span(scope: str, name: str, attributes: dict[str, Any] | None = None) -> ReadableSpan:
    span = _provider.get_tracer(scope).start_span(name, attributes=attributes)
    assert isinstance(span, ReadableSpan)
    return span


def _learned(outlooks: Outlooks, scope: str, name: str, attributes: dict[str, Any] | None) -> None:
    span = _span(scope, name, attributes)
    outlooks.learn(scope, name, read_span(span) if attributes is not None else None)


PLAIN, OF_AI, OTHER = "opentelemetry.instrumentation.fastapi", "openinference.instrumentation.langchain", "app"


@pytest.mark.parametrize(
    ("scope", "attributes", "its_like", "expected"),
    [
        (OTHER, {}, "unknown", UNDECIDED),
        (PLAIN, {}, "unknown", NOT_AI),
        (OF_AI, {}, "unknown", Outlook(True)),
        (OTHER, AGENT, "unknown", Outlook(True, "span", "agent")),
        (OTHER, TOOL, "unknown", Outlook(True, "span", "tool", ("search", None))),
        (OTHER, CHAT, "unknown", Outlook(True, "generation")),
        (PLAIN, AGENT, "unknown", Outlook(True, "span", "agent")),
        (OTHER, {"gen_ai.system": "openai"}, "unknown", UNDECIDED),
        (OF_AI, {"gen_ai.system": "openai"}, "unknown", Outlook(True)),
        (OTHER, {"gen_ai.system": "openai"}, AGENT, Outlook(True, "span", "agent")),
        (OTHER, {}, AGENT, Outlook(True, "span", "agent")),
        (OTHER, {"key": "value"}, CHAT, Outlook(True, "generation")),
        (OTHER, {}, None, NOT_AI),
        (OF_AI, {}, None, NOT_AI),
        (OTHER, TOOL, AGENT, Outlook(True, "span", "tool", ("search", None))),
        (OTHER, AGENT, None, Outlook(True, "span", "agent")),
    ],
)
def test_the_outlook_of_an_open_span(scope: str, attributes: dict[str, Any], its_like: Any, expected: Outlook) -> None:
    outlooks = Outlooks()
    if its_like != "unknown":
        _learned(outlooks, scope, "step", its_like)
        _learned(outlooks, scope, "another name", CHAT if its_like is None else None)
        _learned(outlooks, "another.scope", "step", CHAT if its_like is None else None)
    span = _span(scope, "step", attributes)
    assert outlooks.of_open(Node(1, 1, 0), span) == expected


def test_what_is_said_later_counts() -> None:
    outlooks, node, span = Outlooks(), Node(1, 1, 0), _provider.get_tracer("app").start_span("step")
    assert isinstance(span, ReadableSpan)
    assert outlooks.of_open(node, span) == UNDECIDED
    span.set_attribute("key", "value")  # type: ignore[attr-defined]
    assert outlooks.of_open(node, span) == UNDECIDED
    span.set_attributes(AGENT)  # type: ignore[attr-defined]
    assert outlooks.of_open(node, span) == Outlook(True, "span", "agent")


def test_noise_is_for_nobody() -> None:
    record = read_span(_span("app", "step", AGENT))
    assert record is not None
    record.noise = True
    outlooks = Outlooks()
    outlooks.learn("app", "step", record)
    assert outlooks.of_open(Node(1, 1, 0), _span("app", "step")) == NOT_AI


@pytest.mark.parametrize(
    ("tool_name", "name", "call_id", "tool"),
    [
        ("search", "shown", None, ("search", None)),
        (None, "shown", None, ("shown", None)),
        ("", "shown", "c1", ("", "c1")),
        (None, None, "c1", (None, "c1")),
    ],
)
def test_a_tool_goes_by_its_own_name_and_else_by_that_of_its_span(
    tool_name: str | None, name: str | None, call_id: str | None, tool: tuple[str | None, str | None]
) -> None:
    record = read_span(_span("app", "step", TOOL))
    assert record is not None
    record.tool_name, record.name, record.tool_call_id = tool_name, name, call_id
    assert of_record(record) == Outlook(True, "span", "tool", tool)


@pytest.mark.parametrize("scope", [OTHER, OF_AI])
def test_an_open_span_of_any_scope_is_read_again_when_it_says_more(scope: str) -> None:
    outlooks, node = Outlooks(), Node(1, 1, 0)
    span: Any = _span(scope, "step", {"key": "value"})
    before = outlooks.of_open(node, span)
    assert before == (UNDECIDED if scope == OTHER else Outlook(True))
    span.set_attributes(CHAT)
    assert outlooks.of_open(node, span) == Outlook(True, "generation")


def test_what_was_learned_has_a_bound() -> None:
    outlooks = Outlooks()
    for number in range(MOST_LEARNED + 1):
        outlooks.learn("app", f"step {number}", None)
    found = [outlooks.of_open(Node(1, 1, 0), _span("app", f"step {number}")) for number in (0, MOST_LEARNED)]
    assert found == [UNDECIDED, NOT_AI]
