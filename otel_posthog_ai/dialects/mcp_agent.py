"""mcp-agent's own spans: agents and the tools that they run, told by the names of the methods; the tracer is the app's.

Arguments and results stand flattened, at every method on the way to a tool. https://docs.mcp-agent.com/
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.gen_ai import GEN_AI_AGENT_NAME, GEN_AI_TOOL_NAME
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.values import json_text, text
from otel_posthog_ai.record import AISpan, Failure

NAME = "mcp_agent"
PREFIXES = ()
SIGNS = Signs(keys=(GEN_AI_AGENT_NAME, GEN_AI_TOOL_NAME))
FRAMEWORK = "mcp-agent"
PLUMBING = (
    "message.content", "system_prompt", "available_tools", "finish_reason", "initialized", "tool_args",
)  # fmt: skip
RUNS = (".generate", ".generate_str", ".generate_structured")
TOOLS = (".call_tool", ".execute_tool_call")
_OWNERS = ("AugmentedLLM", "Agent")
_ARGUMENTS = ("arguments.", "request.params.arguments.", "processed.request.tool_args.")
_RESULTS = ("result.", "processed.result.")
_REST = ("request_params.", "request.", "processed.", "response.", "arguments.", "result.")


def recognises(source: Source) -> bool:
    owner, _, rest = source.name.partition(".")
    return owner.endswith(_OWNERS) and rest.endswith((*RUNS, *TOOLS))


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.name.endswith(TOOLS):
        _read_tool(record, source)
    else:
        _read_run(record, source)
    source.used.update(key for key in source.attributes if key.startswith(_REST))


def _read_run(record: AISpan, source: Source) -> None:
    """A run, or a method that only hands on what the run around its calls answers."""
    record.kind, record.span_type = "span", "agent" if source.name.endswith(RUNS[0]) else "workflow"
    record.name = record.agent_name = text(source.attributes.get(GEN_AI_AGENT_NAME)) or source.name.split(".")[1]
    asked, answered = source.attributes.get("message.content"), source.take("response")
    if asked is not None:
        record.input_state = read_state(asked, "user")
    if answered is not None:
        record.output_state = read_state(answered, "assistant")


def _read_tool(record: AISpan, source: Source) -> None:
    record.kind, record.span_type = "span", "tool"
    record.tool_name = record.name = text(source.attributes.get(GEN_AI_TOOL_NAME)) or text(
        source.attributes.get("request.params.name")
    )
    given = next((found for prefix in _ARGUMENTS if (found := source.below(prefix))), None)
    given = given if given is not None else json_text(source.attributes.get("tool_args"))
    if given:
        record.input_state = given
    for prefix in _RESULTS:
        said = [text(each.get("text")) for each in source.indexed(f"{prefix}content").values()]
        texts = [each for each in said if each is not None]
        if texts:
            result: Any = "\n".join(texts)
            record.output_state = read_state(result)
            if source.attributes.get(f"{prefix}isError") is True:
                record.error = Failure(message=result)
            return
