"""Tool definitions of every provider in OpenAI's nested form `{"type": "function", "function": {...}}`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from .values import is_list, is_mapping, parse_json

# Where the JSON schema of the arguments stands, in order of preference.
_SCHEMA_KEYS = (
    "parameters", "input_schema", "inputSchema", "parametersJsonSchema", "parameters_json_schema", "args_schema",
    "parameter_definitions",
)  # fmt: skip
_LIST_KEYS = ("function_declarations", "functionDeclarations", "tools")
_NAME_KEYS = ("name", "tool_name", "toolName")
_DESCRIPTION_KEYS = ("description", "tool_description", "toolDescription")
# Objects that hold the definition: Bedrock's, Haystack's, and others'.
_ENVELOPES = ("toolSpec", "tool_spec", "data", "tool")
_STRICT_KEYS = ("strict",)
_LONGEST_REMEMBERED = 50_000


def read_tools(value: Any) -> list[dict[str, Any]] | None:
    """Definitions from a list, an object, or JSON text of either; None when there is none."""
    if isinstance(value, str) and len(value) <= _LONGEST_REMEMBERED:
        return _tools_of_text(value)
    return _tools(parse_json(value))


@lru_cache(maxsize=64)
def _tools_of_text(value: str) -> list[dict[str, Any]] | None:
    """Every call of an agent brings the same tools along. Nobody changes what is read here."""
    return _tools(parse_json(value))


def _tools(found: Any) -> list[dict[str, Any]] | None:
    entries = found if is_list(found) else [found]
    tools: list[dict[str, Any]] = []
    for entry in entries:
        parsed = parse_json(entry)
        # Some write the JSON text of the list as the one item of a list.
        for each in parsed if is_list(parsed) else (parsed,):
            tools.extend(_definitions(parse_json(each)))
    return tools or None


def _definitions(entry: Any) -> list[dict[str, Any]]:
    if not is_mapping(entry):
        return [{"type": "function", "function": {"name": entry}}] if _is_name(entry) else []
    for key in _LIST_KEYS:
        nested = entry.get(key)
        if is_list(nested) and nested:
            return [tool for item in nested for tool in _definitions(parse_json(item))]
    for key in _ENVELOPES:
        if is_mapping(entry.get(key)):
            return _definitions(entry[key])
    function = parse_json(entry.get("function"))
    if is_mapping(function):
        return [_nested(function, entry)]
    if _first_text(entry, _NAME_KEYS) is not None:
        # A provider's own tool (`{"type": "mcp", "name": …}`) keeps its type: it is no function of the caller's.
        kind = entry.get("type")
        if kind in (None, "function", "tool", "custom", "object") or any(key in entry for key in _SCHEMA_KEYS):
            return [_nested(entry, {})]
    if entry and all(map(_defines, entry.values())):  # by their names
        return [_nested({"name": name, **each}, {}) for name, each in entry.items()]
    return [dict(entry)] if isinstance(entry.get("type"), str) else []


def _defines(value: Any) -> bool:
    return is_mapping(value) and any(key in value for key in (*_DESCRIPTION_KEYS, *_SCHEMA_KEYS))


def _first_text(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str | None:
    return next((value for key in keys if isinstance(value := entry.get(key), str) and value), None)


def _is_name(entry: Any) -> bool:
    """Whether a tool is told by its name alone."""
    return isinstance(entry, str) and entry.replace("-", "_").isidentifier()


def _nested(function: Mapping[str, Any], outer: Mapping[str, Any]) -> dict[str, Any]:
    definition: dict[str, Any] = {"name": _first_text(function, _NAME_KEYS) or _first_text(outer, _NAME_KEYS) or ""}
    description = _first_text(function, _DESCRIPTION_KEYS)
    if description is not None:
        definition["description"] = description
    schema = next((function[key] for key in _SCHEMA_KEYS if function.get(key) is not None), None)
    schema = parse_json(schema)
    if is_mapping(schema) and set(schema) == {"json"}:  # Bedrock wraps the schema once more
        schema = parse_json(schema["json"])
    if schema is not None:
        definition["parameters"] = schema
    for key in _STRICT_KEYS:
        if function.get(key) is not None:
            definition[key] = function[key]
    return {"type": "function", "function": definition}
