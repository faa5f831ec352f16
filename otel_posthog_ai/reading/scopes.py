"""Instrumentation scopes that tell at a glance whether a span can be AI, before it has any attribute."""

from __future__ import annotations

# Instrumentors (or the tracers that frameworks and clients bring themselves) whose spans are AI.
AI_SCOPES: tuple[str, ...] = (
    "openinference.",
    "opentelemetry.instrumentation.genai.",
    "opentelemetry.util.genai",
    "opentelemetry.instrumentation.openai",
    "opentelemetry.instrumentation.anthropic",
    "opentelemetry.instrumentation.google_genai",
    "opentelemetry.instrumentation.google_generativeai",
    "opentelemetry.instrumentation.vertexai",
    "opentelemetry.instrumentation.langchain",
    "opentelemetry.instrumentation.llamaindex",
    "opentelemetry.instrumentation.crewai",
    "opentelemetry.instrumentation.cohere",
    "opentelemetry.instrumentation.mistralai",
    "opentelemetry.instrumentation.ollama",
    "opentelemetry.instrumentation.groq",
    "opentelemetry.instrumentation.bedrock",
    "opentelemetry.instrumentation.botocore.bedrock",
    "opentelemetry.instrumentation.mcp",
    "opentelemetry.instrumentation.haystack",
    "opentelemetry.instrumentation.together",
    "opentelemetry.instrumentation.replicate",
    "opentelemetry.instrumentation.watsonx",
    "opentelemetry.instrumentation.sagemaker",
    "opentelemetry.instrumentation.agno",
    "opentelemetry.instrumentation.openai_agents",
    "traceloop.",
    "langfuse",
    "langsmith",
    "langwatch",
    "litellm",
    "logfire.openai",
    "logfire.anthropic",
    "logfire.openai_agents",
    "logfire.google_genai",
    "pydantic-ai",
    "gcp.vertex.agent",
    "autogen",
    "semantic_kernel",
    "agent_framework",
    "microsoft.agent_framework",
    "strands",
    "com.anthropic.sdk",
    "mistralai_sdk_tracer",
    "mcp-python-sdk",
    "haystack",
    "smolagents",
    "openlit",
    "crewai",
    "agno",
    "dspy",
)
# Instrumentors whose spans lie around and below AI spans and are never AI themselves.
PLAIN_SCOPES: tuple[str, ...] = (
    "opentelemetry.instrumentation.asgi",
    "opentelemetry.instrumentation.wsgi",
    "opentelemetry.instrumentation.fastapi",
    "opentelemetry.instrumentation.starlette",
    "opentelemetry.instrumentation.flask",
    "opentelemetry.instrumentation.django",
    "opentelemetry.instrumentation.tornado",
    "opentelemetry.instrumentation.aiohttp",
    "opentelemetry.instrumentation.falcon",
    "opentelemetry.instrumentation.pyramid",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.requests",
    "opentelemetry.instrumentation.urllib",
    "opentelemetry.instrumentation.grpc",
    "opentelemetry.instrumentation.celery",
    "opentelemetry.instrumentation.kafka",
    "opentelemetry.instrumentation.confluent_kafka",
    "opentelemetry.instrumentation.pika",
    "opentelemetry.instrumentation.aio_pika",
    "opentelemetry.instrumentation.redis",
    "opentelemetry.instrumentation.sqlalchemy",
    "opentelemetry.instrumentation.psycopg",
    "opentelemetry.instrumentation.asyncpg",
    "opentelemetry.instrumentation.pymongo",
    "opentelemetry.instrumentation.mysql",
    "opentelemetry.instrumentation.sqlite3",
    "opentelemetry.instrumentation.aws_lambda",
    "opentelemetry.instrumentation.botocore.dynamodb",
    "opentelemetry.instrumentation.botocore.s3",
    "opentelemetry.instrumentation.system_metrics",
)


def is_ai_scope(scope: str) -> bool:
    """Whether spans of this scope are AI."""
    return scope.startswith(AI_SCOPES)


def is_plain_scope(scope: str) -> bool:
    """Whether spans of this scope are never AI."""
    return scope.startswith(PLAIN_SCOPES)
