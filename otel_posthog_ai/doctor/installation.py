"""Checks of what is installed: versions, instrumentors, messages that are not recorded, calls reported twice."""

from __future__ import annotations

import platform
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version

from otel_posthog_ai.version import __version__
from otel_posthog_ai.work.hints import setting_for

from .content import Recording, records_messages
from .finding import Finding
from .instrumentors import CLIENTS, FRAMEWORKS, Instrumentor, installed_libraries
from .patient import Patient
from .recommendations import RECOMMENDED

OLDEST_SDK = (1, 36)


def check_versions(patient: Patient) -> Iterator[Finding]:
    """Versions that the exporter and OpenTelemetry need of each other."""
    api, sdk = _version("opentelemetry-api"), _version("opentelemetry-sdk")
    yield Finding(
        "versions",
        "ok",
        f"otel-posthog-ai {__version__}, opentelemetry-sdk {sdk}, requests {_version('requests')}, "
        f"Python {platform.python_version()}",
    )
    yield from judge_versions(api, sdk)


def judge_versions(api: str | None, sdk: str | None) -> Iterator[Finding]:
    """What is wrong with these versions of OpenTelemetry."""
    if sdk is not None and _parts(sdk) < OLDEST_SDK:
        oldest = ".".join(map(str, OLDEST_SDK))
        cause = f"opentelemetry-sdk {sdk} is older than {oldest}"
        yield Finding("versions", "error", cause, f"pip install 'opentelemetry-sdk>={oldest}'")
    if api is not None and sdk is not None and api != sdk:
        cause = f"opentelemetry-api {api} and opentelemetry-sdk {sdk} do not belong together"
        yield Finding("versions", "error", cause, f"pip install opentelemetry-api=={sdk} opentelemetry-sdk=={sdk}")


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _parts(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text)[:2])


def check_instrumentors(patient: Patient) -> Iterator[Finding]:
    """What makes AI spans at all."""
    for each in patient.instrumentors:
        yield Finding("instrumentors", "ok", f"{each.distribution} {each.version} is installed; it {each.how}")
    if patient.instrumentors or patient.unfit:
        return
    libraries = installed_libraries()
    if libraries:
        cause = f"no instrumentor is installed for {', '.join(libraries)}: calls of models make no spans"
        yield Finding(
            "instrumentors", "error", cause, f"pip install {' '.join(RECOMMENDED[name] for name in libraries)}"
        )
    else:
        yield Finding(
            "instrumentors",
            "warning",
            "neither an AI library nor an instrumentor is installed in this environment",
            "run the doctor in the environment of the app, with its Python",
        )


def check_content(patient: Patient) -> Iterator[Finding]:
    """Instrumentors that report calls without what was said."""
    if patient.settings.privacy_mode:
        return
    recording: dict[str, Recording | None] = {
        each.distribution: records_messages(each, patient.environ) for each in patient.instrumentors
    }
    for each in patient.instrumentors:
        how = recording[each.distribution]
        if how == "off" and not _is_covered(each, patient.instrumentors, recording):
            setting = setting_for(each.scope)
            yield Finding(
                "content",
                "warning",
                f"{each.distribution} reports calls without messages: prompts and answers will not be in PostHog",
                f"to see them set {setting}" if setting is not None else None,
            )
        elif (
            how == "logs"
            and not patient.logs_joined
            and "posthog_ai" not in patient.environ.get("OTEL_LOGS_EXPORTER", "")
        ):
            yield Finding(
                "content",
                "warning",
                f"{each.distribution} puts messages into log records, which reach PostHog only when they are joined",
                "add PostHogLogRecordProcessor to the LoggerProvider (zero code: OTEL_LOGS_EXPORTER=posthog_ai), "
                f"or set {setting_for(each.scope)}",
            )


def _is_covered(each: Instrumentor, others: Iterable[Instrumentor], recording: Mapping[str, Recording | None]) -> bool:
    """A client that traces itself without messages is no loss where an instrumentor reports its calls with them."""
    return each.entry_point is None and any(
        other is not each and other.target == each.target and recording[other.distribution] in ("on", None)
        for other in others
    )


def check_duplicates(patient: Patient) -> Iterator[Finding]:
    """Instrumentors that report the same call."""
    by_target: defaultdict[str, list[str]] = defaultdict(list)
    for each in patient.instrumentors:
        by_target[each.target].append(each.distribution)
    for target, names in by_target.items():
        if len(names) > 1:
            yield _duplicate(patient, f"{' and '.join(names)} report the same calls of {target}")
    frameworks = [name for target, names in by_target.items() if target in FRAMEWORKS for name in names]
    clients = [name for target, names in by_target.items() if target in CLIENTS for name in names]
    if frameworks and clients:
        cause = f"{_report(frameworks)} the calls that {_report(clients)} as well"
        yield _duplicate(patient, cause)


def _report(names: list[str]) -> str:
    return f"{', '.join(names)} {'reports' if len(names) == 1 else 'report'}"


def _duplicate(patient: Patient, cause: str) -> Finding:
    if patient.settings.deduplicate:
        return Finding("duplicates", "ok", f"{cause}; de-duplication makes one generation of each call")
    return Finding(
        "duplicates",
        "warning",
        f"{cause}, and de-duplication is off: each counts and costs twice",
        "unset POSTHOG_DEDUPLICATE, or uninstall all but one of them",
    )
