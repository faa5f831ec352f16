"""Fifty requests at once, for fifty users: every event of a request has that request's user and session."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor, posthog_context
from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.web import PostHogASGIMiddleware, PostHogWSGIMiddleware

from .applications import tree

USERS = 50
CALL = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "helper"}


@pytest.fixture
def provider(inbox: Inbox) -> Iterator[TracerProvider]:
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_test", host=inbox.url, flush_at=7))
    yield provider
    provider.shutdown()


def call_a_model(tracer: trace.Tracer) -> None:
    with tracer.start_as_current_span("chat gpt-4o", attributes=CALL):
        pass


def by_trace(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    traces: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        traces[event["properties"]["$ai_trace_id"]].append(event)
    return list(traces.values())


def assert_each_request_has_its_own(events: list[dict[str, Any]], calls: int) -> None:
    users = []
    for request in by_trace(events):
        owners = {
            (event["distinct_id"], event["properties"].get("$ai_session_id"), event["properties"].get("$session_id"))
            for event in request
        }
        assert len(owners) == 1, owners
        user, session, replay = owners.pop()
        assert (session, replay) == (f"chat-{user}", f"browser-{user}")
        users.append(user)
        assert tree(request) == [
            *[("$ai_generation", "chat gpt-4o", "trace")] * calls,
            ("$ai_trace", "helper", "none"),
        ]
    assert sorted(users) == sorted(f"u{n}" for n in range(USERS))


@pytest.mark.parametrize("middleware", ["inside", "outside"])
def test_fastapi(provider: TracerProvider, inbox: Inbox, middleware: str) -> None:
    fastapi = pytest.importorskip("fastapi")
    httpx = pytest.importorskip("httpx")
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.fastapi")
    tracer = provider.get_tracer("app")
    app = fastapi.FastAPI()

    @app.get("/{user}")
    async def ask(user: str) -> str:
        with (
            posthog_context(distinct_id=user, session_id=f"chat-{user}"),
            tracer.start_as_current_span("invoke_agent helper", attributes=AGENT),
        ):
            await asyncio.gather(*(step() for _ in range(3)))
            await asyncio.to_thread(call_a_model, tracer)
        return user

    async def step() -> None:
        await asyncio.sleep(0)
        call_a_model(tracer)

    served: Any = app
    if middleware == "inside":
        app.add_middleware(PostHogASGIMiddleware)
    instrumentation.FastAPIInstrumentor.instrument_app(app, tracer_provider=provider)
    if middleware == "outside":
        served = PostHogASGIMiddleware(app)

    async def main() -> None:
        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = await asyncio.gather(
                *(client.get(f"/u{n}", headers={"X-POSTHOG-SESSION-ID": f"browser-u{n}"}) for n in range(USERS))
            )
        assert [answer.json() for answer in answers] == [f"u{n}" for n in range(USERS)]

    asyncio.run(main())
    assert provider.force_flush(10_000)
    assert_each_request_has_its_own(inbox.events(), calls=4)


def test_flask(provider: TracerProvider, inbox: Inbox) -> None:
    flask = pytest.importorskip("flask")
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.flask")
    tracer = provider.get_tracer("app")
    app = flask.Flask("app")

    @app.get("/<user>")
    def ask(user: str) -> Any:
        @posthog_context(distinct_id=user, session_id=f"chat-{user}")
        def body() -> Iterator[str]:
            with tracer.start_as_current_span("invoke_agent helper", attributes=AGENT):
                for _ in range(3):
                    barrier.wait(20)
                    call_a_model(tracer)
                    yield user

        return flask.Response(flask.stream_with_context(body()))

    barrier = threading.Barrier(10)
    instrumentation.FlaskInstrumentor().instrument_app(app, tracer_provider=provider)
    app.wsgi_app = PostHogWSGIMiddleware(app.wsgi_app)

    def get(n: int) -> str:
        headers = {"X-POSTHOG-SESSION-ID": f"browser-u{n}"}
        return str(app.test_client().get(f"/u{n}", headers=headers).text)

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(get, range(USERS))) == [f"u{n}" * 3 for n in range(USERS)]
    assert provider.force_flush(10_000)
    assert_each_request_has_its_own(inbox.events(), calls=3)


def test_a_pool_of_threads_with_the_context_attached(provider: TracerProvider, inbox: Inbox) -> None:
    tracer = provider.get_tracer("app")

    def attached(context: otel_context.Context) -> None:
        token = otel_context.attach(context)
        try:
            call_a_model(tracer)
        finally:
            otel_context.detach(token)

    with ThreadPoolExecutor(8) as pool:
        for n in range(USERS):
            who = posthog_context(distinct_id=f"u{n}", session_id=f"chat-u{n}", replay_session_id=f"browser-u{n}")
            with who, tracer.start_as_current_span("invoke_agent helper", attributes=AGENT):
                work = [pool.submit(attached, otel_context.get_current()) for _ in range(3)]
                for future in work:
                    future.result(10)
    assert provider.force_flush(10_000)
    assert_each_request_has_its_own(inbox.events(), calls=3)


def test_a_pool_of_threads_that_is_instrumented(provider: TracerProvider, inbox: Inbox) -> None:
    instrumentation = pytest.importorskip("opentelemetry.instrumentation.threading")
    tracer = provider.get_tracer("app")
    instrumentation.ThreadingInstrumentor().instrument()
    try:
        with ThreadPoolExecutor(8) as pool:
            for n in range(USERS):
                who = posthog_context(distinct_id=f"u{n}", session_id=f"chat-u{n}", replay_session_id=f"browser-u{n}")
                with who, tracer.start_as_current_span("invoke_agent helper", attributes=AGENT):
                    for future in [pool.submit(call_a_model, tracer) for _ in range(3)]:
                        future.result(10)
    finally:
        instrumentation.ThreadingInstrumentor().uninstrument()
    assert provider.force_flush(10_000)
    assert_each_request_has_its_own(inbox.events(), calls=3)


def test_background_work_that_outlives_its_request(provider: TracerProvider, inbox: Inbox) -> None:
    tracer = provider.get_tracer("app")
    answered = threading.Event()

    def later(context: otel_context.Context) -> None:
        assert answered.wait(10)
        token = otel_context.attach(context)
        try:
            call_a_model(tracer)
        finally:
            otel_context.detach(token)

    with ThreadPoolExecutor(8) as pool:
        work = []
        for n in range(USERS):
            who = posthog_context(distinct_id=f"u{n}", session_id=f"chat-u{n}", replay_session_id=f"browser-u{n}")
            with (
                who,
                tracer.start_as_current_span("POST /ask"),
                tracer.start_as_current_span("invoke_agent helper", attributes=AGENT),
            ):
                work.append(pool.submit(later, otel_context.get_current()))
        assert provider.force_flush(10_000)
        answered.set()
        for future in work:
            future.result(10)
    assert provider.force_flush(10_000)
    for request in by_trace(inbox.events()):
        assert len({event["distinct_id"] for event in request}) == 1
        assert "DANGLING" not in str(tree(request))
        assert ("$ai_generation", "chat gpt-4o") in {(event, name) for event, name, _ in tree(request)}
    assert len(by_trace(inbox.events())) == USERS


def test_a_batch_that_serves_many_users_gives_none_to_the_spans_above(provider: TracerProvider, inbox: Inbox) -> None:
    tracer = provider.get_tracer("app")
    with tracer.start_as_current_span("invoke_agent helper", attributes=AGENT):
        for n in range(5):
            with posthog_context(distinct_id=f"u{n}"):
                call_a_model(tracer)
    assert provider.force_flush(10_000)
    events = inbox.events()
    root = [event for event in events if event["event"] == "$ai_trace"]
    assert [event["distinct_id"] for event in root] == [root[0]["properties"]["$ai_trace_id"]]
    assert root[0]["properties"]["$process_person_profile"] is False
    calls = [event for event in events if event["event"] == "$ai_generation"]
    assert sorted(event["distinct_id"] for event in calls) == [f"u{n}" for n in range(5)]


def test_two_agents_under_one_server_span(provider: TracerProvider, inbox: Inbox) -> None:
    tracer = provider.get_tracer("app")
    with posthog_context(distinct_id="u0"), tracer.start_as_current_span("POST /ask"):
        for name in ("first", "second"):
            agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": name}
            with tracer.start_as_current_span(f"invoke_agent {name}", attributes=agent):
                call_a_model(tracer)
    assert provider.force_flush(10_000)
    assert tree(inbox.events()) == [
        ("$ai_generation", "chat gpt-4o", "second"),
        ("$ai_generation", "chat gpt-4o", "trace"),
        ("$ai_span", "second", "trace"),
        ("$ai_trace", "first", "none"),
    ]
    assert {event["distinct_id"] for event in inbox.events()} == {"u0"}
