"""Providers by the names that PostHog's price table knows, from whatever name the instrumentor uses."""

from __future__ import annotations

from functools import lru_cache

# Any spelling (lower case, spaces and hyphens as underscores) -> the name that is priced.
PROVIDERS: dict[str, str] = {
    "openai": "openai",
    "open_ai": "openai",
    "genericopenai": "openai",
    "azure_open_ai": "azure-openai",
    "openai_chat": "openai",
    "openai_responses": "openai",
    "azure.ai.openai": "azure-openai",
    "az.ai.openai": "azure-openai",
    "azure_openai": "azure-openai",
    "azure.openai": "azure-openai",
    "azureopenai": "azure-openai",
    "azure": "azure-openai",
    "azure.ai.inference": "azure-openai",
    "az.ai.inference": "azure-openai",
    "az.ai.agents": "azure-openai",
    "azure.ai.agents": "azure-openai",
    "microsoft.foundry": "azure-openai",
    "gcp.gemini": "gemini",
    "gcp.gen_ai": "gemini",
    "gemini": "gemini",
    "google": "gemini",
    "google_genai": "gemini",
    "google_gla": "gemini",
    "google_ai_studio": "gemini",
    "google_generativeai": "gemini",
    "google_generative_ai": "gemini",
    "gcp.vertex_ai": "vertex-ai",
    "vertex_ai": "vertex-ai",
    "vertexai": "vertex-ai",
    "google_vertex": "vertex-ai",
    "google_vertexai": "vertex-ai",
    "aws.bedrock": "bedrock",
    "aws": "bedrock",
    "aws_bedrock": "bedrock",
    "amazon_bedrock": "bedrock",
    "bedrock": "bedrock",
    "bedrock_converse": "bedrock",
    "mistral_ai": "mistral",
    "mistralai": "mistral",
    "mistral": "mistral",
    "x_ai": "x-ai",
    "xai": "x-ai",
    "ibm.watsonx.ai": "watsonx",
    "moonshot_ai": "moonshotai",
    "together_ai": "together",
    "together": "together",
    "togetherai": "together",
    "fireworks_ai": "fireworks",
    "text_completion_openai": "openai",
    "azure_text": "azure-openai",
    "vertex_ai_beta": "vertex-ai",
    "anthropic_text": "anthropic",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "codestral": "mistral",
    "watsonx_text": "watsonx",
    "hugging_face": "huggingface",
}

# Names of frameworks and stores that instrumentors put where a provider belongs.
FRAMEWORKS: frozenset[str] = frozenset(
    {
        "langchain", "langgraph", "llamaindex", "llama_index", "crewai", "autogen", "autogen_core", "ag2", "dspy",
        "haystack", "agno", "smolagents", "openai_agents", "openai_agents_sdk", "pydantic_ai", "semantic_kernel",
        "microsoft.agent_framework", "strands_agents", "strands", "traceloop", "litellm", "google_adk", "mcp",
        "instructor", "guardrails", "beeai", "portkey", "inmemoryvectorstore", "vectorstore", "unknown", "custom",
        "openai_compatible",
        "_other", "gcp.vertex.agent", "spring_ai", "langchain4j",
    }
)  # fmt: skip

# How a model's own name gives its maker away, tried in order.
MODEL_FAMILIES: tuple[tuple[str, str], ...] = (
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("text-embedding-00", "gemini"),
    ("text-embedding-", "openai"),
    ("text-davinci-", "openai"),
    ("davinci-", "openai"),
    ("babbage-", "openai"),
    ("ft:gpt-", "openai"),
    ("dall-e-", "openai"),
    ("whisper-", "openai"),
    ("tts-", "openai"),
    ("claude", "anthropic"),
    ("gemini", "gemini"),
    ("command", "cohere"),
    ("embed-english", "cohere"),
    ("embed-multilingual", "cohere"),
    ("rerank-", "cohere"),
    ("mistral", "mistral"),
    ("ministral", "mistral"),
    ("codestral", "mistral"),
    ("magistral", "mistral"),
    ("mixtral", "mistral"),
    ("open-mistral", "mistral"),
    ("pixtral", "mistral"),
    ("devstral", "mistral"),
    ("anthropic.claude", "bedrock"),
    ("us.anthropic.", "bedrock"),
    ("eu.anthropic.", "bedrock"),
    ("apac.anthropic.", "bedrock"),
    ("global.anthropic.", "bedrock"),
    ("amazon.", "bedrock"),
    ("us.amazon.", "bedrock"),
    ("meta.llama", "bedrock"),
    ("us.meta.", "bedrock"),
    ("sonar", "perplexity"),
    ("grok-", "x-ai"),
    ("deepseek-", "deepseek"),
)

# `provider/model`: prefixes that name who serves the model.
_PREFIXES = frozenset(PROVIDERS) | {"anthropic", "cohere", "groq", "ollama", "deepseek", "openrouter", "perplexity"}


# `openai.chat`: some name the API beside the provider.
_API_SUFFIXES = (
    ".chat", ".responses", ".messages", ".completion", ".completions", ".embedding", ".text_embedding",
    ".generative_ai", ".text", ".image",
)  # fmt: skip


def _is_address(name: str) -> bool:
    """`127.0.0.1:8000`, `localhost`, `gateway:4000`: where a server is, not whose it is."""
    host, _, port = name.rpartition(":")
    is_number = name.count(".") == 3 and name.replace(".", "").isdigit()
    return is_number or name == "localhost" or (bool(host) and port.isdigit())


def _key(name: str) -> str:
    return name.strip().lower().replace(" ", "_").replace("-", "_")


@lru_cache(maxsize=256)
def is_framework(name: str) -> bool:
    """Whether a name that stands for a provider is a framework's."""
    return _key(name) in FRAMEWORKS


@lru_cache(maxsize=256)
def priced_provider(name: str) -> str | None:
    """The provider as PostHog prices it; None for a framework, the address of some server, or an empty name."""
    key = _key(name)
    if not key or key in FRAMEWORKS or _is_address(key):
        return None
    if key in PROVIDERS:
        return PROVIDERS[key]
    suffix = next((each for each in _API_SUFFIXES if key.endswith(each)), "")
    bare = key.removesuffix(suffix)
    return PROVIDERS.get(bare, name.strip().lower()[: len(bare)])


@lru_cache(maxsize=256)
def provider_of_model(model: str) -> str | None:
    """The provider that a model's name gives away, by `provider/model` or by its family; else None."""
    prefix, slash, rest = model.lower().partition("/")
    if slash and _key(prefix) in _PREFIXES:
        return PROVIDERS.get(_key(prefix), prefix)
    bare = (rest if slash else prefix).rsplit("/", 1)[-1]
    return next((provider for start, provider in MODEL_FAMILIES if bare.startswith(start)), None)
