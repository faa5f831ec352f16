"""The network: each fault is made by a real server or address, and found with its remedy."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from otel_posthog_ai.doctor.finding import Finding
from otel_posthog_ai.doctor.network import check_ca_bundle, check_proxy, check_reach
from otel_posthog_ai.inbox import Inbox
from tests.delivery.fault_server import NOT_HTTP, SELF_SIGNED, WEB_PAGE, Fault, FaultServer, Received, answer

from .conftest import GOOD_KEY, one, patient, told


def reach(host: str, key: str = GOOD_KEY, **more: object) -> list[Finding]:
    return list(check_reach(patient({"POSTHOG_API_KEY": key, "POSTHOG_HOST": host}, timeout=2.0, **more)))


def error(findings: Iterable[Finding]) -> tuple[str, str]:
    return one(findings, "error")


def test_posthog_answers_and_knows_the_key() -> None:
    with Inbox(project_keys={GOOD_KEY}) as inbox:
        findings = reach(inbox.url)
        assert told(findings, "error") == told(findings, "warning") == []
        assert any("knows the key" in each.cause for each in findings)
        assert inbox.events() == []
        assert inbox.refusals() == []


def test_an_unknown_key() -> None:
    with Inbox(project_keys={"phc_other"}) as inbox:
        cause, remedy = error(reach(inbox.url))
    assert "does not know the key" in cause
    assert "copy the project API key again" in remedy


def test_a_key_of_the_other_region() -> None:
    with Inbox(project_keys={"phc_other"}) as us, Inbox(project_keys={GOOD_KEY}) as eu:
        _, remedy = error(reach(us.url, regions={"us": us.url, "eu": eu.url}))
    assert "POSTHOG_HOST=eu" in remedy


def only_batch(status: int) -> object:
    def play(received: Received) -> Fault:
        return answer(status, body=b"{}") if "/batch" in received.path else answer(404, body=b"<html>")

    return play


def test_a_reverse_proxy_that_passes_only_events() -> None:
    with FaultServer(only_batch(400)) as server:  # type: ignore[arg-type]
        findings = reach(server.url)
    assert told(findings, "error") == []
    assert any("does not tell whether it knows the key" in each.cause for each in findings)


class _OldPostHog(BaseHTTPRequestHandler):
    """Knows no /flags, but events and the script that browsers load."""

    def do_GET(self) -> None:
        self._answer(200 if self.path == f"/array/{GOOD_KEY}/config.js" else 404)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(400 if self.path == "/batch/" else 404)

    def _answer(self, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/javascript")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def old_posthog() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _OldPostHog) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_the_script_for_browsers_tells_of_a_key(old_posthog: str) -> None:
    assert any("knows the key" in each.cause for each in reach(f"http://{old_posthog}"))
    unknown = reach(f"http://{old_posthog}", "phc_" + "b" * 43)
    assert any("does not tell" in each.cause for each in unknown)


@pytest.mark.parametrize("status", [404, 405])
def test_something_else_answers(status: int) -> None:
    with FaultServer(lambda _: answer(status, body=b"no")) as server:
        cause, remedy = error(reach(server.url))
    assert "not PostHog's ingestion" in cause
    assert "POSTHOG_HOST" in remedy


def test_a_web_page_answers() -> None:
    with FaultServer(lambda _: WEB_PAGE) as server:
        assert "with a web page" in error(reach(server.url))[0]


def test_something_on_the_way_refuses() -> None:
    with FaultServer(lambda _: answer(403, body=b"no")) as server:
        cause, remedy = error(reach(server.url))
    assert "refuses" in cause
    assert "proxy" in remedy


def test_the_server_is_unwell() -> None:
    with FaultServer(lambda _: answer(503, body=b"no")) as server:
        cause, remedy = one(reach(server.url), "warning")
    assert "503" in cause
    assert "try again later" in remedy


def test_nobody_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        cause, remedy = error(reach(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert "connection refused" in cause
    assert "port" in remedy


def test_no_answer_in_time() -> None:
    with FaultServer(lambda _: Fault(hang="answer")) as server:
        cause, remedy = error(reach(server.url))
    assert "no answer in time" in cause
    assert "firewall" in remedy


def test_a_name_that_is_not_known() -> None:
    cause, remedy = error(reach("https://posthog.invalid"))
    assert "DNS" in cause
    assert "spelling" in remedy


def test_an_untrusted_certificate() -> None:
    with FaultServer(tls=True) as server:
        cause, remedy = error(reach(server.url))
    assert "certificate is not trusted" in cause
    assert "REQUESTS_CA_BUNDLE" in remedy


def test_tls_where_there_is_none(old_posthog: str) -> None:
    cause, remedy = error(reach(f"https://{old_posthog}"))
    assert "TLS handshake" in cause
    assert "POSTHOG_HOST" in remedy


def test_no_http() -> None:
    with FaultServer(lambda _: NOT_HTTP) as server:
        assert "cannot be reached" in error(reach(server.url))[0]


def test_without_a_key_the_host_is_still_asked() -> None:
    with Inbox() as inbox:
        assert [each.level for each in reach(inbox.url, key="")] == ["ok"]
    assert "cannot be reached" in error(reach("https://posthog.invalid", key=""))[0]


def test_a_proxy_is_named_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://ada:secret@proxy.example:3128")
    (finding,) = check_proxy(patient())
    assert "http://proxy.example:3128" in finding.cause
    assert "secret" not in str(finding)


def test_a_proxy_that_does_not_let_us_through(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(lambda _: answer(407, body=b"no")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        cause, remedy = error(reach("http://posthog.example"))
    assert "refuses" in cause
    assert "proxy" in remedy


@pytest.mark.parametrize(
    ("address", "cause", "remedy"),
    [
        ("http://127.0.0.1:9", "the proxy refuses connections", "start the proxy, or correct its address"),
        ("http://proxy.invalid:3128", "the proxy's name is not known to DNS", "correct the address in HTTPS_PROXY"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, address: str, cause: str, remedy: str, scheme: str
) -> None:
    monkeypatch.setenv(f"{scheme.upper()}_PROXY", address)
    found = error(reach(f"{scheme}://posthog.example"))
    assert found[0] == f"{scheme}://posthog.example cannot be reached: {cause}"
    assert remedy in found[1]


def test_a_server_on_this_machine_is_not_called_posthog() -> None:
    with Inbox(project_keys={GOOD_KEY}) as inbox:
        knows = [each.cause for each in reach(inbox.url) if "the key" in each.cause]
    assert knows == ["the server on this machine knows the key"]


def test_a_proxy_that_is_no_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://")
    assert told(check_proxy(patient()), "error") == [
        ("the proxy in the environment is no address", "set HTTPS_PROXY to http://host:port")
    ]


def test_ca_bundles(tmp_path: Path) -> None:
    def bundle(path: Path) -> list[Finding]:
        return list(check_ca_bundle(patient({"POSTHOG_API_KEY": GOOD_KEY, "REQUESTS_CA_BUNDLE": str(path)})))

    cause, remedy = error(bundle(tmp_path / "absent.pem"))
    assert "does not exist" in cause
    assert "REQUESTS_CA_BUNDLE" in remedy
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")
    assert "holds no certificates" in error(bundle(empty))[0]
    assert [each.level for each in bundle(SELF_SIGNED)] == ["ok"]
