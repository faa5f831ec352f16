"""The events in which the Responses API streams one finished response."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from otel_posthog_ai.model_server.conversation import Reply
from otel_posthog_ai.model_server.wire import Event

_EVENTS_BEFORE_A_BREAK = 6


def response_events(response: Mapping[str, Any], reply: Reply, breaks: bool) -> Iterator[Event]:
    """Every event of the stream, numbered; a stream that breaks ends in an `error` event."""
    for number, (kind, fields) in enumerate(_events(response, reply)):
        if breaks and number == _EVENTS_BEFORE_A_BREAK:
            message = "The server had an error while processing your request."
            error = {"type": "error", "code": "server_error", "message": message, "param": None}
            yield Event({**error, "sequence_number": number}, "error")
            return
        yield Event({"type": kind, "sequence_number": number, **fields}, kind)


def _events(response: Mapping[str, Any], reply: Reply) -> Iterator[tuple[str, dict[str, Any]]]:
    started: dict[str, Any] = {**response, "status": "in_progress", "output": [], "usage": None}
    yield "response.created", {"response": started}
    yield "response.in_progress", {"response": started}
    for index, item in enumerate(response["output"]):
        yield from _item_events(index, item, reply)
    yield f"response.{response['status']}", {"response": response}


def _item_events(index: int, item: Mapping[str, Any], reply: Reply) -> Iterator[tuple[str, dict[str, Any]]]:
    place = {"output_index": index, "item_id": item["id"]}
    yield "response.output_item.added", {"output_index": index, "item": _unfinished(item)}
    if item["type"] == "message":
        yield from _text_events(place, item, reply)
    elif item["type"] == "function_call":
        arguments = item["arguments"]
        middle = len(arguments) // 2
        for piece in (arguments[:middle], arguments[middle:]):
            yield "response.function_call_arguments.delta", {**place, "delta": piece}
        yield "response.function_call_arguments.done", {**place, "arguments": arguments, "name": item["name"]}
    else:
        for number, part in enumerate(item["summary"]):
            yield from _summary_events({**place, "summary_index": number}, part, reply)
    yield "response.output_item.done", {"output_index": index, "item": item}


def _text_events(
    place: Mapping[str, Any], item: Mapping[str, Any], reply: Reply
) -> Iterator[tuple[str, dict[str, Any]]]:
    place = {**place, "content_index": 0}
    part = item["content"][0]
    yield "response.content_part.added", {**place, "part": {**part, "text": ""}}
    for piece in reply.text_pieces():
        yield "response.output_text.delta", {**place, "delta": piece, "logprobs": []}
    yield "response.output_text.done", {**place, "text": part["text"], "logprobs": []}
    yield "response.content_part.done", {**place, "part": part}


def _summary_events(
    place: Mapping[str, Any], part: Mapping[str, Any], reply: Reply
) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "response.reasoning_summary_part.added", {**place, "part": {**part, "text": ""}}
    for piece in reply.thought_pieces():
        yield "response.reasoning_summary_text.delta", {**place, "delta": piece}
    yield "response.reasoning_summary_text.done", {**place, "text": part["text"]}
    yield "response.reasoning_summary_part.done", {**place, "part": part}


def _unfinished(item: Mapping[str, Any]) -> dict[str, Any]:
    empty: dict[str, dict[str, Any]] = {
        "message": {"content": []},
        "function_call": {"arguments": ""},
        "reasoning": {"summary": []},
    }
    progress = {"status": "in_progress"} if "status" in item else {}
    return {**item, **empty[item["type"]], **progress}
