"""Options: one table, one precedence, plain sentences for what is wrong."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from otel_posthog_ai.settings import OPTION_NAMES, OPTIONS, resolve


def test_the_table_and_the_settings_have_the_same_options() -> None:
    assert {option.name for option in OPTIONS} == OPTION_NAMES


def test_defaults_and_the_preset_for_serverless() -> None:
    plain = resolve({}, environ={})
    assert (plain.flush_at, plain.flush_interval_millis, plain.serverless) == (20, 10_000, False)
    frozen = resolve({}, environ={"AWS_LAMBDA_FUNCTION_NAME": "f"})
    assert (frozen.flush_at, frozen.flush_interval_millis, frozen.serverless) == (10, 2_000, True)
    assert resolve({"serverless": False}, environ={"K_SERVICE": "s"}).flush_at == 20


@pytest.mark.parametrize(
    ("arguments", "environ", "flush_at"),
    [
        ({"flush_at": 3}, {"POSTHOG_FLUSH_AT": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5"}, 3),
        ({}, {"POSTHOG_FLUSH_AT": "4", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5", "VERCEL": "1"}, 4),
        ({}, {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5", "VERCEL": "1"}, 5),
        ({}, {"VERCEL": "1"}, 10),
        ({"flush_at": None}, {"POSTHOG_FLUSH_AT": ""}, 20),
        ({"flush_at": "7"}, {}, 7),
        ({}, {"POSTHOG_FLUSH_AT": "many", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "5"}, 5),
    ],
)
def test_precedence(arguments: dict[str, Any], environ: dict[str, str], flush_at: int) -> None:
    assert resolve(arguments, environ=environ).flush_at == flush_at


def test_a_bad_variable_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(3):
        resolve({}, environ={"POSTHOG_TIMEOUT": "soon"})
    assert [record.message for record in caplog.records] == [
        "POSTHOG_TIMEOUT must be a number of seconds; it is ignored"
    ]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"flush_at": 0}, "flush_at must be a whole number of at least 1"),
        ({"flush_at": 2.5}, "flush_at must be a whole number of at least 1"),
        ({"flush_at": True}, "flush_at must be a whole number"),
        ({"timeout": float("nan")}, "timeout must be a number of seconds above 0"),
        ({"host": "ftp://x"}, "host must be us, eu or an http"),
        ({"host": "https://user:secret@x"}, "host must be a URL without user"),
        ({"compression": "brotli"}, "compression must be one of gzip, none"),
        ({"privacy_mode": "perhaps"}, "privacy_mode must be true or false"),
        ({"span_filter": "all"}, "span_filter must be callable"),
        ({"mask": ["emails", "faces"]}, "mask must be callable or of"),
        ({"flush_at": 100, "max_queue_size": 10}, "flush_at must not be above max_queue_size"),
    ],
)
def test_a_bad_argument_in_code(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence.replace("(", r"\(")):
        resolve(arguments, environ={})


def test_an_unknown_option_in_code() -> None:
    with pytest.raises(TypeError, match="apikey"):
        resolve({"apikey": "phc_x"}, environ={})


def test_a_plugin_that_is_loaded_by_name_never_raises(caplog: pytest.LogCaptureFixture) -> None:
    found = resolve({"flush_at": -1, "colour": "red", "host": "eu"}, environ={}, lenient=True)
    assert (found.flush_at, found.host) == (20, "https://eu.i.posthog.com")
    assert len([r for r in caplog.records if r.levelno == logging.WARNING]) == 2


def test_a_mask_that_is_not_known_lets_nothing_through() -> None:
    found = resolve({"mask": ["faces"]}, environ={}, lenient=True)
    with pytest.raises(ValueError, match="not known"):
        found.mask("$ai_input", "text")


@pytest.mark.parametrize(
    ("given", "host"),
    [
        ("us", "https://us.i.posthog.com"),
        ("EU", "https://eu.i.posthog.com"),
        ("https://app.posthog.com/", "https://us.i.posthog.com"),
        ("eu.posthog.com", "https://eu.i.posthog.com"),
        ("https://x.example/ingest/", "https://x.example/ingest"),
        ("http://localhost:8000/ph/batch/", "http://localhost:8000/ph"),
        ("http://[::1]:9", "http://[::1]:9"),
    ],
)
def test_hosts(given: str, host: str) -> None:
    assert resolve({"host": given}, environ={}).host == host


def test_flush_at_is_held_below_the_queue_unless_both_were_given() -> None:
    assert resolve({"max_queue_size": 5}, environ={}).flush_at == 5
    assert resolve({}, environ={"OTEL_BSP_MAX_QUEUE_SIZE": "4", "POSTHOG_FLUSH_AT": "9"}).flush_at == 4


@pytest.mark.parametrize(("value", "disabled"), [("true", True), ("1", True), ("false", False), ("", False)])
def test_either_switch_disables(value: str, disabled: bool) -> None:
    assert resolve({}, environ={"OTEL_SDK_DISABLED": value, "POSTHOG_DISABLED": "false"}).disabled is disabled
