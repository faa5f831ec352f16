"""The walls between the rooms, read from the imports: none runs up, no file imports another in a loop."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import otel_posthog_ai

PACKAGE = "otel_posthog_ai"
FOLDER = Path(otel_posthog_ai.__file__).parent

# What a room may import of other rooms, from the bottom up. Everybody may import the modules of the top level, and the
# names of attributes.
SHARED = "(top level)"
EVERYBODYS = "attribute_names"
MAY_IMPORT: dict[str, frozenset[str]] = {
    EVERYBODYS: frozenset(),
    "context": frozenset(),
    "delivery": frozenset(),
    "reading": frozenset(),
    "dialects": frozenset({"reading"}),
    "agent_logs": frozenset({"reading"}),
    "tree": frozenset({"context", "dialects", "reading"}),
    "calls": frozenset({"tree", "reading"}),
    "events": frozenset({"tree", "reading"}),
    "content": frozenset({"events", "delivery"}),
    "work": frozenset(
        {"agent_logs", "calls", "tree", "context", "dialects", "reading", "events", "content", "delivery"}
    ),
    "doors": frozenset(
        {"agent_logs", "work", "tree", "context", "dialects", "reading", "events", "content", "delivery"}
    ),
    "otlp": frozenset({"work", "agent_logs", "dialects", "reading"}),
}
# Modules of the top level that users name by their path, and what they lead to.
FRONT: dict[str, frozenset[str]] = {
    "": frozenset({"doors", "context"}),
    "__main__": frozenset(),
    "testing": frozenset({"context", "delivery", "doors", "reading", "work"}),
    "web": frozenset({"context", "doors"}),
    "zero_code": frozenset({"doors"}),
}
# Commands may import every room but one another's, save for what they show or serve.
COMMANDS: dict[str, frozenset[str]] = {
    "demo": frozenset({"inbox", "model_server"}),
    "doctor": frozenset(),
    "gateway": frozenset(),
    "explain": frozenset(),
    "inbox": frozenset(),
    "model_server": frozenset(),
    "replay": frozenset({"inbox"}),
}
# What a room must not even name, whatever its neighbours do.
NEVER: dict[str, frozenset[str]] = {
    "delivery": frozenset({"record"}),
    "content": frozenset({"record"}),
}


class Import(NamedTuple):
    """`importer` imports `module`; `late`: inside a function; `typing`: only for the type checker."""

    importer: str
    module: str
    late: bool
    typing: bool


def _modules() -> dict[str, Path]:
    return {
        ".".join(path.relative_to(FOLDER).with_suffix("").parts).removesuffix("__init__").rstrip("."): path
        for path in FOLDER.rglob("*.py")
    }


MODULES = _modules()


def _imports_of(name: str, path: Path) -> Iterator[Import]:
    package = name if path.stem == "__init__" else name.rpartition(".")[0]

    def walk(node: ast.AST, late: bool, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.ImportFrom):
                yield from _named(child, late, typing)
            elif isinstance(child, ast.Import):
                for alias in child.names:
                    if alias.name.split(".")[0] == PACKAGE:
                        yield Import(name, alias.name.removeprefix(PACKAGE).lstrip("."), late, typing)
            function = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef))
            yield from walk(child, late or function, typing or _is_for_types(child))

    def _is_for_types(node: ast.AST) -> bool:
        return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)

    def _named(node: ast.ImportFrom, late: bool, typing: bool) -> Iterator[Import]:
        if node.level:
            parts = package.split(".") if package else []
            base = ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])
        elif node.module is not None and node.module.split(".")[0] == PACKAGE:
            base = node.module.removeprefix(PACKAGE).lstrip(".")
        else:
            return
        for alias in node.names:
            submodule = f"{base}.{alias.name}".lstrip(".")
            yield Import(name, submodule if submodule in MODULES else base, late, typing)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), False, False)


IMPORTS = [each for name, path in MODULES.items() for each in _imports_of(name, path)]


def _room(module: str) -> str:
    room = module.split(".")[0]
    return room if (FOLDER / room).is_dir() and room else SHARED


def _may(importer: str, room: str) -> bool:
    own = _room(importer)
    if room == EVERYBODYS or room == own != SHARED:
        return True
    if own == SHARED:
        return room == SHARED or room in FRONT.get(importer, frozenset())
    if own in COMMANDS:
        return room not in COMMANDS or room in COMMANDS[own]
    return room == SHARED or room in MAY_IMPORT[own]


def test_every_room_has_its_walls() -> None:
    rooms = {_room(module) for module in MODULES} - {SHARED}
    assert rooms == MAY_IMPORT.keys() | COMMANDS.keys()


@pytest.mark.parametrize("room", [SHARED, *MAY_IMPORT, *COMMANDS])
def test_no_import_leaves_a_room_by_another_way_than_its_doors(room: str) -> None:
    wrong = [each for each in IMPORTS if _room(each.importer) == room and not _may(each.importer, _room(each.module))]
    assert wrong == []


@pytest.mark.parametrize("room", NEVER)
def test_what_a_room_must_not_know(room: str) -> None:
    assert [each for each in IMPORTS if _room(each.importer) == room and each.module in NEVER[room]] == []


def test_no_room_imports_one_that_imports_it() -> None:
    graph: dict[str, set[str]] = {}
    for each in IMPORTS:
        importer, imported = _room(each.importer), _room(each.module)
        if importer != imported and importer != SHARED:
            graph.setdefault(importer, set()).add(imported)
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"rooms in a loop: {error.args[1]}")


def test_no_file_imports_another_in_a_loop() -> None:
    graph: dict[str, set[str]] = {}
    for each in IMPORTS:
        if not each.typing and each.module != each.importer:
            graph.setdefault(each.importer, set()).add(each.module)
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(f"files in a loop: {error.args[1]}")


def test_the_imports_are_seen() -> None:
    """The reader of imports above finds the ways that an import can be written."""
    assert Import("work.assembly", "tree.placement", False, False) in IMPORTS
    assert Import("doors.processor", "work.pipeline", True, False) in IMPORTS
    assert any(each.typing and each.importer == "" for each in IMPORTS)
