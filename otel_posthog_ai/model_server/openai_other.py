"""OpenAI's embeddings, legacy completions and list of models."""

from __future__ import annotations

import base64
import math
import random
import struct
import time
from collections.abc import Iterator, Sequence
from typing import Any

from otel_posthog_ai.model_server.conversation import Ask, Reply, Turn
from otel_posthog_ai.model_server.faults import demanded_status, openai_error
from otel_posthog_ai.model_server.json_shapes import as_list
from otel_posthog_ai.model_server.replies import count_tokens, reply_to
from otel_posthog_ai.model_server.wire import Answer, Event, JSONAnswer, Request, StreamAnswer, fault_answer

_DIMENSIONS = {"text-embedding-3-large": 3072}
_USUAL_DIMENSIONS = 1536
_MODELS = ("gpt-5-mini", "gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "text-embedding-3-large")
_RELEASED = 1_715_367_049


def embeddings(request: Request) -> Answer:
    """`POST /v1/embeddings`: one unit vector for each input, the same for the same text."""
    body = request.body
    model = str(body.get("model"))
    inputs = _inputs(body.get("input"))
    status = demanded_status(" ".join(map(str, inputs)), model, request.headers)
    if status is not None:
        return fault_answer(status, openai_error(status, model))
    dimensions = int(body.get("dimensions") or _DIMENSIONS.get(model, _USUAL_DIMENSIONS))
    encode = _base64 if body.get("encoding_format") == "base64" else list[float]
    tokens = sum(len(as_list(entry)) or count_tokens(str(entry)) for entry in inputs)
    data = [
        {"object": "embedding", "index": index, "embedding": encode(unit_vector(str(entry), dimensions))}
        for index, entry in enumerate(inputs)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return JSONAnswer({"object": "list", "data": data, "model": model, "usage": usage})


def completions(request: Request) -> Answer:
    """`POST /v1/completions`, the API before chat."""
    body = request.body
    prompt = body.get("prompt")
    text = " ".join(map(str, as_list(prompt))) if isinstance(prompt, list) else str(prompt)
    model = str(body.get("model"))
    status = demanded_status(text, model, request.headers)
    if status is not None:
        return fault_answer(status, openai_error(status, model))
    reply = reply_to(Ask(model, (Turn("user", text),), max_tokens=body.get("max_tokens")))
    if body.get("stream"):
        return StreamAnswer(_completion_stream(request, reply))
    return JSONAnswer(_completion(request, reply.text, reply.finish, reply))


def models(request: Request) -> Answer:
    """`GET /v1/models`."""
    data = [{"id": name, "object": "model", "created": _RELEASED, "owned_by": "system"} for name in _MODELS]
    return JSONAnswer({"object": "list", "data": data})


def _inputs(value: Any) -> Sequence[Any]:
    if not isinstance(value, list):
        return [value if value is not None else ""]
    entries = as_list(value)
    return [entries] if entries and isinstance(entries[0], int) else entries


def unit_vector(text: str, dimensions: int) -> list[float]:
    """The embedding of a text: a vector of length 1 that depends on the text alone."""
    source = random.Random(text)
    values = [source.uniform(-1, 1) for _ in range(dimensions)]
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [value / length for value in values]


def _base64(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _completion(request: Request, text: str, finish: str | None, reply: Reply | None) -> dict[str, Any]:
    completion: dict[str, Any] = {
        "id": request.identifier("cmpl-"),
        "object": "text_completion",
        "created": int(time.time()),
        "model": request.body.get("model"),
        "choices": [{"text": text, "index": 0, "logprobs": None, "finish_reason": finish}],
    }
    if reply is not None:
        usage = reply.usage
        completion["usage"] = {
            "prompt_tokens": usage.input,
            "completion_tokens": usage.output,
            "total_tokens": usage.total,
        }
    return completion


def _completion_stream(request: Request, reply: Reply) -> Iterator[Event]:
    for piece in reply.text_pieces():
        yield Event(_completion(request, piece, None, None))
    yield Event(_completion(request, "", reply.finish, None))
    yield Event("[DONE]")
