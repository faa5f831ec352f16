"""Times of one trace keep their order and length, however long each request takes and whatever the clocks say."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.delivery.host_clock import HostClock
from otel_posthog_ai.inbox.clock import event_time


class Host:
    """A host with a clock of its own that stores times by PostHog's rule; requests take as long as `delays` say."""

    def __init__(self, offset: float, delays: list[float], *, tells_time: bool = True) -> None:
        self.offset = offset
        self.delays = delays
        self.tells_time = tells_time
        self.in_its_stead: tuple[int, str, float] | None = None
        """Somebody on the way answers: status, content type, offset of his clock."""
        self.stored: dict[str, float] = {}
        self.bodies: list[dict[str, Any]] = []

    def now(self) -> float:
        return time.time() + self.offset

    def take(self, body: dict[str, Any], arrived: float) -> None:
        self.bodies.append(body)
        sent_at = body.get("sent_at")
        sent = datetime.fromisoformat(sent_at.replace("Z", "+00:00")).timestamp() if sent_at is not None else None
        for event in body["batch"]:
            self.stored[event["properties"]["$ai_span_name"]] = event_time(event, sent, arrived)


@contextmanager
def serving(host: Host) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self, text: bytes = b"") -> None:
            status, kind, offset = host.in_its_stead or (200, "application/json", host.offset)
            self.send_response_only(status)
            self.send_header("Content-Type", kind)
            if host.tells_time:
                self.send_header("Date", formatdate(int(time.time() + offset), usegmt=True))
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def do_HEAD(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
            if host.delays:
                time.sleep(host.delays.pop(0))  # on its way: PostHog notes the arrival afterwards
            if host.in_its_stead is None:
                host.take(json.loads(body), host.now())
            self._answer(b'{"status":"Ok"}')

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


# The process's own clock is moved by as much as it is told, as a wrong clock would be.
_APP = """
import sys, time
host, wrong = sys.argv[1], float(sys.argv[2])
right, right_ns = time.time, time.time_ns
time.time, time.time_ns = lambda: right() + wrong, lambda: right_ns() + int(wrong * 1e9)
import datetime
from opentelemetry.sdk.trace import TracerProvider
from otel_posthog_ai import PostHogSpanProcessor
processor = PostHogSpanProcessor(api_key="phc_x", host=host, flush_at=5, flush_interval_millis=50)
provider = TracerProvider()
provider.add_span_processor(processor)
tracer = provider.get_tracer("app")
CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
start = time.time_ns()
for number in range(60):
    begin = start + number * 10_000_000
    tracer.start_span(f"step {number:02}", attributes=CHAT, start_time=begin).end(begin + 10_000_000)
    if number % 10 == 9:
        processor.force_flush()
print(start / 1e9 - wrong)
provider.shutdown()
"""


def _run(url: str, wrong: float) -> float:
    """Sixty steps of 10 ms by a clock that is wrong by `wrong` seconds; when the first began, by the right one."""
    done = subprocess.run(
        [sys.executable, "-c", _APP, url, str(wrong)], capture_output=True, text=True, timeout=60, check=True
    )
    return float(done.stdout)


CLOCKS = [
    pytest.param(0.0, 0.0, id="both right"),
    pytest.param(0.8, 0.0, id="ours a little fast"),
    pytest.param(3_600.0, 0.0, id="ours an hour fast"),
    pytest.param(-86_400.0, 0.0, id="ours a day slow"),
    pytest.param(3_600.0, -1_800.0, id="both wrong"),
    pytest.param(-7_200.0, -7_200.0, id="both wrong alike"),
]


@pytest.mark.parametrize(("ours", "theirs"), CLOCKS)
def test_sixty_steps_keep_their_order_and_length(ours: float, theirs: float) -> None:
    host = Host(theirs, delays=[0.7, 0.0, 0.05])
    with serving(host) as url:
        began = _run(url, ours)
    assert not any("sent_at" in body for body in host.bodies)
    times = [host.stored[f"step {number:02}"] for number in range(60)]
    assert times == sorted(times)
    assert times[-1] - times[0] == pytest.approx(0.59, abs=1e-4)
    # By the host's clock, as well as whole seconds tell it.
    assert times[0] - (began + theirs) == pytest.approx(0.0, abs=3.1)


def test_a_host_that_does_not_tell_its_time_corrects_by_itself() -> None:
    host = Host(0.0, delays=[], tells_time=False)
    with serving(host) as url:
        began = _run(url, 3_600.0)
    assert all("sent_at" in body for body in host.bodies)
    assert host.stored["step 00"] - began == pytest.approx(0.0, abs=5.0)


BETWEEN = [(302, "text/html"), (407, "text/plain"), (502, "text/html"), (503, "text/plain"), (200, "text/html")]


@pytest.mark.parametrize(("status", "kind"), BETWEEN)
def test_who_answers_in_the_hosts_stead_does_not_say_what_time_it_is(status: int, kind: str) -> None:
    host = Host(0.0, delays=[])
    with serving(host) as url:
        host.in_its_stead = (status, kind, 7_200.0)
        provider = TracerProvider(shutdown_on_exit=False)
        processor = PostHogSpanProcessor(api_key="phc_clock", host=url, max_retries=0)
        provider.add_span_processor(processor)
        began = time.time()
        _step(provider, "step 0")
        assert not processor.force_flush()
        host.in_its_stead = None
        _step(provider, "step 1")
        assert processor.force_flush()
        provider.shutdown()
    assert [at - began for at in host.stored.values()] == pytest.approx([0.0, 0.0], abs=60)


def _with_ip(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "ip": "192.0.2.1"}


def _sorted(event: dict[str, Any]) -> dict[str, Any]:
    return dict(sorted(event.items(), reverse=True))


@pytest.mark.parametrize("before_send", [_with_ip, _sorted])
def test_what_the_app_writes_beside_the_time_does_not_keep_it_from_being_moved(
    before_send: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    host = Host(7_200.0, delays=[])
    with serving(host) as url:
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(PostHogSpanProcessor(api_key="phc_clock", host=url, before_send=before_send))
        began = time.time()
        _step(provider, "step 0")
        provider.shutdown()
    assert host.stored["step 0"] - began == pytest.approx(7_200.0, abs=60)


def _step(provider: TracerProvider, name: str) -> None:
    attributes = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name}
    provider.get_tracer("app").start_span(name, attributes=attributes).end()


def _date(moment: float) -> str:
    return formatdate(int(moment), usegmt=True)


NOW = 1_800_000_000.25
LEARNED = [
    # the host's Date, sent, answered -> the offset
    pytest.param(_date(NOW), NOW, NOW + 0.1, 0.0, id="the same second"),
    pytest.param(_date(NOW + 1), NOW, NOW + 5, 0.0, id="a slow answer"),
    pytest.param(_date(NOW - 2), NOW, NOW + 0.1, 0.0, id="two seconds are the tolerance"),
    pytest.param(_date(NOW + 3600), NOW, NOW + 0.5, 3600.0, id="an hour"),
    pytest.param(_date(NOW - 3600), NOW, NOW + 0.5, -3600.0, id="an hour behind"),
    pytest.param("yesterday", NOW, NOW, None, id="no date"),
    pytest.param(None, NOW, NOW, None, id="nothing said"),
]


@pytest.mark.parametrize(("date", "sent", "answered", "offset"), LEARNED)
def test_what_an_answer_tells(date: str | None, sent: float, answered: float, offset: float | None) -> None:
    clock = HostClock()
    clock.learn(date, sent, answered)
    if offset is None:
        assert clock.offset is None
    else:
        assert clock.offset == pytest.approx(offset, abs=1.0)
        assert (clock.offset == 0.0) is (offset == 0.0)
    assert clock.is_settled is (offset is not None)


def test_what_was_found_out_stays() -> None:
    clock = HostClock()
    clock.learn(_date(NOW + 3600), NOW, NOW)
    first = clock.offset
    clock.learn(_date(NOW), NOW, NOW)
    assert clock.offset == first
    undecided = HostClock()
    undecided.settle()
    undecided.learn(_date(NOW + 3600), NOW, NOW)
    assert undecided.offset is None


def test_only_the_time_of_the_event_is_moved() -> None:
    clock = HostClock()
    clock.learn(_date(NOW + 3600), NOW, NOW)
    said = {"timestamp": "2027-01-15T08:00:00.000000Z"}
    event = {"event": "$ai_span", "properties": said, "timestamp": "2027-01-15T08:00:00.250000Z", "uuid": "u"}
    body = json.dumps(event, separators=(",", ":")).encode()
    moved = clock.corrected(body)
    assert len(moved) == len(body)
    found = json.loads(moved)
    assert found["properties"] == said
    at = datetime.strptime(found["timestamp"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    assert at.timestamp() - 1_799_999_999.0 == pytest.approx(3600, abs=3601)
    assert found["timestamp"].startswith("2027-01-15T09:00")


def test_times_of_other_machines_are_sent_as_they_are() -> None:
    clock = HostClock(own_times=False)
    clock.learn(_date(NOW + 3600), NOW, NOW)
    assert clock.offset == 0.0
    assert clock.corrected(b'{"timestamp":"2027-01-15T08:00:00.000000Z","uuid":"u"}').endswith(b'00Z","uuid":"u"}')
