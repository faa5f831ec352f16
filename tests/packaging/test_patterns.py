"""Regular expressions are compiled when they are first used: here is that first use of every one."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import pytest

from otel_posthog_ai.patterns import pattern

_NAMES = ("doors", "context", "work", "tree", "calls", "dialects", "reading", "events", "content", "delivery")
ROOMS = ("", *(f".{name}" for name in _NAMES))


def _patterns() -> Iterator[tuple[str, re.Pattern[str]]]:
    lazy = type(pattern(""))
    for room in ROOMS:
        package = importlib.import_module(f"otel_posthog_ai{room}")
        for found in pkgutil.iter_modules(package.__path__):
            if found.ispkg or found.name.startswith("__"):
                continue
            module = importlib.import_module(f"{package.__name__}.{found.name}")
            for name, value in vars(module).items():
                for each in _inside(value):
                    if isinstance(each, lazy):
                        yield f"{module.__name__}.{name}", each  # type: ignore[misc]


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, tuple):
        for item in value:
            yield from _inside(item)
    else:
        yield value


def test_every_pattern_of_the_package_compiles() -> None:
    found = list(_patterns())
    assert len(found) > 50
    for name, each in found:
        try:
            each.search("")
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
