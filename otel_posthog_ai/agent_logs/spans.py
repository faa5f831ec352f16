"""The records of conversations with agents as the spans that the agents would have written: prompt, calls, tools.

A prompt is a trace: below it lie the calls that answered it and the tools that ran for it. Ids are derived from what
the records say of themselves, so that the same records are the same spans by every door and on every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.semconv.attributes.http_attributes import HTTP_RESPONSE_STATUS_CODE
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from otel_posthog_ai.attribute_names.coding_agents import INSTALLATION_ID
from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROVIDER_NAME,
    GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK,
    GEN_AI_TOOL_CALL_ARGUMENTS,
    GEN_AI_TOOL_CALL_ID,
    GEN_AI_TOOL_CALL_RESULT,
    GEN_AI_TOOL_NAME,
    GEN_AI_USAGE_INPUT_TOKENS,
)
from otel_posthog_ai.attribute_names.general import ENDUSER_ID, ERROR_MESSAGE, SESSION_ID, USER_ID
from otel_posthog_ai.reading.identity import ACCOUNT_KEYS
from otel_posthog_ai.reading.source import LoggedSpan
from otel_posthog_ai.reading.values import count

from .contents import answered, asked, called, ran
from .conventions import Role, first_of
from .entry import AgentEntry, derived_id

_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_MILLISECOND = 1_000_000
# A request's body is noted before the clock of its duration starts: a moment, on a busy machine a tenth of a second.
_TOLERANCE_NS = 500 * _MILLISECOND
# Who asked, in the words that agents use.
_IDENTITY = (USER_ID, ENDUSER_ID, *ACCOUNT_KEYS, INSTALLATION_ID)


def spans_of(entries: Iterable[AgentEntry]) -> list[ReadableSpan]:
    """The spans that the records of some conversations stand for."""
    conversations: defaultdict[tuple[str, str], list[AgentEntry]] = defaultdict(list)
    for entry in entries:
        conversations[entry.convention.prompt_span, entry.session].append(entry)
    found: list[ReadableSpan] = []
    for conversation in conversations.values():
        for turn in _turns(sorted(conversation, key=_moment)):
            found += turn.spans()
    return found


def _moment(entry: AgentEntry) -> tuple[int, int]:
    sequence = entry.record.attributes.get("event.sequence")
    return entry.record.time_ns, sequence if isinstance(sequence, int) else 0


def _turns(entries: Iterable[AgentEntry]) -> Iterable[Turn]:
    """The records by the user's prompts: by their ids, else by their order."""
    turns: dict[str, Turn] = {}
    current = ""
    for entry in entries:
        if entry.prompt is not None:
            current = entry.prompt
        elif entry.role is Role.PROMPT:
            current = str(entry.record.time_ns)
        turns.setdefault(current, Turn(current)).add(entry)
    return turns.values()


class Call:
    """One request, with what other records say of it."""

    def __init__(self, entry: AgentEntry, begun: AgentEntry | None) -> None:
        self.entry = entry
        self.end = entry.record.time_ns
        self.start = begun.record.time_ns - _duration(begun) if begun is not None else self.end - _duration(entry)
        self.request: AgentEntry | None = None
        self.answer: AgentEntry | None = None
        self.response: AgentEntry | None = None
        self.tools: list[AgentEntry] = []


class Turn:
    """What followed one prompt."""

    def __init__(self, prompt_id: str) -> None:
        self._prompt_id = prompt_id
        self._all: list[AgentEntry] = []
        self._prompt: AgentEntry | None = None
        self._begun: AgentEntry | None = None
        self._requests: list[AgentEntry] = []
        self._tools: list[AgentEntry] = []
        self._calls: list[Call] = []

    def add(self, entry: AgentEntry) -> None:
        """The next record in order of time."""
        self._all.append(entry)
        role = entry.role
        if role is Role.PROMPT:
            self._prompt = self._prompt or entry
        elif role is Role.BEGUN:
            self._begun = entry
        elif role is Role.REQUEST:
            self._requests.append(entry)
        elif role is Role.TOOL:
            self._tools.append(entry)
        elif role is Role.FAILURE and self._calls and self._calls[-1].entry.role is Role.FAILURE:
            self._calls[-1].entry, self._calls[-1].end = entry, entry.record.time_ns  # it was tried again
        elif role in (Role.CALL, Role.FAILURE):
            self._calls.append(Call(entry, self._begun))
            self._begun = None
        elif self._calls:
            self._calls[-1].answer = entry if role is Role.ANSWER else self._calls[-1].answer
            self._calls[-1].response = entry if role is Role.RESPONSE else self._calls[-1].response

    def spans(self) -> Iterator[LoggedSpan]:
        """The prompt's span, and those of its calls and tools below it."""
        first = self._all[0]
        trace_id = next((entry.trace_id for entry in (self._prompt, *self._all) if entry and entry.trace_id), 0)
        trace_id = trace_id or derived_id(16, first.convention.prompt_span, first.session, self._prompt_id)
        root = derived_id(8, "prompt", first.session, self._prompt_id)
        self._relate()
        if self._prompt is not None:
            yield self._root(self._prompt, trace_id, root)
        for call in self._calls:
            yield self._call(call, trace_id, root)
        for tool in self._tools:
            yield self._tool(tool, trace_id, root)

    def _relate(self) -> None:
        """Give each call the body of its request, and the tools that it called for where nobody else could have."""
        near = sorted(
            (abs(each.record.time_ns - call.start), number, place)
            for place, call in enumerate(self._calls)
            for number, each in enumerate(self._requests)
            if call.start - _TOLERANCE_NS <= each.record.time_ns <= call.end and _source(each) == _source(call.entry)
        )
        taken: set[int] = set()
        for _, number, place in near:
            if number not in taken and self._calls[place].request is None:
                self._calls[place].request = self._requests[number]
                taken.add(number)
        if not all(_is_main(call.entry) for call in self._calls):
            return  # several agents at work: a tool's record does not say for which it ran
        for tool in self._tools:
            start = tool.record.time_ns - _duration(tool)
            before = [call for call in self._calls if call.start <= start]
            if before:
                max(before, key=lambda call: call.start).tools.append(tool)

    def _root(self, prompt: AgentEntry, trace_id: int, span_id: int) -> LoggedSpan:
        attributes = {GEN_AI_OPERATION_NAME: "invoke_agent", **asked(prompt)}
        if self._calls and called(self._calls[-1]):
            attributes[GEN_AI_OUTPUT_MESSAGES] = called(self._calls[-1])
        end = max(entry.record.time_ns for entry in self._all)
        name = prompt.convention.prompt_span
        return _span(prompt, name, (trace_id, span_id), 0, (prompt.record.time_ns, end), attributes)

    def _call(self, call: Call, trace_id: int, root: int) -> LoggedSpan:
        entry = call.entry
        attributes = _call_attributes(entry)
        attributes.update({**answered(call), **(asked(call.request) or self._so_far(call))})
        answer = called(call)
        if answer:
            attributes[GEN_AI_OUTPUT_MESSAGES] = answer
        span_id = _own_id("call", entry)
        times = call.start, call.end
        return _span(entry, entry.convention.call_span, (trace_id, span_id), root, times, attributes)

    def _so_far(self, call: Call) -> Mapping[str, Any]:
        """What is known of the conversation before a call whose request was not recorded: prompt, answers, results.

        Only of those that the agent itself made: what it asks for a title or in another agent's name is another matter.
        """
        if self._prompt is None or not _is_main(call.entry):
            return {}
        prompt = asked(self._prompt)
        if not prompt:
            return {}
        messages = list(prompt[GEN_AI_INPUT_MESSAGES])
        for before in self._calls:
            if before.end > call.start:
                break
            messages += called(before)
            messages += [message for tool in before.tools for message in ran(tool)]
        return {GEN_AI_INPUT_MESSAGES: messages}

    def _tool(self, entry: AgentEntry, trace_id: int, root: int) -> LoggedSpan:
        found = entry.record.attributes
        end = entry.record.time_ns
        attributes: dict[str, Any] = {GEN_AI_OPERATION_NAME: "execute_tool"}
        for name, keys in _TOOL_FIELDS.items():
            value = next((found[key] for key in keys if found.get(key) is not None), None)
            if value is not None:
                attributes[name] = value
        name = str(attributes.get(GEN_AI_TOOL_NAME) or "tool")
        times = end - _duration(entry), end
        return _span(entry, name, (trace_id, _own_id("tool", entry)), root, times, attributes)


# Who asks, where an agent says so: the conversation with the user, or else a title, a summary, another agent.
_MAIN = ("sdk", "repl_main_thread", "main", "user")


def _source(entry: AgentEntry) -> str | None:
    return first_of(entry.record.attributes, ("query_source", "subagent_name"))


def _is_main(entry: AgentEntry) -> bool:
    source = _source(entry)
    return source is None or source.startswith(_MAIN)


_TOOL_FIELDS: dict[str, tuple[str, ...]] = {
    GEN_AI_TOOL_NAME: ("tool_name", "function_name"),
    GEN_AI_TOOL_CALL_ID: ("tool_use_id", "call_id"),
    GEN_AI_TOOL_CALL_ARGUMENTS: ("tool_input", "tool_parameters", "arguments", "function_args"),
    GEN_AI_TOOL_CALL_RESULT: ("tool_output", "output"),
}


def _call_attributes(entry: AgentEntry) -> dict[str, Any]:
    found = entry.record.attributes
    attributes: dict[str, Any] = {GEN_AI_OPERATION_NAME: "chat"}
    if entry.convention.provider is not None:
        attributes[GEN_AI_PROVIDER_NAME] = entry.convention.provider
    for key, name in entry.convention.fields.items():
        if found.get(key) is not None:
            attributes[name] = found[key]
    waited = _milliseconds(found.get("ttft_ms"))
    if waited is not None:
        attributes[GEN_AI_RESPONSE_TIME_TO_FIRST_CHUNK] = waited / 1000
    if entry.convention.provider == "anthropic" and GEN_AI_USAGE_INPUT_TOKENS in attributes:
        # The API counts the cache apart; the conventions count it in.
        parts = ("input_tokens", "cache_read.input_tokens", "cache_creation.input_tokens")
        attributes[GEN_AI_USAGE_INPUT_TOKENS] = sum(
            count(attributes.get(f"gen_ai.usage.{part}")) or 0 for part in parts
        )
    return attributes


def _own_id(kind: str, entry: AgentEntry) -> int:
    attributes = entry.record.attributes
    named = (attributes.get(key) for key in ("event.sequence", "tool_use_id", "call_id", "prompt_id", "request_id"))
    return derived_id(8, kind, entry.session, entry.record.time_ns, *named)


def _span(
    entry: AgentEntry,
    name: str,
    ids: tuple[int, int],
    parent: int,
    times: tuple[int, int],
    attributes: Mapping[str, Any],
) -> LoggedSpan:
    found = entry.record.attributes
    who = {key: found[key] for key in _IDENTITY if found.get(key)}
    failed = entry.role is Role.FAILURE or str(found.get("success")).lower() == "false"
    error = next((str(found[key]) for key in ("error", ERROR_MESSAGE) if found.get(key)), None)
    status_code = next((found[key] for key in ("status_code", HTTP_RESPONSE_STATUS_CODE) if found.get(key)), None)
    failure = {ERROR_TYPE: found.get("error_type"), HTTP_RESPONSE_STATUS_CODE: status_code} if failed else {}
    return LoggedSpan(
        name=name,
        context=SpanContext(*ids, False, _SAMPLED),
        parent=SpanContext(ids[0], parent, False, _SAMPLED) if parent else None,
        resource=entry.resource,
        attributes={
            SESSION_ID: entry.session,
            **who,
            **{key: value for key, value in failure.items() if value},
            **attributes,
        },
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.ERROR, error) if failed else Status(StatusCode.UNSET),
        start_time=times[0],
        end_time=max(times),
        instrumentation_scope=InstrumentationScope(entry.scope, entry.scope_version),
    )


def _duration(entry: AgentEntry) -> int:
    """Nanoseconds."""
    return int((_milliseconds(entry.record.attributes.get("duration_ms")) or 0) * _MILLISECOND)


def _milliseconds(value: Any) -> float | None:
    try:
        return float(value) if value is not None and not isinstance(value, bool) else None
    except (TypeError, ValueError):
        return None
