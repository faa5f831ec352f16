"""Checks of processes that a platform freezes between two requests: whether anybody flushes before that."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from otel_posthog_ai.doors import serverless

from .finding import Finding
from .in_process import SetUp
from .patient import Patient

_REMEDY = "put @flush_on_exit on the handler, or call provider.force_flush() at its end"


def check_flush(set_up: SetUp) -> Iterator[Finding]:
    """In such a process, whether anything flushes."""
    if any(each.settings.serverless for each in set_up.hearing) and not (
        serverless.in_use() or any(each.flushes for each in set_up.hearing) or _lambda_is_instrumented()
    ):
        cause = "this process may be frozen between two requests, and nothing in it flushes before that"
        yield Finding("flush", "warning", f"{cause}: spans wait for the next request, or for ever", _REMEDY)


def check_flush_unseen(patient: Patient) -> Iterator[Finding]:
    """The same from outside, where the app cannot be seen."""
    if patient.settings.serverless:
        yield Finding("flush", "ok", "a process here may be frozen between two requests, so each has to flush", _REMEDY)


def _lambda_is_instrumented() -> bool:
    """OpenTelemetry's instrumentor of Lambda flushes the provider itself."""
    name = "opentelemetry.instrumentation.aws_lambda"
    try:
        if find_spec(name) is None:
            return False
        from importlib import import_module

        return bool(import_module(name).AwsLambdaInstrumentor().is_instrumented_by_opentelemetry)
    except Exception:
        return False
