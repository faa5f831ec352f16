"""Processes that trace, flush and end, and what they wrote."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import otel_posthog_ai
from tests.delivery.fault_server import Fault, FaultServer

ROOT = str(Path(otel_posthog_ai.__file__).parents[1])
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "POSTHOG_"))}

PREAMBLE = """
import atexit, os, signal, sys, threading, time
from opentelemetry.sdk.trace import ConcurrentMultiSpanProcessor, TracerProvider
from otel_posthog_ai import PostHogSpanProcessor

def trace(provider, **options):
    processor = PostHogSpanProcessor(api_key="phc_tests", host=sys.argv[1], **options)
    provider.add_span_processor(processor)
    return processor

def chat(provider, count=1, size=0):
    tracer = provider.get_tracer("app")
    for _ in range(count):
        attributes = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.prompt": "x" * size}
        with tracer.start_as_current_span("chat", attributes=attributes):
            pass
"""
SLOWLY = Fault(delay=0.3)
LATE = 15.0
"""Seconds by which a busy machine may be late. Who keeps no limit takes half a minute more, a minute, or never ends."""


def start(server: FaultServer, code: str, *, before: str = "", **environ: str) -> subprocess.Popen[str]:
    """Run the code after the preamble, and `before` ahead of that."""
    whole = before + PREAMBLE + textwrap.dedent(code)
    return subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", whole, server.url],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**ENVIRONMENT, "PYTHONPATH": ROOT, **environ},
        start_new_session=True,
    )


def end_of(process: subprocess.Popen[str], *, seconds: float, status: int = 0) -> str:
    """What the process wrote; it has to end by itself, with this status, in time, without a trace of an error."""
    try:
        output, errors = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        pytest.fail(f"the process did not end within {seconds} s")
    assert process.returncode == status, errors
    assert "Traceback" not in errors, errors
    assert "Exception" not in errors, errors
    return output


def run(server: FaultServer, code: str, *, seconds: float = 60.0, status: int = 0, **environ: str) -> str:
    return end_of(start(server, code, **environ), seconds=seconds, status=status)
