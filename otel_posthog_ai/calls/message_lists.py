"""Two reports of one conversation as the complete one, message by message."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.reading.messages import message_text, with_instructions
from otel_posthog_ai.reading.values import is_list
from otel_posthog_ai.record import AISpan, Message

_Messages = list[Message] | None
_Tools = list[dict[str, Any]] | None


def complete_input(survivor: AISpan, other: AISpan) -> _Messages:
    """The survivor's messages, unless the other lists more; what a message of one lacks is taken from the other."""
    mine, theirs = _all(survivor), _all(other)
    if len(theirs) > len(mine) and _goes_on_in(mine, theirs):
        return theirs if survivor.instructions else other.input
    if len(theirs) == len(mine) and survivor.input:
        return _completed(survivor.input, other.input)
    return survivor.input


def complete_output(survivor: AISpan, other: AISpan) -> _Messages:
    """The survivor's answer with the text, the calls and the ids that only the other has."""
    return _completed(survivor.output, other.output)


def text_by_text(mine: list[str] | None, theirs: list[str] | None) -> list[str] | None:
    """The texts to embed as a list, which some join with blanks."""
    if mine and theirs and len(theirs) > len(mine) and " ".join(mine) == " ".join(theirs):
        return theirs
    return mine or theirs


def tool_by_tool(mine: _Tools, theirs: _Tools) -> _Tools:
    """The definitions of tools, with what only the other says of the same one: some leave out the parameters."""
    if not mine or not theirs:
        return mine or theirs
    others = {
        definition["function"]["name"]: definition["function"] for definition in theirs if "function" in definition
    }
    return [
        {**each, "function": {**others.get(each["function"]["name"], {}), **each["function"]}}
        if "function" in each
        else each
        for each in mine
    ]


def _all(record: AISpan) -> list[Message]:
    return with_instructions(record.input, record.instructions) or []


def _goes_on_in(short: list[Message], long: list[Message]) -> bool:
    """Whether what was said in the one was said in the other, too."""
    said = [text for message in short if (text := message_text(message).strip())]
    there = {message_text(message).strip() for message in long}
    return all(text in there for text in said)


def _completed(mine: _Messages, theirs: _Messages) -> _Messages:
    if not mine or not theirs:
        return mine or theirs
    if [message["role"] for message in mine] != [message["role"] for message in theirs]:
        return mine
    return list(map(_message, mine, theirs))


def _message(mine: Message, theirs: Message) -> Message:
    calls, more = mine.get("tool_calls"), theirs.get("tool_calls")
    if is_list(mine.get("content")) or is_list(theirs.get("content")) or not (calls or more):
        return mine if mine.get("content") else theirs
    whole = {**mine, "tool_calls": _calls(calls or [], more or [])}
    if not whole.get("content") and theirs.get("content"):
        whole["content"] = theirs["content"]
    if not calls and whole.get("content") in {call["function"]["arguments"] for call in more or ()}:
        whole["content"] = theirs.get("content")  # the arguments of a call were taken for what was said
    return whole


def _calls(mine: list[Message], theirs: list[Message]) -> list[Message]:
    """The longer list, or both as one, call by call."""
    return list(map(_call, mine, theirs)) if len(mine) == len(theirs) else max(mine, theirs, key=len)


def _call(mine: Message, theirs: Message) -> Message:
    """The call by the id that its result will name: OpenAI gives the item in an answer its own (`fc_…`). What it
    hands over is taken from who read it: of a stream some read the name alone.
    """
    own = mine.get("id")
    whole = {**mine, "id": theirs["id"]} if "id" in theirs and (not own or str(own).startswith("fc_")) else mine
    function, other = mine["function"], theirs["function"]
    if function["arguments"] or not other["arguments"] or function["name"] != other["name"]:
        return whole
    return {**whole, "function": {**function, "arguments": other["arguments"]}}
