"""Zero code gives exactly the events of the processor, and changes nothing for anybody else."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox

from .applications import Collector, Run, environment, tree

TREE = [
    ("$ai_generation", "chat gpt-4o", "trace"),
    ("$ai_generation", "chat gpt-4o nested", "weather"),
    ("$ai_span", "weather", "trace"),
    ("$ai_trace", "helper", "none"),
]

pytestmark = pytest.mark.skipif(
    not [entry for entry in entry_points(group="opentelemetry_traces_exporter") if entry.name == "posthog_ai"],
    reason="the package is not installed in this environment",
)


def facts(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The events without what differs from run to run."""
    changing = ("$ai_trace_id", "$ai_span_id", "$ai_parent_id", "$ai_latency", "telemetry.auto.version")
    return sorted(
        (
            {
                "event": event["event"],
                **{key: value for key, value in event["properties"].items() if key not in changing},
                "anonymous": event["distinct_id"] == event["properties"]["$ai_trace_id"],
            }
            for event in events
        ),
        key=str,
    )


@pytest.mark.parametrize("between", ["", "1"])
def test_gives_the_events_of_the_processor(run: Run, inbox: Inbox, between: str) -> None:
    run("agent.py", PROCESSOR="1", FLUSH_BETWEEN=between)
    by_code = inbox.events()
    run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER="posthog_ai", FLUSH_BETWEEN=between)
    by_environment = inbox.events()[len(by_code) :]
    if not between:
        assert tree(by_code) == TREE
    assert tree(by_environment) == tree(by_code)
    assert facts(by_environment) == facts(by_code)
    assert {event["distinct_id"] for event in by_environment} == {"user-7"}


def test_changes_nothing_for_an_exporter_beside_it(run: Run, inbox: Inbox, collector: Collector) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER="otlp", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    alone = collector.spans()
    assert len(alone) == 7
    assert inbox.events() == []
    for runs, exporters in enumerate(("otlp,posthog_ai", "posthog_ai,otlp"), start=1):
        run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER=exporters, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
        assert collector.spans() == sorted(alone * (runs + 1))
        assert tree(inbox.events()) == sorted(TREE * runs)


def test_without_a_key_the_app_and_its_exporters_run_on(run: Run, inbox: Inbox, collector: Collector) -> None:
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    outcome = run(
        "agent.py",
        instrumented=True,
        OTEL_TRACES_EXPORTER="posthog_ai,otlp",
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        POSTHOG_API_KEY="",
    )
    assert outcome.stdout == "app runs\n"
    assert outcome.stderr.count("POSTHOG_API_KEY") == 1
    assert len(collector.spans()) == 7
    assert inbox.events() == []


def test_a_bad_option_is_told_once_and_left_out(run: Run, inbox: Inbox) -> None:
    outcome = run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER="posthog_ai", POSTHOG_FLUSH_AT="many")
    assert outcome.stderr.count("POSTHOG_FLUSH_AT") == 1
    assert tree(inbox.events()) == TREE


def test_an_unreachable_posthog_does_not_keep_the_app(run: Run) -> None:
    outcome = run(
        "agent.py",
        instrumented=True,
        OTEL_TRACES_EXPORTER="posthog_ai",
        POSTHOG_HOST="http://127.0.0.1:9",
        POSTHOG_TIMEOUT="1",
    )
    assert outcome.stdout == "app runs\n"
    assert "Traceback" not in outcome.stderr


def test_the_configurator_gives_the_same(run: Run, inbox: Inbox) -> None:
    run("agent.py", instrumented=True, OTEL_PYTHON_CONFIGURATOR="posthog_ai")
    assert tree(inbox.events()) == TREE


def test_all_doors_at_once_send_once(run: Run, inbox: Inbox) -> None:
    run(
        "agent.py",
        instrumented=True,
        OTEL_PYTHON_CONFIGURATOR="posthog_ai",
        OTEL_TRACES_EXPORTER="posthog_ai",
        OTEL_LOGS_EXPORTER="posthog_ai",
    )
    assert tree(inbox.events()) == TREE


def test_being_installed_is_no_consent(run: Run, inbox: Inbox) -> None:
    outcome = run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER="console")
    assert inbox.events() == []
    # The configuration that would be made without the package was made: the console has the spans.
    assert outcome.stdout.count('"trace_id"') >= 7


# Of several configurators OpenTelemetry takes the one that the file system lists first: these tests name ours.
OURS = {"OTEL_PYTHON_CONFIGURATOR": "posthog_ai"}


@pytest.mark.parametrize("variable", ["OTEL_METRICS_EXPORTER", "OTEL_LOGS_EXPORTER"])
def test_traces_go_although_another_exporter_is_not_installed(run: Run, inbox: Inbox, variable: str) -> None:
    outcome = run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER="posthog_ai", **{variable: "nowhere"}, **OURS)
    assert tree(inbox.events()) == TREE
    assert "Traceback" not in outcome.stderr
    assert f"{variable} names nowhere" in outcome.stderr
    assert f"set {variable}=none" in outcome.stderr


def test_a_misspelled_exporter_is_told_with_what_to_set(run: Run, inbox: Inbox) -> None:
    outcome = run("agent.py", instrumented=True, OTEL_TRACES_EXPORTER="posthog", **OURS)
    assert "OTEL_TRACES_EXPORTER names posthog, and no installed package offers such an exporter" in outcome.stderr
    assert "set OTEL_TRACES_EXPORTER=posthog_ai" in outcome.stderr
    assert tree(inbox.events()) == TREE


def test_a_configuration_that_is_not_ours_fails_as_it_would_and_says_what_to_set(inbox: Inbox) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from otel_posthog_ai.zero_code import PostHogConfigurator as C; C().configure()"],
        env=environment(inbox, OTEL_METRICS_EXPORTER="nowhere"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.count("Traceback") == 1
    assert "RuntimeError: OTEL_METRICS_EXPORTER names nowhere" in done.stderr
    assert "set OTEL_METRICS_EXPORTER=none, or install the package that offers nowhere" in done.stderr


def test_logs_without_traces_are_told(run: Run, inbox: Inbox) -> None:
    outcome = run("agent.py", instrumented=True, OTEL_LOGS_EXPORTER="posthog_ai")
    assert outcome.stderr.count("needs OTEL_TRACES_EXPORTER=posthog_ai") == 1
    assert inbox.events() == []


def test_content_in_log_records_is_joined(run: Run, inbox: Inbox) -> None:
    run(
        "logged_content.py",
        instrumented=True,
        OTEL_TRACES_EXPORTER="posthog_ai",
        OTEL_LOGS_EXPORTER="posthog_ai",
    )
    (event,) = inbox.events()
    assert event["properties"]["$ai_input"] == [{"role": "user", "content": "hello"}]
    assert event["properties"]["$ai_output_choices"] == [{"role": "assistant", "content": "hi"}]


def test_log_records_do_not_leave_by_themselves(run: Run, inbox: Inbox) -> None:
    run("logged_content.py", instrumented=True, OTEL_TRACES_EXPORTER="posthog_ai")
    (event,) = inbox.events()
    assert "hello" not in str(event)


class TestConfigurationFile:
    """The SDK builds the exporters of a configuration file before the provider that feeds them."""

    @staticmethod
    def written(tmp_path: Path, options: str, processor: str = "batch") -> str:
        pytest.importorskip("opentelemetry.configuration")
        file = tmp_path / "otel.yaml"
        file.write_text(
            'file_format: "1.0"\n'
            "tracer_provider:\n"
            "  processors:\n"
            f"    - {processor}:\n"
            "        exporter:\n"
            f"          posthog_ai: {options}\n"
        )
        return str(file)

    @pytest.mark.parametrize("processor", ["batch", "simple"])
    def test_gives_the_events_of_the_processor(self, run: Run, inbox: Inbox, tmp_path: Path, processor: str) -> None:
        options = "{flush_at: 5, privacy_mode: false, host: null}"
        run("agent.py", instrumented=True, OTEL_CONFIG_FILE=self.written(tmp_path, options, processor))
        assert tree(inbox.events()) == TREE
        assert {event["distinct_id"] for event in inbox.events()} == {"user-7"}

    def test_without_the_command_the_tree_is_that_of_one_batch(self, run: Run, inbox: Inbox, tmp_path: Path) -> None:
        run("agent.py", CONFIGURE=self.written(tmp_path, "{}"))
        assert tree(inbox.events()) == TREE

    def test_spans_after_the_first_export_know_their_user(self, run: Run, inbox: Inbox, tmp_path: Path) -> None:
        run("agent.py", CONFIGURE=self.written(tmp_path, "{}"), FLUSH_BETWEEN="1", TWICE="1")
        events = inbox.events()
        last = events[-1]["properties"]["$ai_trace_id"]
        assert {event["distinct_id"] for event in events if event["properties"]["$ai_trace_id"] == last} == {"user-7"}

    def test_content_in_log_records_is_joined(self, run: Run, inbox: Inbox, tmp_path: Path) -> None:
        file = Path(self.written(tmp_path, "{}"))
        logs = "logger_provider:\n  processors:\n    - batch:\n        exporter:\n          posthog_ai: {}\n"
        file.write_text(file.read_text() + logs)
        run("logged_content.py", instrumented=True, OTEL_CONFIG_FILE=str(file))
        (event,) = inbox.events()
        assert event["properties"]["$ai_input"] == [{"role": "user", "content": "hello"}]

    def test_bad_options_are_told_and_left_out(self, run: Run, inbox: Inbox, tmp_path: Path) -> None:
        options = "{flush_at: many, nonsense: 1, span_filter: text}"
        outcome = run("agent.py", instrumented=True, OTEL_CONFIG_FILE=self.written(tmp_path, options))
        for name in ("flush_at", "nonsense", "span_filter"):
            assert outcome.stderr.count(name) == 1
        assert tree(inbox.events()) == TREE
