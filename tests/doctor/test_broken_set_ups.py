"""Set-ups of which nothing, or not all, arrives: each is built, with published packages, in a process of its own.

The doctor names each, with its cause and what mends it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from importlib.metadata import distribution, distributions
from pathlib import Path
from typing import NamedTuple

import pytest

from otel_posthog_ai.model_server import ModelServer
from tests.docs.markdown import is_installed

from .conftest import GOOD_KEY
from .test_in_process import GLOBAL, examined

SET_UP = GLOBAL + "provider.add_span_processor(processor())\n"
GENAI_OPENAI = "from opentelemetry.instrumentation.genai.openai import OpenAIInstrumentor as I\n"
LANGCHAIN = "from openinference.instrumentation.langchain import LangChainInstrumentor as I\n"


class Broken(NamedTuple):
    """One set-up, and what has to be said of it."""

    check: str
    level: str
    cause: str
    remedy: str
    app: str = ""
    """Its code, which examines itself at its end; none: the doctor is run beside it, from the command line."""
    environ: dict[str, str] = {}  # noqa: RUF012
    needs: tuple[str, ...] = ()
    """Modules of published packages."""
    without: str | None = None
    """A distribution that the environment must not have."""


BROKEN: dict[str, Broken] = {
    "traces go to an exporter of another name": Broken(
        "exporters", "error", "OTEL_TRACES_EXPORTER names posthog, and no installed package offers such an exporter",
        "set OTEL_TRACES_EXPORTER=posthog_ai", environ={"OTEL_TRACES_EXPORTER": "posthog"},
    ),
    "the distribution asks for an exporter of metrics that is not installed": Broken(
        "exporters", "error", "OTEL_METRICS_EXPORTER names otlp (otlp_proto_grpc), and no installed package offers",
        "set OTEL_METRICS_EXPORTER=none, or pip install opentelemetry-exporter-otlp-proto-grpc",
        environ={"OTEL_TRACES_EXPORTER": "posthog_ai", "OTEL_LOGS_EXPORTER": "none"},
        needs=("opentelemetry.distro",), without="opentelemetry-exporter-otlp-proto-grpc",
    ),
    "logs are left at an exporter that is not installed": Broken(
        "exporters", "error", "OTEL_LOGS_EXPORTER names nowhere", "set OTEL_LOGS_EXPORTER=none",
        environ={
            "OTEL_TRACES_EXPORTER": "posthog_ai", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "nowhere"
        },
    ),
    "Lambda without a flush": Broken(
        "flush", "warning", "may be frozen between two requests, and nothing in it flushes", "@flush_on_exit",
        app=SET_UP + "found = examine()", environ={"AWS_LAMBDA_FUNCTION_NAME": "guide"},
    ),
    "a SimpleSpanProcessor before the bare exporter": Broken(
        "processor", "error", "waits until PostHog has answered", "BatchSpanProcessor",
        app=GLOBAL + "provider.add_span_processor(SimpleSpanProcessor(PostHogSpanExporter(api_key=KEY)))\n"
        "found = examine()",
    ),
    "an instrumentor on another provider": Broken(
        "tracers", "error", "openinference.instrumentation.langchain makes its spans with another TracerProvider",
        ".instrument(tracer_provider=provider)",
        app=SET_UP + LANGCHAIN + "I().instrument(tracer_provider=TracerProvider()); found = examine()",
        needs=("openinference.instrumentation.langchain", "langchain_core"),
    ),
    "before_send forgets to return": Broken(
        "functions", "error", "before_send drops every event of a made-up trace: it gives None", "return event",
        app=GLOBAL + "def forget(event): event['properties']['x'] = 1\n"
        "provider.add_span_processor(processor(before_send=forget)); found = examine()",
    ),
    "before_send fails": Broken(
        "functions", "error", "before_send drops every event of a made-up trace: it fails (KeyError)", "return event",
        app=GLOBAL + "provider.add_span_processor(processor(before_send=lambda event: event['nothing']))\n"
        "found = examine()",
    ),
    "span_filter lets nothing through": Broken(
        "functions", "warning", "span_filter lets no span of a made-up trace through", "it alone decides",
        app=GLOBAL + "provider.add_span_processor(processor(span_filter=lambda span: False)); found = examine()",
    ),
    "span_filter has dropped all that there was": Broken(
        "traffic", "error", "span_filter has dropped all of 3 spans", "give True",
        app=GLOBAL + "provider.add_span_processor(processor(span_filter=lambda span: False))\n"
        "for n in range(3): provider.get_tracer('app').start_span('chat').end()\n"
        "found = examine()",
    ),
    "a variable keeps the instrumentor off": Broken(
        "instrumentors", "warning", "from switching on opentelemetry-instrumentation-genai-openai",
        "take openai out of OTEL_PYTHON_DISABLED_INSTRUMENTATIONS",
        environ={"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "flask, openai"},
        needs=("opentelemetry.instrumentation.genai.openai",),
    ),
    "a variable keeps every instrumentor off": Broken(
        "instrumentors", "error", "keeps opentelemetry-instrument from switching on", "take * out of",
        environ={"OTEL_PYTHON_DISABLED_INSTRUMENTATIONS": "*", "OTEL_TRACES_EXPORTER": "posthog_ai"},
        needs=("opentelemetry.instrumentation.genai.openai",),
    ),
    "an instrumentor that was made for another google-genai": Broken(
        "instrumentors", "error", "opentelemetry-instrumentation-google-genai 1.3b0 is made for google-genai<3,",
        "pip install openinference-instrumentation-google-genai",
        app=SET_UP + "import google.genai\n"
        "from opentelemetry.instrumentation.google_genai import GoogleGenAiSdkInstrumentor as I\n"
        "I().instrument(); assert not I().is_instrumented_by_opentelemetry; found = examine()",
        needs=("google.genai", "opentelemetry.instrumentation.google_genai"),
    ),
    "agents are reported and calls are not": Broken(
        "instrumentors", "error", "genai-openai-agents reports agents and tools, and no calls of models",
        "install the instrumentor of the client too, opentelemetry-instrumentation-genai-openai",
        needs=("opentelemetry.instrumentation.genai.openai_agents",),
        without="opentelemetry-instrumentation-genai-openai",
    ),
    "streams without tokens": Broken(
        "traffic", "warning", "streamed calls of opentelemetry.instrumentation.genai.openai", "include_usage",
        app=SET_UP + GENAI_OPENAI + "from openai import OpenAI; I().instrument()\n"
        "hello = [{'role': 'user', 'content': 'hello'}]\n"
        "for part in OpenAI().chat.completions.create(model='gpt-4o-mini', messages=hello, stream=True): pass\n"
        "provider.force_flush(2000); found = examine()",
        needs=("openai", "opentelemetry.instrumentation.genai.openai"),
    ),
    "Logfire scrubs the session": Broken(
        "traffic", "warning", "an id of a user or a session arrives scrubbed by Logfire", "ScrubbingOptions",
        app="import logfire\n"
        "logfire.configure(send_to_logfire=False, console=False, additional_span_processors=[processor()])\n"
        "with logfire.span('chat', **{'gen_ai.operation.name': 'chat', 'session.id': 'chat-1'}): pass\n"
        "logfire.force_flush(2000); found = examine()",
        needs=("logfire",),
    ),
    "a long conversation is cut by the limit of attributes": Broken(
        "traffic", "warning", "cut 12 attributes off a span of openinference.instrumentation.langchain",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=10000",
        app=SET_UP + LANGCHAIN + "I().instrument(); from langchain_openai import ChatOpenAI\n"
        "ChatOpenAI(model='gpt-4o-mini').invoke([('human', 'hello'), ('ai', 'hi')] * 30)\n"
        "provider.force_flush(2000); found = examine()",
        needs=("openinference.instrumentation.langchain", "langchain_openai"),
    ),
    "a limit that will cut long conversations": Broken(
        "limits", "warning", "OpenTelemetry keeps 128 of a span, the last ones: a conversation of more than about 54",
        "set OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT=10000",
        app=SET_UP + "found = examine()", needs=("openinference.instrumentation.langchain",),
    ),
    "a sampler by a small ratio": Broken(
        "sampler", "warning", "drops 99.9% of all traces", "sampler=ALWAYS_ON",
        app="provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(0.001)))\n"
        "trace.set_tracer_provider(provider); provider.add_span_processor(processor()); found = examine()",
    ),
    "a page of PostHog for its host": Broken(
        "host", "warning", "POSTHOG_HOST has a path, /project/123, that the exporter leaves out",
        "set POSTHOG_HOST=https://eu.i.posthog.com", environ={"POSTHOG_HOST": "https://eu.i.posthog.com/project/123"},
    ),
    "the key under the name that a web app has for it": Broken(
        "options", "warning", "NEXT_PUBLIC_POSTHOG_KEY is set, which the exporter does not read",
        "call it POSTHOG_API_KEY", environ={"NEXT_PUBLIC_POSTHOG_KEY": GOOD_KEY, "POSTHOG_API_KEY": ""},
    ),
}  # fmt: skip


@pytest.mark.instrumentor
@pytest.mark.parametrize("name", BROKEN)
def test_it_is_recognised(name: str, tmp_path: Path) -> None:
    broken = BROKEN[name]
    for module in broken.needs:
        if not is_installed(module):
            pytest.skip(f"{module} is not installed")
    found = examined(broken.app, tmp_path, **at_model_server(broken)) if broken.app else diagnosed(broken, tmp_path)
    matching = [each for each in found if each[:2] == (broken.level, broken.check) and broken.cause in each[2]]
    assert len(matching) == 1, found
    assert broken.remedy in matching[0][3]


@pytest.fixture(scope="module", autouse=True)
def model_server() -> object:
    with ModelServer() as server:
        _servers.append(server)
        yield server
        _servers.clear()


_servers: list[ModelServer] = []


def at_model_server(broken: Broken) -> dict[str, str]:
    return {"OPENAI_BASE_URL": f"{_servers[0].url}/v1", "OPENAI_API_KEY": "local", **broken.environ}


def diagnosed(broken: Broken, tmp_path: Path) -> list[tuple[str, str, str, str]]:
    """What the command says, in this environment or in one without a distribution that this one has."""
    code = "import sys; from otel_posthog_ai.__main__ import main; sys.exit(main(['doctor', '--offline', '--json']))"
    environ = {**os.environ, "POSTHOG_API_KEY": GOOD_KEY, "PYTHONPATH": os.getcwd(), **broken.environ}
    options = ["-c"]
    if broken.without is not None and any(found.name == broken.without for found in distributions()):
        environ["PYTHONPATH"] += os.pathsep + str(environment_without(broken.without, tmp_path))
        options = ["-S", "-c"]
    done = subprocess.run(
        [sys.executable, *options, code],
        cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    listed = json.loads(done.stdout)["findings"]
    return [(each["level"], each["check"], each["cause"], each["remedy"] or "") for each in listed]


def environment_without(name: str, tmp_path: Path) -> Path:
    """This environment's packages, linked into a folder, but for what pip would remove with a distribution."""
    there = Path(sysconfig.get_path("purelib"))
    here = tmp_path / "site-packages"
    removed = {str(file) for file in distribution(name).files or ()}
    for folder, _, files in os.walk(there, followlinks=True):
        inside = Path(folder).relative_to(there)
        kept = [file for file in files if str(inside / file) not in removed and not file.endswith(".pyc")]
        if kept:
            (here / inside).mkdir(parents=True, exist_ok=True)
        for file in kept:
            (here / inside / file).symlink_to(Path(folder) / file)
    return here
