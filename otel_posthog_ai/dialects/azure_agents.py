"""Azure AI Agents' own spans: a run on a thread, whose model is called at the service, and what is asked around it.

https://learn.microsoft.com/azure/ai-foundry/how-to/develop/trace-agents-sdk
"""

from __future__ import annotations

from otel_posthog_ai.reading.content_events import read_exchange
from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.record import AISpan

NAME = "azure_agents"
PREFIXES = ("gen_ai.thread.",)
IDENTITY = IdentityKeys(incidental_session=("gen_ai.thread.id",))
FRAMEWORK = "azure-ai-agents"
RUNS = frozenset({"process_thread_run", "create_thread_and_run", "start_thread_run"})
# Requests to the service that run nothing.
KEEPING = frozenset(
    {
        "create_thread", "create_message", "list_messages", "list_run_steps", "get_thread_run", "list_thread_runs",
        "submit_tool_outputs", "update_agent", "delete_thread", "cancel_thread_run",
    }
)  # fmt: skip
SIGNS = Signs(names_begin=tuple(sorted(RUNS | KEEPING)))


def recognises(source: Source) -> bool:
    return source.name.split(" ", 1)[0] in RUNS | KEEPING


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    if source.name.split(" ", 1)[0] in KEEPING:
        record.span_type, record.noise = "task", True
        return
    record.span_type = "agent"
    said = read_exchange(source.events)
    record.input = record.input or said.inputs or None
    record.output = record.output or said.outputs or None
