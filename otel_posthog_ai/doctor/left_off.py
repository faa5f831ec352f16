"""Checks of instrumentors that are installed and yet make no spans of model calls."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from opentelemetry.environment_variables import OTEL_TRACES_EXPORTER

from otel_posthog_ai.doors.named_exporters import NAME, names_of

from .finding import Finding
from .instrumentors import CLIENTS, Instrumentor
from .patient import Patient
from .recommendations import RECOMMENDED

_DISABLED = "OTEL_PYTHON_DISABLED_INSTRUMENTATIONS"
# Instrumentors that report agents and tools alone → the clients whose instrumentors they leave the calls to.
_WITHOUT_CALLS = {
    "opentelemetry-instrumentation-genai-openai-agents": frozenset({"openai", "litellm"}),
    "opentelemetry-instrumentation-genai-llama-index": CLIENTS | {"litellm"},
    "opentelemetry-instrumentation-genai-smolagents": CLIENTS | {"litellm"},
}


def check_fit(patient: Patient) -> Iterator[Finding]:
    """Instrumentors that stay off, because the library is of a version that they were not made for."""
    for each in patient.unfit:
        others = [other for other in patient.instrumentors if other.target == each.target]
        yield Finding(
            "instrumentors",
            "warning" if others else "error",
            f"{each.distribution} {each.version} {each.unfit}: it stays off, and makes no spans",
            _another(each) if not others else f"uninstall it; {others[0].distribution} is there",
        )


def _another(unfit: Instrumentor) -> str:
    library = next((name for name in RECOMMENDED if name.replace("-core", "").replace("-", "_") == unfit.target), None)
    recommended = RECOMMENDED.get(library or "")
    if recommended is None or recommended == unfit.distribution:
        return "install versions that fit"
    return f"pip install {recommended}, or versions that fit"


def check_disabled(patient: Patient) -> Iterator[Finding]:
    """Instrumentors that a variable keeps opentelemetry-instrument from switching on."""
    names = [name.strip() for name in patient.environ.get(_DISABLED, "").split(",")]
    switchable = [each for each in patient.instrumentors if each.entry_point is not None]
    off = [each for each in switchable if each.name in names or "*" in names]
    if not off:
        return
    started_by_it = NAME in names_of(OTEL_TRACES_EXPORTER, patient.environ)
    yield Finding(
        "instrumentors",
        "error" if started_by_it and len(off) == len(switchable) else "warning",
        f"{_DISABLED} keeps opentelemetry-instrument from switching on {_listed(off)}",
        f"take {_listed_names(off, names)} out of {_DISABLED}",
    )


def _listed(instrumentors: Sequence[Instrumentor]) -> str:
    return " and ".join(each.distribution for each in instrumentors)


def _listed_names(off: Sequence[Instrumentor], names: Sequence[str]) -> str:
    return "*" if "*" in names else ", ".join(each.name for each in off)


def check_companions(patient: Patient) -> Iterator[Finding]:
    """Instrumentors of agents that leave the calls of models to an instrumentor of the client, where there is none."""
    targets = {each.target for each in patient.instrumentors}
    for each in patient.instrumentors:
        clients = _WITHOUT_CALLS.get(each.distribution)
        if clients is not None and targets.isdisjoint(clients):
            yield Finding(
                "instrumentors",
                "error",
                f"{each.distribution} reports agents and tools, and no calls of models: no $ai_generation, no tokens",
                f"install the instrumentor of the client too, {RECOMMENDED['openai']} for instance, and switch it on",
            )
