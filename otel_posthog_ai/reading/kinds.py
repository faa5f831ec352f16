"""What a span is: a call of a model, an embedding, or which step. All that tells it is weighed here.

Strongest first: a known operation or type of request; what a vendor's own key states; usage with a model, an answer's
id, a failed request of a model. What a vendor's key leaves open, or says by default, decides nothing.
"""

from __future__ import annotations

from functools import lru_cache

from otel_posthog_ai.attribute_names.gen_ai import (
    GEN_AI_AGENT_ID,
    GEN_AI_AGENT_NAME,
    GEN_AI_INPUT_MESSAGES,
    GEN_AI_OPERATION_NAME,
    GEN_AI_OUTPUT_MESSAGES,
    GEN_AI_PROVIDER_NAME,
    GEN_AI_REQUEST_MODEL,
    GEN_AI_RESPONSE_ID,
    GEN_AI_RESPONSE_MODEL,
    GEN_AI_SYSTEM,
    GEN_AI_TOOL_NAME,
    GEN_AI_USAGE_COMPLETION_TOKENS,
    GEN_AI_USAGE_INPUT_TOKENS,
    GEN_AI_USAGE_OUTPUT_TOKENS,
    GEN_AI_USAGE_PROMPT_TOKENS,
    GEN_AI_WORKFLOW_NAME,
)
from otel_posthog_ai.attribute_names.openinference import (
    LLM_MODEL_NAME,
    LLM_PROVIDER,
    LLM_SYSTEM,
    LLM_TOKEN_COUNT_PROMPT,
)
from otel_posthog_ai.attribute_names.traceloop import LLM_REQUEST_MODEL, LLM_REQUEST_TYPE, LLM_USAGE_PROMPT_TOKENS
from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import AISpan

from .embedding_texts import texts_of_messages
from .kind_words import (
    CALL,
    CUSTOM,
    EMBEDDING,
    EMBEDDINGS,
    GENERATIONS,
    REQUEST_TYPES,
    SPAN_TYPES,
    Stated,
    stated_by_words,
)
from .source import Source

REQUEST_TYPE_KEYS = (LLM_REQUEST_TYPE, "gen_ai.request.type")

# Marks of an agent's own span, which names a model and sums the usage without being a call.
_AGENT_MARKS = (GEN_AI_AGENT_NAME, GEN_AI_WORKFLOW_NAME, GEN_AI_AGENT_ID)
_MODEL_KEYS = (GEN_AI_REQUEST_MODEL, GEN_AI_RESPONSE_MODEL, LLM_REQUEST_MODEL, LLM_MODEL_NAME)
_ANSWER_KEYS = (
    GEN_AI_RESPONSE_ID, GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_PROMPT_TOKENS, GEN_AI_USAGE_OUTPUT_TOKENS,
    GEN_AI_USAGE_COMPLETION_TOKENS, LLM_USAGE_PROMPT_TOKENS, LLM_TOKEN_COUNT_PROMPT,
)  # fmt: skip
_COUNT_KEYS = (GEN_AI_USAGE_INPUT_TOKENS, GEN_AI_USAGE_PROMPT_TOKENS)
_MESSAGES = (GEN_AI_INPUT_MESSAGES, GEN_AI_OUTPUT_MESSAGES)
_PROVIDER_KEYS = (GEN_AI_PROVIDER_NAME, GEN_AI_SYSTEM, LLM_SYSTEM, LLM_PROVIDER)
_EMBEDDING_MODELS = ("voyage-", "bge-", "gte-", "e5-", "multilingual-e5", "all-minilm")


def weigh(record: AISpan, source: Source, stated: Stated | None = None) -> None:
    """Settle what the record is, where no dialect before has; `stated` is a vendor's own word."""
    if record.kind != "span" or record.span_type is not None:
        return
    operation = _operation(source)
    if _asks_no_model(operation, source):
        record.kind, record.span_type = CUSTOM
        record.noise = not source.status_error
        return
    told = _told(operation, source)
    found = stated if told is None or (stated is not None and _agree(stated, told)) else told
    is_open = told is None and found in (None, CUSTOM)
    spelt = _spelt(source) if is_open else None
    if spelt is not None and spelt != CALL:
        found = spelt
    elif is_open and (spelt == CALL or _looks_like_a_call(record, source) or _counts_by_another_name(source)):
        found, record.may_be_sum = CALL, source.has(GEN_AI_OPERATION_NAME)
        record.unstated = not record.may_be_sum
    if found is not None:
        record.kind, record.span_type = found


# What the API of an account is asked, by the name of an operation or a method, and by the path of a request.
_NO_CALL = pattern(
    r"(?:^|[^a-z])(?:count_?tokens|compute_?tokens|input_tokens[._]count|list_models|models[._](?:list|retrieve|get)"
    r"|files[._](?:list|create|retrieve|delete|content)|batches[._](?:list|retrieve|cancel))(?:$|[^a-z])"
)
_NO_CALL_PATH = pattern(r"/(?:models(?:/[^:/]+)?|files(?:/[^/]+)?|count_tokens|input_tokens)/?$|:countTokens$")


def _asks_no_model(operation: str, source: Source) -> bool:
    """Whether a span only lists models or files, or counts tokens: nothing is generated, nothing is billed."""
    if _names_no_call(operation, source.name):
        return True
    path = source.attributes.get("url.path")
    return isinstance(path, str) and _NO_CALL_PATH.search(path) is not None


@lru_cache(maxsize=512)
def _names_no_call(operation: str, name: str) -> bool:
    return any(_NO_CALL.search(each) is not None for each in (operation, name[:_LONGEST_NAME].lower()))


_LONGEST_NAME = 200


def _told(operation: str, source: Source) -> Stated | None:
    """What a known operation or type of request says."""
    known = by_operation(operation)
    if known is not None:
        return known
    for key in REQUEST_TYPE_KEYS:
        kind = REQUEST_TYPES.get(str(source.attributes.get(key)).lower()) if key in source.attributes else None
        if kind is not None:
            return kind, None
    return None


def by_operation(operation: str) -> Stated | None:
    """What an operation of the conventions says, by its name; None for one that is not known."""
    if operation in GENERATIONS:
        return CALL
    if operation in EMBEDDINGS:
        return EMBEDDING
    return ("span", SPAN_TYPES[operation]) if operation in SPAN_TYPES else None


def _spelt(source: Source) -> Stated | None:
    """What an operation says by its words alone; that a model was asked only where one is named, and no agent."""
    stated = stated_by_words(str(source.attributes.get(GEN_AI_OPERATION_NAME) or ""))
    if stated is None or stated[0] == "span":
        return stated
    return stated if source.has(*_MODEL_KEYS) and not source.has(*_AGENT_MARKS) else None


# What may stand behind a known operation that is named as the method of a client is: `openai.responses.create`.
_METHODS = frozenset({"create", "parse", "stream", "generate", "acreate"})


def _operation(source: Source) -> str:
    return _operation_in(str(source.attributes.get(GEN_AI_OPERATION_NAME) or ""))


@lru_cache(maxsize=512)
def _operation_in(stated: str) -> str:
    operation = stated.lower()
    if "." in operation:
        *outer, method = operation.split(".")
        return outer[-1] if method in _METHODS else operation
    return operation


def _agree(stated: Stated, told: Stated) -> bool:
    """Whether a vendor's word only says more exactly what the operation says, too."""
    if stated == CUSTOM or (stated, told) == (CALL, EMBEDDING):
        return False
    return (stated[0] == "span") == (told[0] == "span")


def _looks_like_a_call(record: AISpan, source: Source) -> bool:
    """No kind that we know: a model with usage, an answer's id, an answer, a failed request, or a name that says so."""
    _read_name(record, source)
    if _model(record) is None and not source.has(*_MODEL_KEYS):
        return False
    if source.has(*_AGENT_MARKS):
        return record.response_id is not None or GEN_AI_RESPONSE_ID in source.attributes
    if record.usage.input is not None or record.response_id is not None or record.output or source.has(*_ANSWER_KEYS):
        return True
    return source.has(*_PROVIDER_KEYS, *_MESSAGES) and (source.status_error or _is_named_as_a_call(source.name))


def _is_named_as_a_call(name: str) -> bool:
    """`bedrock.completion`: a provider, and what it was asked for."""
    provider, _, operation = name.lower().rpartition(".")
    return bool(provider) and operation in GENERATIONS


def _read_name(record: AISpan, source: Source) -> None:
    """`chat gpt-4o`: what only the name says of a span with messages, which may have lost its first attributes."""
    operation, _, model = source.name.partition(" ")
    if operation in GENERATIONS and model and " " not in model and source.has(*_MESSAGES):
        record.operation = record.operation or operation
        record.request_model = record.request_model or model


def _counts_by_another_name(source: Source) -> bool:
    """An operation of its own making that asked a model and counted: a call, unless calls below it count the same."""
    return all(source.has(*keys) for keys in ((GEN_AI_OPERATION_NAME,), (GEN_AI_REQUEST_MODEL,), _COUNT_KEYS))


def name_after_span(record: AISpan, source: Source) -> None:
    """A tool or an agent whose own name stands nowhere is called as its span is."""
    if record.span_type is not None and record.name is None and record.span_name.endswith(f".{record.span_type}"):
        record.name = record.span_name.removesuffix(f".{record.span_type}") or None
    if record.span_type == "tool" and not source.has(GEN_AI_TOOL_NAME):
        record.tool_name = record.name = record.name or record.span_name or None
    elif record.span_type == "agent" and not source.has(GEN_AI_AGENT_NAME):
        record.agent_name = record.name = record.name or record.span_name or None


def is_embedding_model(model: str | None) -> bool:
    """Whether a model makes vectors, by its name."""
    name = (model or "").lower().rsplit("/", 1)[-1]
    return ("embed" in name or name.startswith(_EMBEDDING_MODELS)) and "rerank" not in name


def settle_embedding(record: AISpan) -> None:
    """A call without an answer of a model that makes vectors is an embedding, whatever it was recorded as."""
    if is_embedding_model(_model(record)):
        record.kind, record.span_type = EMBEDDING
        record.embedding_input = record.embedding_input or texts_of_messages(record.input)


_LONGEST_ACCOUNT_NS = 1_000_000


def settle_account(record: AISpan) -> None:
    """A span that lasts no time, does nothing and says nothing but how many tokens there were is an account of them."""
    said = record.operation or record.response_id or record.input or record.output or record.error
    if record.kind == "generation" and not said and record.usage.input is not None:
        record.account = record.end_ns - record.start_ns <= _LONGEST_ACCOUNT_NS


def _model(record: AISpan) -> str | None:
    return record.request_model if record.request_model is not None else record.response_model
