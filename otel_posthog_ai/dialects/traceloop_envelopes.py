"""What OpenLLMetry wraps around the input and the output of a step, taken off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from otel_posthog_ai.reading.literals import read_literal
from otel_posthog_ai.reading.states import shaped
from otel_posthog_ai.reading.values import is_list, is_mapping, json_text, parse_json


class Envelope:
    """The contents of an envelope, and what was written beside them."""

    __slots__ = ("metadata", "run_type", "state", "tags")

    def __init__(self, state: Any, metadata: Mapping[str, Any], tags: list[str], run_type: str | None) -> None:
        self.state = state
        self.metadata = metadata
        self.tags = tags
        self.run_type = run_type


# LangChain's run: the key of the contents -> the keys that may stand beside it.
_BESIDE_INPUT = frozenset({"tags", "metadata", "kwargs"})
_ENVELOPES: dict[str, frozenset[str]] = {
    "inputs": _BESIDE_INPUT,
    "query": _BESIDE_INPUT,
    "input_str": _BESIDE_INPUT | {"inputs"},
    "outputs": frozenset({"kwargs"}),
    "output": frozenset({"kwargs"}),
    "documents": frozenset({"count"}),
}
# Keys that are an envelope also when nothing stands beside them.
_ALONE = ("inputs", "outputs")
# Tags that LangChain adds by itself, up to the colon.
_STEP_TAGS = ("seq:", "map:", "graph:", "langsmith:", "branch:", "condition:")
_NOTHING: Mapping[str, Any] = {}


def open_envelope(value: Any) -> Envelope:
    """The contents of a step's input or output from its attribute; text that was cut in the middle stays text."""
    if isinstance(value, str):
        value = json_text(value) if value.lstrip()[:1] in ("{", "[", '"') else value
    if not is_mapping(value):
        return Envelope(_readable(value), _NOTHING, [], None)
    kwargs, metadata = value.get("kwargs"), value.get("metadata")
    run_type = kwargs.get("run_type") if is_mapping(kwargs) else None
    return Envelope(
        _readable(_contents(value)),
        metadata if is_mapping(metadata) and not _ENVELOPES.keys().isdisjoint(value) else _NOTHING,
        _user_tags(value),
        run_type if isinstance(run_type, str) else None,
    )


def _contents(value: Mapping[str, Any]) -> Any:
    keys = set(value)
    for key, beside in _ENVELOPES.items():
        if key in keys and keys - {key} <= beside and (len(keys) > 1 or key in _ALONE):
            return _tool_input(value) if key == "input_str" else value[key]
    if keys == {"args", "kwargs"} or (keys == {"args"} and is_list(value["args"])):
        return _called_with(value["args"], value.get("kwargs"))
    if keys == {"kwargs"} and is_mapping(value["kwargs"]):
        return value["kwargs"]
    if keys == {"tool_name", "arguments"}:
        return value["arguments"]
    if "result" in keys and keys <= {"result", "is_error"}:
        return value["result"]
    return value


def _tool_input(value: Mapping[str, Any]) -> Any:
    """A tool's arguments: as an object where they were given as one, else the text, often a Python repr."""
    if value.get("inputs"):
        return value["inputs"]
    text = value["input_str"]
    if not isinstance(text, str):
        return text
    parsed = parse_json(text)
    if parsed is not text:
        return parsed
    literal = read_literal(text)
    return literal if is_mapping(literal) or is_list(literal) else text


def _called_with(args: Any, kwargs: Any) -> Any:
    """The arguments of a decorated function: alone where there is only one kind of them."""
    if not kwargs and is_list(args):
        return args[0] if len(args) == 1 else list(args)
    if not args:
        return kwargs
    return {"args": args, "kwargs": kwargs}


def _user_tags(value: Mapping[str, Any]) -> list[str]:
    tags, metadata = value.get("tags"), value.get("metadata")
    if not is_list(tags):
        return []
    own = [each for each in metadata.values() if isinstance(each, str)] if is_mapping(metadata) else []
    return [tag for tag in tags if isinstance(tag, str) and not tag.startswith(_STEP_TAGS) and tag not in own]


# ---- LlamaIndex writes the objects inside as JSON texts -------------------------------------------------------------

# The arguments of its methods that hold what a step is asked; beside them stand defaults.
_ASKED = ("query_bundle", "str_or_query_bundle", "start_event")


def _readable(value: Any) -> Any:
    return shaped(_opened(value, 0))


def _opened(value: Any, depth: int) -> Any:
    if depth > _DEEPEST:
        return value
    if is_list(value):
        items = [parse_json(item) if isinstance(item, str) and item.startswith("{") else item for item in value]
        return [_opened(item, depth + 1) for item in items]
    if not is_mapping(value):
        return value
    keys = set(value)
    if "id_" in keys or (is_mapping(value.get("node")) and "id_" in value["node"]):
        return _node(value)
    if isinstance(value.get("query_str"), str) and "custom_embedding_strs" in keys:
        return value["query_str"]
    if keys == {"response", "metadata"}:
        return _opened(value["response"], depth + 1)
    opened = {key: _opened(item, depth + 1) for key, item in value.items()}
    if depth == 0 and any(key in keys for key in _ASKED):
        said = {key: item for key, item in opened.items() if item not in (None, False, {}, [])}
        asked = next(iter(said)) if len(said) == 1 else None
        return said[asked] if asked in _ASKED else said
    return opened


_DEEPEST = 20


def _node(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """A node of an index by what a person wants of it: its text, its score, the user's metadata."""
    inner = item.get("node")
    node: Mapping[str, Any] = inner if is_mapping(inner) else item
    resource = node.get("text_resource")
    text = node.get("text") or (resource.get("text") if is_mapping(resource) else None)
    found = {"id": node.get("id_"), "text": text, "score": item.get("score"), "metadata": node.get("metadata")}
    return {key: each for key, each in found.items() if each not in (None, {}, "")}
