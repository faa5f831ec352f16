"""From a span to what it says: the registry of conventions, and the one function that reads a span by them.

A dialect is a module with `NAME`, `PREFIXES` (attribute prefixes that it owns), `recognises(source)` and
`read(record, source)`. `recognises` goes by the scope, the name, the keys and the types of their values only. All that
recognise a span read it, in the order of the registry: the first hit wins per field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from opentelemetry.sdk.trace import ReadableSpan

from otel_posthog_ai.reading.conclusion import conclude
from otel_posthog_ai.reading.failures import read_failure
from otel_posthog_ai.reading.identity import read_identity, watch_for_identity
from otel_posthog_ai.reading.leftovers import collect
from otel_posthog_ai.reading.marks import MARKS_AI, NAMES_IDENTITY, first_look, is_marked, watch_for
from otel_posthog_ai.reading.plumbing import is_namespace, watch_for_namespaces
from otel_posthog_ai.reading.scopes import is_ai_scope, is_plain_scope, watch_for_names, watch_for_scopes
from otel_posthog_ai.reading.source import LoggedSpan, Occurrence, Shape, Source
from otel_posthog_ai.reading.vendor_words import watch_for_vendors
from otel_posthog_ai.record import MISSING, AISpan, Identity

from . import (
    ag2,
    agent_framework,
    agenta,
    agentops,
    agentscope,
    anthropic_sdk,
    atla,
    ax,
    azure_agents,
    basalt,
    braintrust,
    claude_code,
    codex,
    copilot,
    crewai,
    datadog,
    deepeval,
    effect_ai,
    fiddler,
    galileo,
    gemini_cli,
    gen_ai,
    genkit,
    google_adk,
    graphiti,
    guardrails_ai,
    haystack,
    honeyhive,
    humanloop,
    inference_engines,
    judgeval,
    langchain4j,
    langfuse,
    langfuse_remarks,
    langsmith,
    langtrace,
    langwatch,
    latitude,
    litellm,
    livekit,
    llamaindex_events,
    lmnr,
    logfire,
    logfire_agents,
    magentic,
    mastra,
    mcp,
    mirascope,
    mistral_sdk,
    mlflow,
    model_gateways,
    monocle,
    nemo_guardrails,
    netra,
    openai_agents_v2,
    openinference,
    openlit,
    orq,
    paid,
    patronus,
    pipecat,
    promptlayer,
    pydantic_ai,
    respan,
    scorecard,
    spring_ai,
    strands,
    tanstack,
    traceai,
    traceloop,
    traceloop_crewai,
    traceloop_legacy,
    trulens,
    unlisted_vendors,
    vector_stores,
    vercel_ai,
    voltagent,
    weave,
)


class Dialect(Protocol):
    """One convention. A module may declare more of it, each optional:

    `AI_SCOPES`: how the names of scopes begin whose spans are AI before they have any attribute.
    `AI_NAMES`: scope of a whole app ("": of any) -> how the names of spans begin that are AI by nothing else.
    `IDENTITY`: the `IdentityKeys` that it names users and sessions by, on AI spans and others.
    `PLUMBING`: attributes that serve the instrumentor alone. An entry that ends with `.` or `_` stands for all keys
    that begin like it, on every span; any other for that key on the spans that the dialect recognises.
    `LABELS`: scope -> what the documents call its instrumentor, where the scope does not tell the package.
    """

    @property
    def NAME(self) -> str: ...

    @property
    def PREFIXES(self) -> tuple[str, ...]: ...

    def recognises(self, source: Source) -> bool: ...

    def read(self, record: AISpan, source: Source) -> None: ...


# Specific conventions first: they know best what the general ones only half see. Last come vendors that put their own
# keys beside those of the instrumentors that they bring along.
DIALECTS: tuple[Dialect, ...] = (
    vercel_ai,
    mastra,
    genkit,
    voltagent,
    claude_code,
    codex,
    gemini_cli,
    datadog,
    pydantic_ai,
    magentic,
    logfire,
    logfire_agents,
    langfuse,
    braintrust,
    mlflow,
    lmnr,
    openlit,
    pipecat,
    guardrails_ai,
    openinference,
    traceai,
    langsmith,
    litellm,
    mcp,
    mistral_sdk,
    vector_stores,
    crewai,
    traceloop_crewai,
    traceloop,
    traceloop_legacy,
    anthropic_sdk,
    google_adk,
    haystack,
    livekit,
    llamaindex_events,
    monocle,
    mirascope,
    azure_agents,
    inference_engines,
    nemo_guardrails,
    graphiti,
    ag2,
    agentscope,
    strands,
    agent_framework,
    openai_agents_v2,
    spring_ai,
    langchain4j,
    model_gateways,
    ax,
    copilot,
    effect_ai,
    tanstack,
    scorecard,
    gen_ai,
    langfuse_remarks,
    agenta,
    agentops,
    honeyhive,
    judgeval,
    langtrace,
    deepeval,
    langwatch,
    latitude,
    netra,
    respan,
    trulens,
    weave,
    atla,
    basalt,
    fiddler,
    galileo,
    humanloop,
    orq,
    paid,
    patronus,
    promptlayer,
    unlisted_vendors,
)

# What is written on every span of a trace, whoever made the span.
ANNOTATIONS: tuple[Callable[[AISpan, Source], None], ...] = (
    langfuse.read_trace,
    respan.read_request_metadata,
    atla.read_trace,
    promptlayer.read_prompt,
    latitude.read_capture,
    deepeval.read_trace,
    basalt.read_whose,
    humanloop.read_prompt,
    paid.read_customer,
    unlisted_vendors.read_whose,
)


def declared(name: str) -> Iterator[tuple[Dialect, Any]]:
    """The dialects that declare `name` (see `Dialect`), each with what it declares, in the order of asking."""
    for dialect in DIALECTS:
        found = getattr(dialect, name, None)
        if found is not None:
            yield dialect, found


_KEYS_OF_ITS_OWN: dict[str, frozenset[str]] = {
    dialect.NAME: frozenset(entry for entry in entries if not is_namespace(entry))
    for dialect, entries in declared("PLUMBING")
}

watch_for(prefix for dialect in DIALECTS for prefix in dialect.PREFIXES)
watch_for_vendors(prefix for dialect in DIALECTS for prefix in dialect.PREFIXES)
watch_for_scopes(scope for _, scopes in declared("AI_SCOPES") for scope in scopes)
for _, _names in declared("AI_NAMES"):
    watch_for_names(_names)
watch_for_identity(keys for _, keys in declared("IDENTITY"))
watch_for_namespaces(entry for _, entries in declared("PLUMBING") for entry in entries if is_namespace(entry))


def read_span(span: ReadableSpan, logs: Iterable[Occurrence] = (), *, forced: bool = False) -> AISpan | None:
    """What `span` (with the log records that belong to it) says; None when it is no AI span and not `forced`.

    Raises whatever a fault in a dialect raises: the caller counts the span as lost and goes on with the next.
    """
    source = Source(span, logs)
    known = recognised(source)
    if not known and not forced:
        return None
    record = blank_record(span, source)
    record.dialect = known[0].NAME if known else ""
    for dialect in known:
        dialect.read(record, source)
    for annotate in ANNOTATIONS:
        annotate(record, source)
    read_failure(record, source)
    _read_stream_end(record, source)
    identity = read_identity(source.attributes)
    if identity is not None:
        record.identity.complete(identity)
    conclude(record)
    collect(record, source)
    return record


_MOST_SHAPES = 1_000
_LONGEST_NAME = 200
_MOST_KEYS = 128
"""More are a history that is flattened into attributes: every call of it has a shape of its own."""
_shapes: dict[tuple[object, ...], tuple[tuple[Dialect, ...], Shape]] = {}


def recognised(source: Source) -> tuple[Dialect, ...]:
    """The dialects that recognise a span, remembered by all that they may go by: an app has few shapes of spans.

    The source learns its shape here.
    """
    attributes = source.attributes
    shape = (source.scope, source.name, *attributes, *map(type, attributes.values()))
    known = _shapes.get(shape)
    if known is None:
        dialects = tuple(dialect for dialect in DIALECTS if dialect.recognises(source))
        plumbing = [_KEYS_OF_ITS_OWN[dialect.NAME] for dialect in dialects if dialect.NAME in _KEYS_OF_ITS_OWN]
        known = dialects, Shape(attributes, frozenset().union(*plumbing))
        if len(_shapes) >= _MOST_SHAPES:
            _shapes.clear()
        if len(source.name) <= _LONGEST_NAME and len(attributes) <= _MOST_KEYS:
            _shapes[shape] = known
    dialects, source.shape = known
    if dialects and dialects[-1] is unlisted_vendors and not unlisted_vendors.confirms(source, is_ai=len(dialects) > 1):
        return dialects[:-1]
    return dialects


def blank_record(span: ReadableSpan, source: Source) -> AISpan:
    """The record with what every span has."""
    context = span.get_span_context()
    parent = span.parent
    start = span.start_time or span.end_time or 0
    record = AISpan(
        trace_id=f"{context.trace_id:032x}" if context is not None else "0" * 32,
        span_id=f"{context.span_id:016x}" if context is not None else "0" * 16,
        parent_id=f"{parent.span_id:016x}" if parent is not None and parent.span_id else None,
        parent_is_remote=parent is not None and parent.is_remote,
        start_ns=start,
        end_ns=max(span.end_time or start, start),
        span_name=source.name,
        scope=source.scope,
        scope_version=source.scope_version,
    )
    record.logged = isinstance(span, LoggedSpan)
    return record


def _read_stream_end(record: AISpan, source: Source) -> None:
    """A stream that still noted something after the end of its span was only handed out at that end."""
    if record.kind != "generation" or not record.stream or not source.events:
        return
    last = max(event.time_ns for event in source.events)
    if last > record.end_ns:
        record.spoke_until_ns = last


__all__ = [
    "DIALECTS",
    "MARKS_AI",
    "MISSING",
    "NAMES_IDENTITY",
    "AISpan",
    "Dialect",
    "Identity",
    "Occurrence",
    "Source",
    "first_look",
    "is_ai_scope",
    "is_marked",
    "is_plain_scope",
    "read_identity",
    "read_span",
]
