"""Which instrumentors of AI libraries are installed, and which libraries trace themselves."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions
from typing import Any

from otel_posthog_ai.dialects import is_ai_scope

from .recommendations import RECOMMENDED

_GROUPS = ("opentelemetry_instrumentor", "openinference_instrumentor")

# Distribution → (scope of its spans, what it traces, when it does): libraries that need no instrumentor.
_TRACING_THEMSELVES: dict[str, tuple[str, str, str]] = {
    "agent-framework-core": ("agent_framework", "agent_framework", "traces itself once its observability is set up"),
    "anthropic": ("com.anthropic.sdk.python", "anthropic", "traces itself"),
    "autogen-core": ("autogen-core", "autogen", "traces itself"),
    "google-adk": ("gcp.vertex.agent", "google_adk", "traces itself"),
    "haystack-ai": ("haystack", "haystack", "traces itself"),
    "langfuse": ("langfuse-sdk", "langfuse", "traces what its decorators and wrappers mark"),
    "langsmith": ("langsmith", "langchain", "sends its runs as spans"),
    "litellm": ("litellm", "litellm", 'traces itself when litellm.callbacks has "otel"'),
    "logfire": ("logfire.openai", "logfire", "traces what logfire.instrument_…() was called for"),
    "mcp": ("mcp-python-sdk", "mcp", "traces itself"),
    "mistralai": ("mistralai_sdk_tracer", "mistralai", "traces itself"),
    "openlit": ("openlit", "openlit", "traces once openlit.init() was called"),
    "pydantic-ai-slim": ("pydantic-ai", "pydantic_ai", "traces itself once Agent.instrument_all() was called"),
    "semantic-kernel": ("semantic_kernel", "semantic_kernel", "traces itself"),
    "strands-agents": ("strands.telemetry.tracer", "strands", "traces itself"),
}
_SWITCHED_ON = "is switched on by its .instrument(), or by opentelemetry-instrument"
# Libraries that come along with others, and trace only where this variable is set.
_NEEDS = {"langsmith": "LANGSMITH_OTEL_ENABLED"}
# Since which major version; all versions where nothing is said.
_SINCE = {"anthropic": 1}


@dataclass(frozen=True, slots=True)
class Instrumentor:
    """Something installed that makes AI spans."""

    distribution: str
    version: str
    scope: str
    target: str
    """What it traces: `openai`, `langchain`, …"""
    how: str = _SWITCHED_ON
    """What makes it trace, as the end of a sentence."""
    entry_point: str | None = None
    """`module:class` of an instrumentor that has to be switched on; None for a library that traces itself."""
    name: str = ""
    """The name of its entry point, by which opentelemetry-instrument can be told to leave it off."""
    unfit: str | None = None
    """Why it stays off, as the end of a sentence: the library is of a version that it was not made for."""

    @property
    def module(self) -> str | None:
        """The module of the instrumentor."""
        return self.entry_point.partition(":")[0] if self.entry_point is not None else None


def installed(path: Sequence[str] | None = None) -> list[Instrumentor]:
    """The AI instrumentors of this environment, or of the directories in `path`."""
    found: dict[str, Instrumentor] = {}
    for distribution in distributions(path=list(path)) if path is not None else distributions():
        for instrumentor in _of(distribution):
            found.setdefault(instrumentor.distribution, instrumentor)
    return sorted(found.values(), key=lambda each: each.distribution)


def installed_libraries() -> list[str]:
    """The AI libraries of this environment for which an instrumentor can be recommended."""
    names = {_normalised(distribution) for distribution in distributions()}
    return [name for name in RECOMMENDED if name in names]


def _of(distribution: Distribution) -> Iterator[Instrumentor]:
    name, version = _normalised(distribution), distribution.version or "?"
    itself = _TRACING_THEMSELVES.get(name)
    if itself is not None:
        needed = _NEEDS.get(name)
        if _major(version) >= _SINCE.get(name, 0) and (needed is None or os.environ.get(needed, "").lower() == "true"):
            yield Instrumentor(name, version, *itself)
        return
    for entry_point in distribution.entry_points:
        module = entry_point.value.partition(":")[0]
        if entry_point.group in _GROUPS and is_ai_scope(module):
            yield Instrumentor(
                name,
                version,
                module,
                _target(module),
                entry_point=entry_point.value,
                name=entry_point.name,
                unfit=_unfit(distribution),
            )
            return


def _unfit(distribution: Distribution) -> str | None:
    """What OpenTelemetry would say before it leaves an instrumentor off; None where the library fits, or is absent."""
    try:
        from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts

        conflict: Any = get_dist_dependency_conflicts(distribution)  # pyright: ignore[reportArgumentType]
    except Exception:  # it is not installed, or a distribution says of itself what is no requirement
        return None
    if conflict is None or not (conflict.found or conflict.found_any):
        return None
    wanted = [conflict.required] if conflict.required else conflict.required_any
    found = [conflict.found] if conflict.found else conflict.found_any
    ranges = " or ".join(str(each).partition(";")[0].strip() for each in wanted)
    return f"is made for {ranges}, and {', '.join(map(str, found))} is installed"


def _normalised(distribution: Distribution) -> str:
    return re.sub(r"[-_.]+", "-", str(distribution.name)).lower()


def _major(version: str) -> int:
    found = re.match(r"\d+", version)
    return int(found[0]) if found else 0


def _target(module: str) -> str:
    """`opentelemetry.instrumentation.openai_v2` → `openai`."""
    last = module.rpartition(".instrumentation.")[2]
    last = last.removeprefix("genai.").partition(".")[0].removesuffix("_v2")
    return _ALIASES.get(last, last)


_ALIASES = {"llama_index": "llamaindex", "google_generativeai": "google_genai"}

# Frameworks whose instrumentors report the calls of the clients below them.
FRAMEWORKS = frozenset(
    {
        "agno", "autogen", "agent_framework", "beeai", "crewai", "dspy", "google_adk", "haystack", "langchain",
        "langfuse", "litellm", "llamaindex", "logfire", "openai_agents", "openlit", "pydantic_ai", "semantic_kernel",
        "smolagents", "strands",
    }
)  # fmt: skip
CLIENTS = frozenset(
    {
        "anthropic", "bedrock", "cohere", "google_genai", "groq", "mistralai", "ollama", "openai", "together",
        "vertexai", "watsonx",
    }
)  # fmt: skip
