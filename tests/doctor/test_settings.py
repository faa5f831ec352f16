"""Key, host, options: each fault is made, and found with its remedy."""

from __future__ import annotations

import pytest

from otel_posthog_ai.doctor.key_and_host import check_host, check_key, check_options, check_switched_off

from .conftest import GOOD_KEY, one, patient, told


def test_a_good_key_is_good_and_not_shown() -> None:
    findings = list(check_key(patient()))
    assert [each.level for each in findings] == ["ok"]
    assert GOOD_KEY not in str(findings)


@pytest.mark.parametrize(
    ("key", "cause", "remedy"),
    [
        (None, "not set", "POSTHOG_API_KEY"),
        ("  ", "not set", "POSTHOG_API_KEY"),
        ("phx_" + "a" * 43, "personal API key", "project API key"),
        ("phs_" + "a" * 43, "secret key of feature flags", "project API key"),
        ("phc_abc def" + "a" * 40, "white space inside", "project API key"),
        (f'"{GOOD_KEY}"', "quotation marks", "take them away"),
        (f"'{GOOD_KEY}'", "quotation marks", "take them away"),
        ("sk-proj-" + "a" * 40, "does not begin with phc_", "project API key"),
        ("phc_" + "a" * 61, "longer than 64", "project API key"),
        ("phc_" + "ä" * 43, "characters that no key has", "project API key"),
    ],
)
def test_a_wrong_key(key: str | None, cause: str, remedy: str) -> None:
    findings = list(check_key(patient({} if key is None else {"POSTHOG_API_KEY": key})))
    found = one(findings, "error")
    assert cause in found[0]
    assert remedy in found[1]
    assert key is None or not key.strip() or key not in str(findings)


def test_white_space_around_a_key_is_a_warning() -> None:
    findings = list(check_key(patient({"POSTHOG_API_KEY": GOOD_KEY + "\n"})))
    assert told(findings, "error") == []
    assert "white space around" in one(findings, "warning")[0]


def test_a_short_key_is_perhaps_cut_off_but_for_an_inbox() -> None:
    assert "cut off" in one(check_key(patient({"POSTHOG_API_KEY": "phc_local"})), "warning")[0]
    local = {"POSTHOG_API_KEY": "phc_local", "POSTHOG_HOST": "http://127.0.0.1:8010"}
    assert told(check_key(patient(local)), "warning") == []


@pytest.mark.parametrize(
    ("host", "level", "cause", "remedy"),
    [
        ("https://app.posthog.com", "warning", "PostHog's app", "POSTHOG_HOST=https://us.i.posthog.com"),
        ("eu.posthog.com", "warning", "PostHog's app", "POSTHOG_HOST=https://eu.i.posthog.com"),
        ("https://us.i.posthog.com/batch/", "warning", "has a path, /batch/", "POSTHOG_HOST=https://us.i.posthog.com"),
        (
            "https://us.i.posthog.com/project/12",
            "warning",
            "path, /project/12,",
            "POSTHOG_HOST=https://us.i.posthog.com",
        ),
        ("https://eu.posthog.com/project/12", "warning", "PostHog's app", "POSTHOG_HOST=https://eu.i.posthog.com"),
        ("https://proxy.example/ph", "warning", "right for a reverse proxy", "POSTHOG_HOST=https://proxy.example"),
        ("http://posthog.example", "warning", "in the clear", "https://"),
        ("ftp://posthog.example", "error", "http(s) URL", "us, eu or https://"),
        ("https://user:secret@posthog.example", "error", "without user", "us, eu or https://"),
        ("https://us.i.posthog.com?x=1", "error", "query", "us, eu or https://"),
        ("us i posthog com", "error", "http(s) URL", "us, eu or https://"),
    ],
)
def test_a_wrong_host(host: str, level: str, cause: str, remedy: str) -> None:
    findings = list(check_host(patient({"POSTHOG_API_KEY": GOOD_KEY, "POSTHOG_HOST": host})))
    found = one(findings, level)
    assert cause in found[0]
    assert remedy in found[1]
    assert "secret" not in str(findings)


@pytest.mark.parametrize(
    "host", ["us", "eu", "https://eu.i.posthog.com", "https://eu.i.posthog.com/", "http://localhost:8010"]
)
def test_a_good_host(host: str) -> None:
    findings = list(check_host(patient({"POSTHOG_API_KEY": GOOD_KEY, "POSTHOG_HOST": host})))
    assert {each.level for each in findings} == {"ok"}


def test_no_host_names_the_region() -> None:
    (finding,) = check_host(patient())
    assert "US" in finding.cause
    assert "POSTHOG_HOST=eu" in (finding.remedy or "")


@pytest.mark.parametrize(
    ("variable", "value", "cause", "remedy"),
    [
        ("POSTHOG_FLUSH_AT", "many", "whole number", "POSTHOG_FLUSH_AT"),
        ("POSTHOG_PRIVACY_MODE", "perhaps", "true or false", "POSTHOG_PRIVACY_MODE"),
        ("OTEL_BSP_SCHEDULE_DELAY", "-1", "whole number", "OTEL_BSP_SCHEDULE_DELAY"),
        ("POSTHOG_PROJECT_API_KEY", GOOD_KEY, "does not read", "POSTHOG_API_KEY"),
        ("POSTHOG_HOSTS", "eu", "does not read", "POSTHOG_HOST"),
        ("POSTHOG_API_HOST", "eu", "does not read", "POSTHOG_HOST"),
        ("NEXT_PUBLIC_POSTHOG_KEY", GOOD_KEY, "does not read", "call it POSTHOG_API_KEY"),
        ("NEXT_PUBLIC_POSTHOG_HOST", "eu", "does not read", "call it POSTHOG_HOST"),
        ("VITE_PUBLIC_POSTHOG_PROJECT_TOKEN", GOOD_KEY, "does not read", "call it POSTHOG_API_KEY"),
        ("REACT_APP_POSTHOG_KEY", GOOD_KEY, "does not read", "call it POSTHOG_API_KEY"),
    ],
)
def test_options(variable: str, value: str, cause: str, remedy: str) -> None:
    found = one(check_options(patient({variable: value})), "warning")
    assert cause in found[0]
    assert variable in found[0]
    assert remedy in found[1]
    assert GOOD_KEY not in str(found)


def test_variables_of_others_are_left_alone() -> None:
    environ = {"POSTHOG_API_KEY": GOOD_KEY, "POSTHOG_PERSONAL_TOKEN_FILE": "x", "POSTHOG_PROJECT_ID": "2"}
    environ |= {"NEXT_PUBLIC_POSTHOG_UI_HOST": "https://eu.posthog.com", "MY_POSTHOG_KEY": GOOD_KEY}
    assert list(check_options(patient(environ))) == []


@pytest.mark.parametrize("variable", ["OTEL_SDK_DISABLED", "POSTHOG_DISABLED"])
def test_switched_off(variable: str) -> None:
    found = one(check_switched_off(patient({variable: "true"})), "error")
    assert variable in found[0]
    assert found[1] == f"unset {variable}"
    assert list(check_switched_off(patient({variable: "false"}))) == []
