"""Which instrumentor to take for a library: what the doctor advises, and the README's table."""

from __future__ import annotations

from typing import NamedTuple


class Recommendation(NamedTuple):
    """An instrumentor for a library."""

    library: str
    """The distribution whose calls it traces."""
    called: str
    """What people call the library."""
    install: str
    """What to install."""
    import_line: str
    switch: str
    """What switches it on, once the provider is set."""


RECOMMENDATIONS = (
    Recommendation(
        "openai",
        "OpenAI, and servers that speak its API",
        "opentelemetry-instrumentation-genai-openai",
        "from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor",
        "OpenAIInstrumentor().instrument()",
    ),
    Recommendation(
        "anthropic",
        "Anthropic",
        "opentelemetry-instrumentation-genai-anthropic",
        "from opentelemetry.instrumentation.genai.anthropic import AnthropicInstrumentor",
        "AnthropicInstrumentor().instrument()",
    ),
    Recommendation(
        "google-genai",
        "Gemini (`google-genai`)",
        "openinference-instrumentation-google-genai",
        "from openinference.instrumentation.google_genai import GoogleGenAIInstrumentor",
        "GoogleGenAIInstrumentor().instrument()",
    ),
    Recommendation(
        "boto3",
        "Bedrock (`boto3`)",
        "opentelemetry-instrumentation-bedrock",
        "from opentelemetry.instrumentation.bedrock import BedrockInstrumentor",
        "BedrockInstrumentor().instrument()",
    ),
    Recommendation(
        "litellm",
        "LiteLLM",
        "openinference-instrumentation-litellm",
        "from openinference.instrumentation.litellm import LiteLLMInstrumentor",
        "LiteLLMInstrumentor().instrument()",
    ),
    Recommendation(
        "langchain-core",
        "LangChain, LangGraph",
        "openinference-instrumentation-langchain",
        "from openinference.instrumentation.langchain import LangChainInstrumentor",
        "LangChainInstrumentor().instrument()",
    ),
    Recommendation(
        "llama-index-core",
        "LlamaIndex",
        "openinference-instrumentation-llama-index",
        "from openinference.instrumentation.llama_index import LlamaIndexInstrumentor",
        "LlamaIndexInstrumentor().instrument()",
    ),
    Recommendation(
        "openai-agents",
        "OpenAI Agents SDK",
        "openinference-instrumentation-openai-agents",
        "from openinference.instrumentation.openai_agents import OpenAIAgentsInstrumentor",
        "OpenAIAgentsInstrumentor().instrument()",
    ),
    Recommendation(
        "pydantic-ai-slim",
        "Pydantic AI",
        "pydantic-ai",
        "from pydantic_ai import Agent",
        "Agent.instrument_all()",
    ),
    Recommendation(
        "crewai",
        "CrewAI",
        "openinference-instrumentation-crewai",
        "from openinference.instrumentation.crewai import CrewAIInstrumentor",
        "CrewAIInstrumentor().instrument()",
    ),
    Recommendation(
        "dspy",
        "DSPy",
        "openinference-instrumentation-dspy",
        "from openinference.instrumentation.dspy import DSPyInstrumentor",
        "DSPyInstrumentor().instrument()",
    ),
    Recommendation(
        "smolagents",
        "smolagents",
        "openinference-instrumentation-smolagents",
        "from openinference.instrumentation.smolagents import SmolagentsInstrumentor",
        "SmolagentsInstrumentor().instrument()",
    ),
    Recommendation(
        "groq",
        "Groq",
        "openinference-instrumentation-groq",
        "from openinference.instrumentation.groq import GroqInstrumentor",
        "GroqInstrumentor().instrument()",
    ),
)
# Who has boto3 need not call a model by it.
RECOMMENDED = {each.library: each.install for each in RECOMMENDATIONS if each.library != "boto3"}
"""AI library → what to install for it."""
