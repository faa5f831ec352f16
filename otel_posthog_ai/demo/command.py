"""The demo: start an inbox and a model server, run the app, read its traces back and check them."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from otel_posthog_ai.demo.expectation import Happened, what_is_wrong
from otel_posthog_ai.demo.picture import draw
from otel_posthog_ai.demo.travel_guide import SESSION, USER, run
from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.model_server import ModelServer
from otel_posthog_ai.terminal import Terminal

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

PROJECT_KEY = "phc_demo"
_FLUSH_MILLIS = 10_000
_MODEL_LATENCY_SECONDS = 0.02
_INSTRUMENTOR = "opentelemetry.instrumentation.genai.openai"
# Without it the instrumentor writes no messages on its spans.
_CONTENT_CAPTURE = {"OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only"}

OpenProcessor = Callable[[str], "SpanProcessor"]


def main(argv: Sequence[str] | None = None, *, open_processor: OpenProcessor | None = None) -> int:
    """Run the demo.

    Args:
        argv: the command line after `demo`.
        open_processor: makes the span processor for the inbox at the given address; a `PostHogSpanProcessor` when None.

    Returns:
        0 when everything that happened arrived, 1 when not, 2 when the extra `demo` is not installed.
    """
    options = _parser().parse_args(argv)
    out = Terminal()
    missing = _missing_packages()
    if missing:
        Terminal.for_errors().line(
            f"The demo needs {' and '.join(missing)}. Install them: pip install {' '.join(missing)}"
        )
        return 2
    _forget_settings_of_the_shell()
    with Inbox() as inbox, ModelServer(latency=_MODEL_LATENCY_SECONDS) as model_server:
        happened = _run_app(inbox.url, model_server.url, open_processor or _posthog_processor)
        trace_ids = dict.fromkeys(entry.trace_id for entry in happened)
        traces = {trace_id: _read_trace(inbox.url, trace_id) for trace_id in trace_ids}
        wrong = what_is_wrong(happened, traces, USER, SESSION)
        if options.json:
            out.line(json.dumps({"ok": not wrong, "wrong": wrong, "inbox": inbox.url, "traces": list(traces.values())}))
        else:
            _tell(out, happened, traces, wrong)
        if options.keep:
            _keep(out if not options.json else Terminal.for_errors(), inbox.url)
    return 1 if wrong else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai demo",
        description="Run a real OpenAI client under a real OpenTelemetry instrumentor against a local model server, "
        "export its traces to a local inbox and check that everything arrived. Needs no key and no network.",
        epilog="exit code: 0 all arrived; 1 something is missing or wrong; 2 the demo's packages are not installed",
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave the inbox running to look at the traces in a browser"
    )
    parser.add_argument("--json", action="store_true", help="print the traces and what is wrong as JSON")
    return parser


def _missing_packages() -> list[str]:
    names = {"openai": "openai", "opentelemetry-instrumentation-genai-openai": _INSTRUMENTOR}
    return [name for name, module in names.items() if not _is_installed(module)]


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _forget_settings_of_the_shell() -> None:
    """The demo shows what the library does; options, SDK switches and proxies of the shell must not change it."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "POSTHOG_", "OPENAI_")) or name.upper().endswith("_PROXY"):
            del os.environ[name]
    os.environ.update(_CONTENT_CAPTURE)


def _posthog_processor(url: str) -> SpanProcessor:
    from otel_posthog_ai.doors.processor import PostHogSpanProcessor

    return PostHogSpanProcessor(api_key=PROJECT_KEY, host=url)


def _run_app(inbox_url: str, model_server_url: str, open_processor: OpenProcessor) -> list[Happened]:
    """The set-up that every app needs, then the app, then a flush as at the end of any process."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider

    provider = TracerProvider(resource=Resource.create({"service.name": "travel-guide"}))
    provider.add_span_processor(open_processor(inbox_url))
    openai: Any = importlib.import_module("openai")
    instrumentor: Any = importlib.import_module(_INSTRUMENTOR).OpenAIInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    try:
        with openai.OpenAI(base_url=f"{model_server_url}/v1", api_key="local") as client:
            happened = run(client, provider.get_tracer("travel-guide"))
        provider.force_flush(_FLUSH_MILLIS)
    finally:
        instrumentor.uninstrument()
        provider.shutdown()
    return happened


def _read_trace(inbox_url: str, trace_id: str) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(f"{inbox_url}/api/traces/{trace_id}", timeout=10) as response:
            trace: dict[str, Any] = json.load(response)
            return trace
    except urllib.error.HTTPError:
        return None


def _tell(
    out: Terminal,
    happened: Sequence[Happened],
    traces: Mapping[str, Mapping[str, Any] | None],
    wrong: Sequence[str],
) -> None:
    out.line(f"{len(happened)} things happened in {len(traces)} traces. This is what arrived:")
    for trace in traces.values():
        if trace is not None:
            out.line()
            draw(out, trace)
    out.line()
    if not wrong:
        out.line(out.style("✓ Everything arrived", "green", "bold") + ": names, models, tokens, tools, error, user.")
        return
    out.line(out.style("✗ Not everything arrived as it should:", "red", "bold"))
    for sentence in wrong:
        out.line(f"  {sentence}")


def _keep(out: Terminal, url: str) -> None:
    try:  # from before the address is told: who reads it may interrupt at once
        out.line()
        out.line(f"The inbox stays open at {out.style(url, 'bold')}. Ctrl-C ends it.")
        threading.Event().wait()
    except KeyboardInterrupt:
        out.line()
