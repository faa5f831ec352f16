"""Which instrumentors of AI libraries are installed, and which libraries trace themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, distributions

from otel_posthog_ai.dialects import is_ai_scope

_GROUPS = ("opentelemetry_instrumentor", "openinference_instrumentor")

# Distribution → (scope of its spans, what it traces): libraries that need no instrumentor.
_TRACING_THEMSELVES: dict[str, tuple[str, str]] = {
    "agent-framework-core": ("agent_framework", "agent_framework"),
    "anthropic": ("com.anthropic.sdk.python", "anthropic"),
    "autogen-core": ("autogen-core", "autogen"),
    "google-adk": ("gcp.vertex.agent", "google_adk"),
    "haystack-ai": ("haystack", "haystack"),
    "langfuse": ("langfuse-sdk", "langfuse"),
    "langsmith": ("langsmith", "langchain"),
    "litellm": ("litellm", "litellm"),
    "logfire": ("logfire.openai", "logfire"),
    "mcp": ("mcp-python-sdk", "mcp"),
    "mistralai": ("mistralai_sdk_tracer", "mistralai"),
    "openlit": ("openlit", "openlit"),
    "pydantic-ai-slim": ("pydantic-ai", "pydantic_ai"),
    "semantic-kernel": ("semantic_kernel", "semantic_kernel"),
    "strands-agents": ("strands.telemetry.tracer", "strands"),
}
# Since which major version; all versions where nothing is said.
_SINCE = {"anthropic": 1}
# Library → the instrumentor to recommend where none is installed.
RECOMMENDED: dict[str, str] = {
    "openai": "opentelemetry-instrumentation-genai-openai",
    "anthropic": "opentelemetry-instrumentation-genai-anthropic",
    "langchain-core": "openinference-instrumentation-langchain",
    "llama-index-core": "openinference-instrumentation-llama-index",
    "google-genai": "openinference-instrumentation-google-genai",
    "crewai": "openinference-instrumentation-crewai",
    "groq": "openinference-instrumentation-groq",
    "dspy": "openinference-instrumentation-dspy",
    "smolagents": "openinference-instrumentation-smolagents",
}


@dataclass(frozen=True, slots=True)
class Instrumentor:
    """Something installed that makes AI spans."""

    distribution: str
    version: str
    scope: str
    target: str
    """What it traces: `openai`, `langchain`, …"""
    entry_point: str | None = None
    """`module:class` of an instrumentor that has to be switched on; None for a library that traces itself."""

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
    if itself is not None and _major(version) >= _SINCE.get(name, 0):
        yield Instrumentor(name, version, *itself)
        return
    for entry_point in distribution.entry_points:
        module = entry_point.value.partition(":")[0]
        if entry_point.group in _GROUPS and is_ai_scope(module):
            yield Instrumentor(name, version, module, _target(module), entry_point.value)
            return


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
