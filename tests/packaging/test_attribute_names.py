"""An attribute's name that several modules read stands once: as a constant, one module a convention."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from opentelemetry.semconv._incubating import attributes as unstable

import otel_posthog_ai
from otel_posthog_ai import attribute_names
from otel_posthog_ai.dialects import DECLARED

FOLDER = Path(otel_posthog_ai.__file__).parent
# They play an app or an instrumentor: with the reader's constants they would not notice that it reads a wrong name.
PLAYERS = ("demo/", "model_server/", "doctor/sample.py")
COLLECTED = "dialects/declared.py"
"""Made of what the modules of the dialects declare."""
# What looks like one attribute and is not.
COINCIDENCES: dict[str, str] = {
    "ai.model.name": "the models of VoltAgent, and of Rhesis",
    "ai.model.provider": "who serves Rhesis' models, and those of Vercel's AI SDK",
    "codex.turn": "the name of a span",
    "conversation.id": "Codex' conversations, and Pipecat's",
    "db.operation": "how Galileo marks a retrieval, and what a vector store was asked",
    "function.args": "what OpenLIT and Rhesis each call what a function was given",
    "function.kwargs": "the same, by name",
    "gcp.gemini": "a provider",
    "gcp.vertex_ai": "a provider",
    "llm.completion": "an answer for Cascade, and for Traccia",
    "llm.messages": "a conversation for Cascade, Traccia and VoltAgent",
    "llm.model": "a model for Cascade, Traccia and VoltAgent",
    "llm.prompt": "a question for Cascade, and for Traccia",
    "llm.vendor": "OpenLLMetry's first word for a provider, and Traccia's",
    "lmnr.tracer": "the scope of Laminar's SDK, which OpenHands has, too",
    "operation.name": "what AgentOps and Vercel's AI SDK each call their steps",
    "tool.call.id": "what AgentOps and VoltAgent each call a tool's call",
    "tool.output": "what a tool gave back, for Cascade and for Claude Code",
    "tool.parameters": "what a tool was given, for AgentOps and in OpenInference",
    "workflow.id": "a run for the Agent Framework, and for Last9",
    "workflow.name": "Monocle's own name of an app, which is the service's",
}
_DOTTED = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")


def _constants(package: ModuleType) -> dict[str, str]:
    """Constant -> name of an attribute, of all modules of a package."""
    modules = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    return {
        constant: value
        for module in modules
        for constant, value in vars(importlib.import_module(module.name)).items()
        if constant.isupper() and isinstance(value, str)
    }


OWN, UNSTABLE = _constants(attribute_names), _constants(unstable)


def _literals(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {part for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield node.value


def _is_attribute(literal: str) -> bool:
    """Whether a text is built like the name of an attribute, in a namespace from which something is read."""
    return _DOTTED.fullmatch(literal) is not None and literal.split(".")[0] in NAMESPACES


NAMESPACES = {name.split(".")[0] for name in OWN.values()} | {
    prefix.split(".")[0] for each in DECLARED for prefix in each.prefixes if "." in prefix
}
SCOPES = tuple(scope for each in DECLARED for scope in each.ai_scopes)


def _modules_by_literal() -> dict[str, set[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in FOLDER.rglob("*.py"):
        module = path.relative_to(FOLDER).as_posix()
        if not module.startswith(PLAYERS) and module != COLLECTED:
            for literal in _literals(path):
                found[literal].add(module)
    return found


def test_no_name_of_an_attribute_stands_in_two_modules() -> None:
    twice = {
        literal: sorted(modules)
        for literal, modules in _modules_by_literal().items()
        if len(modules) > 1 and _is_attribute(literal) and not literal.startswith(SCOPES)
    }
    assert twice.keys() == COINCIDENCES.keys(), twice


def test_constants_are_used_by_several() -> None:
    """A name that one module reads stands there, where its reader sees it."""
    users: defaultdict[str, set[Path]] = defaultdict(set)
    for path in FOLDER.rglob("*.py"):
        if path.parent.name != "attribute_names":
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Name):
                    users[node.id].add(path)
    assert [constant for constant in OWN if len(users[constant]) < 2] == []


@pytest.mark.parametrize(("constant", "name"), OWN.items())
def test_constants_are_called_as_the_conventions_call_them(constant: str, name: str) -> None:
    assert constant == re.sub(r"\W", "_", name).upper()
    assert UNSTABLE.get(constant, name) == name
