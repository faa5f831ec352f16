"""`python -m otel_posthog_ai demo` as a user runs it, and as it must fail when the exporter is broken."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest

pytestmark = pytest.mark.instrumentor

_needs_extra = pytest.mark.skipif(
    find_spec("openai") is None or find_spec("opentelemetry.instrumentation") is None,
    reason="the extra `demo` is not installed",
)
_BREAKAGES = {
    "nothing listens": ('host="http://127.0.0.1:1", timeout=0.5, max_retries=0', "The agent run: nothing arrived"),
    "all is dropped": ("host=url, before_send=lambda event: None", "The streamed answer: nothing arrived"),
    "no content": ("host=url, privacy_mode=True", "$ai_input is missing"),
    "no tools": ("host=url, span_filter=lambda span: 'tool' not in span.name", "The tool: no $ai_span arrived"),
}
_RUN_BROKEN = """
import sys
from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.demo import main
codes = []
{runs}
print(codes)
"""
_RUN_ONE = 'codes.append(main(["--json"], open_processor=lambda url: PostHogSpanProcessor(api_key="phc_demo", {})))'


def _run(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environ},
    )


@_needs_extra
def test_it_shows_the_trees_and_ends_well() -> None:
    done = _run("-m", "otel_posthog_ai", "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    for text in (
        "travel_guide  user ada@example.com · session trip-to-paris",
        "├─ chat gpt-5-mini  generation",
        "├─ get_weather  tool",
        "└─ chat gpt-5-mini  generation",
        "gpt-5-mini-2025-08-07 (openai)",
        "cached)",
        "reasoning)",
        "first token after",
        "error 429",
        "Everything arrived",
    ):
        assert text in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


@_needs_extra
def test_json_is_json_and_settings_of_the_shell_change_nothing() -> None:
    done = _run(
        "-m",
        "otel_posthog_ai",
        "demo",
        "--json",
        POSTHOG_DISABLED="true",
        POSTHOG_HOST="https://us.i.posthog.com",
        OTEL_SDK_DISABLED="true",
        HTTP_PROXY="http://127.0.0.1:1",
        OPENAI_BASE_URL="http://127.0.0.1:1",
    )
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["ok"], answer["wrong"]) == (0, True, [])
    assert len(answer["traces"]) == 3


@_needs_extra
@pytest.mark.parametrize("breakage", _BREAKAGES)
def test_a_broken_exporter_is_noticed(breakage: str) -> None:
    options, fault = _BREAKAGES[breakage]
    code, answer = _broken_demos()[list(_BREAKAGES).index(breakage)]
    assert code == 1
    assert answer["ok"] is False
    assert any(fault in sentence for sentence in answer["wrong"]), (options, answer["wrong"])


@cache
def _broken_demos() -> list[tuple[int, dict[str, Any]]]:
    """Exit code and answer of every broken demo, all run in one process: most of a demo's time are imports."""
    runs = "\n".join(_RUN_ONE.format(options) for options, _ in _BREAKAGES.values())
    done = _run("-c", _RUN_BROKEN.format(runs=runs))
    *answers, codes = done.stdout.splitlines()
    return list(zip(json.loads(codes), map(json.loads, answers), strict=True))


@_needs_extra
def test_keep_leaves_the_inbox_open_until_interrupted() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "otel_posthog_ai", "demo", "--keep"],
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    ) as process:
        assert process.stdout is not None
        address = next(
            found.group() for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line))
        )
        with urllib.request.urlopen(f"{address}/api/traces", timeout=10) as response:
            assert json.load(response)["total"] == 3
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 0


def test_without_the_extra_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['openai'] = None; from otel_posthog_ai.demo import main; sys.exit(main([]))"
    done = _run("-c", code)
    assert done.returncode == 2
    assert "The demo needs openai. Install them: pip install openai\n" in done.stderr
