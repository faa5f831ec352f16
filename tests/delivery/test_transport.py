"""The network outside of HTTP: TLS, DNS, proxies, the environment, the app's own tracing."""

from __future__ import annotations

import base64
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import Poster

from .fault_server import NOT_HTTP, SELF_SIGNED, FaultServer
from .samples import API_KEY, make_events, within

NewPoster = Callable[..., tuple[Poster, Counters]]
pytestmark = pytest.mark.usefixtures("hurried")
PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


def test_an_untrusted_certificate_is_named_and_nothing_is_sent(
    new_poster: NewPoster, caplog: pytest.LogCaptureFixture
) -> None:
    with FaultServer(tls=True) as server:
        post, _ = new_poster(server.url, max_retries=1)
        events = make_events(2)
        assert post.post(events, within(5)) == events
        assert server.requests == []
    assert "certificate is not trusted" in caplog.text
    assert API_KEY not in caplog.text


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_ca_bundle_from_the_environment_is_used(
    new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(SELF_SIGNED))
    with FaultServer(tls=True) as server:
        post, _ = new_poster(server.url)
        assert post.post(make_events(2), within(5)) == []
        assert post.post(make_events(2), within(5)) == []
        assert server.connections == 1


def test_a_kept_tls_connection_that_died_is_replaced_without_counting(
    new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(SELF_SIGNED))
    with FaultServer(tls=True) as server:
        post, counters = new_poster(server.url, max_retries=0)
        assert post.post(make_events(1), within(5)) == []
        server.reset_kept_connections()
        assert post.post(make_events(1), within(5)) == []
    assert counters.snapshot()["retried"] == 0


def test_a_name_that_dns_does_not_know(new_poster: NewPoster, caplog: pytest.LogCaptureFixture) -> None:
    post, _ = new_poster("http://posthog.invalid", max_retries=1)
    events = make_events(1)
    assert post.post(events, within(5)) == events
    assert "not known to DNS" in caplog.text


def test_nobody_listens(new_poster: NewPoster, caplog: pytest.LogCaptureFixture) -> None:
    with FaultServer() as server:
        url = server.url
    post, counters = new_poster(url, max_retries=2)
    assert len(post.post(make_events(1), within(5))) == 1
    assert counters.snapshot()["retried"] == 2
    assert "connection refused" in caplog.text


def test_what_answers_is_not_http(new_poster: NewPoster) -> None:
    with FaultServer([NOT_HTTP]) as server:
        post, _ = new_poster(server.url)
        assert post.post(make_events(1), within(5)) == []
        assert len(server.requests) == 2


def test_a_proxy_from_the_environment_is_used_and_no_proxy_honoured(
    new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch
) -> None:
    with FaultServer() as proxy, FaultServer() as server:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        post, _ = new_poster("http://ingest.invalid")
        assert post.post(make_events(1), within(5)) == []
        assert proxy.requests[0].path == "http://ingest.invalid/batch/"
        direct, _ = new_poster(server.url)
        assert direct.post(make_events(1), within(5)) == []
        assert len(server.requests) == 1


def test_a_proxy_is_told_the_credentials_of_its_url(new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url.replace("://", "://us%40er:pa%3Ass@"))
        post, _ = new_poster("http://ingest.invalid")
        assert post.post(make_events(1), within(5)) == []
        sent = proxy.requests[0].headers["proxy-authorization"]
        assert base64.b64decode(sent.removeprefix("Basic ")) == b"us@er:pa:ss"


def test_netrc_is_not_read(new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login somebody password something\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    with FaultServer() as server:
        post, _ = new_poster(server.url)
        assert post.post(make_events(1), within(5)) == []
        assert "authorization" not in server.requests[0].headers


def test_cookies_are_neither_kept_nor_sent(new_poster: NewPoster) -> None:
    from .fault_server import answer

    with FaultServer([answer(200, Set_Cookie="a=b; Path=/")]) as server:
        post, _ = new_poster(server.url)
        for _ in range(2):
            assert post.post(make_events(1), within(5)) == []
        assert "cookie" not in server.requests[1].headers


def test_a_clock_that_jumps_does_not_hurt(new_poster: NewPoster, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time
    with FaultServer() as server:
        post, _ = new_poster(server.url)
        for jump in (0.0, 86_400.0, -86_400.0 * 365):
            monkeypatch.setattr(time, "time", lambda jump=jump: real() + jump)
            started = time.monotonic()
            assert post.post(make_events(1), within(5)) == []
            assert time.monotonic() - started < 1


def test_requests_is_imported_at_the_first_send_only() -> None:
    code = """
        import sys, time
        from otel_posthog_ai.counters import Counters
        from otel_posthog_ai.delivery import Sender
        from otel_posthog_ai.settings import resolve
        settings = resolve({"api_key": "phc_x", "host": "http://127.0.0.1:9"})
        sender = Sender(settings, Counters(), shrink=lambda e, n: None)
        time.sleep(0.2)
        assert "requests" not in sys.modules and "urllib3" not in sys.modules
        assert sender.shutdown(time.monotonic() + 1)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True, timeout=30)


def test_our_own_requests_are_not_traced() -> None:
    pytest.importorskip("opentelemetry.instrumentation.requests")
    pytest.importorskip("opentelemetry.instrumentation.urllib3")
    code = """
        import sys, time
        sys.path.insert(0, sys.argv[1])
        from opentelemetry.instrumentation.requests import RequestsInstrumentor
        from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        memory = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(memory))
        RequestsInstrumentor().instrument(tracer_provider=provider)
        URLLib3Instrumentor().instrument(tracer_provider=provider)
        import requests
        from delivery.samples import make_events, make_settings, within
        from delivery.fault_server import FaultServer
        from otel_posthog_ai.counters import Counters
        from otel_posthog_ai.delivery import Sender
        with FaultServer() as server:
            sender = Sender(make_settings(server.url), Counters(), shrink=lambda e, n: None)
            sender.put(make_events(1))
            assert sender.shutdown(within(5))
            assert memory.get_finished_spans() == (), memory.get_finished_spans()
            assert "traceparent" not in server.requests[0].headers
            requests.post(server.url, json={"batch": []})
            assert memory.get_finished_spans() != ()
    """
    tests = str(Path(__file__).parent.parent)
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), tests], check=True, timeout=60)


def test_loading_the_http_library_does_not_age_the_first_sent_at() -> None:
    """PostHog shifts every event by the age of `sent_at`: on a cold start that would be the time of an import."""
    code = """
        import sys
        sys.path.insert(0, sys.argv[1])
        from delivery.fault_server import FaultServer
        from delivery.samples import make_events, make_settings, within
        from otel_posthog_ai.counters import Counters
        from otel_posthog_ai.delivery import Poster, poster
        stamp = poster.sent_now
        with FaultServer(tells_time=False) as server:
            sender = Poster(make_settings(server.url), Counters(), shrink=lambda event, limit: None)
            loaded_when_stamped = []
            poster.sent_now = lambda: loaded_when_stamped.append("urllib3" in sys.modules) or stamp()
            assert "urllib3" not in sys.modules
            assert sender.post(make_events(1), within(5)) == []
        assert loaded_when_stamped == [True], loaded_when_stamped
        assert "requests" not in sys.modules, "only where a proxy is set"
    """
    tests = str(Path(__file__).parent.parent)
    subprocess.run([sys.executable, "-c", textwrap.dedent(code), tests], check=True, timeout=60)
