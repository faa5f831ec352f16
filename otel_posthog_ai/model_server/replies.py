"""What the stand-in model says: the same reply to the same request, with token counts that add up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Any

from otel_posthog_ai.model_server.conversation import Ask, FinishReason, Reply, Tool, ToolCall, Turn, Usage
from otel_posthog_ai.model_server.json_shapes import as_object
from otel_posthog_ai.model_server.tool_arguments import argument_sets, asked_tools, fill

# The first row with a word that stands in the question answers it.
_ANSWERS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("weather", "forecast"), "It is sunny with 21 °C and a light wind."),
    (("pack", "wear"), "Take a light jacket, sunglasses and comfortable shoes."),
    (("refund", "invoice", "billing"), "I have found your invoice and started the refund; it arrives in three days."),
    (("opentelemetry", "otel"), "OpenTelemetry is an open standard for traces, metrics and logs of running software."),
    (("posthog",), "PostHog shows what people do in a product and what its models answered them."),
    (("joke",), "Why do traces never get lost? Their parents always know where they are."),
    (("poem", "haiku"), "Spans rise, spans return; each one remembers its root; the tree stands complete."),
    (("capital", "france"), "The capital of France is Paris."),
    (("hello", "hi", "hey"), "Hello! How can I help you today?"),
)
_REASONING_FAMILIES = ("o1", "o3", "o4", "gpt-5")
_REASONING_TOKENS = 64
_TOKENS_A_MESSAGE = 4
_CACHE_UNIT = 16
_THOUGHT = "The user wants a short and correct answer. I check what I know and what the tools said."


def reply_to(ask: Ask) -> Reply:
    """The reply: tool calls when the question asks for a tool not yet called, else an answer."""
    calls = _tool_calls(ask)
    text = "" if calls else _answer(ask)
    finish: FinishReason = "tool_calls" if calls else "stop"
    if ask.max_tokens is not None and count_tokens(text) > ask.max_tokens:
        text = text[: ask.max_tokens * 4]
        finish = "length"
    reasons = ask.reasons or ask.model.startswith(_REASONING_FAMILIES)
    return Reply(text, calls, _THOUGHT if reasons else "", finish, _usage(ask, text, calls, reasons))


def count_tokens(text: str) -> int:
    """About one token for four bytes; at least one for any text, none for none."""
    return (len(text.encode("utf-8", "replace")) + 3) // 4


def _usage(ask: Ask, text: str, calls: Iterable[ToolCall], reasons: bool) -> Usage:
    tools = sum(count_tokens(tool.name + json.dumps(tool.parameters, default=str)) for tool in ask.tools)
    spoken = count_tokens(text) + sum(count_tokens(call.name + json.dumps(call.arguments)) for call in calls)
    reasoning = _REASONING_TOKENS if reasons else 0
    before = _prompt_tokens(ask.sent_before())
    return Usage(
        input=_prompt_tokens(ask.turns) + tools,
        output=spoken + reasoning,
        cached=(before + tools) // _CACHE_UNIT * _CACHE_UNIT if before else 0,
        reasoning=reasoning,
    )


def _prompt_tokens(turns: Sequence[Turn]) -> int:
    return sum(
        _TOKENS_A_MESSAGE
        + count_tokens(turn.text)
        + sum(count_tokens(call.name + json.dumps(call.arguments)) for call in turn.calls)
        for turn in turns
    )


def _tool_calls(ask: Ask) -> tuple[ToolCall, ...]:
    chosen = _chosen_tools(ask)
    calls = [
        ToolCall(_call_id(ask, tool.name, number), tool.name, arguments)
        for tool in chosen
        for number, arguments in enumerate(argument_sets(tool, ask.question, ask.parallel))
    ]
    return tuple(calls if ask.parallel else calls[:1])


def _chosen_tools(ask: Ask) -> list[Tool]:
    if not ask.tools or ask.tool_choice == "none":
        return []
    if ask.tool_choice not in ("auto", "required"):
        return [tool for tool in ask.tools if tool.name == ask.tool_choice]
    called = {call.name for turn in ask.since_question() for call in turn.calls}
    open_tools = [tool for tool in asked_tools(ask.tools, ask.question) if tool.name not in called]
    if open_tools or ask.tool_choice == "auto":
        return open_tools
    # Frameworks that demand a call put the tool that carries the final result last.
    return [ask.tools[-1]]


def _call_id(ask: Ask, name: str, number: int) -> str:
    seed = f"{ask.model}|{len(ask.turns)}|{ask.question}|{name}|{number}"
    return "call_" + hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()[:24]


def _answer(ask: Ask) -> str:
    results = [turn for turn in ask.since_question() if turn.role == "tool"]
    if ask.schema is not None:
        subject = _plain(results[-1].text) if results else None
        return json.dumps(fill(ask.schema, ask.question, subject), ensure_ascii=False)
    if results:
        return "Here is what I found. " + " ".join(_sentence(_plain(turn.text)) for turn in results)
    question = ask.question.lower()
    words = set("".join(character if character.isalnum() else " " for character in question).split())
    for keys, answer in _ANSWERS:
        if words.intersection(keys):
            return answer
    return f"You said: {ask.question}" if ask.question else "Hello! How can I help you today?"


def _plain(result: str) -> str:
    try:
        value: Any = json.loads(result)
    except ValueError:
        return result
    if fields := as_object(value):
        return ", ".join(f"{key}: {entry}" for key, entry in fields.items())
    return value if isinstance(value, str) else result


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else text + "."
