"""What was asked and what was answered, as one line each, from any shape in which events carry messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from otel_posthog_ai.inbox.json_values import JsonObject, is_array, is_object

LINE_LENGTH = 300
"""Characters of a line; the event has all of it."""

_READ = 4 * LINE_LENGTH  # of one text: white space may go
_DEEPEST = 4
_USERS = frozenset({"user", "human"})
_ASSISTANTS = frozenset({"assistant", "model", "ai", "bot"})
# What Markdown puts before a line, around words and between cells says nothing in one line.
_LINE_MARKS = re.compile(r"^[ \t]*(?:(?:#{1,6}|>|[-*+])[ \t]+|```.*$|(?:\|[ \t]*)?:?-{3}[-:| \t]*$)", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.+)\|[ \t]*$", re.MULTILINE)
_WORD_MARKS = re.compile(r"(?<!\w)(\*\*|__|`|\*)(?=\S)([^\n]{0,200}?\S)\1|\[([^\[\]\n]*)\]\(https?://[^)\s\[]*\)")
_TEXT_PARTS = frozenset({"text", "input_text", "output_text", "refusal"})
_ASKED = ("messages", "input", "question", "query", "prompt", "text", "content")
_ANSWERED = ("messages", "output", "answer", "response", "result", "text", "content")


def asked(properties: JsonObject) -> str | None:
    """The user's latest words in an event's input (what stands before them is history); None where nobody speaks."""
    for name in ("$ai_input", "$ai_input_state"):
        line = _line_in(properties.get(name), _USERS, _ASKED)
        if line is not None:
            return line
    return None


def answered(properties: JsonObject) -> str | None:
    """The assistant's last words in an event's output, else which tools it calls; None where it does neither."""
    for name in ("$ai_output_choices", "$ai_output", "$ai_output_state"):
        line = _line_in(properties.get(name), _ASSISTANTS, _ANSWERED)
        if line is not None:
            return line
    names = list(dict.fromkeys(_called(properties.get("$ai_output_choices"))))
    return _one_line(f"calls {', '.join(names)}") if names else None


def _called(messages: Any) -> Iterator[str]:
    """The names of the tools that messages call, beside their content or as parts of it."""
    for message in messages if is_array(messages) else ():
        if not is_object(message):
            continue
        for listed in (message.get("tool_calls"), message.get("content"), message.get("parts")):
            for call in listed if is_array(listed) else ():
                name = _tool_name(call)
                if name is not None:
                    yield name


def _tool_name(call: Any) -> str | None:
    if not is_object(call):
        return None
    function = call.get("function")
    name = function.get("name") if is_object(function) else call.get("name", call.get("toolName"))
    return name if isinstance(name, str) and name else None


def _line_in(value: Any, roles: frozenset[str], names: Sequence[str], depth: int = 0) -> str | None:
    if isinstance(value, str):
        return _one_line(value)
    if depth == _DEEPEST:
        return None
    if is_array(value):
        return _line_of_messages(value, roles)
    if not is_object(value):
        return None
    if is_array(value.get("choices")):
        return _line_of_messages(value["choices"], roles)
    if "role" in value:
        return _line_of_messages([value], roles)
    lines = (_line_in(value[name], roles, names, depth + 1) for name in names if name in value)
    return next((line for line in lines if line is not None), None)


def _line_of_messages(messages: Sequence[Any], roles: frozenset[str]) -> str | None:
    """The last message of one of these roles that has words; texts without a role are taken for theirs."""
    for given in reversed(messages):
        message = given["message"] if is_object(given) and is_object(given.get("message")) else given
        if isinstance(message, str):
            line = _one_line(message)
        elif is_object(message) and str(message.get("role", "")).lower() in roles:
            line = _one_line(" ".join(_texts(message)))
        else:
            line = None
        if line is not None:
            return line
    return None


def _texts(message: JsonObject) -> Iterator[str]:
    content = message.get("content", message.get("parts"))
    if isinstance(content, str):
        yield content[:_READ]
    elif is_array(content):
        for part in content:
            if isinstance(part, str):
                yield part[:_READ]
            elif is_object(part) and part.get("type", "text") in _TEXT_PARTS:
                words = part.get("text", part.get("content", part.get("refusal")))
                if isinstance(words, str):
                    yield words[:_READ]


def _one_line(text: str) -> str | None:
    lines = _TABLE_ROW.sub(lambda found: found[1].replace("|", "·"), _LINE_MARKS.sub("", text[:_READ]))
    line = " ".join(_WORD_MARKS.sub(lambda found: found[2] or found[3] or "", lines).split())
    if not line:
        return None
    return line if len(line) <= LINE_LENGTH else f"{line[:LINE_LENGTH]}…"
