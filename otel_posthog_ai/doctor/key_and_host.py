"""Checks of the settings: the key's shape, the host, bad and misspelled variables, what switches everything off."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

from opentelemetry.sdk.environment_variables import OTEL_SDK_DISABLED

from otel_posthog_ai import environment_variables
from otel_posthog_ai.environment_variables import POSTHOG_DISABLED
from otel_posthog_ai.option_values import APP_HOSTS
from otel_posthog_ai.settings import OPTIONS

from .finding import Finding, redacted
from .patient import Patient

_WHERE_KEYS_ARE = "copy the project API key (phc_…) from PostHog: Settings → Project → General"


_Test = Callable[[str], bool]

# A fault in a key that can be seen without asking anybody: test, cause, remedy. The first that is so is told.
_SHAPES: tuple[tuple[_Test, str, str], ...] = (
    (lambda key: key[:1] in ("'", '"') or key[-1:] in ("'", '"'), "it has quotation marks around it", "take them away"),
    (lambda key: any(map(str.isspace, key)), "it has white space inside", _WHERE_KEYS_ARE),
    (lambda key: key.startswith("phx_"), "it is a personal API key (phx_)", _WHERE_KEYS_ARE),
    (lambda key: key.startswith("phs_"), "it is a secret key of feature flags (phs_)", _WHERE_KEYS_ARE),
    (lambda key: not key.isascii() or "\0" in key, "it has characters that no key has", _WHERE_KEYS_ARE),
    (lambda key: not key.startswith("phc_"), "it does not begin with phc_", _WHERE_KEYS_ARE),
    (lambda key: len(key) > 64, "it is longer than 64 characters, which PostHog refuses", _WHERE_KEYS_ARE),
)
_SHORTEST = 40


def check_key(patient: Patient) -> Iterator[Finding]:
    """The shape of the project key."""
    where = patient.key_source
    if patient.key is None or not patient.key.strip():
        yield Finding("key", "error", f"{where} is not set: nothing is sent", f"set {where}: {_WHERE_KEYS_ARE}")
        return
    key = patient.key.strip()
    fault = next(((cause, remedy) for is_so, cause, remedy in _SHAPES if is_so(key)), None)
    if fault is not None:
        yield Finding("key", "error", f"{where} is wrong: {fault[0]}", fault[1])
    elif len(key) < _SHORTEST and not patient.is_local:
        cause = f"{where} is short for a project key, perhaps cut off: {redacted(key)}"
        yield Finding("key", "warning", cause, _WHERE_KEYS_ARE)
    else:
        yield Finding("key", "ok", f"{where} has the shape of a project key: {redacted(key)}")
    if key != patient.key:
        yield Finding(
            "key",
            "warning",
            f"{where} has white space around it; the exporter removes it, other tools may not",
            f"set {where} without it",
        )


def check_host(patient: Patient) -> Iterator[Finding]:
    """The host: whether it is one, PostHog's ingestion and not its app, and what follows it."""
    given, host, where = patient.host, patient.settings.host, patient.host_source
    if given is None or not given.strip():
        yield Finding("host", "ok", f"{where} is not set: events go to {host} (US)", "for the EU set POSTHOG_HOST=eu")
        return
    fault = _host_fault(given)
    if fault is not None:
        yield Finding("host", "error", f"{where} {fault}; it is ignored", "set it to us, eu or https://…")
        return
    yield Finding("host", "ok", f"events go to {host}")
    parts = urlsplit(given if "://" in given else f"https://{given}")
    path = urlsplit(host).path
    if (parts.hostname or "") in APP_HOSTS:
        cause = f"{where} names a page of PostHog's app; the exporter sends to {host} instead"
        yield Finding("host", "warning", cause, f"set {where}={host}")
    elif parts.path.strip("/") and parts.path.rstrip("/") != path:
        cause = f"{where} has a path, {parts.path}, that the exporter leaves out: it adds the route itself"
        yield Finding("host", "warning", cause, f"set {where}={host}")
    elif path:
        yield Finding(
            "host",
            "warning",
            f"{where} has a path: events go to {host}/batch/, which is right for a reverse proxy only",
            f"if there is no proxy, set {where}={host.removesuffix(path)}",
        )
    if parts.scheme == "http" and not patient.is_local:
        cause = f"{where} is http: prompts and the key travel in the clear"
        yield Finding("host", "warning", cause, "use https://")


def _host_fault(given: str) -> str | None:
    parse = next(option.parse for option in OPTIONS if option.name == "host")
    try:
        parse(given)
    except ValueError as error:
        return str(error)
    return None


def check_options(patient: Patient) -> Iterator[Finding]:
    """Variables with bad values, and names that nobody reads."""
    for option in OPTIONS:
        if option.name == "host":
            continue  # has a check of its own
        for variable in option.variables:
            raw = patient.environ.get(variable)
            if raw is None or not raw.strip():
                continue
            try:
                option.parse(raw)
            except ValueError as error:
                yield Finding(
                    "options", "warning", f"{variable} {error}; it is ignored", f"correct or unset {variable}"
                )
    known = [name for name in vars(environment_variables) if name.startswith("POSTHOG_")]
    for name in patient.environ:
        if name in known:
            continue
        meant = _meant(name, known)
        if meant is not None and not patient.environ.get(meant, "").strip():
            yield Finding("options", "warning", f"{name} is set, which the exporter does not read", f"call it {meant}")


def _meant(name: str, known: list[str]) -> str | None:
    """The variable that somebody may have meant; None where nothing is like it."""
    own = _FOR_BROWSERS.sub("", name)
    if not own.startswith(("POSTHOG_", "POST_HOG_")):
        return None
    if own != name:
        return own if own in known else _MISNAMED.get(own)
    return _MISNAMED.get(name) or next(iter(difflib.get_close_matches(name, known, 1, 0.85)), None)


# What bundlers want before a variable that the browser may see: NEXT_PUBLIC_POSTHOG_KEY, VITE_POSTHOG_HOST, …
_FOR_BROWSERS = re.compile(r"^(?:(?:NEXT|NUXT|EXPO|GATSBY|REACT_APP|VITE|VUE_APP)_)?(?:PUBLIC_)?(?=POST_?HOG_)")
_MISNAMED = {
    "POSTHOG_KEY": "POSTHOG_API_KEY",
    "POSTHOG_TOKEN": "POSTHOG_API_KEY",
    "POSTHOG_PROJECT_KEY": "POSTHOG_API_KEY",
    "POSTHOG_PROJECT_API_KEY": "POSTHOG_API_KEY",
    "POSTHOG_PROJECT_TOKEN": "POSTHOG_API_KEY",
    "POSTHOG_URL": "POSTHOG_HOST",
    "POSTHOG_API_HOST": "POSTHOG_HOST",
    "POSTHOG_ENDPOINT": "POSTHOG_HOST",
}


def check_switched_off(patient: Patient) -> Iterator[Finding]:
    """What switches the exporter off."""
    parse = next(option.parse for option in OPTIONS if option.name == "disabled")
    told = False
    for variable in (OTEL_SDK_DISABLED, POSTHOG_DISABLED):
        try:
            off = bool(patient.environ.get(variable, "").strip()) and parse(patient.environ[variable])
        except ValueError:
            off = False
        if off:
            told = True
            what = "the OpenTelemetry SDK makes no spans" if variable == OTEL_SDK_DISABLED else "nothing is sent"
            yield Finding("switched off", "error", f"{variable} is set: {what}", f"unset {variable}")
    if patient.settings.disabled and not told:
        yield Finding("switched off", "error", "the option `disabled` is set: nothing is sent", "leave it out")
