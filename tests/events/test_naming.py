"""Titles of nodes, and which of them may show in privacy mode."""

from __future__ import annotations

import pytest

from otel_posthog_ai.events.naming import private_name
from otel_posthog_ai.record import AISpan


def step(name: str) -> AISpan:
    made = AISpan(
        trace_id="1" * 32, span_id="2" * 16, parent_id=None, start_ns=1, end_ns=2,
        span_name="step", scope="app",
    )  # fmt: skip
    made.name, made.span_type = name, "task"
    return made


@pytest.mark.parametrize("name", ["plan_trip", "Senior researcher for the weather", "Ask Dr. No", "What now?"])
def test_titles_are_the_programs_own(name: str) -> None:
    assert private_name(step(name)) == name


@pytest.mark.parametrize(
    "name", ["Tell Ada what the weather in Paris is.", "What is the weather in Paris?", "Look up the weather " * 6]
)
def test_what_somebody_wants_done_is_no_title(name: str) -> None:
    assert private_name(step(name)) == "task"
