from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from otel_posthog_ai.doctor.finding import Finding
from otel_posthog_ai.doctor.patient import Patient
from otel_posthog_ai.settings import resolve

GOOD_KEY = "phc_" + "a1B2" * 10

Examine = Callable[..., list[Finding]]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
            monkeypatch.delenv(name)


def patient(environ: dict[str, str] | None = None, **more: Any) -> Patient:
    """The surroundings that these variables make."""
    environ = {"POSTHOG_API_KEY": GOOD_KEY} if environ is None else environ
    return Patient(
        environ=environ,
        settings=resolve({}, environ=environ, lenient=True),
        key=environ.get("POSTHOG_API_KEY"),
        host=environ.get("POSTHOG_HOST"),
        **more,
    )


def told(findings: Iterable[Finding], level: str) -> list[tuple[str, str]]:
    """Cause and remedy of the findings of a level."""
    return [(each.cause, each.remedy or "") for each in findings if each.level == level]


def one(findings: Iterable[Finding], level: str) -> tuple[str, str]:
    """The only finding of a level."""
    (found,) = told(findings, level)
    return found
