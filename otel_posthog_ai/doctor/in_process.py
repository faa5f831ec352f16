"""Checks from inside an app: its provider, our processors, its sampler, its instrumentors.

Only what OpenTelemetry shows in public is looked at. Which processors a provider has it does not show; so a span is
started (and never ended: nobody exports it), and it is seen who hears of it.
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import Decision

from otel_posthog_ai.doors.exporter import PostHogSpanExporter, made_exporters
from otel_posthog_ai.doors.processor import PostHogSpanProcessor
from otel_posthog_ai.doors.registry import made_processors
from otel_posthog_ai.log import hints

from .finding import Finding, counted

_SCOPE = "otel_posthog_ai.doctor"
_PROBES = 64
_SAMPLES = 200
_MANY_ATTRIBUTES = 1_000
_ADD = "provider.add_span_processor(PostHogSpanProcessor())"


@dataclass(slots=True)
class SetUp:
    """What can be seen of an app's tracing."""

    provider: Any
    is_global: bool
    processors: list[PostHogSpanProcessor]
    exporters: list[PostHogSpanExporter]
    hearing: list[PostHogSpanProcessor]
    """The processors that heard of a span of this provider."""
    recording: bool
    """Whether any of the spans that were tried was recorded."""
    attributes_kept: int | None = None
    """How many attributes a span keeps, as far as was tried; None where none was recorded."""
    provider_set_twice: bool = False
    app_ran: bool = False
    """A function of the app was called, in which something may have been traced."""


def look(provider: Any = None, *, provider_set_twice: bool = False, app_ran: bool = False) -> SetUp:
    """Look at `provider`, or at the global one."""
    chosen = provider if provider is not None else trace.get_tracer_provider()
    processors = made_processors()
    is_global = provider is None or provider is trace.get_tracer_provider()
    set_up = SetUp(
        chosen,
        is_global,
        processors,
        made_exporters(),
        hearing=[],
        recording=False,
        provider_set_twice=provider_set_twice,
        app_ran=app_ran,
    )
    if isinstance(chosen, TracerProvider):
        _probe(chosen, set_up)
    return set_up


def _probe(provider: TracerProvider, set_up: SetUp) -> None:
    """Start spans until one is recorded, and note what became of it."""
    tracer = provider.get_tracer(_SCOPE)
    for _ in range(_PROBES):
        span = _start(tracer)
        if span.is_recording():
            set_up.recording, set_up.hearing = True, _hearing(span, set_up.processors)
            span.set_attributes(dict.fromkeys(map(str, range(_MANY_ATTRIBUTES)), 0))
            set_up.attributes_kept = len(getattr(span, "attributes", None) or ())
            return


def hear(tracer: trace.Tracer, processors: Iterable[PostHogSpanProcessor]) -> list[PostHogSpanProcessor]:
    """The processors that hear of a span of this tracer."""
    return _hearing(_start(tracer), processors)


def _start(tracer: trace.Tracer) -> trace.Span:
    return tracer.start_span("probe of the doctor", Context())


def _hearing(span: trace.Span, processors: Iterable[PostHogSpanProcessor]) -> list[PostHogSpanProcessor]:
    span_id = span.get_span_context().span_id
    return [each for each in processors if each.active and each.hierarchy.open_spans.live(span_id) is not None]


def check_provider(set_up: SetUp) -> Iterator[Finding]:
    """Whether there is a TracerProvider of the SDK, and only one."""
    if set_up.provider_set_twice:
        yield Finding(
            "provider",
            "error",
            "a TracerProvider was set twice: OpenTelemetry keeps the first one and ignores the second",
            f"add the processor to the first one: trace.get_tracer_provider(), then {_ADD}",
        )
    if isinstance(set_up.provider, TracerProvider):
        return
    kind = type(set_up.provider).__name__
    if kind == "ProxyTracerProvider":
        cause = "no TracerProvider has been set: spans are made by nobody"
        remedy = "trace.set_tracer_provider(provider) before anything is examined or traced"
    else:
        cause = f"the TracerProvider is a {kind}, not one of the OpenTelemetry SDK"
        remedy = "set opentelemetry.sdk.trace.TracerProvider, or give PostHog a provider of its own"
    yield Finding("provider", "error", cause, remedy)


def check_processor(set_up: SetUp) -> Iterator[Finding]:
    """Whether our processor is there, alive, and hears the spans of this provider."""
    for each in set_up.processors:
        if not each.active and each not in set_up.hearing:
            yield from _about_inert(each, set_up)
    active = [each for each in set_up.processors if each.active]
    which = "the global TracerProvider" if set_up.is_global else "this TracerProvider"
    if set_up.hearing:
        yield Finding("processor", "ok", f"{which} has a PostHogSpanProcessor")
    elif active and isinstance(set_up.provider, TracerProvider):
        if set_up.recording:
            yield _elsewhere(active, which)
        else:
            cause = f"whether {which} has a PostHogSpanProcessor cannot be seen, for it records no span"
            yield Finding("processor", "warning", cause, "see to the sampler first")
    elif not set_up.processors:
        yield from _missing(set_up, which)


def _elsewhere(active: list[PostHogSpanProcessor], which: str) -> Finding:
    heard = any(each.hierarchy.has_begun() for each in active)
    where = "it hears another one" if heard else "it was added to another one, or to none"
    return Finding(
        "processor",
        "error",
        f"there is a PostHogSpanProcessor, but {which} does not have it: {where}",
        f"{_ADD} on the provider that is set; of two calls of trace.set_tracer_provider only the first counts "
        "(the log says: Overriding of current TracerProvider is not allowed)",
    )


def _missing(set_up: SetUp, which: str) -> Iterator[Finding]:
    if set_up.exporters:
        yield Finding(
            "processor",
            "ok",
            "there is a PostHogSpanExporter; OpenTelemetry does not show which processor and provider it stands behind",
            f"{_ADD} knows ancestry and users better, and can be examined",
        )
    elif isinstance(set_up.provider, TracerProvider):
        yield Finding("processor", "error", f"{which} has no PostHogSpanProcessor: nothing reaches PostHog", _ADD)


def _about_inert(processor: PostHogSpanProcessor, set_up: SetUp) -> Iterator[Finding]:
    settings = processor.settings
    if settings.disabled:
        return  # a check of its own tells
    if not settings.api_key:
        cause = "a PostHogSpanProcessor has no key and is inert"
        yield Finding("processor", "error", cause, "set POSTHOG_API_KEY before it is made, or give it api_key=")
    elif processor.status().get("inert"):
        cause = "a second PostHogSpanProcessor with the same key and host is inert"
        yield Finding("processor", "warning", cause, "add only one; zero code and your code may both have done so")
    elif not set_up.hearing:
        cause = "the PostHogSpanProcessor was shut down: nothing is sent any more"
        yield Finding("processor", "error", cause, "shut the provider down at the end of the process only")


# As the SDK's samplers describe themselves: TraceIdRatioBased{0.1}, ParentBased{root:TraceIdRatioBased{0.1},…}.
_RATIO = re.compile(r"(?:ParentBased\{root:)?TraceIdRatioBased\{([\d.e-]+)\}.*")


def check_sampler(set_up: SetUp) -> Iterator[Finding]:
    """How many traces the sampler drops."""
    sampler = getattr(set_up.provider, "sampler", None)
    if not isinstance(set_up.provider, TracerProvider) or sampler is None:
        return
    try:
        name = str(sampler.get_description())
        decisions = [
            sampler.should_sample(Context(), random.getrandbits(128), "chat").decision for _ in range(_SAMPLES)
        ]
    except Exception as error:
        cause = f"the sampler fails when it is asked ({type(error).__name__})"
        yield Finding("sampler", "warning", cause, "look at the sampler that the provider was made with")
        return
    stated = _RATIO.fullmatch(name)
    if stated is not None:
        dropped, about = 1 - float(stated[1]), ""
    else:
        dropped, about = sum(each is not Decision.RECORD_AND_SAMPLE for each in decisions) / _SAMPLES, "about "
    remedy = "unset OTEL_TRACES_SAMPLER, or make the provider with sampler=ALWAYS_ON; PostHog gets sampled spans only"
    if dropped == 1:
        yield Finding("sampler", "error", f"the sampler {name} drops every trace", remedy)
    elif dropped:
        cause = f"the sampler {name} drops {about}{dropped * 100:.6g}% of all traces"
        yield Finding("sampler", "warning", cause, remedy)
    elif not set_up.recording:
        cause = "the provider makes no spans although its sampler lets them through: the SDK is disabled"
        yield Finding("sampler", "error", cause, "unset OTEL_SDK_DISABLED")


def check_traffic(set_up: SetUp) -> Iterator[Finding]:
    """What has passed so far, and what came of it."""
    for processor in set_up.hearing:
        processor.sort_out()
        status = processor.status()
        if not status.get("seen"):
            yield _no_traffic(set_up)
        elif processor.settings.span_filter is not None and status["filtered"] >= status["seen"]:
            cause = f"span_filter has dropped all of {counted(status['seen'], 'span')} that ended"
            yield Finding("traffic", "error", cause, "it has to give True for every span that is to go to PostHog")
        elif not processor.no_ai.ai_seen:
            scopes = ", ".join(processor.no_ai.scopes())
            yield Finding(
                "traffic",
                "warning",
                f"{counted(status['seen'], 'span')} ended, and none is an AI span (scopes: {scopes})",
                "switch an instrumentor of your AI library on, with this provider, before the first call",
            )
        for reason, count in status.get("dropped", {}).items():
            cause = f"{counted(count, 'event or span', 'events or spans')} dropped: {reason}"
            yield Finding("traffic", "warning", cause, _REASONS.get(reason))
        if status.get("last_error"):
            cause = f"{processor.settings.host} does not take events: {status['last_error']}"
            yield Finding("traffic", "error", cause, "see what `python -m otel_posthog_ai doctor` says of the network")
    for cause, remedy in hints():
        yield Finding("traffic", "warning", cause, remedy)


def _no_traffic(set_up: SetUp) -> Finding:
    if not set_up.app_ran:
        return Finding("traffic", "ok", "no span has ended yet", "use the app, then examine again")
    return Finding(
        "traffic",
        "warning",
        "the app's function ran, and no span has ended",
        "let --app name a function that makes a call of a model; if it does, its instrumentor is off, or on too late",
    )


_REASONS = {
    "queue_full": "raise max_queue_size",
    "outbox_full": "raise outbox_bytes, or see why PostHog is slow to take events",
    "expired": "PostHog could not be reached for too long; raise outbox_seconds, or set spool_directory",
    "refused": "PostHog refused the events: please report it",
    "too_large": "single events are over PostHog's limit even without their longest texts",
    "before_send_failed": "before_send has to give an event back, or None, whatever the event says",
    "before_send": "if that is not meant: before_send has to give the event back",
}


def loaded(module: str) -> bool:
    """Whether the app has imported a module."""
    return module in sys.modules
