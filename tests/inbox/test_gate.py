"""Who is answered: programs and the page on this machine; and what every answer carries."""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.inbox.assets import _ASSETS

from .samples import batch, event, request

PAGE = Path(str(files("otel_posthog_ai.inbox"))) / "page"
BODY = json.dumps(batch(event())).encode()


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST", "[::1]:{port}", "127.0.0.1:80"])
def test_answers_by_loopback_names(inbox: Inbox, host: str) -> None:
    assert request(inbox.url, "/api/traces", headers={"Host": host.format(port=inbox.port)}).status == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8010", "", "127.0.0.1@evil.example", "0.0.0.0"],
)
@pytest.mark.parametrize("path", ["/", "/api/traces", "/batch/"])
def test_refuses_other_names(inbox: Inbox, host: str, path: str) -> None:
    answer = request(inbox.url, path, BODY if path == "/batch/" else None, {"Host": host})
    assert answer.status == 403
    assert inbox.events() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://127.0.0.1:{port}.evil.example"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"},
    ],
)
@pytest.mark.parametrize("path", ["/batch/", "/api/traces"])
def test_refuses_foreign_pages(inbox: Inbox, headers: dict[str, str], path: str) -> None:
    filled = {name: value.format(port=inbox.port) for name, value in headers.items()}
    assert request(inbox.url, path, BODY if path == "/batch/" else None, filled).status == 403
    assert inbox.events() == []


def test_answers_its_own_page(inbox: Inbox) -> None:
    own = {"Origin": inbox.url, "Sec-Fetch-Site": "same-origin"}
    assert request(inbox.url, "/batch/", BODY, own).status == 200
    assert request(inbox.url, "/", headers={"Sec-Fetch-Site": "none"}).status == 200
    followed_link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert request(inbox.url, "/", headers=followed_link).status == 200
    framed = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
    assert request(inbox.url, "/", headers=framed).status == 403


@pytest.mark.parametrize("path", [*_ASSETS, "/api/traces", "/none", "/batch/"])
def test_every_answer_forbids_what_it_does_not_need(inbox: Inbox, path: str) -> None:
    headers = request(inbox.url, path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;")
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "path",
    [
        "/../server.py",
        "/%2e%2e/server.py",
        "/..%2fserver.py",
        "/page/index.html",
        "/index.html",
        "//etc/passwd",
        "/app.js/",
        "/app.js%00",
        "/__init__.py",
    ],
)
def test_no_path_reaches_the_disk(inbox: Inbox, path: str) -> None:
    assert request(inbox.url, path).status == 404


def test_the_table_of_assets_is_the_folder() -> None:
    shipped = {file.relative_to(PAGE).as_posix() for file in PAGE.rglob("*") if file.is_file()}
    assert shipped - {"vendor/marked.LICENSE.md"} == {name for name, _ in _ASSETS.values()}


def test_the_page_never_makes_markup_of_data() -> None:
    for file in PAGE.iterdir():
        if file.is_dir():
            continue  # of marked only the part is used that cuts a text into tokens, see below
        text = file.read_text("utf-8")
        for forbidden in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            'javascript:"',
            "<script>",
            "style=",
        ):
            assert forbidden not in text, (file.name, forbidden)
        assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")
        assert "https://" not in text


def test_of_marked_only_the_lexer_is_used() -> None:
    users = {file.name: file.read_text("utf-8") for file in PAGE.glob("*.js") if "/marked" in file.read_text("utf-8")}
    assert list(users) == ["markdown.js"]
    assert 'import { Lexer } from "/vendor/marked.js";' in users["markdown.js"]


def test_marked_is_as_it_was_published() -> None:
    """lib/marked.esm.js of marked 18.2.1 on npm; renew it with its licence, and this hash with it."""
    vendored = (PAGE / "vendor" / "marked.js").read_bytes()
    assert hashlib.sha256(vendored).hexdigest() == "5371fea86fd0656b4fc7bea7c94c663109d82789b69433eeee78d42895aa44de"
    assert b"marked v18.2.1" in vendored


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
@pytest.mark.parametrize("path", ["/", "/api/traces", "/batch/"])
def test_other_methods_are_refused(inbox: Inbox, method: str, path: str) -> None:
    assert request(inbox.url, path, method=method).status == 405


def test_listens_on_loopback_only(inbox: Inbox) -> None:
    assert inbox._server.server_address[0] == "127.0.0.1"
    assert urlsplit(inbox.url).hostname == "127.0.0.1"


def test_head_has_no_body(inbox: Inbox) -> None:
    answer = request(inbox.url, "/", method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
