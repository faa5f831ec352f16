"""The registry of conventions: which there are, in which order they are asked, and what each declares.

A dialect is a module with `NAME`, `PREFIXES` (attribute prefixes that it owns), `recognises(source)` and
`read(record, source)`. `recognises` goes by the scope, the name, the keys and the types of their values only. All that
recognise a span read it (`spans`), in the order of the registry: the first hit wins per field.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from otel_posthog_ai.reading.identity import read_identity, watch_for_identity
from otel_posthog_ai.reading.marks import MARKS_AI, ORDINARY, first_look, is_marked, watch_for
from otel_posthog_ai.reading.plumbing import is_namespace, watch_for_namespaces
from otel_posthog_ai.reading.scopes import is_ai_scope, is_plain_scope, watch_for_names, watch_for_scopes
from otel_posthog_ai.reading.source import Occurrence, Source
from otel_posthog_ai.reading.vendor_words import watch_for_vendors
from otel_posthog_ai.record import MISSING, AISpan, Identity

from . import (
    ag2,
    agent365,
    agent_framework,
    agenta,
    agentbasis,
    agentops,
    agentscope,
    anthropic_sdk,
    atla,
    atomic_agents,
    autoblocks,
    ax,
    axiom,
    azure_agents,
    basalt,
    braintrust,
    brokle,
    cascade,
    claude_code,
    codex,
    cognee,
    copilot,
    crewai,
    datadog,
    deepeval,
    effect_ai,
    fast_agent,
    fiddler,
    galileo,
    gemini_cli,
    gen_ai,
    genkit,
    gentrace,
    google_adk,
    graphiti,
    guardrails_ai,
    haystack,
    honeyhive,
    humanloop,
    inference_engines,
    ioa_observe,
    judgeval,
    langchain4j,
    langfuse,
    langfuse_remarks,
    langsmith,
    langtrace,
    langwatch,
    last9,
    latitude,
    lightrace,
    lilypad,
    litellm,
    livekit,
    llamaindex_events,
    lmnr,
    logfire,
    logfire_agents,
    magentic,
    mastra,
    mcp,
    mcp_agent,
    mirascope,
    mistral_sdk,
    mistral_vibe,
    mlflow,
    model_gateways,
    monocle,
    nat,
    neatlogs,
    nemo_guardrails,
    netra,
    openai_agents_v2,
    openhands,
    openinference,
    openlit,
    openllmtelemetry,
    orq,
    paid,
    patronus,
    pipecat,
    promptflow,
    promptlayer,
    pydantic_ai,
    quotient,
    raindrop,
    respan,
    rhesis,
    scorecard,
    sentry,
    sigil,
    splunk_ao,
    spring_ai,
    strands,
    swarms,
    tanstack,
    traccia,
    traceai,
    traceloop,
    traceloop_crewai,
    traceloop_legacy,
    tracely,
    traceroot,
    trulens,
    unlisted_vendors,
    upsonic,
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
    raindrop,
    vercel_ai,
    mastra,
    genkit,
    voltagent,
    claude_code,
    codex,
    gemini_cli,
    datadog,
    upsonic,
    fast_agent,
    pydantic_ai,
    magentic,
    logfire,
    logfire_agents,
    cognee,
    langfuse,
    braintrust,
    mlflow,
    openhands,
    lmnr,
    openlit,
    pipecat,
    guardrails_ai,
    nat,
    brokle,
    openinference,
    traceai,
    langsmith,
    litellm,
    mcp_agent,
    mcp,
    mistral_sdk,
    mistral_vibe,
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
    agent365,
    atomic_agents,
    swarms,
    openai_agents_v2,
    spring_ai,
    langchain4j,
    model_gateways,
    ax,
    copilot,
    effect_ai,
    tanstack,
    scorecard,
    sentry,
    axiom,
    last9,
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
    promptflow,
    promptlayer,
    splunk_ao,
    agentbasis,
    autoblocks,
    cascade,
    gentrace,
    ioa_observe,
    lilypad,
    rhesis,
    traccia,
    lightrace,
    neatlogs,
    openllmtelemetry,
    quotient,
    sigil,
    tracely,
    traceroot,
    unlisted_vendors,
)


def declared(name: str) -> Iterator[tuple[Dialect, Any]]:
    """The dialects that declare `name` (see `Dialect`), each with what it declares, in the order of asking."""
    for dialect in DIALECTS:
        found = getattr(dialect, name, None)
        if found is not None:
            yield dialect, found


watch_for(prefix for dialect in DIALECTS for prefix in dialect.PREFIXES)
watch_for_vendors(prefix for dialect in DIALECTS for prefix in dialect.PREFIXES)
watch_for_scopes(scope for _, scopes in declared("AI_SCOPES") for scope in scopes)
for _, _names in declared("AI_NAMES"):
    watch_for_names(_names)
watch_for_identity(keys for _, keys in declared("IDENTITY"))
watch_for_namespaces(entry for _, entries in declared("PLUMBING") for entry in entries if is_namespace(entry))


__all__ = [
    "DIALECTS",
    "MARKS_AI",
    "MISSING",
    "ORDINARY",
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
]
