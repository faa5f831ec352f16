"""Checks of the SDK's limits, which cut messages."""

from __future__ import annotations

from collections.abc import Iterator

from opentelemetry.sdk.environment_variables import (
    OTEL_ATTRIBUTE_COUNT_LIMIT,
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT,
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT,
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,
)

from .finding import Finding
from .patient import Patient

_DEFAULT = 128
"""Attributes that OpenTelemetry keeps of a span where nothing is said."""
_ENOUGH = 1_000
_LIMITS = (
    (
        OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT,
        100_000,
        "cuts every text on a span to {} characters: messages arrive broken",
    ),
    (OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT, 100_000, "cuts every text to {} characters: messages arrive broken"),
    (OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, _DEFAULT, "keeps only {} attributes of a span, the oldest go first"),
    (OTEL_ATTRIBUTE_COUNT_LIMIT, _DEFAULT, "keeps only {} attributes, the oldest go first"),
)


def check_limits(patient: Patient) -> Iterator[Finding]:
    """Limits that are set too low, and the one that is too low for some instrumentors where nothing is set."""
    for variable, enough, cause in _LIMITS:
        raw = patient.environ.get(variable, "").strip()
        if raw.isdigit() and int(raw) < enough:
            yield Finding("limits", "warning", f"{variable} {cause.format(raw)}", f"unset {variable}, or raise it")
    kept = patient.attributes_kept if patient.attributes_kept is not None else _kept_by_default(patient)
    for each in patient.instrumentors:
        # These write each message as two attributes and more, an answer with tools as a dozen.
        if each.scope.startswith("openinference.") and kept < _ENOUGH:
            yield Finding(
                "limits",
                "warning",
                f"{each.distribution} writes every message as several attributes, and OpenTelemetry keeps {kept} of a "
                f"span, the last ones: a conversation of more than about {(kept - 20) // 2} messages loses its "
                "beginning, the system prompt first",
                f"set {OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT}=10000 (in code: span_limits=SpanLimits(max_span_attributes=…))",
            )


def _kept_by_default(patient: Patient) -> int:
    for variable in (OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT, OTEL_ATTRIBUTE_COUNT_LIMIT):
        raw = patient.environ.get(variable, "").strip()
        if raw.isdigit():
            return int(raw)
    return _DEFAULT
