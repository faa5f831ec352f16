"""Every command that listens on a port takes the same ports, and says the same when one is taken."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

COMMANDS = ("inbox", "model-server", "gateway")
ENVIRONMENT = {**os.environ, "POSTHOG_API_KEY": "phc_nobody", "POSTHOG_HOST": "http://127.0.0.1:9"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    if arguments[0] == "gateway":
        pytest.importorskip("uvicorn")
        pytest.importorskip("google.rpc.status_pb2")
    command = [sys.executable, "-m", "otel_posthog_ai", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=ENVIRONMENT)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("port", ["99999", "65536", "-1", "8010.5", "http", "", "٨٠١٠", "0000009999999", "9" * 5000])
def test_what_is_no_port_is_an_error_of_the_command_line(command: str, port: str) -> None:
    done = run(command, f"--port={port}")
    assert done.returncode == 2
    assert "argument --port" in done.stderr
    assert "0 to 65535" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_taken_port_is_told_in_one_wording(command: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(command, "--port", str(port))
    assert done.returncode in (1, 2)
    assert done.stderr.startswith(f"Cannot listen on 127.0.0.1:{port}: ")
    assert done.stderr.endswith(". Try another --port, or 0 for a free one.\n")
    assert done.stdout == ""


@pytest.mark.parametrize("latency", ["-5", "nan", "inf", "soon"])
def test_a_latency_below_nothing_is_refused(latency: str) -> None:
    done = run("model-server", "--port", "0", f"--latency={latency}")
    assert done.returncode == 2
    assert "argument --latency" in done.stderr
    assert "0 or more" in done.stderr
