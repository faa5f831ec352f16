"""Regular expressions are compiled when they are first used: here is that first use of every one."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import ModuleType
from typing import Any

import pytest

import otel_posthog_ai
from otel_posthog_ai.patterns import pattern

_LAZY = type(pattern(""))


def modules() -> Iterator[ModuleType]:
    """Every module of the package, as far as what it needs is installed."""
    for found in pkgutil.walk_packages(otel_posthog_ai.__path__, "otel_posthog_ai."):
        if not found.name.endswith("__main__"):
            with suppress(ImportError):
                yield importlib.import_module(found.name)


def _patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    """Every pattern that a module, a class or a table holds, wherever it is, under the name that it has there."""
    seen: set[int] = set()
    for module in modules():
        for name, value in vars(module).items():
            for each in _inside(value, module.__name__):
                if id(each) not in seen:
                    seen.add(id(each))
                    yield f"{module.__name__}.{name}", each


def _inside(value: Any, module: str) -> Iterator[Any]:
    if isinstance(value, (_LAZY, re.Pattern)):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _inside(item, module)
    elif isinstance(value, (tuple, list, frozenset, set)):
        for item in value:
            yield from _inside(item, module)
    elif isinstance(value, type) and value.__module__ == module:
        for item in vars(value).values():
            yield from _inside(item, module)


def test_every_pattern_of_the_package_compiles() -> None:
    found = list(_patterns())
    assert len(found) > 50
    for name, each in found:
        try:
            each.search(b"" if isinstance(each.pattern, bytes) else "")
        except re.error as error:
            pytest.fail(f"{name}: {error}")


def test_a_pattern_is_what_re_compile_gives() -> None:
    lazy, compiled = pattern(r"(a)(b)?", re.IGNORECASE), re.compile(r"(a)(b)?", re.IGNORECASE)
    assert lazy.flags == compiled.flags
    assert lazy.groups == compiled.groups
    assert lazy.sub(r"<\1>", "xABx") == compiled.sub(r"<\1>", "xABx")


def test_a_fault_shows_at_the_first_use() -> None:
    faulty = pattern("(")
    with pytest.raises(re.error):
        faulty.search("a")


def test_asking_for_what_no_pattern_has_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        pattern("a").surch  # type: ignore[attr-defined]  # noqa: B018
    assert not hasattr(pattern("a"), "_private")
