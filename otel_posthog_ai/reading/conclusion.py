"""What follows from a record once every dialect has read: provider, framework, the calls in an answer."""

from __future__ import annotations

from typing import Any

from otel_posthog_ai.patterns import pattern
from otel_posthog_ai.record import MISSING, SPEECH, AISpan, Usage, is_counted

from .cache_counting import settle_cache
from .frameworks import framework_of_scope
from .kinds import settle_account, settle_embedding
from .literals import ADDRESS
from .messages import read_messages
from .providers import is_framework, priced_provider, provider_of_model
from .states import read_state
from .values import is_list, is_mapping

# OpenTelemetry's or a framework's own word for a reason -> the provider's.
_OPENAI = {
    "tool_call": "tool_calls", "function_calls": "tool_calls", "tool_execution": "tool_calls", "toolUse": "tool_calls",
    "endTurn": "stop", "maxTokens": "length", "ToolCalls": "tool_calls", "Stop": "stop", "Length": "length",
}  # fmt: skip
REASONS: dict[str, dict[str, str]] = {
    "openai": _OPENAI,
    "azure-openai": _OPENAI,
    "anthropic": {
        "tool_call": "tool_use", "tool_execution": "tool_use", "toolUse": "tool_use", "endTurn": "end_turn",
        "maxTokens": "max_tokens",
    },
}  # fmt: skip

# Instrumentors of a client that speaks to Vertex AI only, and call that "Google".
SERVED_BY = {
    "opentelemetry.instrumentation.vertexai": "vertex-ai",
    "openinference.instrumentation.vertexai": "vertex-ai",
}
# The path of a model among Google's resources.
_RESOURCE = pattern(r"(?:projects/.+/|publishers/[^/]+/)?models/")
# The API behind a model's name: `openai/gpt-4o:responses`.
_API = pattern(r":(?:completions|responses)$")
# Routers whose models go by the name with the provider in it.
_NAMES_WITH_PROVIDER = "litellm"
GEMINI_WITH_REASONING = pattern(r"gemini-(?:2\.5|3)")
"""Models whose own API counts the reasoning beside the output."""
_OBJECTS = {dict}
# What instrumentors write for a model that they do not know.
_NO_MODEL = frozenset({"unknown", "Unknown", "none", "None", "null"})
# What clients write for a parameter that was not given, where it is no object's address.
NOT_GIVEN = frozenset({"NOT_GIVEN", "Unset()", "Ellipsis", "Not set"})


def conclude(record: AISpan) -> None:
    """Fill what can be told from the fields alone."""
    if record.span_type in SPEECH:
        _priced_speech(record)
    if record.span_type == "tool":
        record.input_state, record.output_state = map(_carried, (record.input_state, record.output_state))
    _models(record)
    if record.kind == "generation" and not record.output:
        settle_embedding(record)
    _provider(record)
    if record.provider_original is not None and not record.scope.endswith(_NAMES_WITH_PROVIDER):
        record.request_model = _bare_model(record.request_model, record.provider)
        record.response_model = _bare_model(record.response_model, record.provider)
    if str in map(type, record.parameters.values()):
        record.parameters = {name: value for name, value in record.parameters.items() if not _was_not_given(value)}
    if record.framework is None:
        record.framework = framework_of_scope(record.scope)
    if record.finish_reason is not None:
        record.finish_reason = _as_the_provider_spells_it(record.finish_reason, record.provider or "")
    if _was_abandoned(record):
        record.cancelled = True
        record.finish_reason = None
    if not _is_of_a_model(record):
        record.request_model = record.response_model = None
    if record.time_to_first_token is not None:
        record.time_to_first_token = _in_seconds(record.time_to_first_token, record)
    if record.kind == "generation":
        if _nothing_counted(record.usage):
            record.usage = Usage()
        settle_account(record)
        _untold_reasoning(record)
        record.unstated = record.unstated or _only_says_so(record)
    if record.usage.as_provider_counts:
        settle_cache(record)
    if record.kind == "embedding" and record.span_type is not None:
        record.span_type = None
    if record.tools is not None and set(map(type, record.tools)) != _OBJECTS:
        record.tools = [dict(tool) for tool in record.tools if is_mapping(tool)] or None


def _in_seconds(told: float, record: AISpan) -> float:
    """A first token that came long after the end came in milliseconds, where that lies within the call."""
    took = (record.end_ns - record.start_ns) / 1e9
    return told / 1_000 if told > max(1, took * 10) and told / 1_000 <= took else told


def _only_says_so(record: AISpan) -> bool:
    """Whether nothing but a vendor's word makes it a call, as on a function around the one that calls the model."""
    named = record.operation or record.request_model or record.response_model or record.response_id
    return named is None and not is_counted(record)


def _is_of_a_model(record: AISpan) -> bool:
    """Whether a model and its provider mean something here: on calls, speech, and runs that say what they used."""
    usage = record.usage
    return record.kind != "span" or record.span_type in SPEECH or bool(usage.input or usage.output)


def _priced_speech(record: AISpan) -> None:
    """Speech whose tokens or cost are stated is a call of a model that PostHog can count."""
    usage, cost = record.usage, record.cost
    if all(each is None for each in (usage.input, usage.output, cost.input, cost.output, cost.total)):
        return
    record.kind, record.span_type = "generation", None
    record.input = record.input or read_messages(_said(record.input_state), "user")
    record.output = record.output or read_messages(_said(record.output_state), "assistant")


def _carried(state: Any) -> Any:
    """What a tool was given or gave, where it stands in a message of the tool's own."""
    if not is_list(state) or len(state) != 1 or not is_mapping(state[0]) or state[0].get("role") != "tool":
        return state
    content = state[0].get("content")
    return read_state(content) if isinstance(content, str) else state


def _said(state: Any) -> Any:
    return None if state is MISSING else state


def _as_the_provider_spells_it(reason: str, provider: str) -> str:
    spelling = REASONS.get(provider)
    if spelling is None:
        return reason
    if reason.isupper():  # the name of a constant in Java or .NET
        reason = reason.lower()
    return spelling.get(reason, reason)


def _was_not_given(value: Any) -> bool:
    """Whether a parameter is the text of an object, by which clients mark what the caller left out."""
    return isinstance(value, str) and (value in NOT_GIVEN or ADDRESS.fullmatch(value) is not None)


def _nothing_counted(usage: Usage) -> bool:
    """Whether zeros stand for an unknown usage: no model reads nothing and writes nothing."""
    counted = (usage.total, usage.cache_read, usage.cache_write, usage.reasoning)
    return usage.input == 0 and usage.output == 0 and not any(counted)


def _was_abandoned(record: AISpan) -> bool:
    """Whether a stream was left before its end: no provider ends an answer with `error` where nothing failed."""
    return (
        record.finish_reason == "error" and record.error is None and bool(record.stream) and record.usage.output is None
    )


def _models(record: AISpan) -> None:
    record.request_model = _model(record.request_model)
    record.response_model = _model(record.response_model)


def names_a_model(name: str | None) -> bool:
    """Whether it is more than a placeholder."""
    return name is not None and name not in _NO_MODEL


def _model(name: str | None) -> str | None:
    """The model's own name; a placeholder names none."""
    if name is None or not names_a_model(name):
        return None
    if "/" in name:
        path = _RESOURCE.match(name)
        name = name[path.end() :] if path is not None else name
    return _API.sub("", name) if ":" in name else name


def _bare_model(name: str | None, provider: str | None) -> str | None:
    """The model without the provider before it (`openai/gpt-4o`), where the span says that this one serves it."""
    if name is None or provider is None or "/" not in name:
        return name
    served_by, _, rest = name.partition("/")
    return rest if rest and priced_provider(served_by) == provider else name


def _untold_reasoning(record: AISpan) -> None:
    """Gemini's thoughts, where an instrumentor counts them in nothing but the total."""
    usage, model = record.usage, record.response_model or record.request_model or ""
    if usage.reasoning is not None or usage.total is None or usage.input is None or usage.output is None:
        return
    thoughts = usage.total - usage.input - usage.output
    if thoughts > 0 and GEMINI_WITH_REASONING.match(model):
        usage.reasoning, usage.output_excludes_reasoning = thoughts, True


def _provider(record: AISpan) -> None:
    stated = record.provider_original
    if stated is not None and is_framework(stated):
        if record.framework is None:
            record.framework = framework_of_scope(stated)
        stated = record.provider_original = None
    if not _is_of_a_model(record):
        record.provider = None
        return
    if record.provider is None and stated is not None:
        record.provider = priced_provider(stated)
    if record.provider in (None, "gemini"):
        record.provider = SERVED_BY.get(record.scope, record.provider)
    model = record.response_model or record.request_model
    if record.provider is None and model is not None:
        record.provider = provider_of_model(record.request_model or model) or provider_of_model(model)
