"""Ten minutes of traffic while one request in five to PostHog fails: memory stays flat, and nothing is lost."""

from __future__ import annotations

import itertools
import os
import random
import time

import pytest

from tests.delivery.fault_server import OK, Fault, FaultServer, Received, answer
from tests.otlp import written
from tests.otlp.posted import protobuf

from .running import started

SECONDS = float(os.environ.get("SOAK_SECONDS", "600"))
TRACES_A_REQUEST, REQUESTS_A_SECOND = 25, 4


@pytest.mark.soak
@pytest.mark.timeout(SECONDS + 300)
@pytest.mark.skipif("SOAK" not in os.environ, reason="takes ten minutes; set SOAK=1")
def test_memory_is_flat_and_nothing_is_lost(capsys: pytest.CaptureFixture[str]) -> None:
    dice = random.Random(7)
    uuids: set[str] = set()

    def treated(request: Received) -> Fault:
        if dice.random() < 0.2:
            return answer(503)
        uuids.update(event["uuid"] for event in request.batch)
        return OK

    memory: list[float] = []
    took: list[float] = []
    sent = 0
    with FaultServer(treated) as server, started(server.url, "--quiet-seconds", "2") as gateway:
        begin = time.monotonic()
        for number in itertools.count():
            due = begin + number / REQUESTS_A_SECOND
            if due > begin + SECONDS:
                break
            time.sleep(max(due - time.monotonic(), 0))
            first = number * TRACES_A_REQUEST
            spans = [span for trace in range(first, first + TRACES_A_REQUEST)
                     for span in (written.chat(trace, number=1, size=2_000, parent=written.agent(trace)["span_id"]),
                                  written.agent(trace))]  # fmt: skip
            body = protobuf("traces", written.span_request(*spans))
            asked = time.monotonic()
            assert gateway.post("/v1/traces", body).status_code == 200
            took.append(time.monotonic() - asked)
            sent += len(spans)
            server.requests.clear()
            server.events.clear()
            if number % (REQUESTS_A_SECOND * 30) == 0:
                memory.append(gateway.resident_megabytes())
        gateway.process.terminate()
        assert gateway.process.wait(60) == 0
    with capsys.disabled():
        took.sort()
        median, slow = (took[len(took) * share // 100] * 1e3 for share in (50, 99))
        print(f"\n{sent} spans, {len(uuids)} events; accepted in {median:.1f} ms, p99 {slow:.1f} ms")
        print("memory every 30 s, MB:", *(round(each) for each in memory))
    assert len(uuids) == sent, "every span of this load is one event"
    early, late = memory[len(memory) // 4], memory[-1]
    assert late < early * 1.15 + 5
