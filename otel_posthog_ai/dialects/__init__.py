"""The registry of conventions: which there are, in which order they are asked, and what each declares.

A dialect is a module of this package (`Dialect` says what it holds), and is loaded when the first span has a sign of
it: most apps' spans need one or two. What has to be known before stands in `declared.py`, which `python -m tests.docs`
writes from the modules. All that recognise a span read it (`spans`), in this order: the first hit wins per field.
"""

from __future__ import annotations

import time
from contextlib import suppress
from functools import cache
from importlib import import_module
from typing import cast

from otel_posthog_ai import forks
from otel_posthog_ai.reading.identity import read_identity, watch_for_identity
from otel_posthog_ai.reading.marks import MARKS_AI, ORDINARY, first_look, is_marked, watch_for
from otel_posthog_ai.reading.plumbing import is_namespace, watch_for_namespaces
from otel_posthog_ai.reading.scopes import is_ai_scope, is_plain_scope, watch_for_names, watch_for_scopes
from otel_posthog_ai.reading.source import Occurrence, Source
from otel_posthog_ai.reading.vendor_words import watch_for_vendors
from otel_posthog_ai.record import MISSING, AISpan, Identity

from .declaration import Declaration, Dialect
from .declared import DECLARED

# Specific conventions first: they know best what the general ones only half see. Last come vendors that put their own
# keys beside those of the instrumentors that they bring along.
ORDER = (
    "raindrop",
    "vercel_ai",
    "mastra",
    "genkit",
    "voltagent",
    "claude_code",
    "codex",
    "gemini_cli",
    "datadog",
    "upsonic",
    "fast_agent",
    "pydantic_ai",
    "magentic",
    "logfire",
    "logfire_agents",
    "cognee",
    "langfuse",
    "braintrust",
    "mlflow",
    "openhands",
    "lmnr",
    "openlit",
    "pipecat",
    "guardrails_ai",
    "nat",
    "brokle",
    "openinference",
    "traceai",
    "langsmith",
    "litellm",
    "mcp_agent",
    "mcp",
    "mistral_sdk",
    "mistral_vibe",
    "vector_stores",
    "crewai",
    "traceloop_crewai",
    "traceloop",
    "traceloop_legacy",
    "anthropic_sdk",
    "google_adk",
    "haystack",
    "livekit",
    "llamaindex_events",
    "monocle",
    "mirascope",
    "azure_agents",
    "inference_engines",
    "nemo_guardrails",
    "graphiti",
    "ag2",
    "agentscope",
    "strands",
    "agent_framework",
    "agent365",
    "atomic_agents",
    "swarms",
    "openai_agents_v2",
    "spring_ai",
    "langchain4j",
    "model_gateways",
    "ax",
    "copilot",
    "openclaw",
    "gptme",
    "effect_ai",
    "tanstack",
    "scorecard",
    "sentry",
    "axiom",
    "last9",
    "gen_ai",
    "langfuse_remarks",
    "agenta",
    "agentops",
    "honeyhive",
    "judgeval",
    "langtrace",
    "deepeval",
    "langwatch",
    "latitude",
    "netra",
    "respan",
    "trulens",
    "weave",
    "atla",
    "basalt",
    "fiddler",
    "galileo",
    "humanloop",
    "orq",
    "paid",
    "patronus",
    "promptflow",
    "promptlayer",
    "splunk_ao",
    "agentbasis",
    "autoblocks",
    "cascade",
    "gentrace",
    "ioa_observe",
    "lilypad",
    "rhesis",
    "traccia",
    "lightrace",
    "neatlogs",
    "openllmtelemetry",
    "quotient",
    "sigil",
    "tracely",
    "traceroot",
    "unlisted_vendors",
)


_WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)


@cache
def load(name: str) -> Dialect:
    """The dialect of this name, which from then on stays loaded.

    Raises:
        OSError: its file cannot be read, also not after three seconds: an app may be out of file descriptors for a
            moment, which is no reason to lose its spans.
    """
    for seconds in _WAITS:
        with suppress(OSError):
            return _imported(name)
        time.sleep(seconds)
    return _imported(name)


def _imported(name: str) -> Dialect:
    with forks.importing:
        return cast("Dialect", import_module(f".{name}", __name__))


def recognises(declared: Declaration, source: Source) -> bool:
    """Whether a span is one of this dialect."""
    if not declared.signs.are_on(source):
        return False
    decides = getattr(load(declared.name), "recognises", None)
    return decides is None or decides(source)


watch_for(prefix for each in DECLARED for prefix in each.prefixes)
watch_for_vendors(prefix for each in DECLARED for prefix in each.prefixes)
watch_for_scopes(scope for each in DECLARED for scope in each.ai_scopes)
for _each in DECLARED:
    watch_for_names(_each.ai_names)
watch_for_identity(each.identity for each in DECLARED)
watch_for_namespaces(entry for each in DECLARED for entry in each.plumbing if is_namespace(entry))


__all__ = [
    "DECLARED",
    "MARKS_AI",
    "MISSING",
    "ORDER",
    "ORDINARY",
    "AISpan",
    "Declaration",
    "Dialect",
    "Identity",
    "Occurrence",
    "Source",
    "first_look",
    "is_ai_scope",
    "is_marked",
    "is_plain_scope",
    "load",
    "read_identity",
    "recognises",
]
