"""What is installed: distributions that lie on disk as pip leaves them, and what the variables make of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.doctor.finding import Finding
from otel_posthog_ai.doctor.installation import (
    check_content,
    check_duplicates,
    check_instrumentors,
    check_versions,
    judge_versions,
)
from otel_posthog_ai.doctor.instrumentors import Instrumentor, installed
from otel_posthog_ai.doctor.limits import check_limits

from .conftest import GOOD_KEY, one, patient, told

GENAI_OPENAI = ("opentelemetry-instrumentation-genai-openai", "opentelemetry.instrumentation.genai.openai:OpenAI")
OPENAI_V2 = ("opentelemetry-instrumentation-openai-v2", "opentelemetry.instrumentation.openai_v2:OpenAI")
TRACELOOP_OPENAI = ("opentelemetry-instrumentation-openai", "opentelemetry.instrumentation.openai:OpenAIInstrumentor")
TRACELOOP_LANGCHAIN = ("opentelemetry-instrumentation-langchain", "opentelemetry.instrumentation.langchain:Langchain")
OPENINFERENCE_OPENAI = ("openinference-instrumentation-openai", "openinference.instrumentation.openai:OpenAI")
TRACELOOP_ANTHROPIC = ("opentelemetry-instrumentation-anthropic", "opentelemetry.instrumentation.anthropic:Anthropic")
OPENAI_AGENTS_V2 = ("opentelemetry-instrumentation-openai-agents-v2", "opentelemetry.instrumentation.openai_agents:A")
FLASK = ("opentelemetry-instrumentation-flask", "opentelemetry.instrumentation.flask:FlaskInstrumentor")
ANTHROPIC = ("anthropic", None)
AGENT_FRAMEWORK = ("agent-framework-core", None)
MODE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"
OPT_IN = {"OTEL_SEMCONV_STABILITY_OPT_IN": "gen_ai_latest_experimental"}


def install(path: Path, *distributions: tuple[str, str | None]) -> list[Instrumentor]:
    for name, entry_point in distributions:
        folder = path / f"{name.replace('-', '_')}-2.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
        if entry_point is not None:
            (folder / "entry_points.txt").write_text(f"[opentelemetry_instrumentor]\nit = {entry_point}\n")
    return installed([str(path)])


def content(path: Path, *distributions: tuple[str, str | None], logs: bool = False, **environ: str) -> list[Finding]:
    environ = {"POSTHOG_API_KEY": GOOD_KEY, **environ}
    return list(check_content(patient(environ, instrumentors=install(path, *distributions), logs_joined=logs)))


def test_what_is_installed(tmp_path: Path) -> None:
    found = install(tmp_path, GENAI_OPENAI, TRACELOOP_LANGCHAIN, FLASK, ANTHROPIC)
    assert [(each.distribution, each.target) for each in found] == [
        ("anthropic", "anthropic"),
        ("opentelemetry-instrumentation-genai-openai", "openai"),
        ("opentelemetry-instrumentation-langchain", "langchain"),
    ]
    told = list(check_instrumentors(patient(instrumentors=found)))
    assert all(each.level == "ok" for each in told)
    assert "2.0" in told[0].cause


def test_langsmith_comes_along_with_langchain_and_counts_only_where_it_traces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert install(tmp_path, ("langsmith", None)) == []
    monkeypatch.setenv("LANGSMITH_OTEL_ENABLED", "true")
    assert [each.target for each in installed([str(tmp_path)])] == ["langchain"]


def test_nothing_is_installed() -> None:
    (finding,) = check_instrumentors(patient())
    assert finding.level in ("error", "warning")  # error where an AI library is installed here
    assert "pip install" in (finding.remedy or "") or "environment of the app" in (finding.remedy or "")


@pytest.mark.parametrize(
    ("distribution", "environ", "setting"),
    [
        (GENAI_OPENAI, {}, f"{MODE}=SPAN_ONLY"),
        (GENAI_OPENAI, {MODE: "true"}, f"{MODE}=SPAN_ONLY"),
        (OPENAI_V2, {}, f"gen_ai_latest_experimental and {MODE}=SPAN_ONLY"),
        (OPENAI_V2, {MODE: "span_only"}, f"gen_ai_latest_experimental and {MODE}=SPAN_ONLY"),
        (TRACELOOP_OPENAI, {"TRACELOOP_TRACE_CONTENT": "false"}, "TRACELOOP_TRACE_CONTENT=true"),
        (OPENINFERENCE_OPENAI, {"OPENINFERENCE_HIDE_INPUTS": "true"}, "OPENINFERENCE_HIDE_INPUTS=false"),
        (ANTHROPIC, {}, "ANTHROPIC_OPEN_TELEMETRY_TRACES_CONTENT_MODE=content"),
        (AGENT_FRAMEWORK, {}, "ENABLE_SENSITIVE_DATA=true"),
    ],
)
def test_messages_that_are_not_recorded(
    tmp_path: Path, distribution: tuple[str, str | None], environ: dict[str, str], setting: str
) -> None:
    cause, remedy = one(content(tmp_path, distribution, **environ), "warning")
    assert distribution[0] in cause
    assert "without messages" in cause
    assert setting in remedy


@pytest.mark.parametrize(
    ("distribution", "environ"),
    [
        (GENAI_OPENAI, {MODE: "SPAN_ONLY"}),
        (GENAI_OPENAI, {MODE: "span_and_event"}),
        (OPENAI_V2, {MODE: "span_only", **OPT_IN}),
        (TRACELOOP_OPENAI, {}),
        (OPENINFERENCE_OPENAI, {}),
        (OPENAI_AGENTS_V2, {}),
        (AGENT_FRAMEWORK, {"ENABLE_SENSITIVE_DATA": "true"}),
        (GENAI_OPENAI, {"POSTHOG_PRIVACY_MODE": "true"}),
    ],
)
def test_messages_that_are_recorded(
    tmp_path: Path, distribution: tuple[str, str | None], environ: dict[str, str]
) -> None:
    assert content(tmp_path, distribution, **environ) == []


@pytest.mark.parametrize(
    ("distribution", "environ"),
    [(GENAI_OPENAI, {MODE: "EVENT_ONLY"}), (OPENAI_V2, {MODE: "true"}), (OPENAI_V2, {MODE: "event_only", **OPT_IN})],
)
def test_messages_in_log_records(tmp_path: Path, distribution: tuple[str, str | None], environ: dict[str, str]) -> None:
    found = install(tmp_path, distribution)

    def findings(logs: bool = False, **more: str) -> list[Finding]:
        every = {"POSTHOG_API_KEY": GOOD_KEY, **environ, **more}
        return list(check_content(patient(every, instrumentors=found, logs_joined=logs)))

    cause, remedy = one(findings(), "warning")
    assert "log records" in cause
    assert "PostHogLogRecordProcessor" in remedy
    assert findings(logs=True) == []
    assert findings(OTEL_LOGS_EXPORTER="otlp,posthog_ai") == []


def test_a_client_that_an_instrumentor_reports_as_well_needs_no_content(tmp_path: Path) -> None:
    assert content(tmp_path, ANTHROPIC, TRACELOOP_ANTHROPIC) == []


def duplicates(path: Path, *distributions: tuple[str, str | None], **environ: str) -> list[Finding]:
    found = install(path, *distributions)
    return list(check_duplicates(patient({"POSTHOG_API_KEY": GOOD_KEY, **environ}, instrumentors=found)))


@pytest.mark.parametrize(
    "pair",
    [
        (TRACELOOP_OPENAI, OPENINFERENCE_OPENAI),
        (GENAI_OPENAI, OPENAI_V2),
        (ANTHROPIC, TRACELOOP_ANTHROPIC),
        (TRACELOOP_LANGCHAIN, GENAI_OPENAI),
    ],
)
def test_two_instrumentors_that_report_the_same_call(tmp_path: Path, pair: Any) -> None:
    (finding,) = duplicates(tmp_path, *pair)
    assert finding.level == "ok"
    assert all(name in finding.cause for name, _ in pair)
    assert "one generation of each call" in finding.cause


def test_one_reports_and_two_report(tmp_path: Path) -> None:
    (one_of_each,) = duplicates(tmp_path / "one", TRACELOOP_LANGCHAIN, GENAI_OPENAI)
    assert "langchain reports the calls that opentelemetry-instrumentation-genai-openai reports" in one_of_each.cause
    several = duplicates(tmp_path / "several", TRACELOOP_LANGCHAIN, GENAI_OPENAI, ANTHROPIC)
    assert "langchain reports the calls that anthropic, opentelemetry-instrumentation-genai-openai report" in (
        several[-1].cause
    )


def test_two_instrumentors_without_de_duplication(tmp_path: Path) -> None:
    found = duplicates(tmp_path, TRACELOOP_OPENAI, OPENINFERENCE_OPENAI, POSTHOG_DEDUPLICATE="false")
    cause, remedy = one(found, "warning")
    assert "counts and costs twice" in cause
    assert "POSTHOG_DEDUPLICATE" in remedy


def test_instrumentors_of_different_libraries_are_no_duplicates(tmp_path: Path) -> None:
    assert duplicates(tmp_path, TRACELOOP_OPENAI, TRACELOOP_ANTHROPIC, FLASK) == []


def test_versions() -> None:
    (ok,) = check_versions(patient())
    assert ok.level == "ok"
    cause, remedy = one(judge_versions("1.30.0", "1.30.0"), "error")
    assert "older than 1.36" in cause
    assert "opentelemetry-sdk>=1.36" in remedy
    cause, remedy = one(judge_versions("1.45.2", "1.44.0"), "error")
    assert "do not belong together" in cause
    assert "opentelemetry-api==1.44.0" in remedy


@pytest.mark.parametrize(
    "variable",
    [
        "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT",
        "OTEL_ATTRIBUTE_COUNT_LIMIT",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT",
    ],
)
def test_limits_that_cut_messages(variable: str) -> None:
    cause, remedy = one(check_limits(patient({variable: "64"})), "warning")
    assert variable in cause
    assert remedy == f"unset {variable}, or raise it"
    assert told(check_limits(patient({variable: "1000000"})), "warning") == []
