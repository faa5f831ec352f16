"""Content that instrumentors put beside the span: span events and OTel log records, in the old and the new form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .messages import read_instructions, read_message, read_messages
from .record import AISpan, Evaluation, Message
from .source import Occurrence, Source
from .tool_definitions import read_tools
from .values import finish_reason, is_mapping, json_text, number, parse_json, text

DETAILS = "gen_ai.client.inference.operation.details"
EVALUATION = "gen_ai.evaluation.result"
CHOICE = "gen_ai.choice"
# Event name -> role of the message in it.
INPUT_EVENTS: dict[str, str] = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
}
CONTENT_EVENTS = frozenset({DETAILS, CHOICE, "gen_ai.content.prompt", "gen_ai.content.completion", *INPUT_EVENTS})
FIRST_TOKEN_EVENTS = frozenset(
    {"First Token Stream Event", "llm.content.completion.chunk", "gen_ai.content.completion.chunk", "gen_ai.stream.chunk"}
)


def read_content_events(record: AISpan, source: Source) -> None:
    """Fill what the span's own attributes leave open from its events and logs; evaluations are gathered."""
    occurrences = [*source.events, *source.logs]
    if not occurrences:
        return
    inputs: list[Message] = []
    outputs: list[Message] = []
    for occurrence in occurrences:
        if occurrence.name == DETAILS:
            _read_details(record, occurrence)
        elif occurrence.name == EVALUATION:
            record.evaluations.append(read_evaluation(occurrence))
        elif occurrence.name in INPUT_EVENTS:
            inputs.extend(_message(occurrence, INPUT_EVENTS[occurrence.name]))
        elif occurrence.name == CHOICE:
            outputs.extend(_message(occurrence, "assistant"))
            if record.finish_reason is None:
                record.finish_reason = finish_reason(_fields(occurrence).get("finish_reason"))
        elif occurrence.name == "gen_ai.content.prompt":
            inputs.extend(read_messages(occurrence.attributes.get("gen_ai.prompt"), "user") or ())
        elif occurrence.name == "gen_ai.content.completion":
            outputs.extend(read_messages(occurrence.attributes.get("gen_ai.completion"), "assistant") or ())
        elif occurrence.name in FIRST_TOKEN_EVENTS and occurrence.time_ns:
            _read_first_token(record, occurrence)
    if not record.input and inputs:
        record.input = inputs
    if not record.output and outputs:
        record.output = outputs


def _read_first_token(record: AISpan, occurrence: Occurrence) -> None:
    if record.time_to_first_token is None and occurrence.time_ns >= record.start_ns:
        record.time_to_first_token = (occurrence.time_ns - record.start_ns) / 1e9
    if record.stream is None:
        record.stream = True


def _read_details(record: AISpan, occurrence: Occurrence) -> None:
    """The current form: everything in one event, as attributes or as a structured body."""
    body = parse_json(occurrence.body)
    fields: Mapping[str, Any] = {**(body if is_mapping(body) else {}), **occurrence.attributes}
    if not record.input:
        record.input = read_messages(fields.get("gen_ai.input.messages"), "user")
    if not record.output:
        record.output = read_messages(fields.get("gen_ai.output.messages"), "assistant")
    if record.instructions is None:
        record.instructions = read_instructions(fields.get("gen_ai.system_instructions"))
    if not record.tools:
        record.tools = read_tools(fields.get("gen_ai.tool.definitions"))


def _fields(occurrence: Occurrence) -> dict[str, Any]:
    """Body and attributes of one event as one object; JSON texts parsed, `gen_ai.` dropped from keys."""
    body = parse_json(occurrence.body)
    fields: dict[str, Any] = dict(body) if is_mapping(body) else {} if body is None else {"content": body}
    for key, value in occurrence.attributes.items():
        key = key.removeprefix("gen_ai.").removeprefix("event.")
        if key not in ("name", "system", "provider.name", "system_name"):
            fields.setdefault(key, parse_json(value))
    if isinstance(fields.get("message"), str):  # strands: the answer itself, not an object around it
        fields["content"] = json_text(fields.pop("message"))
    if "id" in fields and "tool_call_id" not in fields:
        fields["tool_call_id"] = fields["id"]
    return fields


def _message(occurrence: Occurrence, role: str) -> list[Message]:
    fields = _fields(occurrence)
    if not any(key in fields for key in ("content", "message", "tool_calls", "parts", "text")):
        return []
    fields.setdefault("role", role)
    if is_mapping(fields.get("message")):
        return read_message({**fields["message"], "role": fields["message"].get("role", role)}, role)
    return read_message({key: value for key, value in fields.items() if key in _MESSAGE_KEYS}, role)


_MESSAGE_KEYS = frozenset({"role", "content", "tool_calls", "parts", "text", "tool_call_id", "name"})


def read_evaluation(occurrence: Occurrence) -> Evaluation:
    """One `gen_ai.evaluation.result`."""
    fields = _fields(occurrence)
    return Evaluation(
        name=text(fields.get("evaluation.name")),
        score=number(fields.get("evaluation.score.value")),
        label=text(fields.get("evaluation.score.label")),
        explanation=text(fields.get("evaluation.explanation")),
        response_id=text(fields.get("response.id")),
        time_ns=occurrence.time_ns or None,
    )
