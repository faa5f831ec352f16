"""NVIDIA's NeMo Agent Toolkit: OpenInference's kinds, texts and counts, and what was really said in `nat.metadata`.

https://docs.nvidia.com/nemo/agent-toolkit/
"""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.attribute_names.general import USER_ID
from otel_posthog_ai.attribute_names.openinference import LLM_PROVIDER, OUTPUT_VALUE
from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.tool_definitions import read_tools
from otel_posthog_ai.reading.user_metadata import metadata_of, read_metadata
from otel_posthog_ai.reading.values import finish_reason, is_list, is_mapping, text
from otel_posthog_ai.record import AISpan, Message

NAME = "nat"
PREFIXES = ("nat.",)
LABELS = {"nat": "nvidia-nat-opentelemetry"}
PLUMBING = ("nat.",)
FRAMEWORK = "nemo-agent-toolkit"
KIND = "nat.span.kind"
SIGNS = Signs(keys=(KIND,))
# The steps around all others are called so by it, and by the name of the kind of workflow beside.
AROUND_ALL = "<workflow>"
# Whom its command line runs for, where nobody is named.
NOBODY = "nat_run_user_id"
# What stands between the text of an answer and the calls in it, which are Python's text of a list.
_CALLS = "\n\nTool calls: "
# How Python's text of objects begins, for which there is JSON beside.
_REPRS, _AS_JSON = ("{'", "[<", "[H", "[A"), "output.value_obj"
# What of the metadata no user has written: the request's headers and cookies, and what stands elsewhere, too.
_ITS_OWN = frozenset({"request_attributes", "workflow_run_id", "workflow_trace_id", "display_name"})


def read(record: AISpan, source: Source) -> None:
    record.framework = FRAMEWORK
    kind = text(source.attributes.get(KIND))
    if source.name == AROUND_ALL:
        record.name = text(source.attributes.get("nat.subspan.name")) or AROUND_ALL
        record.name = record.name.strip("<>") or None
    if kind == "WORKFLOW":
        record.span_type = "workflow"
    if source.attributes.get(USER_ID) == NOBODY:
        source.discard(USER_ID)
    told = metadata_of(source.take("nat.metadata"))
    provided = metadata_of(told.get("provided_metadata"))
    read_metadata(record, {key: value for key, value in provided.items() if key not in _ITS_OWN})
    if kind == "LLM":
        _read_call(record, source, told)
    elif str(source.attributes.get(OUTPUT_VALUE)).startswith(_REPRS):
        source.attributes[OUTPUT_VALUE] = source.attributes.get(_AS_JSON, source.attributes[OUTPUT_VALUE])


def _read_call(record: AISpan, source: Source, told: Any) -> None:
    if source.attributes.get(LLM_PROVIDER) == source.attributes.get("nat.framework"):
        source.discard(LLM_PROVIDER)
    record.tools = read_tools(told.get("tools_schema")) if told.get("tools_schema") else None
    record.output = _answer_with_calls(source.attributes.get(OUTPUT_VALUE))
    responses = told.get("chat_responses")
    response = responses[0] if is_list(responses) and responses else responses
    info = metadata_of(response.get("generation_info")) if is_mapping(response) else {}
    record.finish_reason = finish_reason(info.get("finish_reason"))
    record.response_model = text(info.get("model_name"))


def _answer_with_calls(value: Any) -> list[Message] | None:
    """The answer whose calls stand as text behind its text; None where there are none."""
    said, marked, calls = value.partition(_CALLS) if isinstance(value, str) else ("", "", "")
    found = read_literal(calls) if marked else None
    if not is_list(found):
        return None
    return read_messages([{"role": "assistant", "content": said or None, "tool_calls": found}], "assistant")
