"""Log records of coding agents that pass through the process: the same events as from a file, each once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogLogRecordProcessor, PostHogSpanProcessor
from otel_posthog_ai.otlp import json_values as otlp
from tests.receiver import Receiver

try:
    from opentelemetry._logs import LogRecord
except ImportError:  # before 1.37
    from opentelemetry.sdk._logs import LogRecord  # type: ignore[attr-defined,no-redef]

GOLDEN = Path(__file__).parent.parent / "golden" / "otlp"
CASES = ("claude_code_logs", "claude_code_logs_with_bodies")


def emit(name: str, processor: PostHogLogRecordProcessor) -> None:
    """Write the log records of a recording as the process's own."""
    for line in (GOLDEN / f"{name}.otlp.jsonl").read_text(encoding="utf-8").splitlines():
        for of_resource in json.loads(line).get("resourceLogs", ()):
            provider = LoggerProvider(
                Resource(otlp.attributes(of_resource["resource"], Counter())), shutdown_on_exit=False
            )
            provider.add_log_record_processor(processor)
            for of_scope in of_resource["scopeLogs"]:
                scope = of_scope["scope"]
                logger = provider.get_logger(scope["name"], scope.get("version"))
                for item in of_scope["logRecords"]:
                    logger.emit(
                        LogRecord(
                            timestamp=int(item["timeUnixNano"]),
                            body=otlp.any_value(item.get("body")),
                            attributes=otlp.attributes(item, Counter()),
                        )
                    )


def expected(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((GOLDEN / f"{name}.events.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", CASES)
def test_they_become_the_events_that_a_file_of_them_gives(name: str, receiver: Receiver) -> None:
    spans = PostHogSpanProcessor(api_key="phc_golden", host=receiver.url)
    TracerProvider().add_span_processor(spans)
    emit(name, PostHogLogRecordProcessor(spans))
    assert spans.force_flush()
    emit(name, PostHogLogRecordProcessor(spans))  # an exporter that tried again
    spans.shutdown()
    for event in receiver.events:
        for key in ("$lib_version", "$ai_lib_version"):
            event["properties"].pop(key)
    assert sorted(receiver.events, key=lambda event: (event["timestamp"], event["uuid"])) == expected(name)


def test_a_record_of_no_conversation_is_left_alone(receiver: Receiver) -> None:
    spans = PostHogSpanProcessor(api_key="phc_golden", host=receiver.url)
    TracerProvider().add_span_processor(spans)
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(PostHogLogRecordProcessor(spans))
    logger = provider.get_logger("com.anthropic.claude_code.events")
    logger.emit(LogRecord(timestamp=1, body="claude_code.plugin_loaded", attributes={"event.name": "plugin_loaded"}))
    logger.emit(LogRecord(timestamp=1, attributes={"event.name": "api_request", "model": "claude-opus-4-7"}))
    spans.shutdown()
    assert receiver.events == []
