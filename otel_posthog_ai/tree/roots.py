"""The root of each trace, and what its `$ai_trace` can tell of what lies below it."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

from otel_posthog_ai.bounds import forget_oldest
from otel_posthog_ai.reading.messages import last_user_text, message_text
from otel_posthog_ai.reading.table import unset
from otel_posthog_ai.record import MISSING, SPEECH, AISpan

from .nodes import Outlook

MOST_TRACES = 5_000
_TOOLS = frozenset({"tool", "mcp"})
_NO_RUNS = _TOOLS | SPEECH
_Found = tuple[int, Any]
"""A time in ns, and a value."""


class Trace:
    """What is known of one trace."""

    __slots__ = (
        "first_input", "first_question", "first_tool_ns", "last_answer", "last_output", "metadata", "named", "root_id",
        "tags",
    )  # fmt: skip

    def __init__(self) -> None:
        self.root_id: int | None = None
        """The span that is or will be the `$ai_trace`."""
        self.named = False
        """An `$ai_trace` without a span has left, because a name was set for a trace of generations only."""
        self.metadata: dict[str, Any] = {}
        self.tags: Sequence[str] = ()
        # The earliest input and the latest output below the root.
        self.first_input: _Found | None = None
        self.last_output: _Found | None = None
        self.first_question: _Found | None = None
        self.last_answer: _Found | None = None
        self.first_tool_ns = inf

    def may_be_named(self) -> bool:
        """Whether no `$ai_trace` of any kind is known for it."""
        return self.root_id is None and not self.named

    def note(self, record: AISpan, *, direct: bool) -> None:
        """Remember what the states of the root can be taken from; `direct`: the record hangs on the root itself."""
        if record.span_type in _TOOLS:
            self.first_tool_ns = min(self.first_tool_ns, record.start_ns)
        if record.span_type in _NO_RUNS:
            return  # what a tool was given or gave back is no question and no answer
        if direct and record.kind == "span":
            if not unset(record.input_state):
                self.first_input = _earlier(self.first_input, record.start_ns, record.input_state)
            if not unset(record.output_state):
                self.last_output = _later(self.last_output, record.end_ns, record.output_state)
        if record.kind == "generation":
            asked = last_user_text(record.input)
            if asked is not None:
                self.first_question = _earlier(self.first_question, record.start_ns, asked)
            answer = next((text for message in reversed(record.output or ()) if (text := message_text(message))), None)
            if answer is not None:
                self.last_answer = _later(self.last_answer, record.end_ns, answer)
                if direct:
                    self.last_output = _later(self.last_output, record.end_ns, answer)

    def forget_states(self) -> None:
        """The root has left: nothing of what lies below is needed any more."""
        self.first_input = self.last_output = self.first_question = self.last_answer = None

    def input_state(self) -> Any:
        """What the user asked, where that was asked before any tool ran; else what the first step was given."""
        asked = self.first_question
        if asked is not None and asked[0] <= self.first_tool_ns:
            return asked[1]
        return _value(self.first_input, asked)

    def output_state(self) -> Any:
        return _value(self.last_output, self.last_answer)


def _earlier(known: _Found | None, at: int, value: Any) -> _Found:
    return known if known is not None and known[0] <= at else (at, value)


def _later(known: _Found | None, at: int, value: Any) -> _Found:
    return known if known is not None and known[0] > at else (at, value)


def _value(*found: _Found | None) -> Any:
    return next((each[1] for each in found if each is not None), MISSING)


class Traces:
    """The traces that are under way, the oldest forgotten first."""

    def __init__(self) -> None:
        self._traces: dict[int, Trace] = {}

    def of(self, trace_id: int) -> Trace:
        known = self._traces.get(trace_id)
        if known is None:
            known = self._traces[trace_id] = Trace()
            forget_oldest(self._traces, MOST_TRACES)
        return known


def can_be_root(record: AISpan | Outlook) -> bool:
    """A root is a run of something; a call, a single tool or something that was said or heard is itself."""
    return record.kind == "span" and record.span_type not in _NO_RUNS


__all__ = ["Trace", "Traces", "can_be_root"]
