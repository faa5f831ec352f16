"""The checks, as tables, and who runs which of them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from otel_posthog_ai.doors.log_records import logs_are_joined
from otel_posthog_ai.environment_variables import POSTHOG_API_KEY, POSTHOG_HOST
from otel_posthog_ai.settings import Settings, resolve

from .bare_exporter import check_bare_exporters
from .early_clients import check_clients
from .exporter_names import check_exporters
from .finding import Finding
from .freezing import check_flush, check_flush_unseen
from .in_process import SetUp, check_processor, check_provider, check_sampler, check_traffic, look
from .installation import check_content, check_duplicates, check_instrumentors, check_versions
from .instrumentors import installed
from .key_and_host import check_host, check_key, check_options, check_switched_off
from .left_off import check_companions, check_disabled, check_fit
from .limits import check_limits
from .network import check_ca_bundle, check_proxy, check_reach
from .node_project import check_ai_sdk
from .patient import Patient
from .switched_on import check_order, check_switched_on
from .tracers import check_tracers
from .user_functions import check_functions

SETTINGS: tuple[Callable[[Patient], Iterable[Finding]], ...] = (
    check_switched_off,
    check_key,
    check_host,
    check_options,
    check_exporters,
    check_functions,
)
NETWORK: tuple[Callable[[Patient], Iterable[Finding]], ...] = (check_proxy, check_ca_bundle, check_reach)
INSTALLATION: tuple[Callable[[Patient], Iterable[Finding]], ...] = (
    check_versions,
    check_instrumentors,
    check_fit,
    check_disabled,
    check_companions,
    check_content,
    check_duplicates,
    check_limits,
    check_ai_sdk,
)
OUTSIDE: tuple[Callable[[Patient], Iterable[Finding]], ...] = (*SETTINGS, *INSTALLATION, check_flush_unseen)
IN_PROCESS: tuple[Callable[[SetUp], Iterable[Finding]], ...] = (
    check_provider,
    check_processor,
    check_bare_exporters,
    check_tracers,
    check_sampler,
    check_flush,
    check_traffic,
)


def examine(provider: Any = None) -> list[Finding]:
    """Examine the tracing of this process, from inside; nothing is sent and no question goes to the network.

    Call it when everything is set up, best after some traffic.

    Args:
        provider: the TracerProvider to look at. Default: the global one.

    Returns:
        What was found: see `Finding`. Never raises.
    """
    set_up = look(provider)
    patient = patient_of(set_up)
    return list(from_inside(set_up, patient))


def from_inside(set_up: SetUp, patient: Patient) -> Iterator[Finding]:
    """The findings of all checks that need no network."""
    for check in IN_PROCESS:
        yield from _contained(check, set_up)
    yield from _contained(check_switched_on, patient.instrumentors)
    yield from _contained(check_clients, patient.instrumentors)
    targets = {each.target for each in patient.instrumentors} | {"openai", "anthropic", "litellm"}
    yield from _contained(check_order, targets)
    yield from run((*SETTINGS, *INSTALLATION), patient)


def run(checks: Sequence[Callable[[Patient], Iterable[Finding]]], patient: Patient) -> Iterator[Finding]:
    """The findings of these checks."""
    for check in checks:
        yield from _contained(check, patient)


def _contained(check: Callable[[Any], Iterable[Finding]], subject: Any) -> Iterator[Finding]:
    try:
        yield from check(subject)
    except Exception as error:
        name = check.__name__.removeprefix("check_").replace("_", " ")
        yield Finding(name, "warning", f"the check itself failed ({type(error).__name__})", "please report it")


def patient_of(set_up: SetUp | None = None) -> Patient:
    """The surroundings: of the processor in use where there is one, else of the environment."""
    environ = dict(os.environ)
    found = installed()
    common: dict[str, Any] = {
        "environ": environ,
        "instrumentors": [each for each in found if each.unfit is None],
        "unfit": [each for each in found if each.unfit is not None],
        "attributes_kept": set_up.attributes_kept if set_up is not None else None,
        "logs_joined": logs_are_joined(),
    }
    settings = _in_use(set_up) if set_up is not None else None
    if settings is None:
        settings = resolve({}, lenient=True)
        return Patient(settings=settings, key=environ.get(POSTHOG_API_KEY), host=environ.get(POSTHOG_HOST), **common)
    return Patient(
        settings=settings,
        key=_as_given(settings.api_key, environ.get(POSTHOG_API_KEY)),
        host=_as_given(settings.host if "host" in settings.explicit else None, environ.get(POSTHOG_HOST)),
        key_source=_source(settings.api_key, environ, POSTHOG_API_KEY, "api_key"),
        host_source=POSTHOG_HOST if environ.get(POSTHOG_HOST) else "host",
        **common,
    )


def _in_use(set_up: SetUp) -> Settings | None:
    used = [each.settings for each in (*set_up.hearing, *set_up.processors)]
    used += [each.settings for each in set_up.exporters]
    return used[0] if used else None


def _as_given(used: str | None, in_environment: str | None) -> str | None:
    """What the environment says, untrimmed, when that is what is used."""
    return in_environment if in_environment is not None and in_environment.strip() == used else used


def _source(used: str | None, environ: dict[str, str], variable: str, option: str) -> str:
    return variable if used is None or environ.get(variable, "").strip() == used else option
