"""A signal handler, or an object that is collected, flushes at any line at which the main thread may be.

What the main thread holds there it holds until that is over, and the worker or the sender may need it.
"""

from __future__ import annotations

import pytest

from tests.delivery.fault_server import FaultServer

from .processes import run

OURS, LOGGING, THREADS = "/otel_posthog_ai/", "/logging/", "/threading.py"
LOGS = """
from opentelemetry import trace as api
from opentelemetry._logs import LogRecord
from opentelemetry.context import Context
from opentelemetry.sdk._logs import LoggerProvider
from otel_posthog_ai import PostHogLogRecordProcessor
logs = LoggerProvider(shutdown_on_exit=False)
logs.add_log_record_processor(PostHogLogRecordProcessor(processor))
def say(span):
    inside = api.set_span_in_context(span, Context())
    for context in (inside, Context()):
        record = LogRecord(timestamp=1, body={"content": "hi"}, context=context)
        record.event_name = "gen_ai.user.message"
        logs.get_logger("app").emit(record)
    result = {"gen_ai.evaluation.name": "rated", "gen_ai.evaluation.score.value": 1.0}
    record = LogRecord(timestamp=1, attributes=result, context=inside)
    record.event_name = "gen_ai.evaluation.result"
    logs.get_logger("app").emit(record)
"""
DOING = {
    "ends a span": ("", "chat(provider)", (OURS,)),
    "ends spans of which very many wait": (
        "from otel_posthog_ai.work import sorting; sorting.MOST_UNSORTED = 0", "chat(provider, 3)", (OURS,)
    ),
    "asks for the open spans": ("", "chat(provider); processor.hierarchy.open_spans.live(1)", (OURS,)),
    "asks for the status": ("", "chat(provider); processor.status()", (OURS,)),
    "flushes": ("", "chat(provider); processor.force_flush()", (OURS, THREADS)),
    "enters a context": (
        "from otel_posthog_ai import posthog_context",
        "with posthog_context(distinct_id='u', session_id='s', properties={'a': 1}): chat(provider)", (OURS,),
    ),
    "sends feedback": (
        "from otel_posthog_ai import capture_feedback", "capture_feedback('fine', trace_id='a' * 32)", (OURS,)
    ),
    "sends a metric": (
        "from otel_posthog_ai import capture_metric", "capture_metric('m', 1, trace_id='a' * 32)", (OURS,)
    ),
    "writes log records with content": (
        LOGS,
        "with provider.get_tracer('app').start_as_current_span('chat', attributes={'gen_ai.system': 'm'}) as span:\n"
        "        say(span)\n"
        "    say(span)", (OURS,),
    ),
    "logs": (
        "import logging; logging.basicConfig(stream=open(os.devnull, 'w')); log.logger.setLevel('DEBUG'); "
        "log._PATIENCE = 0.02",
        "logging.getLogger('app').warning('x')", (LOGGING, THREADS),
    ),
}  # fmt: skip


def _program(doing: str, how: str) -> str:
    before, work, paths = DOING[doing]
    return f"""
from otel_posthog_ai import log
from tests.doors.lines import Lines
def before_send(event):  # in the worker, which has something to say each time
    log.warn("tests", "an event")
    return event
provider = TracerProvider(shutdown_on_exit=False)
processor = trace(provider, timeout=4, before_send=before_send)
{before}
came = 0
def doing():
    {work}
def comes():
    global came
    came += 1
    log.forget()
    chat(provider)
    if not processor.force_flush(8_000):
        print("late at", lines.place, file=sys.stderr)
        os._exit(1)
doing()
comes()
lines = Lines(doing, comes, *{paths!r})
lines.{how}()
processor.force_flush()
status = processor.status()
print(len(lines.seen), came, status["waiting"], status["queue"], status["dropped"])
"""


@pytest.mark.parametrize("doing", DOING)
def test_a_signal_handler_delivers_at_any_line_that_the_main_thread_is_at(doing: str) -> None:
    _comes_at_any_line(doing, "by_signal")


@pytest.mark.parametrize("doing", ["ends spans of which very many wait", "asks for the status", "flushes", "logs"])
def test_what_is_collected_at_any_line_delivers(doing: str) -> None:
    _comes_at_any_line(doing, "by_collection")


def _comes_at_any_line(doing: str, how: str) -> None:
    with FaultServer() as server:
        output = run(server, _program(doing, how), seconds=120)
    lines, came, owed = output.split(maxsplit=2)
    assert int(came) > int(lines) * 0.9 > 10, "a few lines are passed only the first time"
    assert owed == "0 0 {}\n"
    assert len(server.uuids) == len(set(server.uuids)) >= int(came)
