"""The command as a shell sees it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_posthog_ai.doctor.trial import REDACTED, Trial
from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.settings import resolve
from tests.receiver import Receiver

from .conftest import GOOD_KEY


def run(*words: str, cwd: Path | None = None, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "otel_posthog_ai", "doctor", *words],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        cwd=cwd,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": os.getcwd(), **environ},
    )


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox(project_keys={GOOD_KEY}) as running:
        yield running


def test_without_a_key_the_exit_code_tells(inbox: Inbox) -> None:
    done = run(POSTHOG_HOST=inbox.url)
    assert done.returncode == 1
    assert "✗ key: POSTHOG_API_KEY is not set" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stderr == ""


def test_sending_a_test_trace(inbox: Inbox) -> None:
    done = run("--send", "--json", POSTHOG_HOST=inbox.url, POSTHOG_API_KEY=GOOD_KEY)
    outcome = json.loads(done.stdout)
    assert GOOD_KEY not in done.stdout
    (sent,) = [each for each in outcome["findings"] if each["check"] == "test trace"]
    assert sent["level"] == "ok"
    assert f"{inbox.url}/#/trace/{outcome['trace_id']}" in sent["remedy"]
    events = inbox.wait_for_events(3)
    assert sorted(event["event"] for event in events) == ["$ai_generation", "$ai_span", "$ai_trace"]
    assert {event["properties"]["$ai_trace_id"] for event in events} == {outcome["trace_id"]}


def test_a_test_trace_that_cannot_be_sent() -> None:
    done = run("--send", POSTHOG_HOST="http://127.0.0.1:9", POSTHOG_API_KEY=GOOD_KEY, POSTHOG_MAX_RETRIES="0")
    assert done.returncode == 1
    assert "the test trace was not taken: connection refused" in done.stdout
    assert "not sent: there is no project key" in run("--send", POSTHOG_HOST="http://127.0.0.1:9").stdout


def test_what_is_printed_is_what_is_sent(receiver: Receiver) -> None:
    trial = Trial(resolve({"api_key": GOOD_KEY, "host": receiver.url}))
    ((url, printed),) = trial.requests()
    assert trial.send().level == "ok"
    (body,) = receiver.bodies
    assert url == f"{receiver.url}/batch/"
    sent = json.loads(body.decode().replace(GOOD_KEY, REDACTED))
    assert sent | {"sent_at": ""} == json.loads(printed) | {"sent_at": ""}


def test_printing_needs_no_key_and_no_network() -> None:
    done = run("--print", POSTHOG_HOST="https://posthog.invalid", POSTHOG_API_KEY=GOOD_KEY)
    assert done.returncode == 0
    (body,) = done.stdout.splitlines()
    assert json.loads(body)["api_key"] == REDACTED
    assert GOOD_KEY not in done.stdout
    assert "POST https://posthog.invalid/batch/" in done.stderr
    (request,) = json.loads(run("--print", "--json").stdout)
    assert len(request["body"]["batch"]) == 3


def test_what_is_printed_obeys_the_options() -> None:
    (request,) = json.loads(run("--print", "--json", POSTHOG_PRIVACY_MODE="true").stdout)
    assert "Paris" not in json.dumps(request)


def test_wrong_usage() -> None:
    assert run("--nonsense").returncode == 2


def test_offline_asks_nobody() -> None:
    started = time.monotonic()
    done = run("--offline", "--json", POSTHOG_HOST="http://10.255.255.1", POSTHOG_API_KEY=GOOD_KEY)
    assert not [each for each in json.loads(done.stdout)["findings"] if each["check"] == "reach"]
    assert time.monotonic() - started < 20


APP = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from otel_posthog_ai import PostHogSpanProcessor

def working():
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor())
    trace.set_tracer_provider(provider)

def twice():
    trace.set_tracer_provider(TracerProvider())
    working()

def own():
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor())
    return provider

def broken():
    raise RuntimeError("no database")
"""
SERVER = (
    APP
    + """
import signal, sys, threading
print("serving")
signal.signal(signal.SIGTERM, lambda *_: None)  # servers insist on the main thread
working()
threading.Event().wait()
"""
)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    (tmp_path / "shop_app.py").write_text(APP)
    (tmp_path / "server_app.py").write_text(SERVER)
    return tmp_path


def findings(app: Path, name: str) -> list[tuple[str, str, str]]:
    done = run("--offline", "--json", "--app", name, cwd=app, POSTHOG_API_KEY=GOOD_KEY, POSTHOG_HOST="eu")
    return [(each["level"], each["check"], each["cause"]) for each in json.loads(done.stdout)["findings"]]


@pytest.mark.parametrize("name", ["shop_app:working", "shop_app.py:working"])
def test_an_app_that_works(app: Path, name: str) -> None:
    found = findings(app, name)
    assert ("ok", "processor", "the global TracerProvider has a PostHogSpanProcessor") in found
    assert not [each for each in found if each[0] == "error" and each[1] != "instrumentors"]


def test_an_app_that_returns_its_provider(app: Path) -> None:
    assert ("ok", "processor", "this TracerProvider has a PostHogSpanProcessor") in findings(app, "shop_app:own")


def test_an_app_that_sets_its_provider_twice(app: Path) -> None:
    found = findings(app, "shop_app:twice")
    assert [each for each in found if each[:2] == ("error", "provider") and "was set twice" in each[2]]


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("shop_app:broken", "RuntimeError: no database"),
        ("shop_app:absent", "shop_app has no absent"),
        ("no_such_app", "ModuleNotFoundError"),
        ("no_such_file.py", "FileNotFoundError"),
    ],
)
def test_an_app_that_cannot_be_loaded(app: Path, name: str, cause: str) -> None:
    found = findings(app, name)
    assert [each for each in found if each[:2] == ("error", "app") and cause in each[2]]


def test_a_function_that_ran_and_traced_nothing_is_no_success(app: Path) -> None:
    (found,) = [each for each in findings(app, "shop_app:working") if each[1] == "traffic"]
    assert found == ("warning", "traffic", "the app's function ran, and no span has ended")


def test_a_server_is_examined_while_it_serves_and_ended(app: Path) -> None:
    done = run(
        *("--offline", "--json", "--app", "server_app", "--app-seconds", "1"),
        cwd=app, POSTHOG_API_KEY=GOOD_KEY, POSTHOG_HOST="eu",
    )  # fmt: skip
    found = [(each["level"], each["check"], each["cause"]) for each in json.loads(done.stdout)["findings"]]
    assert found[0] == ("warning", "app", "server_app still loads after 1 s: it serves, or waits for something")
    assert ("ok", "processor", "the global TracerProvider has a PostHogSpanProcessor") in found
    assert done.stderr.startswith("server_app runs now: what it does, it really does\n")
    assert "serving" in done.stderr


def test_nobody_is_told_that_all_is_well_whose_app_was_not_seen(inbox: Inbox, app: Path) -> None:
    environ = {"POSTHOG_HOST": inbox.url, "POSTHOG_API_KEY": GOOD_KEY}
    unseen, seen = run(**environ), run("--app", "shop_app:working", cwd=app, **environ)
    assert unseen.stdout.endswith("Whether the app sets tracing up as it should is seen with --app.\n")
    assert "--app" not in seen.stdout.splitlines()[-1]
    assert f"{inbox.url} answers" in unseen.stdout
    assert "PostHog knows" not in unseen.stdout


def test_the_ai_sdk_that_was_not_told_to_trace(tmp_path: Path) -> None:
    """What it really does: AI SDK 7.0 with a tracer provider makes spans only after registerTelemetry."""
    (tmp_path / "package.json").write_text('{"dependencies": {"ai": "^7.0.0"}}')
    (tmp_path / "node_modules" / "ai").mkdir(parents=True)
    (tmp_path / "node_modules" / "ai" / "index.js").write_text("export function registerTelemetry() {}")
    (tmp_path / "node_modules" / "ai" / "package.json").write_text('{"version": "7.0.173"}')
    (tmp_path / "route.ts").write_text("import { generateText } from 'ai'")

    def told() -> list[dict[str, str]]:
        done = run("--offline", "--json", cwd=tmp_path, POSTHOG_API_KEY=GOOD_KEY)
        return [each for each in json.loads(done.stdout)["findings"] if each["check"] == "ai sdk"]

    (found,) = told()
    assert found["level"] == "error"
    assert "AI SDK 7.0.173 without registerTelemetry" in found["cause"]
    assert "@ai-sdk/otel" in found["remedy"]
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "instrumentation.ts").write_text("registerTelemetry(new OpenTelemetry())")
    assert told() == []
    (tmp_path / "lib" / "instrumentation.ts").unlink()
    (tmp_path / "node_modules" / "ai" / "package.json").write_text('{"version": "6.0.3"}')
    assert told() == []
