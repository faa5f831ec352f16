"""The doors of a deployment that changes no code: classes that OpenTelemetry loads by entry point.

    OTEL_TRACES_EXPORTER=posthog_ai opentelemetry-instrument python app.py
    OTEL_LOGS_EXPORTER=posthog_ai             also joins message content that is emitted as log records
    OTEL_PYTHON_CONFIGURATOR=posthog_ai       the SDK's own configuration and both of the above

A plugin that raises while it is loaded takes the app's other exporters down with it: nothing here raises, and a bad
option is told once and left out.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.environment_variables import OTEL_TRACES_EXPORTER
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs import export as logs_export
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from otel_posthog_ai.log import warn, warn_once
from otel_posthog_ai.settings import resolve

from .named_exporters import NAME, names_of, without_missing_exporters
from .registry import active_processors

if TYPE_CHECKING:
    from opentelemetry.sdk._logs.export import LogRecordExporter, LogRecordExportResult

    from .exporter import PostHogSpanExporter
    from .processor import PostHogSpanProcessor
else:  # Both were renamed after the oldest SDK that is supported.
    LogRecordExporter = getattr(logs_export, "LogRecordExporter", None) or logs_export.LogExporter
    LogRecordExportResult = getattr(logs_export, "LogRecordExportResult", None) or logs_export.LogExportResult

Project = tuple[str, str | None]
"""Host and key."""

_span_processors: WeakKeyDictionary[TracerProvider, dict[Project, PostHogSpanProcessor]] = WeakKeyDictionary()
_joined: WeakSet[LoggerProvider] = WeakSet()
_incomplete: WeakSet[ZeroCodeSpanExporter | ZeroCodeLogExporter] = WeakSet()


def attach_to_tracer_provider(
    provider: TracerProvider, options: Mapping[str, Any] | None = None
) -> PostHogSpanProcessor:
    """The complete processor on `provider`; several doors that are open at once share one for each project."""
    from .processor import PostHogSpanProcessor

    usable = accepted(options or {})
    settings = resolve(usable)
    processors = _span_processors.setdefault(provider, {})
    project = settings.host, settings.api_key
    if project not in processors:
        processors[project] = PostHogSpanProcessor(**usable)
        provider.add_span_processor(processors[project])
    return processors[project]


def attach_to_logger_provider(provider: LoggerProvider, span_processor: PostHogSpanProcessor) -> None:
    """Join the log records of `provider` to the generations of `span_processor`, once."""
    if provider in _joined:
        return
    from .log_records import PostHogLogRecordProcessor

    _joined.add(provider)
    provider.add_log_record_processor(PostHogLogRecordProcessor(span_processor))


def accepted(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those of the options that the processor takes; each other one is told once."""
    taken: dict[str, Any] = {}
    for name, value in options.items():
        fault = _fault({**taken, name: value})
        if fault is None:
            taken[name] = value
        else:
            warn_once(f"zero_code:{name}", "%s; the option is ignored", fault)
    return taken


def _fault(options: Mapping[str, Any]) -> str | None:
    try:
        resolve(options)
    except (TypeError, ValueError) as error:
        return str(error)
    return None


class ZeroCodeSpanExporter(SpanExporter):
    """What `OTEL_TRACES_EXPORTER=posthog_ai` and declarative configuration load; nothing to use in code.

    Set by the environment, the global TracerProvider is there already: it gets a complete `PostHogSpanProcessor`, and
    this exporter has nothing left to do. A configuration file builds its exporters before the provider:
    `opentelemetry-instrument` completes them before the app starts; without it this exporter exports itself, and learns
    ancestry, user and session from its first export on.
    """

    def __init__(self, **options: Any) -> None:
        self._options = options
        self._bare: PostHogSpanExporter | None = None
        self._completed_at = 0
        try:
            if not self.complete():
                self._bare = _bare_exporter(options)
                _incomplete.add(self)
        except Exception as error:
            _tell("traces", error)

    def complete(self) -> bool:
        """Leave the work to a complete processor, if the provider is there by now."""
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            return False
        attach_to_tracer_provider(provider, self._options)
        self._completed_at = time.time_ns()
        if self._bare is not None:
            self._bare.leave_to_processor()
        return True

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Export what no processor has taken."""
        if self._bare is None:
            return SpanExportResult.SUCCESS
        if self._completed_at:
            return self._bare.export([span for span in spans if (span.end_time or 0) < self._completed_at])
        _incomplete.discard(self)
        return self._bare.export(spans)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Flush what this exporter itself exports."""
        return True if self._bare is None else self._bare.force_flush(timeout_millis)

    def shutdown(self, timeout_millis: int = 30_000) -> None:
        """Shut down what this exporter itself exports."""
        if self._bare is not None:
            self._bare.shutdown(timeout_millis)


def _bare_exporter(options: Mapping[str, Any]) -> PostHogSpanExporter:
    from .exporter import PostHogSpanExporter

    return PostHogSpanExporter(**accepted(options))


class ZeroCodeLogExporter(LogRecordExporter):
    """What `OTEL_LOGS_EXPORTER=posthog_ai` loads: joins log records to their generations; exports nothing itself."""

    def __init__(self, **_options: Any) -> None:
        try:
            if not self.complete():
                _incomplete.add(self)
        except Exception as error:
            _tell("logs", error)

    def complete(self) -> bool:
        """Join the records to the spans, if their provider is there by now."""
        logger_provider = get_logger_provider()
        if not isinstance(logger_provider, LoggerProvider):
            return False
        span_processor = _live_span_processor()
        if span_processor is None:
            warn_once("zero_code:logs", "OTEL_LOGS_EXPORTER=%s needs OTEL_TRACES_EXPORTER=%s beside it", NAME, NAME)
            return True
        attach_to_logger_provider(logger_provider, span_processor)
        return True

    def export(self, batch: Sequence[Any]) -> LogRecordExportResult:
        """Nothing: the log record processor has them already."""
        if self in _incomplete:
            _incomplete.discard(self)
            warn_once("zero_code:logs", "log records are joined only under opentelemetry-instrument, or by code")
        return LogRecordExportResult.SUCCESS

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing waits here."""
        return True

    def shutdown(self) -> None:
        """Nothing is open here."""


def complete() -> None:
    """Complete the exporters of a configuration file, spans first: the log records are joined to them."""
    for exporter in sorted(_incomplete, key=lambda each: isinstance(each, ZeroCodeLogExporter)):
        try:
            if exporter.complete():
                _incomplete.discard(exporter)
        except Exception as error:
            _tell("configuration", error)


def _live_span_processor() -> PostHogSpanProcessor | None:
    provider = trace.get_tracer_provider()
    if isinstance(provider, TracerProvider) and _span_processors.get(provider):
        return next(iter(_span_processors[provider].values()))

    return next(iter(active_processors()), None)


class PostHogConfigurator:
    """What `OTEL_PYTHON_CONFIGURATOR=posthog_ai` loads: the configuration that would be made, then our processors.

    OpenTelemetry runs the first configurator that it finds installed where the variable is unset. Being installed is
    no consent: then this one adds nothing to the configuration that would be made.
    """

    def configure(self, **arguments: Any) -> None:
        """Configure the SDK.

        Raises what the configurator behind this one raises; RuntimeError, with what to set, where a variable names an
        exporter that is not installed. Where traces are to go to PostHog, they go although one of the others is
        missing: it is told and left out.
        """
        asked_for = os.environ.get("OTEL_PYTHON_CONFIGURATOR") == NAME
        with without_missing_exporters(wanted=asked_for or NAME in names_of(OTEL_TRACES_EXPORTER, os.environ)):
            _next_configurator().configure(**arguments)
        if not asked_for:
            return
        try:
            self._add_processors()
        except Exception as error:
            _tell("configurator", error)

    @staticmethod
    def _add_processors() -> None:
        tracer_provider = trace.get_tracer_provider()
        if not isinstance(tracer_provider, TracerProvider):
            warn_once("zero_code:configurator", "no TracerProvider of the SDK is set; nothing is exported to PostHog")
            return
        span_processor = attach_to_tracer_provider(tracer_provider)
        logger_provider = get_logger_provider()
        if isinstance(logger_provider, LoggerProvider):
            attach_to_logger_provider(logger_provider, span_processor)


def _next_configurator() -> Any:
    """The configurator that OpenTelemetry would take if this package were not installed."""
    for entry_point in entry_points(group="opentelemetry_configurator"):
        if entry_point.name != NAME:
            return entry_point.load()()
    # No distribution is installed. The SDK keeps its own for them to subclass, and asks that it be used by no one else.
    from opentelemetry.sdk._configuration import (
        _OTelSDKConfigurator,  # pyright: ignore[reportPrivateUsage]
    )

    return type("Configurator", (_OTelSDKConfigurator,), {})()


def _tell(door: str, error: Exception) -> None:
    warn(f"zero_code:failed:{door}", "the exporter to PostHog could not start and stays off (%s)", type(error).__name__)
