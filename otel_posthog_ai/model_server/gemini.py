"""Gemini's generateContent: whole answers and streams, function calls, thoughts; and its embeddings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from otel_posthog_ai.model_server.conversation import Ask, Reply, Tool, ToolCall, Turn
from otel_posthog_ai.model_server.faults import demanded_status, gemini_error
from otel_posthog_ai.model_server.json_shapes import as_list, as_object, as_objects, content_text
from otel_posthog_ai.model_server.openai_other import unit_vector
from otel_posthog_ai.model_server.replies import reply_to
from otel_posthog_ai.model_server.wire import Answer, Event, JSONAnswer, Request, StreamAnswer, fault_answer

_FINISH_REASONS = {"stop": "STOP", "tool_calls": "STOP", "length": "MAX_TOKENS"}
_CHOICES = {"ANY": "required", "NONE": "none"}
_DIMENSIONS = 768


def generate_content(request: Request) -> Answer:
    """`POST /v1beta/models/<model>:generateContent` and `:streamGenerateContent`."""
    ask = _read(request)
    status = demanded_status(ask.question, ask.model, request.headers)
    if status is not None:
        return fault_answer(status, gemini_error(status, ask.model))
    reply = reply_to(ask)
    if request.path.endswith(":streamGenerateContent"):
        return StreamAnswer(_stream(request, ask, reply))
    return JSONAnswer(_response(request, ask, _parts(reply), reply, whole=True))


def embed_contents(request: Request) -> Answer:
    """`POST /v1beta/models/<model>:batchEmbedContents`."""
    texts = [
        content_text(as_object(entry.get("content")).get("parts")) for entry in as_objects(request.body["requests"])
    ]
    return JSONAnswer({"embeddings": [{"values": unit_vector(text, _DIMENSIONS)} for text in texts]})


def _read(request: Request) -> Ask:
    body = request.body
    config = as_object(body.get("generationConfig"))
    system = content_text(as_object(body.get("systemInstruction")).get("parts"))
    functions = [
        function for tool in as_objects(body.get("tools")) for function in as_objects(tool.get("functionDeclarations"))
    ]
    calling = as_object(as_object(body.get("toolConfig")).get("functionCallingConfig"))
    schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return Ask(
        model=request.path.rsplit("/", 1)[-1].partition(":")[0],
        turns=(
            *((Turn("system", system),) if system else ()),
            *(turn for content in as_objects(body.get("contents")) for turn in _turns(content)),
        ),
        tools=tuple(Tool(str(function.get("name")), _parameters(function)) for function in functions),
        tool_choice=_CHOICES.get(str(calling.get("mode")), "auto"),
        reasons="thinkingConfig" in config,
        schema=_lower_types(schema) if schema else None,
        max_tokens=config.get("maxOutputTokens"),
    )


def _parameters(function: Mapping[str, Any]) -> Mapping[str, Any]:
    spelled = ("parametersJsonSchema", "parameters_json_schema", "parameters")
    return as_object(_lower_types(next((function[name] for name in spelled if name in function), None)))


def _lower_types(schema: Any) -> Any:
    """Gemini's own schemas spell types in capitals (`STRING`), JSON schema does not."""
    if isinstance(schema, dict):
        return {
            key: value.lower() if key == "type" and isinstance(value, str) else _lower_types(value)
            for key, value in as_object(schema).items()
        }
    return [_lower_types(entry) for entry in as_list(schema)] if isinstance(schema, list) else schema


def _turns(content: Mapping[str, Any]) -> Iterator[Turn]:
    parts = as_objects(content.get("parts"))
    results = [as_object(part["functionResponse"]) for part in parts if "functionResponse" in part]
    calls = [as_object(part["functionCall"]) for part in parts if "functionCall" in part]
    for result in results:
        yield Turn("tool", json.dumps(result.get("response"), ensure_ascii=False), answers=result.get("id"))
    text = content_text(parts)
    if content.get("role") == "model":
        made = [ToolCall(str(call.get("id")), str(call.get("name")), as_object(call.get("args"))) for call in calls]
        yield Turn("assistant", text, tuple(made))
    elif text:
        yield Turn("user", text)


def _parts(reply: Reply) -> list[dict[str, Any]]:
    calls = [{"functionCall": {"name": call.name, "args": dict(call.arguments)}} for call in reply.calls]
    return [*calls, *([{"text": reply.text}] if reply.text else [])]


def _response(
    request: Request, ask: Ask, parts: Sequence[dict[str, Any]], reply: Reply, *, whole: bool
) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"parts": list(parts), "role": "model"}, "index": 0}
    if whole:
        candidate["finishReason"] = _FINISH_REASONS[reply.finish]
    return {
        "candidates": [candidate],
        "usageMetadata": _usage(reply),
        "modelVersion": ask.model,
        "responseId": request.identifier("", "response"),
    }


def _usage(reply: Reply) -> dict[str, Any]:
    """Gemini counts thoughts apart from the candidates' tokens."""
    usage = reply.usage
    counts = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.total,
    }
    if usage.cached:
        counts["cachedContentTokenCount"] = usage.cached
    if usage.reasoning:
        counts["thoughtsTokenCount"] = usage.reasoning
    return counts


def _stream(request: Request, ask: Ask, reply: Reply) -> Iterator[Event]:
    pieces: list[dict[str, Any]] = [{"text": piece} for piece in reply.text_pieces()] or _parts(reply)
    for number, piece in enumerate(pieces, 1):
        yield Event(_response(request, ask, [piece], reply, whole=number == len(pieces)))
