"""The server itself, over plain HTTP: what it refuses, what it repeats, where it listens."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from otel_posthog_ai.model_server import ModelServer
from otel_posthog_ai.model_server.command import main

_CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Tell me a joke"}]}


def _post(url: str, body: Any) -> tuple[int, Any]:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_it_listens_on_loopback_only(server: ModelServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_an_unknown_path_is_404(server: ModelServer) -> None:
    status, body = _post(server.url + "/v1/poems", {})
    assert status == 404
    assert "/v1/poems" in body["error"]["message"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"7", b'"text"', b"", b'{"messages": 7}', b'{"messages": [7]}'])
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/v1/embeddings"])
def test_a_bad_body_is_answered_and_never_kills_the_connection(server: ModelServer, path: str, body: bytes) -> None:
    status, answer = _post(server.url + path, body)
    assert status in (200, 400)
    assert isinstance(answer, dict)


def test_the_same_requests_get_the_same_answers_in_every_run() -> None:
    answers: list[Any] = []
    for _ in range(2):
        with ModelServer() as server:
            answers.append([_post(server.url + "/v1/chat/completions", _CHAT)[1] for _ in range(2)])
    for answer in answers[0] + answers[1]:
        answer.pop("created")
    assert answers[0] == answers[1]
    assert answers[0][0]["id"] != answers[0][1]["id"]


def test_dozens_of_clients_may_come_at_once(server: ModelServer) -> None:
    """An app that gathers its calls opens as many connections; the system drops those that nobody has room for."""
    together = Barrier(60)

    def call(_: int) -> int:
        together.wait(10)
        return _post(server.url + "/v1/chat/completions", _CHAT)[0]

    with ThreadPoolExecutor(60) as pool:
        assert set(pool.map(call, range(60))) == {200}


def test_requests_are_kept_for_comparison() -> None:
    with ModelServer() as server:
        _post(server.url + "/v1/chat/completions", _CHAT)
        (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/v1/chat/completions", _CHAT)


def test_a_taken_port_is_told_and_fails(server: ModelServer, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", server.url.rsplit(":", 1)[1]]) == 1
    assert "--port" in capsys.readouterr().err
