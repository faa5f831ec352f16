"""Choosing tools and filling JSON schemas from the words of a question, always in the same way."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

from otel_posthog_ai.model_server.conversation import Tool
from otel_posthog_ai.model_server.json_shapes import as_object

# A verb that many tools share says nothing about which one a question is about.
_COMMON_WORDS = frozenset(
    {"get", "set", "find", "look", "fetch", "call", "make", "tool", "run", "show", "list", "read"}
)
_PLACE = re.compile(r"\b(?:in|for|of|at|to|from|and|or)\s+((?:[A-Z][\w'-]+)(?:\s[A-Z][\w'-]+)*)")
_QUOTED = re.compile(r"[\"“'‘]([^\"”'’]{1,200})[\"”'’]")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_MAX_DEPTH = 8


def asked_tools(tools: Sequence[Tool], question: str) -> list[Tool]:
    """The tools whose name shares a telling word with the question (`get_weather`: "weather")."""
    asked = {_stem(word) for word in re.findall(r"[a-z]+", question.lower())}
    return [tool for tool in tools if asked & _telling_words(tool.name)]


def argument_sets(tool: Tool, question: str, parallel: bool) -> list[dict[str, Any]]:
    """The arguments of each call of `tool`: one for each place that the question names, if calls may be parallel."""
    subjects = _subjects(question) if parallel else _subjects(question)[:1]
    return [
        cast("dict[str, Any]", fill({"type": "object", **tool.parameters}, question, subject)) for subject in subjects
    ]


def fill(schema: Mapping[str, Any], question: str, subject: str | None = None) -> Any:
    """A value that fits `schema`: strings become the subject, by default the question's, numbers its first number."""
    return _fill(schema, _subjects(question)[0] if subject is None else subject, question, schema, 0)


def _fill(schema: Mapping[str, Any], subject: str, question: str, root: Mapping[str, Any], depth: int) -> Any:
    schema = _resolve(schema, root)
    for key in ("const", "default"):
        if key in schema:
            return schema[key]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((name for name in cast("list[str]", kind) if name != "null"), "null")
    if depth > _MAX_DEPTH:
        return None
    if kind == "object":
        properties = cast("Mapping[str, Mapping[str, Any]]", schema.get("properties") or {})
        wanted = cast("Sequence[str]", schema.get("required", list(properties)))
        return {
            name: _fill(child, subject, question, root, depth + 1)
            for name, child in properties.items()
            if name in wanted
        }
    if kind == "array":
        return [_fill(schema.get("items") or {"type": "string"}, subject, question, root, depth + 1)]
    return _scalar(kind, subject, question)


def _scalar(kind: str, subject: str, question: str) -> Any:
    if kind in ("integer", "number"):
        found = _NUMBER.search(question)
        number = float(found.group()) if found else 1.0
        return int(number) if kind == "integer" else number
    if kind == "boolean":
        return True
    return None if kind == "null" else subject


def _resolve(schema: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    for _ in range(_MAX_DEPTH):
        reference = schema.get("$ref")
        choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
        if isinstance(reference, str) and reference.startswith("#/"):
            target: Any = root
            for step in reference[2:].split("/"):
                target = as_object(target).get(step)
            schema = as_object(target)
        elif choices and "type" not in schema:
            schema = next((choice for choice in choices if choice.get("type") != "null"), choices[0])
        else:
            return schema
    return schema


def _subjects(question: str) -> list[str]:
    """What a question is about: its places, else what it quotes, else all of it."""
    return list(dict.fromkeys(_PLACE.findall(question) or _QUOTED.findall(question) or [question]))


def _telling_words(name: str) -> set[str]:
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    return {_stem(word.lower()) for word in words if len(word) > 2} - _COMMON_WORDS


def _stem(word: str) -> str:
    return word[:-1] if word.endswith("s") and len(word) > 3 else word
