"""Microsoft Agent 365's SDK and its extensions: the GenAI conventions, and `microsoft.*` for whom and by what guard.

The extension for LangChain writes nothing but a name on steps, and on calls that failed or were streamed.
https://learn.microsoft.com/microsoft-agent-365/developer/observability
"""

from __future__ import annotations

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_OPERATION_NAME,
    GEN_AI_RESPONSE_FINISH_REASONS,
    GEN_AI_TOOL_CALL_ARGUMENTS,
)
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.values import count, text
from otel_posthog_ai.record import AISpan

NAME = "agent365"
SCOPES = ("Agent365Sdk", "microsoft_agents_a365.")
PREFIXES = ()  # its processor stamps every span of the provider
SIGNS = Signs(scopes_begin=SCOPES)
AI_SCOPES = SCOPES
LABELS = {
    "Agent365Sdk": "microsoft-agents-a365-observability-core",
    "microsoft_agents_a365.observability.core.config": "microsoft-agents-a365-observability-extensions",
}
IDENTITY = IdentityKeys(session=("microsoft.session.id",))
PLUMBING = (
    "microsoft.a365.", "microsoft.agent.", "microsoft.security.", "microsoft.guardian.", "microsoft.conversation.",
    "graph_node_parent_id",
)  # fmt: skip
_GUARDIAN, _SECURITY = "microsoft.guardian.name", "microsoft.security."
_FOUND = ("decision.type", "decision.reason", "decision.code", "policy.name")
_CHAT, _PROMPT = "Chat", "ChatPrompt"
# Operation -> type of the step, where only the name of the span tells it.
_BY_NAME = ("invoke_agent ", "execute_tool ")


def read(record: AISpan, source: Source) -> None:
    operation = source.attributes.get(GEN_AI_OPERATION_NAME)
    if operation is None:
        _read_by_name(record, source)
    elif operation == "apply_guardrail":
        _read_guardrail(record, source)
    elif operation == "output_messages":
        record.span_type = "task"
    elif operation == "execute_tool" and source.name.startswith("handoff to "):
        record.span_type, record.name = "handoff", source.name
    elif operation == "chat":
        _read_misplaced(record, source)


def _read_by_name(record: AISpan, source: Source) -> None:
    operation, _, name = source.name.partition(" ")
    if source.name.startswith(_BY_NAME):
        record.span_type = "agent" if operation == "invoke_agent" else "tool"
        record.name = name
        if record.span_type == "tool":
            record.tool_name = name
        else:
            record.agent_name = name
    elif _is_a_chat_model(source.name):
        record.kind = "generation"
    else:
        record.span_type, record.graph_node = "chain", True


def _is_a_chat_model(name: str) -> bool:
    """Whether a span is called as LangChain's classes of models are: `ChatOpenAI`, `AzureChatOpenAI`."""
    vendor = name.partition(_CHAT)[2]
    return name.isidentifier() and vendor[:1].isupper() and not name.startswith(_PROMPT)


def _read_guardrail(record: AISpan, source: Source) -> None:
    record.span_type = "guardrail"
    record.name = text(source.take(_GUARDIAN))
    record.input_state = read_state(source.take(f"{_SECURITY}content.input.value"), "user")
    found = {key.rpartition(".")[0] if key.endswith((".type", ".name")) else key.rpartition(".")[2]: said
             for key in _FOUND if (said := source.take(f"{_SECURITY}{key}")) is not None}  # fmt: skip
    record.output_state = found or None


def _read_misplaced(record: AISpan, source: Source) -> None:
    """The extension for LangChain puts tools where arguments of calls stand, and reasoning's count where reasons do."""
    tools = source.below(f"{GEN_AI_TOOL_CALL_ARGUMENTS}.")
    if tools:
        record.tools = read_tools(list(tools.values()))
    if isinstance(source.attributes.get(GEN_AI_RESPONSE_FINISH_REASONS), int):
        record.usage.reasoning = count(source.take(GEN_AI_RESPONSE_FINISH_REASONS))
        source.discard(GEN_AI_RESPONSE_FINISH_REASONS)
