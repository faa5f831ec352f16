"""How the pieces of a turn are laid out as messages that are drawn whole."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile
from typing import Any

from otel_posthog_ai.record import Message

from .draft import Draft, result_text
from .values import is_list


def laid_out(role: str, draft: Draft, name: Any = None) -> list[Message]:
    """The draft as messages: results before a user's words, and after the calls that an assistant made itself.

    Text alone is a string with the calls in `tool_calls`; beside thinking and media the calls stand in the list.
    """
    parts, calls, results = draft.parts, draft.calls, draft.results
    if not parts and not calls:
        return list(results)
    if role == "tool":  # only text keeps its call
        return [*results, {"role": role, "content": result_text([*parts, *calls])}]
    message: Message = {"role": role}
    if isinstance(name, str) and name:
        message["name"] = name
    if not parts:
        message["content"], message["tool_calls"] = None, calls
    elif (len(parts) < 2 or calls) and all(part["type"] == "text" for part in parts):
        message["content"] = "\n".join(part["text"] for part in parts)
        if calls:
            message["tool_calls"] = calls
    else:
        message["content"] = [*parts, *calls]
    return [message, *results] if role == "assistant" else [*results, message]


def join_items(messages: list[Message], *, after: Sequence[Message] = ()) -> list[Message]:
    """Items of one turn (reasoning, text, calls) that follow each other as assistant messages, joined.

    `after` are messages before them that are joined already.
    """
    joined: list[Message] = list(after)
    for message in messages:
        last = joined[-1] if joined else None
        if last is not None and last["role"] == message["role"] == "assistant" and _is_one_turn(last, message):
            draft = Draft()
            _spread(last, draft)
            _spread(message, draft)
            joined[-1:] = laid_out("assistant", draft, last.get("name") or message.get("name"))
        else:
            joined.append(message)
    return joined


def _is_one_turn(first: Message, second: Message) -> bool:
    """Whether two assistant messages are pieces of one turn: a call or a thought alone, beside anything."""
    return _is_fragment(first) or (_is_fragment(second) and second.get("content") is None)


def _is_fragment(message: Message) -> bool:
    content = message.get("content")
    if content is None:
        return True
    return is_list(content) and all(part["type"] in ("thinking", "function") for part in content)


def _spread(message: Message, draft: Draft) -> None:
    content = message.get("content")
    if isinstance(content, str):
        draft.text(content)
    elif content is not None:
        for part in content:
            (draft.calls if part["type"] == "function" else draft.parts).append(part)
    draft.calls.extend(message.get("tool_calls", ()))


_ITEM = "fc_"
"""How the ids begin that items of the Responses API have; results name calls by another."""


def with_ids_of_results(messages: list[Message] | None) -> list[Message] | None:
    """The messages with calls that have only the ids of their items by the ids of the results that follow them.

    OpenLLMetry 0.62.4 leaves out the calls' own.
    """
    if not messages or not any(_is_item_of_call(call) for each in messages for call in each.get("tool_calls", ())):
        return messages
    found: list[Message] = []
    for number, message in enumerate(messages):
        calls = message.get("tool_calls", ())
        if calls and all(map(_is_item_of_call, calls)):
            following = messages[number + 1 : number + len(calls) + 2]  # one more: it tells whether there are others
            answers = takewhile(lambda each: each["role"] == "tool", following)
            ids = [answer.get("tool_call_id") for answer in answers]
            if len(ids) == len(calls) and all(ids):
                named = [{**call, "id": call_id} for call, call_id in zip(calls, ids, strict=True)]
                message = {**message, "tool_calls": named}
        found.append(message)
    return found


def _is_item_of_call(call: Message) -> bool:
    return str(call.get("id")).startswith(_ITEM)


# ---- reading canonical messages ------------------------------------------------------------------------------------


def message_text(message: Message) -> str:
    """The text of a canonical message, without thinking and media."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    if is_list(content):
        return "\n".join(part["text"] for part in content if part.get("type") == "text")
    return ""


def last_user_text(messages: list[Message] | None) -> str | None:
    """The text of the last message of the user."""
    for message in reversed(messages or ()):
        if message["role"] == "user":
            found = message_text(message)
            if found:
                return found
    return None


def with_instructions(messages: list[Message] | None, instructions: str | None) -> list[Message] | None:
    """The messages led by the instructions as a system message, unless they stand there already."""
    if not instructions:
        return messages
    for message in messages or ():
        if message["role"] in ("system", "developer") and message_text(message).strip() == instructions.strip():
            return messages
    remembered = len(instructions) <= _LONGEST_REMEMBERED
    system = _system_message(instructions) if remembered else {"role": "system", "content": instructions}
    return [system, *(messages or ())]


_LONGEST_REMEMBERED = 20_000


@lru_cache(maxsize=64)
def _system_message(instructions: str) -> Message:
    """The same message for the same instructions, which every call of an agent brings along."""
    return {"role": "system", "content": instructions}
