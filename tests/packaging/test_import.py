"""Importing the package does nothing but define names."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

_OBSERVED = """
import json, logging, os, socket, sys, threading
import atexit
opened, registered = [], []
socket.socket.__init__ = (lambda original: lambda *a, **k: (opened.append(1), original(*a, **k))[1])(socket.socket.__init__)
atexit.register = (lambda original: lambda f, *a, **k: (registered.append(f.__module__), original(f, *a, **k))[1])(atexit.register)
environ = dict(os.environ)
{code}
from opentelemetry import trace
print(json.dumps({{
    "threads": threading.active_count() - 1,
    "sockets": len(opened),
    "atexit": [name for name in registered if name.startswith("otel_posthog_ai")],
    "handlers": len(logging.getLogger().handlers) + len(logging.getLogger("otel_posthog_ai").handlers),
    "environment": dict(os.environ) != environ,
    "provider": type(trace.get_tracer_provider()).__name__,
    "heavy": [name for name in ("requests", "urllib3", "sqlite3", "http.server", "openai", "posthog") if name in sys.modules],
    "own": sorted(name for name in sys.modules if name.startswith("otel_posthog_ai")),
}}))
"""  # noqa: E501


_BEHIND = tuple(
    f"otel_posthog_ai.{room}"
    for room in ("dialects", "reading", "events", "content", "delivery", "calls", "tree", "work")
)


def _observed(code: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _OBSERVED.format(code=code)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    observed: dict[str, Any] = json.loads(done.stdout)
    return observed


@pytest.mark.parametrize(
    "code",
    [
        "import otel_posthog_ai",
        "from otel_posthog_ai import *",
        "import otel_posthog_ai.doors.zero_code, otel_posthog_ai.web, otel_posthog_ai.environment_variables",
    ],
)
def test_import_has_no_side_effect(code: str) -> None:
    seen = _observed(code)
    del seen["own"]
    assert seen == {
        "threads": 0,
        "sockets": 0,
        "atexit": [],
        "handlers": 0,
        "environment": False,
        "provider": "ProxyTracerProvider",
        "heavy": [],
    }


def test_the_bare_import_loads_next_to_nothing() -> None:
    assert _observed("import otel_posthog_ai")["own"] == ["otel_posthog_ai", "otel_posthog_ai.version"]


def test_an_inert_processor_starts_nothing_and_loads_no_http() -> None:
    seen = _observed("import otel_posthog_ai; otel_posthog_ai.PostHogSpanProcessor(disabled=True)")
    assert (seen["threads"], seen["sockets"], seen["heavy"]) == (0, 0, [])
    assert not [name for name in seen["own"] if name.startswith(_BEHIND)], "who sends nothing pays for nothing"
