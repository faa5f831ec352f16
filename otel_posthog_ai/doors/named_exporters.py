"""Exporters that OpenTelemetry's variables name, and that no installed package offers.

OpenTelemetry looks them up by entry point, all signals before it sets anything up: one that is missing, of metrics for
instance, takes the traces along.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import NamedTuple

from opentelemetry.environment_variables import OTEL_LOGS_EXPORTER, OTEL_METRICS_EXPORTER, OTEL_TRACES_EXPORTER
from opentelemetry.sdk.environment_variables import (
    OTEL_EXPORTER_OTLP_LOGS_PROTOCOL,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL,
    OTEL_EXPORTER_OTLP_PROTOCOL,
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL,
)

from otel_posthog_ai.log import warn_once

NAME = "posthog_ai"
"""What our own are called."""


class Signal(NamedTuple):
    """Where the exporters of a signal are named, and where they are looked for."""

    variable: str
    group: str
    protocol: str
    """The variable that says which of its OTLP exporters `otlp` is."""


SIGNALS = (
    Signal(OTEL_TRACES_EXPORTER, "opentelemetry_traces_exporter", OTEL_EXPORTER_OTLP_TRACES_PROTOCOL),
    Signal(OTEL_METRICS_EXPORTER, "opentelemetry_metrics_exporter", OTEL_EXPORTER_OTLP_METRICS_PROTOCOL),
    Signal(OTEL_LOGS_EXPORTER, "opentelemetry_logs_exporter", OTEL_EXPORTER_OTLP_LOGS_PROTOCOL),
)
_PACKAGES = {
    "otlp_proto_grpc": "opentelemetry-exporter-otlp-proto-grpc",
    "otlp_proto_http": "opentelemetry-exporter-otlp-proto-http",
    "prometheus": "opentelemetry-exporter-prometheus",
}


class Missing(NamedTuple):
    """A name for which there is no exporter."""

    variable: str
    name: str
    """As the variable says it."""
    entry_point: str
    """As it is looked for."""
    remedy: str

    def __str__(self) -> str:
        looked_for = "" if self.entry_point == self.name else f" ({self.entry_point})"
        return f"{self.variable} names {self.name}{looked_for}, and no installed package offers such an exporter"


def names_of(variable: str, environ: Mapping[str, str]) -> list[str]:
    """The exporters that a variable names; none where it is unset or says so."""
    raw = environ.get(variable, "")
    if raw.strip().lower() in ("", "none"):
        return []
    return [name.strip() for name in raw.split(",")]


def missing_exporters(environ: Mapping[str, str]) -> Iterator[Missing]:
    """Each name in the three variables that OpenTelemetry would not find."""
    for signal in SIGNALS:
        offered = {entry_point.name for entry_point in entry_points(group=signal.group)}
        for name in names_of(signal.variable, environ):
            entry_point = _entry_point(name, signal, environ)
            if entry_point not in offered:
                yield Missing(signal.variable, name, entry_point, _remedy(signal.variable, name, entry_point, offered))


def _entry_point(name: str, signal: Signal, environ: Mapping[str, str]) -> str:
    if name != "otlp":
        return name
    protocol = environ.get(signal.protocol) or environ.get(OTEL_EXPORTER_OTLP_PROTOCOL) or "grpc"
    return "otlp_proto_http" if protocol.strip() == "http/protobuf" else "otlp_proto_grpc"


def _remedy(variable: str, name: str, entry_point: str, offered: set[str]) -> str:
    package = _PACKAGES.get(entry_point)
    if package is not None:
        return f"set {variable}=none, or pip install {package}"
    meant = NAME if "posthog" in name.lower() else next(iter(get_close_matches(name, offered, 1)), None)
    if meant is not None and meant in offered:
        return f"set {variable}={meant}"
    return f"set {variable}=none, or install the package that offers {name}"


@contextmanager
def without_missing_exporters(*, wanted: bool) -> Generator[None]:
    """While OpenTelemetry is configured by its variables: what becomes of exporters that are not installed.

    Args:
        wanted: traces are to go to PostHog. Then they go although another exporter is missing: it is told and left out.
            Else nothing is changed.

    Raises:
        RuntimeError: the configuration has failed by such an exporter; the text says what to set.
    """
    missing = [] if os.environ.get("OTEL_CONFIG_FILE") else list(missing_exporters(os.environ))
    if not (missing and wanted):
        try:
            yield
        except RuntimeError:
            if not missing:
                raise
            raise RuntimeError("; ".join(f"{each}: {each.remedy}" for each in missing)) from None
        return
    before = {each.variable: os.environ[each.variable] for each in missing}
    for each in missing:
        warn_once(f"zero_code:{each.variable}:{each.name}", "%s; it is left out: %s", each, each.remedy)
    for variable in before:
        lost = {each.name for each in missing if each.variable == variable}
        kept = [name for name in names_of(variable, os.environ) if name not in lost]
        os.environ[variable] = ",".join(kept) or "none"
    try:
        yield
    finally:
        os.environ.update(before)
