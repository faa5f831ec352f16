"""Set-ups that do not work, each in a process of its own, examined from inside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

_BEGIN = """
import json, sys
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SimpleSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased, TraceIdRatioBased
from otel_posthog_ai import PostHogSpanExporter, PostHogSpanProcessor
from otel_posthog_ai.doctor import examine
KEY = "phc_" + "a1B2" * 10

def processor(**options):
    return PostHogSpanProcessor(**{"api_key": KEY, "host": "http://127.0.0.1:9", "timeout": 0.2, **options})

"""
_END = """
print(json.dumps([[each.level, each.check, each.cause, each.remedy or ""] for each in found]))
sys.stdout.flush()
import os
os._exit(0)
"""


def examined(app: str, tmp_path: Path, **environ: str) -> list[tuple[str, str, str, str]]:
    file = tmp_path / "app_under_test.py"
    file.write_text(_BEGIN + textwrap.dedent(app) + _END)
    done = subprocess.run(
        [sys.executable, str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), os.getcwd()]), **environ},
    )
    assert done.returncode == 0, done.stderr
    return [tuple(each) for each in json.loads(done.stdout.splitlines()[-1])]


GLOBAL = "provider = TracerProvider(); trace.set_tracer_provider(provider)\n"

# Name → (app, check, level, cause, remedy).
FAULTS: dict[str, tuple[str, str, str, str, str]] = {
    "no provider": (
        "found = examine()", "provider", "error", "no TracerProvider has been set", "trace.set_tracer_provider",
    ),
    "a provider that is not the SDK's": (
        "found = examine(trace.NoOpTracerProvider())", "provider", "error", "NoOpTracerProvider", "sdk.trace",
    ),
    "a provider without our processor": (
        GLOBAL + "provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter())); found = examine()",
        "processor", "error", "has no PostHogSpanProcessor", "provider.add_span_processor(PostHogSpanProcessor())",
    ),
    "the processor is on another provider": (
        GLOBAL + "mine = TracerProvider(); mine.add_span_processor(processor())\n"
        "mine.get_tracer('app').start_span('x').end(); found = examine()",
        "processor", "error", "it hears another one", "on the provider that is set",
    ),
    "the provider is set twice": (
        GLOBAL + "second = TracerProvider(); second.add_span_processor(processor())\n"
        "trace.set_tracer_provider(second); found = examine()",
        "processor", "error", "does not have it", "only the first counts",
    ),
    "the processor is added nowhere": (
        GLOBAL + "kept = processor(); found = examine()", "processor", "error", "or to none", "add_span_processor",
    ),
    "the processor has no key": (
        GLOBAL + "provider.add_span_processor(PostHogSpanProcessor()); found = examine()",
        "processor", "error", "has no key", "POSTHOG_API_KEY before it is made",
    ),
    "the processor was shut down": (
        GLOBAL + "one = processor(); provider.add_span_processor(one); one.shutdown(); found = examine()",
        "processor", "error", "was shut down", "at the end of the process",
    ),
    "two processors": (
        GLOBAL + "provider.add_span_processor(processor()); provider.add_span_processor(processor())\n"
        "provider.get_tracer('app').start_span('x').end(); found = examine()",
        "processor", "warning", "second PostHogSpanProcessor", "add only one",
    ),
    "a sampler that drops everything": (
        "provider = TracerProvider(sampler=ALWAYS_OFF); trace.set_tracer_provider(provider)\n"
        "provider.add_span_processor(processor()); found = examine()",
        "sampler", "error", "AlwaysOffSampler drops every trace", "OTEL_TRACES_SAMPLER",
    ),
    "a sampler that drops most": (
        "provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.1))); trace.set_tracer_provider(provider)\n"
        "provider.add_span_processor(processor()); found = examine()",
        "sampler", "warning", "of all traces", "ALWAYS_ON",
    ),
    "spans and none is AI": (
        GLOBAL + "provider.add_span_processor(processor())\n"
        "for n in range(7): provider.get_tracer('shop').start_span('GET /').end()\nfound = examine()",
        "traffic", "warning", "7 spans ended, and none is an AI span (scopes: shop)", "instrumentor",
    ),
    "events that are not taken": (
        GLOBAL + "provider.add_span_processor(processor(max_retries=0))\n"
        "provider.get_tracer('app').start_span('chat', attributes={'gen_ai.operation.name': 'chat'}).end()\n"
        "provider.force_flush(3000); found = examine()",
        "traffic", "error", "does not take events: connection refused", "doctor",
    ),
    "the key of the processor is a personal one": (
        GLOBAL + "provider.add_span_processor(processor(api_key='phx_' + 'a' * 40)); found = examine()",
        "key", "error", "api_key is wrong: it is a personal API key", "project API key",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found(name: str, tmp_path: Path) -> None:
    app, check, level, cause, remedy = FAULTS[name]
    found = [each for each in examined(app, tmp_path) if each[:2] == (level, check)]
    assert len(found) == 1, found
    assert cause in found[0][2]
    assert remedy in found[0][3]


def test_the_sdk_is_disabled(tmp_path: Path) -> None:
    app = GLOBAL + "provider.add_span_processor(processor()); found = examine()"
    found = examined(app, tmp_path, OTEL_SDK_DISABLED="true")
    assert ("error", "switched off") in [each[:2] for each in found]
    assert any("unset OTEL_SDK_DISABLED" in each[3] for each in found)


def test_a_set_up_that_works_has_no_errors(tmp_path: Path) -> None:
    app = GLOBAL + "provider.add_span_processor(processor()); found = examine()"
    found = examined(app, tmp_path)
    assert [each for each in found if each[0] == "error" and each[1] != "instrumentors"] == []
    assert any("has a PostHogSpanProcessor" in each[2] for each in found)
    assert any("no span has ended yet" in each[2] for each in found)


def test_a_bare_exporter_is_told_to_be_out_of_sight(tmp_path: Path) -> None:
    app = GLOBAL + (
        "provider.add_span_processor(BatchSpanProcessor(PostHogSpanExporter(api_key=KEY))); found = examine()"
    )
    (found,) = [each for each in examined(app, tmp_path) if each[1] == "processor"]
    assert found[0] == "ok"
    assert "does not show" in found[2]


def test_nobody_sees_the_spans_of_an_examination(tmp_path: Path) -> None:
    app = GLOBAL + (
        "from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter\n"
        "memory = InMemorySpanExporter(); provider.add_span_processor(SimpleSpanProcessor(memory))\n"
        "one = processor(); provider.add_span_processor(one)\n"
        "examine(); found = examine(); one.force_flush(500)\n"
        "assert memory.get_finished_spans() == () and one.status()['seen'] == 0"
    )
    assert examined(app, tmp_path)


LIBRARY = """
def complete(prompt):
    return prompt
"""
INSTRUMENTOR = """
import functools, litellm

def instrument():
    original = litellm.complete
    @functools.wraps(original)
    def wrapper(*args, **kwargs):
        return original(*args, **kwargs)
    litellm.complete = wrapper
"""


def order(tmp_path: Path, app: str) -> list[tuple[str, str, str, str]]:
    (tmp_path / "litellm.py").write_text(LIBRARY)
    (tmp_path / "its_instrumentor.py").write_text(INSTRUMENTOR)
    (tmp_path / "shop.py").write_text("from litellm import complete as ask\n")
    return [each for each in examined(app + "\nfound = examine()", tmp_path) if each[1] == "order"]


def test_a_function_that_was_taken_before_it_was_instrumented(tmp_path: Path) -> None:
    (found,) = order(tmp_path, "import shop, its_instrumentor; its_instrumentor.instrument()")
    assert "shop took `ask` from litellm before the instrumentor wrapped it" in found[2]
    assert "before the modules that use the library are imported" in found[3]


def test_a_function_that_was_taken_afterwards(tmp_path: Path) -> None:
    assert order(tmp_path, "import its_instrumentor; its_instrumentor.instrument(); import shop") == []


def test_an_instrumentor_that_nobody_has_switched_on(tmp_path: Path) -> None:
    package = tmp_path / "openinference" / "instrumentation" / "groq"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(
        "class GroqInstrumentor:\n    is_instrumented_by_opentelemetry = False\n"
        "    def instrument(self): GroqInstrumentor.is_instrumented_by_opentelemetry = True\n"
    )
    (tmp_path / "groq.py").write_text("")
    info = tmp_path / "openinference_instrumentation_groq-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: openinference-instrumentation-groq\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[opentelemetry_instrumentor]\ngroq = openinference.instrumentation.groq:GroqInstrumentor\n"
    )

    def found(app: str) -> list[tuple[str, str, str, str]]:
        return [each for each in examined(app + "; found = examine()", tmp_path) if each[1] == "switched on"]

    assert found("pass") == []  # the app does not use the library
    (off,) = found("import groq")
    assert off[0] == "warning"
    assert "GroqInstrumentor().instrument()" in off[3]
    switched_on = "import groq; from openinference.instrumentation.groq import GroqInstrumentor as G; G().instrument()"
    assert [each[0] for each in found(switched_on)] == ["ok"]


def test_findings_are_sentences(tmp_path: Path) -> None:
    found: Any = examined("found = examine()", tmp_path)
    assert all(cause and not cause.endswith(".") for _, _, cause, _ in found)
