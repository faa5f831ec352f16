"""A request's browser session reaches all that runs for the request, streamed bodies included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any
from wsgiref.util import FileWrapper, setup_testing_defaults

import pytest
from opentelemetry import context as otel_context

from otel_posthog_ai.context.posthog_context import Belonging, current, posthog_context
from otel_posthog_ai.web import PostHogASGIMiddleware, PostHogWSGIMiddleware

HEADERS = {"X-POSTHOG-SESSION-ID": "0190-abc", "X-POSTHOG-DISTINCT-ID": "user-7"}


@pytest.fixture(autouse=True)
def _nothing_leaks() -> Iterator[None]:
    before = otel_context.get_current()
    yield
    assert otel_context.get_current() == before
    assert current() is None


class _Streaming:
    """A body that says at every step whom it runs for."""

    def __init__(self, seen: list[Belonging | None], chunks: int) -> None:
        self.seen, self.left = seen, chunks

    def __iter__(self) -> _Streaming:
        return self

    def __next__(self) -> bytes:
        self.seen.append(current())
        if not self.left:
            raise StopIteration
        self.left -= 1
        return b"chunk"

    def close(self) -> None:
        self.seen.append(current())


class TestWSGI:
    @staticmethod
    def get(app: Any, headers: dict[str, str]) -> Any:
        environ: dict[str, Any] = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in headers.items()}
        setup_testing_defaults(environ)
        environ["wsgi.file_wrapper"] = FileWrapper
        return app(environ, lambda *_: None)

    def test_streamed_bodies_belong_to_the_request(self) -> None:
        seen: list[Belonging | None] = []

        def app(environ: dict[str, Any], start_response: Any) -> _Streaming:
            seen.append(current())
            return _Streaming(seen, 2)

        body = self.get(PostHogWSGIMiddleware(app), HEADERS)
        for _ in body:
            assert current() is None
        body.close()
        assert seen == [Belonging(replay_session_id="0190-abc")] * 5

    def test_the_user_is_taken_only_where_headers_are_trusted(self) -> None:
        app = PostHogWSGIMiddleware(lambda *_: [repr(current()).encode()], trust_distinct_id=True)
        assert self.get(app, HEADERS) == [repr(Belonging(distinct_id="user-7", replay_session_id="0190-abc")).encode()]

    def test_requests_without_headers_are_passed_through(self) -> None:
        body = iter([b"x"])
        assert self.get(PostHogWSGIMiddleware(lambda *_: body), {}) is body

    @pytest.mark.parametrize("value", ["", "null", "bell\x07", "a\x00b", " "])
    def test_headers_that_hold_no_id(self, value: str) -> None:
        app = PostHogWSGIMiddleware(lambda *_: [repr(current()).encode()])
        assert self.get(app, {"X-POSTHOG-SESSION-ID": value}) == [b"None"]

    def test_lists_and_files_are_left_to_the_server(self) -> None:
        file = FileWrapper(open("/dev/null", "rb"))  # noqa: SIM115
        try:
            assert self.get(PostHogWSGIMiddleware(lambda *_: file), HEADERS) is file
        finally:
            file.close()  # type: ignore[attr-defined]

    def test_errors_pass(self) -> None:
        def app(*_: Any) -> list[bytes]:
            raise KeyError

        with pytest.raises(KeyError):
            self.get(PostHogWSGIMiddleware(app), HEADERS)

    def test_survives_a_server_instrumentation_that_starts_from_an_empty_context(self) -> None:
        seen = []

        def app(*_: Any) -> list[bytes]:
            token = otel_context.attach(otel_context.Context())
            try:
                seen.append(current())
                with posthog_context(distinct_id="user-7"):
                    seen.append(current())
            finally:
                otel_context.detach(token)
            return []

        self.get(PostHogWSGIMiddleware(app), HEADERS)
        assert seen == [
            Belonging(replay_session_id="0190-abc"),
            Belonging(replay_session_id="0190-abc", distinct_id="user-7"),
        ]


class TestASGI:
    @staticmethod
    async def request(app: Any, headers: dict[str, str], kind: str = "http") -> list[dict[str, Any]]:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        async def receive() -> dict[str, Any]:
            return {"type": "http.request"}

        raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
        await app({"type": kind, "headers": raw}, receive, send)
        return sent

    def test_everything_of_a_request_belongs_to_it(self) -> None:
        seen: list[Belonging | None] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(current())
            await send({"type": "http.response.body"})
            seen.append(await asyncio.create_task(self._in_task()))
            seen.append(await asyncio.to_thread(current))

        async def main() -> None:
            await self.request(PostHogASGIMiddleware(app), HEADERS)
            await self.request(PostHogASGIMiddleware(app), HEADERS, "websocket")
            assert current() is None

        asyncio.run(main())
        assert seen == [Belonging(replay_session_id="0190-abc")] * 6

    @staticmethod
    async def _in_task() -> Belonging | None:
        return current()

    def test_many_at_once(self) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await asyncio.sleep(0)
            await send(current())

        async def main() -> None:
            wrapped = PostHogASGIMiddleware(app, trust_distinct_id=True)
            answers = await asyncio.gather(
                *(self.request(wrapped, {"X-PostHog-Distinct-Id": f"u{n}"}) for n in range(50))
            )
            assert answers == [[Belonging(distinct_id=f"u{n}")] for n in range(50)]

        asyncio.run(main())

    @pytest.mark.parametrize("kind", ["lifespan", "http"])
    def test_what_names_no_session_is_passed_through(self, kind: str) -> None:
        async def app(scope: Any, receive: Any, send: Any) -> None:
            await send(current())

        headers = HEADERS if kind == "lifespan" else {}
        assert asyncio.run(self.request(PostHogASGIMiddleware(app), headers, kind)) == [None]


def test_starlette_with_streams_and_background_tasks() -> None:
    pytest.importorskip("httpx")
    applications = pytest.importorskip("starlette.applications")
    from starlette.background import BackgroundTask
    from starlette.responses import StreamingResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    seen: list[Belonging | None] = []

    async def endpoint(request: Any) -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(2):
                await asyncio.sleep(0)
                seen.append(current())
                yield b"x"

        def sync_body() -> Iterator[bytes]:
            for _ in range(2):
                seen.append(current())
                yield b"x"

        chosen = body() if request.url.path == "/async" else sync_body()
        return StreamingResponse(chosen, background=BackgroundTask(lambda: seen.append(current())))

    app = applications.Starlette(routes=[Route("/async", endpoint), Route("/sync", endpoint)])
    app.add_middleware(PostHogASGIMiddleware)
    client = TestClient(app)
    assert client.get("/async", headers=HEADERS).text == client.get("/sync", headers=HEADERS).text == "xx"
    assert seen == [Belonging(replay_session_id="0190-abc")] * 6


def test_flask_with_a_streamed_answer() -> None:
    flask = pytest.importorskip("flask")
    app = flask.Flask("test")

    @app.get("/")
    def endpoint() -> Any:
        return flask.Response(flask.stream_with_context(f"{current()}\n" for _ in range(3)))

    app.wsgi_app = PostHogWSGIMiddleware(app.wsgi_app)
    text = app.test_client().get("/", headers=HEADERS).text
    assert text.splitlines() == [str(Belonging(replay_session_id="0190-abc"))] * 3
