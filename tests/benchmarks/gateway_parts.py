"""Where the gateway's CPU goes: its stages one after another in this process, without its doors and its sender."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager

from .gateway import Load

STAGES = ("parsed, in C", "made into spans", "held and taken up again", "read, placed, written as events")


def stages(given: Load, rounds: int) -> dict[str, float]:
    """Stage → microseconds of CPU a span, the least of some rounds."""
    from otel_posthog_ai.otlp.garbage import seldom_collected

    with seldom_collected():
        found = [_round(given) for _ in range(rounds)]
    return {stage: min(each[stage] for each in found) for stage in STAGES}


def _round(given: Load) -> Counter[str]:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    from otel_posthog_ai.counters import Counters
    from otel_posthog_ai.gateway.open_traces import OpenTraces, Patience
    from otel_posthog_ai.otlp.held import LogsOfSpans, groups
    from otel_posthog_ai.otlp.protobuf import read_traces
    from otel_posthog_ai.settings import resolve
    from otel_posthog_ai.work.whole_traces import WholeTraces

    took: Counter[str] = Counter()

    @contextmanager
    def timed(stage: str) -> Generator[None]:
        begin = time.process_time()
        yield
        took[stage] += (time.process_time() - begin) * 1e6 / given.spans

    parsed, read, held, written = STAGES
    whole, traces = WholeTraces(resolve({"api_key": "phc_benchmark"}), Counters()), OpenTraces(Patience())
    for body in given.bodies:
        with timed(parsed):
            ExportTraceServiceRequest().ParseFromString(body)
        with timed(read):
            contents = read_traces(body)
        with timed(held):
            traces.add(contents.spans, 0.0, None)
    with timed(held):
        unpacked = [trace.unpacked() for trace in traces.leaving(0.0, everything=True)]
    for group in groups(unpacked):
        with timed(written):
            logs = LogsOfSpans(group, traces.strays)
            whole.events(logs.spans, logs.of)
    took[read] -= took[parsed]  # which is done in it once more
    return took
