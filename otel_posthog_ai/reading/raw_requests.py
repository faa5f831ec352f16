"""A provider's request, where an instrumentor copied it whole: model, messages, tools, settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.record import AISpan

from .messages import read_instructions, read_messages
from .tool_definitions import read_tools
from .values import flag, identifier, is_mapping, text

# Settings that go to the parameters under the names that the request has for them.
PARAMETERS = (
    "temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "max_output_tokens", "max_new_tokens",
    "frequency_penalty", "presence_penalty", "seed", "stop", "stop_sequences", "n", "response_format",
    "reasoning_effort", "reasoning", "tool_choice", "parallel_tool_calls", "service_tier", "dimensions",
    "encoding_format", "logprobs", "top_logprobs", "thinking", "verbosity",
)  # fmt: skip
_MODEL_KEYS = ("model", "modelId", "model_id")
_INPUT_KEYS = ("messages", "contents", "input", "prompt", "inputs", "inputText")
_INSTRUCTION_KEYS = ("system", "instructions", "system_instruction", "systemInstruction", "preamble")
_TOOL_KEYS = ("tools", "functions", "toolConfig", "tool_config")


def read_request(record: AISpan, body: Mapping[str, Any]) -> None:
    """Fill what the record leaves open from the body of a request."""
    if record.request_model is None:
        record.request_model = text(_first(body, _MODEL_KEYS))
    if record.stream is None:
        record.stream = flag(body.get("stream"))
    if not record.input:
        record.input = read_messages(_first(body, _INPUT_KEYS), "user")
    if record.instructions is None:
        record.instructions = read_instructions(_first(body, _INSTRUCTION_KEYS))
    if not record.tools:
        record.tools = read_tools(_first(body, _TOOL_KEYS))
    for name in PARAMETERS:
        value = body.get(name)
        if value is not None and value != "" and not _says_nothing(value):
            record.parameters.setdefault(name, value)
    if record.identity.incidental_user is None:
        record.identity.incidental_user = identifier(body.get("user"))


def _says_nothing(value: Any) -> bool:
    return is_mapping(value) and all(item is None for item in value.values())


def _first(body: Mapping[str, Any], keys: tuple[str, ...]) -> Any:
    return next((body[key] for key in keys if body.get(key)), None)
