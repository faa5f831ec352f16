"""Monocle: what a span concerns in numbered `entity.*`, what was said and counted in its events.

https://github.com/monocle2ai/monocle/blob/main/Monocle_committer_guide.md
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.reading.embedding_texts import embedding_texts
from otel_posthog_ai.reading.identity import IdentityKeys, keys_below
from otel_posthog_ai.reading.kind_words import CALL, CUSTOM, EMBEDDING, Stated
from otel_posthog_ai.reading.messages import read_messages
from otel_posthog_ai.reading.raw_usage import fill_usage, read_raw_usage
from otel_posthog_ai.reading.roles import ROLES
from otel_posthog_ai.reading.signs import Signs
from otel_posthog_ai.reading.source import Source
from otel_posthog_ai.reading.states import read_state
from otel_posthog_ai.reading.user_metadata import read_metadata
from otel_posthog_ai.reading.values import dump, finish_reason, is_list, is_mapping, json_text, text
from otel_posthog_ai.record import AISpan, Message

NAME = "monocle"
SCOPE = "monocle_apptrace"
PREFIXES = ("monocle_apptrace.",)
SIGNS = Signs(scopes=(SCOPE,))
AI_SCOPES = (SCOPE,)
# Scopes are what users name such things by.
IDENTITY = keys_below("scope.").and_then(
    IdentityKeys(user=("scope.user",), session=("scope.agentic.session", "scope.session"))
)
LABELS = {SCOPE: "monocle_apptrace"}
PLUMBING = (
    "monocle_apptrace.", "monocle.", "entity.", "scope.", "span_source", "span.type", "span.subtype", "workflow.name",
    "last.inference", "inference.decision.span.id",
)  # fmt: skip

TYPE = "span.type"
KINDS: dict[str, Stated] = {
    "inference": CALL,
    "inference.framework": CALL,
    "embedding": EMBEDDING,
    "embedding.modelapi": EMBEDDING,
    "retrieval": ("span", "retriever"),
    "workflow": ("span", "workflow"),
    "agentic.turn": ("span", "task"),
    "agentic.invocation": ("span", "agent"),
    "agentic.tool.invocation": ("span", "tool"),
    "agentic.mcp.invocation": ("span", "tool"),
    "agentic.delegation": ("span", "handoff"),
}
# A client's own span below the one of a framework, which says all of the call; requests of web servers and clients.
_INNER = frozenset({"inference.modelapi", "http.process", "http.send"})
# How the type of the entity begins that bears the name of such a step.
_NAMED_BY = {"agent": ("agent.",), "tool": ("tool.", "mcp."), "workflow": ("workflow.",)}
_MODEL, _EMBEDDER, _PROVIDER = "model.llm.", "model.embedding.", "inference."
_OWN_SCOPES = ("agentic.", "codex.", "claude.", "monocle.")
_SAID = frozenset({*ROLES, "system", "developer", "user", "assistant", "tool"})


def recognises(source: Source) -> bool:
    return source.has(TYPE)


def read(record: AISpan, source: Source) -> None:
    said = text(source.take(TYPE)) or ""
    entities = list(source.indexed("entity").values())
    record.kind, record.span_type = KINDS.get(said, CUSTOM)
    record.noise = said in _INNER
    if record.kind == "generation" and _name_of(entities, _EMBEDDER) is not None:
        record.kind = "embedding"
    events = {event.name: event.attributes for event in source.events}
    given = events.get("data.input", {}).get("input")
    result = None if source.status_error else events.get("data.output", {}).get("response")
    if record.kind == "span":
        _read_step(record, entities, given, result)
    else:
        _read_call(record, entities, given, result, events.get("metadata", {}))
    scopes = source.below("scope.")
    read_metadata(record, {key: value for key, value in scopes.items() if not key.startswith(_OWN_SCOPES)})


def _name_of(entities: list[dict[str, Any]], *types: str) -> str | None:
    """The name of the first entity whose type begins like this."""
    return next((text(each.get("name")) for each in entities if str(each.get("type")).startswith(types)), None)


def _read_step(record: AISpan, entities: list[dict[str, Any]], given: Any, result: Any) -> None:
    record.name = _name_of(entities, *_NAMED_BY.get(record.span_type or "", ("",)))
    if record.span_type == "agent":
        record.agent_name = record.name
    elif record.span_type == "tool":
        record.tool_name = record.name
    elif record.span_type != "workflow":
        record.name = None  # an entity is only what the step made use of
    if given is not None:
        record.input_state = read_state(_spoken(given), "user")
    if result is not None:
        record.output_state = _returned(read_state(_spoken(result), "assistant"))


def _returned(state: Any) -> Any:
    """What a function returned, which is written as `{"result": …}`."""
    return read_state(state["result"]) if is_mapping(state) and state.keys() == {"result"} else state


def _read_call(record: AISpan, entities: list[dict[str, Any]], given: Any, result: Any, counted: Any) -> None:
    record.request_model = _name_of(entities, _MODEL, _EMBEDDER)
    for entity in entities:
        provider = text(entity.get("type")) or ""
        if provider.startswith(_PROVIDER) and not provider.endswith(".generic"):
            record.provider_original = provider.removeprefix(_PROVIDER)
        record.base_url = record.base_url or text(entity.get("inference_endpoint"))
    fill_usage(record.usage, read_raw_usage(dict(counted)))
    if record.kind == "embedding":
        record.embedding_input = embedding_texts(given)
        return
    record.finish_reason = finish_reason(counted.get("finish_reason")) if result is not None else None
    record.input = read_messages(_turns(given), "user")
    record.output = read_messages(_turns(result), "assistant")


# ---- messages --------------------------------------------------------------------------------------------------------


def _spoken(value: Any) -> Any:
    """What a step took or gave: as messages where it is written as such."""
    entries = [json_text(entry) for entry in value] if is_list(value) else [json_text(value)]
    if entries and all(is_mapping(entry) and len(entry) == 1 and entry.keys() <= _SAID for entry in entries):
        return _turns(value)
    return value


def _turns(value: Any) -> list[Message]:
    """Messages from a list of JSON texts, each of which names the role by its only key."""
    entries = value if is_list(value) else [] if value is None else [value]
    return [turn for entry in entries for turn in _turn(json_text(entry))]


def _turn(entry: Any) -> list[Message]:
    if not is_mapping(entry):
        return [{"content": entry if isinstance(entry, str) else dump(entry)}]
    if "tool_function" in entry or "tools" in entry:
        calls = entry.get("tools", [entry])
        return [{"role": "assistant", "content": None, "tool_calls": [_call(call) for call in calls]}]
    if "call_id" in entry and "output" in entry:
        return [{"role": "tool", "tool_call_id": entry["call_id"], "content": entry["output"]}]
    if len(entry) == 1 and entry.keys() <= _SAID:
        ((role, said),) = entry.items()
        calls, content = _calls_in(said) if ROLES.get(role, role) == "assistant" else ([], said)
        return [{"role": role, "content": content, **({"tool_calls": calls} if calls else {})}]
    return [dict(entry)] if "role" in entry else [{"content": dump(entry)}]


def _calls_in(said: Any) -> tuple[list[dict[str, Any]], Any]:
    """Calls of tools that stand where an answer's text would, and the text where it is one."""
    found = json_text(said)
    entries = [json_text(entry) for entry in found] if is_list(found) else [found]
    if entries and all(_is_call(entry) for entry in entries):
        return [_call(entry) for entry in entries], None
    return [], said


def _is_call(entry: Any) -> bool:
    return is_mapping(entry) and (
        "tool_name" in entry or "tool_function" in entry or ("name" in entry and ("args" in entry))
    )


def _call(entry: Mapping[str, Any]) -> dict[str, Any]:
    name = next((entry[key] for key in ("tool_name", "tool_function", "name") if key in entry), None)
    arguments = next((entry[key] for key in ("tool_arguments", "args") if key in entry), None)
    call_id = next((entry[key] for key in ("tool_id", "call_id", "id") if key in entry), None)
    return {
        "type": "function",
        **({"id": call_id} if call_id else {}),
        "function": {"name": name, "arguments": arguments if isinstance(arguments, str) else dump(arguments)},
    }
