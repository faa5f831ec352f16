"""Checks of the instrumentors in an app: whether they are switched on, and early enough."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .finding import Finding
from .instrumentors import Instrumentor

# What an instrumentor wraps → the module to look for in the app, where its name is another one.
_LIBRARIES = {
    "bedrock": ("botocore",),
    "google_genai": ("google.genai", "google.generativeai"),
    "langchain": ("langchain_core",),
    "llamaindex": ("llama_index.core",),
    "openai_agents": ("agents",),
    "vertexai": ("vertexai",),
    "watsonx": ("ibm_watsonx_ai",),
}


def check_switched_on(instrumentors: Iterable[Instrumentor]) -> Iterator[Finding]:
    """Instrumentors that are installed for a library which the app has loaded, and are off."""
    for each in instrumentors:
        if each.module is None or not any(name in sys.modules for name in _LIBRARIES.get(each.target, (each.target,))):
            continue
        if is_on(each):
            yield Finding("switched on", "ok", f"{each.distribution} is switched on")
        else:
            yield Finding(
                "switched on",
                "warning",
                f"{each.distribution} is installed, and nobody has switched it on",
                f"{_class_name(each)}().instrument() after the provider is set, or start with opentelemetry-instrument",
            )


def _class_name(instrumentor: Instrumentor) -> str:
    return (instrumentor.entry_point or "").partition(":")[2]


def is_on(instrumentor: Instrumentor) -> bool:
    """Whether an instrumentor is on. They are singletons, so a new one tells of the one in use."""
    if instrumentor.module not in sys.modules:
        return False
    try:
        cls: Any = getattr(importlib.import_module(instrumentor.module), _class_name(instrumentor))
        return bool(cls().is_instrumented_by_opentelemetry)
    except Exception:
        return False


def check_order(libraries: Iterable[str]) -> Iterator[Finding]:
    """Functions that the app took from a library before an instrumentor wrapped them: calls by them leave no span."""
    originals = {id(original): (name, original) for name, original in _wrapped_functions(set(libraries))}
    if not originals:
        return
    for module_name, module in list(sys.modules.items()):
        for attribute, value in list(getattr(module, "__dict__", {}).items()):
            found = originals.get(id(value))
            if found is None or found[1] is not value or _root(module_name) == _root(found[0]) or _is_tool(module_name):
                continue
            yield Finding(
                "order",
                "warning",
                f"{module_name} took `{attribute}` from {_root(found[0])} before the instrumentor wrapped it: "
                "its calls leave no span",
                "set tracing up and call .instrument() before the modules that use the library are imported",
            )


def _is_tool(module_name: str) -> bool:
    return _root(module_name) in ("opentelemetry", "openinference", "wrapt", "traceloop", "openlit")


def _root(module_name: str) -> str:
    return module_name.partition(".")[0]


def _wrapped_functions(roots: set[str]) -> Iterator[tuple[str, Any]]:
    """The original functions behind the wrappers that now stand in the modules of these libraries."""
    for module_name, module in list(sys.modules.items()):
        if _root(module_name) not in roots:
            continue
        for value in list(getattr(module, "__dict__", {}).values()):
            # wrapt's proxies and functools.wraps both name what they wrap; the original is the library's own.
            original = getattr(value, "__dict__", {}).get("__wrapped__") or _wrapt_original(value)
            if callable(original) and _root(str(getattr(original, "__module__", ""))) == _root(module_name):
                yield module_name, original


def _wrapt_original(value: Any) -> Any:
    return getattr(value, "__wrapped__", None) if type(value).__module__.startswith("wrapt") else None
