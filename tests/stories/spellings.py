"""How instrumentors spell a call and a step: the same facts, each by its convention, and only those that it tells."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from typing import Any, NamedTuple


class Call(NamedTuple):
    """What went over the wire once."""

    number: int
    embeds: bool
    failed: bool
    model: str
    input_tokens: int
    output_tokens: int
    question: str

    @property
    def answer(self) -> str:
        return f"answer {self.number}"

    @property
    def response_id(self) -> str:
        return f"chatcmpl-{self.number:06}"


Told = Collection[str]
"""What an instrumentor tells of a call beside its model: `text`, `id`, `usage`."""
Spelling = Callable[[Call, Told], dict[str, Any]]


def _known(told: Told, call: Call) -> Told:
    """A call that failed has neither answer nor usage, an embedding no id."""
    hidden = {"id", "usage"} if call.failed else {"id"} if call.embeds else set[str]()
    return set(told) - hidden


def gen_ai(call: Call, told: Told) -> dict[str, Any]:
    known = _known(told, call)
    said: dict[str, Any] = {
        "gen_ai.operation.name": "embeddings" if call.embeds else "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": call.model,
    }
    if "id" in known:
        said["gen_ai.response.id"] = call.response_id
    if "usage" in known:
        said["gen_ai.usage.input_tokens"] = call.input_tokens
        if not call.embeds:
            said["gen_ai.usage.output_tokens"] = call.output_tokens
    if "text" in known and not call.embeds:
        said["gen_ai.input.messages"] = _parts("user", call.question)
        if not call.failed:
            said["gen_ai.output.messages"] = _parts("assistant", call.answer)
    return said


def _parts(role: str, text: str) -> str:
    return json.dumps([{"role": role, "parts": [{"type": "text", "content": text}]}])


def openinference(call: Call, told: Told) -> dict[str, Any]:
    known = _known(told, call)
    said: dict[str, Any] = {
        "openinference.span.kind": "EMBEDDING" if call.embeds else "LLM",
        "embedding.model_name" if call.embeds else "llm.model_name": call.model,
        "llm.system": "openai",
    }
    if "usage" in known:
        said["llm.token_count.prompt"] = call.input_tokens
        if not call.embeds:
            said["llm.token_count.completion"] = call.output_tokens
    if "id" in known:
        said["output.value"] = json.dumps({"id": call.response_id, "object": "chat.completion", "model": call.model})
    if "text" in known and call.embeds:
        said["embedding.embeddings.0.embedding.text"] = call.question
    elif "text" in known:
        said["llm.input_messages.0.message.role"] = "user"
        said["llm.input_messages.0.message.content"] = call.question
        if not call.failed:
            said["llm.output_messages.0.message.role"] = "assistant"
            said["llm.output_messages.0.message.content"] = call.answer
    return said


def traceloop(call: Call, told: Told) -> dict[str, Any]:
    known = _known(told, call)
    said: dict[str, Any] = {
        "llm.request.type": "embedding" if call.embeds else "chat",
        "gen_ai.system": "OpenAI",
        "gen_ai.request.model": call.model,
    }
    if "id" in known:
        said["gen_ai.response.id"] = call.response_id
    if "usage" in known:
        said["gen_ai.usage.prompt_tokens"] = call.input_tokens
        if not call.embeds:
            said["gen_ai.usage.completion_tokens"] = call.output_tokens
    if "text" in known:
        said["gen_ai.prompt.0.role"], said["gen_ai.prompt.0.content"] = "user", call.question
        if not call.failed and not call.embeds:
            said["gen_ai.completion.0.role"], said["gen_ai.completion.0.content"] = "assistant", call.answer
    return said


def langfuse(call: Call, told: Told) -> dict[str, Any]:
    known = _known(told, call)
    said: dict[str, Any] = {
        "langfuse.observation.type": "embedding" if call.embeds else "generation",
        "langfuse.observation.model.name": call.model,
    }
    if "usage" in known:
        usage = (
            {"input": call.input_tokens} if call.embeds else {"input": call.input_tokens, "output": call.output_tokens}
        )
        said["langfuse.observation.usage_details"] = json.dumps(usage)
    if "text" in known:
        asked: Any = call.question if call.embeds else [{"role": "user", "content": call.question}]
        said["langfuse.observation.input"] = json.dumps(asked)
        if not call.failed and not call.embeds:
            said["langfuse.observation.output"] = json.dumps({"role": "assistant", "content": call.answer})
    return said


CLIENTS: dict[str, Spelling] = {
    "opentelemetry.instrumentation.genai.openai": gen_ai,
    "openinference.instrumentation.openai": openinference,
    "opentelemetry.instrumentation.openai": traceloop,
    "langfuse-sdk": langfuse,
}


_IN_AND_OUT = {"gen_ai.input.messages": _parts("user", "in"), "gen_ai.output.messages": _parts("assistant", "out")}


def gen_ai_step(kind: str, name: str, call_id: str) -> dict[str, Any]:
    if kind == "agent":
        said = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
        return said | {
            "gen_ai.input.messages": _parts("user", "in"),
            "gen_ai.output.messages": _parts("assistant", "out"),
        }
    if kind == "tool":
        said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call_id}
        return said | {"gen_ai.tool.call.arguments": '{"q": 1}', "gen_ai.tool.call.result": "out"}
    return {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": name, **_IN_AND_OUT}


def openinference_step(kind: str, name: str, call_id: str) -> dict[str, Any]:
    said = {"openinference.span.kind": kind.upper(), "input.value": "in", "output.value": "out"}
    return said | ({"tool.name": name} if kind == "tool" else {})


def traceloop_step(kind: str, name: str, call_id: str) -> dict[str, Any]:
    kind = "task" if kind == "chain" else kind
    said = {"traceloop.span.kind": kind, "traceloop.entity.name": name}
    return said | {"traceloop.entity.input": '{"inputs": "in"}', "traceloop.entity.output": '{"outputs": "out"}'}


FRAMEWORKS: dict[str, tuple[Spelling, Callable[[str, str, str], dict[str, Any]]]] = {
    "pydantic-ai": (gen_ai, gen_ai_step),
    "opentelemetry.instrumentation.genai.langchain": (gen_ai, gen_ai_step),
    "openinference.instrumentation.langchain": (openinference, openinference_step),
    "openinference.instrumentation.openai_agents": (openinference, openinference_step),
    "opentelemetry.instrumentation.langchain": (traceloop, traceloop_step),
}
