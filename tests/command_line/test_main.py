"""The command line: help, unknown commands and exit codes, as a shell sees them."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import urllib.request

import pytest

from otel_posthog_ai.version import __version__


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "otel_posthog_ai", *words], capture_output=True, text=True, timeout=30, check=False
    )


def test_help_lists_every_command() -> None:
    done = _run("--help")
    assert done.returncode == 0
    for command in ("demo", "inbox", "doctor", "replay", "explain", "gateway", "model-server"):
        assert f"\n  {command} " in done.stdout


def test_no_command_shows_help_and_is_wrong_usage() -> None:
    done = _run()
    assert done.returncode == 2
    assert "commands:" in done.stdout


def test_an_unknown_command_is_named() -> None:
    done = _run("outbox")
    assert done.returncode == 2
    assert "outbox" in done.stderr


def test_version() -> None:
    assert _run("--version").stdout.strip() == f"otel-posthog-ai {__version__}"


@pytest.mark.parametrize("command", ["demo", "inbox", "doctor", "replay", "explain", "gateway", "model-server"])
def test_every_command_explains_itself(command: str) -> None:
    done = _run(command, "--help")
    assert done.returncode == 0
    assert f"otel_posthog_ai {command}" in done.stdout


def test_the_model_server_answers_until_it_is_interrupted() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "otel_posthog_ai", "model-server", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    ) as process:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found is not None
        with urllib.request.urlopen(f"{found.group()}/v1/models", timeout=10) as response:
            assert json.load(response)["object"] == "list"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
