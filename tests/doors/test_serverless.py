"""`flush_on_exit` delivers within the time that is left, and changes nothing else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import pytest
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.doors import flushing
from otel_posthog_ai.doors.flushing import flush_all
from otel_posthog_ai.doors.serverless import SAFETY_MARGIN_MILLIS, flush_on_exit
from otel_posthog_ai.inbox import Inbox

GENERATION = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}


LONG = 30
"""Seconds, which only a fault takes."""


class Invocation:
    """AWS Lambda's context object, as far as time goes."""

    def __init__(self, millis: int) -> None:
        self._millis = millis

    def get_remaining_time_in_millis(self) -> int:
        return self._millis


class Clock:
    """What a flush goes by: time passes only where somebody says so."""

    def __init__(self) -> None:
        self._seconds = 0.0

    def monotonic(self) -> float:
        return self._seconds

    def wait(self, millis: int) -> None:
        self._seconds += millis / 1000


class Asked(PostHogSpanProcessor):
    """Remembers how many milliseconds each flush may take, and takes all of them, as where the server hangs."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(api_key="phc_test", host="http://127.0.0.1:9")
        self._clock = clock
        self.limits: list[int | None] = []

    def force_flush(self, timeout_millis: int | None = 30_000) -> bool:
        self.limits.append(timeout_millis)
        self._clock.wait(timeout_millis or 0)
        return False


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(flushing, "time", clock)
    return clock


@pytest.fixture
def asked(clock: Clock) -> Iterator[Asked]:
    processor = Asked(clock)
    yield processor
    processor.shutdown()


def call_a_model(provider: TracerProvider) -> None:
    with provider.get_tracer("test").start_as_current_span("chat gpt-4o", attributes=GENERATION):
        pass


def names(inbox: Inbox) -> list[str]:
    return [event["event"] for event in inbox.events()]


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

        assert asyncio.run(handler(7, Invocation(10_000))) == 7
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

    def test_the_loop_goes_on_while_a_flush_waits(self, provider: TracerProvider, inbox: Inbox) -> None:
        begun, may_end = threading.Event(), threading.Event()

        class WaitsForTheLoop(PostHogSpanProcessor):
            def force_flush(self, timeout_millis: int | None = 30_000) -> bool:
                begun.set()
                answers.append(may_end.wait(LONG))
                return super().force_flush(timeout_millis)

        answers: list[bool] = []
        processor = WaitsForTheLoop(api_key="phc_test", host=inbox.url)

        @flush_on_exit
        async def handler() -> None:
            call_a_model(provider)

        async def main() -> None:
            task = asyncio.create_task(handler())
            while not begun.is_set():
                await asyncio.sleep(0.001)
            assert not task.done()
            may_end.set()
            await task

        asyncio.run(main())
        assert answers
        assert all(answers), "the loop stood still until the flush gave up"
        processor.shutdown()

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
    @pytest.mark.parametrize(
        ("granted", "limit"), [(1_000, 1_000 - SAFETY_MARGIN_MILLIS), (60_000, 5_000), (SAFETY_MARGIN_MILLIS + 1, 1)]
    )
    def test_ends_before_the_platform_does(self, asked: Asked, granted: int, limit: int) -> None:
        @flush_on_exit
        def handler(event: None, context: Invocation) -> None:
            pass

        handler(None, Invocation(granted))
        handler(None, context=Invocation(granted))
        assert asked.limits == [limit, limit]

    def test_no_time_left(self, asked: Asked, caplog: pytest.LogCaptureFixture) -> None:
        @flush_on_exit
        def handler(event: None, context: Invocation) -> str:
            return "answer"

        assert handler(None, Invocation(SAFETY_MARGIN_MILLIS)) == "answer"
        assert asked.limits == []
        assert "no time is left" in caplog.text

    def test_own_limit_is_a_cap(self, asked: Asked) -> None:
        @flush_on_exit(timeout_millis=300)
        def handler(event: None, context: Invocation) -> None:
            pass

        handler(None, Invocation(60_000))
        handler(None, Invocation(500))
        assert asked.limits == [300, 250]

    def test_a_server_that_never_answers_holds_nobody_up(self) -> None:
        """The flush gives up, and what could not be delivered is still owed."""
        with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as server:
            provider = TracerProvider(shutdown_on_exit=False)
            processor = PostHogSpanProcessor(api_key="phc_test", host=f"http://127.0.0.1:{server.getsockname()[1]}")
            provider.add_span_processor(processor)

            @flush_on_exit(timeout_millis=100)
            def handler() -> str:
                call_a_model(provider)
                return "answer"

            assert handler() == "answer"
            assert processor.status()["sent"] == 0
            assert not processor.status()["dropped"]
            processor.shutdown(100)

    def test_a_context_that_cannot_say(self, provider: TracerProvider, inbox: Inbox) -> None:
        class Broken:
            def get_remaining_time_in_millis(self) -> int:
                raise OSError

        @flush_on_exit
        def handler(event: None, context: Broken) -> None:
            call_a_model(provider)

        handler(None, Broken())
        assert names(inbox) == ["$ai_generation"]

    def test_one_hanging_server_leaves_time_for_the_other(self, clock: Clock, asked: Asked) -> None:
        other = Asked(clock)
        assert flush_all(1_000) is False
        for processor in (asked, other):
            first, second = processor.limits
            assert first == 1, "all of them begin before one is waited for"
            assert second is not None
            assert 495 <= second <= 500
        other.shutdown()


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_must_be_above_zero(limit: int) -> None:
    with pytest.raises(ValueError, match="above 0"):
        flush_on_exit(timeout_millis=limit)


def test_refuses_what_is_no_function() -> None:
    with pytest.raises(TypeError, match="decorates functions"):
        flush_on_exit("text")  # type: ignore[type-var]
