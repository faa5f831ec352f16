"""`flush_on_exit` delivers within the time that is left, and changes nothing else."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai.doors.flushing import flush_all
from otel_posthog_ai.doors.serverless import SAFETY_MARGIN_MILLIS, flush_on_exit
from otel_posthog_ai.inbox import Inbox

GENERATION = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


class Invocation:
    """AWS Lambda's context object, as far as time goes."""

    def __init__(self, seconds: float) -> None:
        self.deadline = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(int((self.deadline - time.monotonic()) * 1000), 0)


def call_a_model(provider: TracerProvider) -> None:
    with provider.get_tracer("test").start_as_current_span("chat gpt-4o", attributes=GENERATION):
        pass


def names(inbox: Inbox) -> list[str]:
    return [event["event"] for event in inbox.events()]


@pytest.fixture
def hanging() -> Iterator[TracerProvider]:
    """A provider whose PostHog takes connections and never answers."""
    from otel_posthog_ai.doors.processor import PostHogSpanProcessor

    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
        provider = TracerProvider()
        processor = PostHogSpanProcessor(api_key="phc_test", host=f"http://127.0.0.1:{server.getsockname()[1]}")
        provider.add_span_processor(processor)
        yield provider
        processor.shutdown(100)


def test_bare_decorator(provider: TracerProvider, inbox: Inbox) -> None:
    @flush_on_exit
    def handler(event: dict[str, int], context: object) -> dict[str, int]:
        """Doc."""
        call_a_model(provider)
        return event

    assert handler({"a": 1}, None) == {"a": 1}
    assert (handler.__name__, handler.__doc__) == ("handler", "Doc.")
    assert names(inbox) == ["$ai_generation"]


def test_decorator_with_a_limit(provider: TracerProvider, inbox: Inbox) -> None:
    @flush_on_exit(timeout_millis=5_000)
    def handler() -> int:
        call_a_model(provider)
        return 7

    assert handler() == 7
    assert names(inbox) == ["$ai_generation"]


def test_an_error_passes_unchanged_and_after_the_flush(provider: TracerProvider, inbox: Inbox) -> None:
    error = KeyError("own")

    @flush_on_exit
    def handler() -> None:
        call_a_model(provider)
        raise error

    with pytest.raises(KeyError) as raised:
        handler()
    assert raised.value is error
    assert raised.value.__context__ is None
    assert names(inbox) == ["$ai_generation"]


def test_context_managers(provider: TracerProvider, inbox: Inbox) -> None:
    with flush_on_exit():
        call_a_model(provider)
    assert len(names(inbox)) == 1

    async def main() -> None:
        async with flush_on_exit(timeout_millis=5_000):
            call_a_model(provider)

    asyncio.run(main())
    assert len(names(inbox)) == 2


def test_generators_are_flushed_at_their_end(provider: TracerProvider, inbox: Inbox) -> None:
    @flush_on_exit
    def stream() -> Iterator[int]:
        call_a_model(provider)
        yield 1

    @flush_on_exit
    async def stream_async() -> AsyncIterator[int]:
        call_a_model(provider)
        yield 1

    async def consume() -> list[int]:
        return [item async for item in stream_async()]

    body = stream()
    assert next(body) == 1
    assert names(inbox) == []
    assert list(body) == []
    assert len(names(inbox)) == 1
    assert asyncio.run(consume()) == [1]
    assert len(names(inbox)) == 2


class TestAsync:
    def test_decorator(self, provider: TracerProvider, inbox: Inbox) -> None:
        @flush_on_exit
        async def handler(event: int, context: object) -> int:
            await asyncio.sleep(0)
            call_a_model(provider)
            return event

        assert asyncio.run(handler(7, Invocation(10))) == 7
        assert names(inbox) == ["$ai_generation"]

    def test_an_error_passes_unchanged(self, provider: TracerProvider, inbox: Inbox) -> None:
        error = KeyError("own")

        @flush_on_exit
        async def handler() -> None:
            call_a_model(provider)
            raise error

        with pytest.raises(KeyError) as raised:
            asyncio.run(handler())
        assert raised.value is error
        assert names(inbox) == ["$ai_generation"]

    def test_the_loop_goes_on_while_a_flush_waits(self, hanging: TracerProvider) -> None:
        @flush_on_exit(timeout_millis=500)
        async def handler() -> None:
            call_a_model(hanging)

        async def main() -> tuple[int, float]:
            beats = 0
            started = time.monotonic()
            task = asyncio.create_task(handler())
            while not task.done():
                await asyncio.sleep(0.01)
                beats += 1
            return beats, time.monotonic() - started

        beats, seconds = asyncio.run(main())
        assert 0.4 < seconds < 0.9
        assert beats > 15

    def test_cancellation_passes(self, provider: TracerProvider, inbox: Inbox) -> None:
        async def main() -> None:
            started = asyncio.Event()

            @flush_on_exit
            async def handler() -> None:
                call_a_model(provider)
                started.set()
                await asyncio.sleep(3600)

            task = asyncio.create_task(handler())
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert names(inbox) == ["$ai_generation"]

    def test_a_coroutine_that_is_thrown_away(self) -> None:
        @flush_on_exit
        async def handler() -> None:
            await asyncio.sleep(0)

        coroutine = handler()
        coroutine.send(None)
        coroutine.close()


class TestTimeLeft:
    def test_ends_before_the_platform_does(self, hanging: TracerProvider) -> None:
        @flush_on_exit
        def handler(event: None, context: Invocation) -> None:
            call_a_model(hanging)

        invocation = Invocation(1.0)
        handler(None, invocation)
        left = invocation.get_remaining_time_in_millis()
        assert SAFETY_MARGIN_MILLIS - 150 < left <= SAFETY_MARGIN_MILLIS + 50

    def test_context_by_name(self, hanging: TracerProvider) -> None:
        @flush_on_exit
        def handler(event: None, context: Invocation) -> None:
            call_a_model(hanging)

        started = time.monotonic()
        handler(None, context=Invocation(0.6))
        assert time.monotonic() - started < 0.6

    def test_no_time_left(self, hanging: TracerProvider, caplog: pytest.LogCaptureFixture) -> None:
        @flush_on_exit
        def handler(event: None, context: Invocation) -> str:
            call_a_model(hanging)
            return "answer"

        started = time.monotonic()
        assert handler(None, Invocation(0.2)) == "answer"
        assert time.monotonic() - started < 0.2
        assert "no time is left" in caplog.text

    def test_own_limit_is_a_cap(self, hanging: TracerProvider) -> None:
        @flush_on_exit(timeout_millis=300)
        def handler(event: None, context: Invocation) -> None:
            call_a_model(hanging)

        started = time.monotonic()
        handler(None, Invocation(60))
        assert time.monotonic() - started < 0.7

    def test_a_context_that_cannot_say(self, provider: TracerProvider, inbox: Inbox) -> None:
        class Broken:
            def get_remaining_time_in_millis(self) -> int:
                raise OSError

        @flush_on_exit
        def handler(event: None, context: Broken) -> None:
            call_a_model(provider)

        handler(None, Broken())
        assert names(inbox) == ["$ai_generation"]

    def test_one_hanging_server_leaves_time_for_the_other(
        self, hanging: TracerProvider, provider: TracerProvider, inbox: Inbox
    ) -> None:
        call_a_model(hanging)
        call_a_model(provider)
        started = time.monotonic()
        assert flush_all(1_000) is False
        assert time.monotonic() - started < 1.2
        assert names(inbox) == ["$ai_generation"]


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_must_be_above_zero(limit: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        flush_on_exit(timeout_millis=limit)


def test_refuses_what_is_no_function() -> None:
    with pytest.raises(TypeError, match="decorates functions"):
        flush_on_exit("text")  # type: ignore[type-var]
