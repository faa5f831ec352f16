"""Checks of the exporters that OpenTelemetry's variables name: whether opentelemetry-instrument finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points

from opentelemetry.environment_variables import OTEL_TRACES_EXPORTER

from otel_posthog_ai.doors.named_exporters import NAME, SIGNALS, Missing, missing_exporters, names_of

from .finding import Finding
from .patient import Patient


def check_exporters(patient: Patient) -> Iterator[Finding]:
    """Exporters that are named and not installed: all of OpenTelemetry's configuration fails by one."""
    named = names_of(OTEL_TRACES_EXPORTER, patient.environ)
    environ = _as_started(patient.environ) if NAME in named else patient.environ
    missing = list(missing_exporters(environ))
    for each in missing:
        yield _finding(each, patient.environ, to_posthog=NAME in named)
    if NAME in named and not missing:
        yield Finding("exporters", "ok", f"{OTEL_TRACES_EXPORTER} names {NAME}: for opentelemetry-instrument")


def _finding(missing: Missing, environ: Mapping[str, str], *, to_posthog: bool) -> Finding:
    default = "" if missing.variable in environ else " (the default of opentelemetry-distro, as it is unset)"
    consequence = "under opentelemetry-instrument nothing is exported at all"
    if to_posthog and missing.variable != OTEL_TRACES_EXPORTER:
        consequence = "opentelemetry-instrument may fail by that, traces and all"
    return Finding("exporters", "error", f"{missing}{default}: {consequence}", missing.remedy)


def _as_started(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables as an app sees them that opentelemetry-instrument has started."""
    by_distro = {signal.variable: "otlp" for signal in SIGNALS}
    if not any(each.value.startswith("opentelemetry.distro:") for each in entry_points(group="opentelemetry_distro")):
        by_distro = {}
    return {**by_distro, **environ}
