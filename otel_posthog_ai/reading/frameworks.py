"""Which framework a span comes from, by the scope of its instrumentor."""

from __future__ import annotations

from functools import lru_cache

# Last segment of a scope, underscores for hyphens -> framework.
FRAMEWORKS: dict[str, str] = {
    "langchain": "langchain",
    "langgraph": "langgraph",
    "llama_index": "llamaindex",
    "llamaindex": "llamaindex",
    "crewai": "crewai",
    "agno": "agno",
    "dspy": "dspy",
    "smolagents": "smolagents",
    "autogen": "autogen",
    "autogen_agentchat": "autogen",
    "autogen_core": "autogen",
    "haystack": "haystack",
    "openai_agents": "openai-agents",
    "beeai": "beeai",
    "google_adk": "google-adk",
    "pydantic_ai": "pydantic-ai",
    "strands_agents": "strands-agents",
    "strands": "strands-agents",
    "claude_agent_sdk": "claude-agent-sdk",
    "semantic_kernel": "semantic-kernel",
    "semantickernel": "semantic-kernel",
    "agent_framework": "agent-framework",
    "instructor": "instructor",
    "guardrails": "guardrails",
}
# Tracers that frameworks bring themselves: start of the scope -> framework.
OWN_SCOPES: tuple[tuple[str, str], ...] = (
    ("pydantic-ai", "pydantic-ai"),
    ("gcp.vertex.agent", "google-adk"),
    ("autogen", "autogen"),
    ("semantic_kernel.", "semantic-kernel"),
    ("agent_framework", "agent-framework"),
    ("strands.", "strands-agents"),
    ("beeai", "beeai"),
)


@lru_cache(maxsize=256)
def framework_of_scope(scope: str) -> str | None:
    """The framework whose spans have this scope; None where the scope is a provider's client or an app."""
    segments = scope.lower().replace("-", "_").split(".")
    for segment in (segments[-1], segments[-2] if len(segments) > 1 else ""):
        if segment in FRAMEWORKS:
            return FRAMEWORKS[segment]
    return next((framework for start, framework in OWN_SCOPES if scope.startswith(start)), None)
