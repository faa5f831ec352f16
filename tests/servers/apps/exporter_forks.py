"""The bare exporter behind the SDK's own processor: the process forks while an export is under way."""

from __future__ import annotations

import os
import sys
import time

from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from traced import CALL, sign, write_down

from otel_posthog_ai import PostHogSpanExporter

exporter = PostHogSpanExporter(before_send=sign)
provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=10))
tracer = provider.get_tracer("app")


def call() -> None:
    """A model call."""
    with tracer.start_as_current_span("chat gpt-4o", attributes=CALL) as span:
        pass
    write_down(span)


call()
deadline = time.monotonic() + 10
while exporter.status()["waiting"] == 0:
    assert time.monotonic() < deadline, exporter.status()
    time.sleep(0.001)
pid = os.fork()
call()
if pid == 0:
    sys.exit()  # delivers by atexit
assert os.waitpid(pid, 0)[1] == 0
