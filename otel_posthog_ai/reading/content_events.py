"""Content that instrumentors put beside the span: span events and OTel log records, in the old and the new form."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_COMPLETION,
    GEN_AI_CONTENT_COMPLETION,
    GEN_AI_CONTENT_PROMPT,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROMPT,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_SYSTEM_INSTRUCTIONS,
    GEN_AI_TOOL_DEFINITIONS,
)
from otel_posthog_ai.attribute_names.general import EVENT_NAME
from otel_posthog_ai.record import MISSING, AISpan, Evaluation, Message

from .bodies import is_data, read_said
from .histories import read_entry
from .messages import read_instructions, read_message
from .source import Occurrence, Source
from .streamed_pieces import whole_answer
from .tool_definitions import read_tools
from .values import finish_reason, is_list, is_mapping, items, json_text, number, parse_json, text

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
_WHOLE = "gen_ai.event.content"
CONTENT_EVENTS = frozenset({DETAILS, CHOICE, GEN_AI_CONTENT_PROMPT, GEN_AI_CONTENT_COMPLETION, *INPUT_EVENTS})
JOINED_EVENTS = CONTENT_EVENTS | {EVALUATION}
"""What is joined to a span where it arrives as a log record."""
FIRST_TOKEN_EVENTS = frozenset(
    {
        "First Token Stream Event",
        "llm.content.completion.chunk",
        "gen_ai.content.completion.chunk",
        "gen_ai.stream.chunk",
    }
)


class Conversation:
    """What a row of events says: the messages before the answer, the answer, and why it ended."""

    def __init__(self) -> None:
        self.inputs: list[Message] = []
        self.outputs: list[Message] = []
        self.finish_reason: str | None = None


def read_content_events(record: AISpan, source: Source) -> None:
    """Fill what the span's own attributes leave open from its events and logs; evaluations are gathered."""
    occurrences = [*source.events, *source.logs]
    if not occurrences:
        return
    for occurrence in occurrences:
        if occurrence.name == DETAILS:
            _read_details(record, occurrence)
        elif occurrence.name == EVALUATION:
            add_evaluation(record, read_evaluation(occurrence))
        elif occurrence.name in FIRST_TOKEN_EVENTS and occurrence.time_ns:
            read_first_token(record, occurrence)
    if record.span_type == "tool":
        _read_tool_events(record, occurrences)
        return
    if record.kind == "embedding" and record.embedding_input is None:
        record.embedding_input = _embedded(occurrences)
    # Where a call was written down twice, its events and its logs say the same.
    for said in (read_conversation(source.events), read_conversation(source.logs)):
        if not record.input and said.inputs:
            record.input = said.inputs
        if not record.output and said.outputs:
            record.output = said.outputs
        if record.finish_reason is None:
            record.finish_reason = said.finish_reason


def _read_tool_events(record: AISpan, occurrences: Iterable[Occurrence]) -> None:
    """On the execution of a tool the message is its arguments and the choice its result."""
    for occurrence in occurrences:
        fields = _fields(occurrence)
        if occurrence.name == "gen_ai.tool.message" and record.input_state is MISSING and "content" in fields:
            record.input_state = parse_json(fields["content"])
        elif occurrence.name == CHOICE and record.output_state is MISSING:
            result = fields.get("message", fields.get("content"))
            if result is not None:
                record.output_state = tool_result(result)


def tool_result(value: Any) -> Any:
    """What a tool returned: content blocks that are only text as text, JSON text parsed, other text as text."""
    opens = isinstance(value, str) and value.lstrip()[:1] in ("{", "[", '"')
    found = json_text(value) if opens else value
    if is_list(found) and found and all(_is_text_block(block) for block in found):
        return "\n".join(block["text"] for block in found)
    return list(found) if is_list(found) else found


def _is_text_block(block: Any) -> bool:
    return is_mapping(block) and isinstance(block.get("text"), str) and block.get("type") in (None, "text")


def read_conversation(occurrences: Iterable[Occurrence]) -> Conversation:
    """The messages of events in the old form, one event a message."""
    said = Conversation()
    numbered: set[str] = set()
    for occurrence in occurrences:
        if occurrence.name in INPUT_EVENTS:
            said.inputs.extend(_message(occurrence, INPUT_EVENTS[occurrence.name]))
        elif occurrence.name == CHOICE:
            said.outputs.extend(_message(occurrence, "assistant"))
            if said.finish_reason is None:
                said.finish_reason = finish_reason(_fields(occurrence).get("finish_reason"))
        elif occurrence.name == GEN_AI_CONTENT_PROMPT:
            said.inputs.extend(read_said(_first(occurrence, GEN_AI_PROMPT, "content"), "user") or ())
        elif occurrence.name == GEN_AI_CONTENT_COMPLETION:
            said.outputs.extend(read_said(_first(occurrence, GEN_AI_COMPLETION, "content"), "assistant") or ())
        elif occurrence.name.startswith(_NUMBERED) and occurrence.name not in numbered:
            numbered.add(occurrence.name)  # some write the same row of them twice
            _read_numbered(said, occurrence)
    return said


def _embedded(occurrences: Iterable[Occurrence]) -> list[str] | None:
    """The texts that were embedded, of events that hold one each: `gen_ai.embedding.0`."""
    found = {each.name: each.attributes.get("gen_ai.embedding.content") for each in occurrences}
    return [value for value in found.values() if isinstance(value, str)] or None


# How the names of events begin that stand for one message each: `gen_ai.prompt.0`, `gen_ai.prompt.system`.
_NUMBERED = (f"{GEN_AI_PROMPT}.", f"{GEN_AI_COMPLETION}.")


def _read_numbered(said: Conversation, occurrence: Occurrence) -> None:
    prefix = next(each for each in _NUMBERED if occurrence.name.startswith(each))
    given, role = (said.inputs, "user") if prefix == _NUMBERED[0] else (said.outputs, "assistant")
    own = {key.removeprefix(prefix): value for key, value in occurrence.attributes.items() if key.startswith(prefix)}
    if own:
        given.extend(read_message({key: _said(value) for key, value in own.items() if key in _MESSAGE_KEYS}, role))


def _first(occurrence: Occurrence, *keys: str) -> Any:
    return next((occurrence.attributes[key] for key in keys if key in occurrence.attributes), None)


def read_event_list(value: Any) -> Conversation:
    """Events of the old form that were written into one attribute as a list of objects with their name inside."""
    occurrences: list[Occurrence] = []
    for entry in items(value) or ():
        if not is_mapping(entry):
            continue
        name = text(entry.get(EVENT_NAME)) or f"gen_ai.{entry.get('role')}.message"
        body = {key: item for key, item in entry.items() if not key.startswith(("event.", "gen_ai."))}
        occurrences.append(Occurrence(name, {}, body))
    return read_exchange(occurrences)


def read_exchange(occurrences: Iterable[Occurrence]) -> Conversation:
    """A conversation in which, where no event says that it is the answer, the assistant's messages at the end are."""
    said = read_conversation(occurrences)
    if not said.outputs:
        while said.inputs and said.inputs[-1]["role"] == "assistant":
            said.outputs.insert(0, said.inputs.pop())
    return said


def finish_reason_in(value: Any) -> str | None:
    """The finish reason that the first of the output messages carries itself."""
    for message in items(value) or ():
        if is_mapping(message):
            found = finish_reason(message.get("finish_reason"))
            if found is not None:
                return found
    return None


def read_first_token(record: AISpan, occurrence: Occurrence) -> None:
    """The moment at which the first piece of a stream was noted."""
    if record.time_to_first_token is None and occurrence.time_ns >= record.start_ns:
        record.time_to_first_token = (occurrence.time_ns - record.start_ns) / 1e9
    if record.stream is None:
        record.stream = True


def _read_details(record: AISpan, occurrence: Occurrence) -> None:
    """The current form: everything in one event, as attributes or as a structured body."""
    body = parse_json(occurrence.body)
    fields: Mapping[str, Any] = {**(body if is_mapping(body) else {}), **occurrence.attributes}
    if not record.input:
        record.input = read_said(fields.get(GEN_AI_INPUT_MESSAGES), "user")
    if not record.output:
        record.output = read_said(whole_answer(parse_json(fields.get(GEN_AI_OUTPUT_MESSAGES))), "assistant")
    if record.instructions is None:
        record.instructions = read_instructions(fields.get(GEN_AI_SYSTEM_INSTRUCTIONS))
    if not record.tools:
        record.tools = read_tools(fields.get(GEN_AI_TOOL_DEFINITIONS))
    if record.finish_reason is None:
        stated = finish_reason(fields.get(GEN_AI_RESPONSE_FINISH_REASONS))
        record.finish_reason = stated or finish_reason_in(fields.get(GEN_AI_OUTPUT_MESSAGES))


def add_evaluation(record: AISpan, found: Evaluation) -> bool:
    """Whether the result is new: event and log of one are one, of which either may leave out what the other says."""
    for known in record.evaluations:
        if all(_agree(getattr(known, part), getattr(found, part)) for part in _RESULT):
            for part in (*_RESULT, "explanation"):
                if getattr(known, part) is None:
                    setattr(known, part, getattr(found, part))
            return False
    record.evaluations = [*record.evaluations, found]
    return True


_RESULT = ("name", "score", "label", "response_id")


def _agree(one: Any, other: Any) -> bool:
    return one is None or other is None or one == other


def _fields(occurrence: Occurrence) -> dict[str, Any]:
    """Body and attributes of one event as one object, `gen_ai.` dropped from keys."""
    body = parse_json(occurrence.body)
    fields: dict[str, Any] = dict(body) if is_mapping(body) else {} if body is None else {"content": body}
    whole = parse_json(occurrence.attributes.get(_WHOLE))
    if is_mapping(whole) and not is_data(whole):  # Azure: the body as an attribute
        fields = {"content": None, **whole, **fields}
    for key, value in occurrence.attributes.items():
        key = key.removeprefix("gen_ai.").removeprefix("event.")
        if key not in _BOOKKEEPING:
            fields.setdefault(key, _said(value) if key in _SAID else parse_json(value))
    if "id" in fields and "tool_call_id" not in fields:
        fields["tool_call_id"] = fields["id"]
    return fields


def _said(value: Any) -> Any:
    """JSON text of a message or of its parts as what it holds; text that only looks like JSON stays text."""
    found = parse_json(value)
    if is_data(found):
        return value
    if is_list(found) and found and all(is_mapping(part) or isinstance(part, str) for part in found):
        return found
    if is_mapping(found) and not _MESSAGE_KEYS.isdisjoint(found):
        return found
    return value


def _message(occurrence: Occurrence, role: str) -> list[Message]:
    body = occurrence.body
    said, form = (occurrence.attributes, "event") if body is None else (body, repr(dict(occurrence.attributes)))
    if not is_mapping(said):
        return _read(occurrence, role)
    return read_entry(form, said, role, lambda _, role: _read(occurrence, role))


def _read(occurrence: Occurrence, role: str) -> list[Message]:
    fields = _fields(occurrence)
    inner = fields.pop("message", None)
    if is_mapping(inner):
        # OpenLLMetry writes the calls beside the message.
        calls = {"tool_calls": fields["tool_calls"]} if fields.get("tool_calls") else {}
        return read_message({**calls, **inner, "role": inner.get("role") or role}, role)
    if inner is not None:  # the answer itself, not an object around it
        fields["content"] = inner
    if _CONTENT_KEYS.isdisjoint(fields):
        return []
    fields.setdefault("role", role)
    return read_message({key: value for key, value in fields.items() if key in _MESSAGE_KEYS}, role)


_BOOKKEEPING = frozenset({"name", "system", "provider.name", "system_name"})
_SAID = frozenset({"content", "message"})
_CONTENT_KEYS = frozenset({"content", "tool_calls", "parts", "text"})
_MESSAGE_KEYS = frozenset({"role", "content", "tool_calls", "parts", "text", "tool_call_id", "name"})


def read_evaluation(occurrence: Occurrence) -> Evaluation:
    """One `gen_ai.evaluation.result`."""
    fields = _fields(occurrence)
    result = Evaluation(text(fields.get("evaluation.name")))
    result.score = number(fields.get("evaluation.score.value"))
    result.label = text(fields.get("evaluation.score.label"))
    result.explanation = text(fields.get("evaluation.explanation"))
    result.response_id = text(fields.get("response.id"))
    result.time_ns = occurrence.time_ns or None
    return result
