"""What `posthog_context` says holds inside it, everywhere inside it, and nowhere else."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from uuid import UUID

import pytest
from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from otel_posthog_ai.context.posthog_context import Belonging, current, posthog_context


@pytest.fixture(autouse=True)
def _nothing_leaks() -> Iterator[None]:
    before = otel_context.get_current()
    assert current() is None
    yield
    assert otel_context.get_current() == before
    assert current() is None


def who() -> str | None:
    belonging = current()
    return None if belonging is None else belonging.distinct_id


def test_says_what_it_was_given() -> None:
    with posthog_context(
        distinct_id="user-7",
        session_id="chat-3",
        replay_session_id="0190",
        groups={"company": "acme", "seat": 4},
        properties={"plan": "pro", 1: "one"},  # type: ignore[dict-item]
        trace_name="answer",
        prompt_name="greeting",
        prompt_version=3,
        privacy_mode=True,
    ):
        assert current() == Belonging(
            distinct_id="user-7",
            session_id="chat-3",
            replay_session_id="0190",
            groups={"company": "acme", "seat": "4"},
            properties={"plan": "pro", "1": "one"},
            trace_name="answer",
            prompt_name="greeting",
            prompt_version=3,
            privacy_mode=True,
        )


def test_belonging_is_frozen_and_detached_from_the_caller() -> None:
    properties = {"plan": "pro"}
    with posthog_context(properties=properties):
        properties["plan"] = "free"
        belonging = current()
        assert belonging is not None
        assert belonging.properties == {"plan": "pro"}
        with pytest.raises(AttributeError):
            belonging.distinct_id = "x"  # type: ignore[misc]


def test_inner_wins_and_mappings_are_united() -> None:
    outer = posthog_context(
        distinct_id="a", session_id="s", groups={"company": "acme", "team": "x"}, properties={"plan": "pro", "n": 1}
    )
    with outer:
        with posthog_context(distinct_id="b", groups={"team": "y"}, properties={"n": 0}):
            inner = current()
            assert inner is not None
            assert (inner.distinct_id, inner.session_id) == ("b", "s")
            assert inner.groups == {"company": "acme", "team": "y"}
            assert inner.properties == {"plan": "pro", "n": 0}
        assert who() == "a"


def test_an_unusable_inner_id_does_not_hide_the_outer_one() -> None:
    with posthog_context(distinct_id="a"), posthog_context(distinct_id="anonymous", session_id="s"):
        assert who() == "a"


def test_another_prompt_does_not_inherit_the_version() -> None:
    with posthog_context(prompt_name="a", prompt_version=2):
        with posthog_context(prompt_name="b"):
            inner = current()
            assert inner is not None
            assert (inner.prompt_name, inner.prompt_version) == ("b", None)
        with posthog_context(prompt_version=5):
            inner = current()
            assert inner is not None
            assert (inner.prompt_name, inner.prompt_version) == ("a", 5)


def test_privacy_stays_inside() -> None:
    with posthog_context(privacy_mode=True), posthog_context(privacy_mode=False, distinct_id="a"):
        belonging = current()
        assert belonging is not None
        assert belonging.privacy_mode is True


@pytest.mark.parametrize("value", [{"company"}, "acme", 7, ["a"]])
def test_a_wrong_mapping_is_ignored_and_told_once(value: object, caplog: pytest.LogCaptureFixture) -> None:
    from otel_posthog_ai import log

    log.forget()
    for _ in range(2):
        with posthog_context(distinct_id="a", groups=value, properties=value):  # type: ignore[arg-type]
            belonging = current()
            assert belonging is not None
            assert belonging.groups == {}
            assert belonging.properties == {}
    assert [record.args[0] for record in caplog.records if isinstance(record.args, tuple)] == ["groups", "properties"]


def test_identifiers_of_other_types() -> None:
    with posthog_context(distinct_id=UUID(int=5), session_id=0):
        belonging = current()
        assert belonging is not None
        assert belonging.distinct_id == "00000000-0000-0000-0000-000000000005"
        assert belonging.session_id == "0"


def test_is_undone_when_the_block_raises() -> None:
    with pytest.raises(KeyError), posthog_context(distinct_id="a"):
        raise KeyError


def test_one_object_nests_in_itself() -> None:
    context = posthog_context(distinct_id="a")
    with context:
        with context:
            assert who() == "a"
        assert who() == "a"


def test_one_object_shared_by_many_threads() -> None:
    context = posthog_context(distinct_id="service")
    barrier = threading.Barrier(8)

    def work(_: int) -> list[str | None]:
        seen = []
        for _ in range(50):
            barrier.wait(10)
            with context:
                seen.append(who())
                with posthog_context(distinct_id="inner"):
                    seen.append(who())
            seen.append(who())
        return seen

    with ThreadPoolExecutor(8) as pool:
        for seen in pool.map(work, range(8)):
            assert seen == ["service", "inner", None] * 50


def test_left_in_another_context_than_entered() -> None:
    context = posthog_context(distinct_id="a")
    contextvars.copy_context().run(context.__enter__)
    assert who() is None
    context.__exit__(None, None, None)
    assert who() is None


def test_left_in_the_wrong_order(caplog: pytest.LogCaptureFixture) -> None:
    first, second = posthog_context(distinct_id="a"), posthog_context(distinct_id="b")
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert who() == "b"
    second.__exit__(None, None, None)
    assert who() is None
    assert not caplog.records


def test_async_with_and_tasks() -> None:
    async def request(user: str) -> list[str | None]:
        async with posthog_context(distinct_id=user):
            seen = [who()]
            await asyncio.sleep(0)
            seen.append(who())
            child = asyncio.create_task(inner(user))
            seen.append(await asyncio.to_thread(who))
            return seen + await child

    async def inner(user: str) -> list[str | None]:
        with posthog_context(session_id=f"{user}-s"):
            await asyncio.sleep(0)
            belonging = current()
            assert belonging is not None
            return [belonging.distinct_id, belonging.session_id]

    async def main() -> list[list[str | None]]:
        return await asyncio.gather(*(request(f"u{n}") for n in range(50)))

    for n, seen in enumerate(asyncio.run(main())):
        assert seen == [f"u{n}"] * 4 + [f"u{n}-s"]


def test_threads_where_the_context_is_attached() -> None:
    def work(context: otel_context.Context) -> tuple[str | None, str | None]:
        bare = who()
        token = otel_context.attach(context)
        try:
            return bare, who()
        finally:
            otel_context.detach(token)

    with ThreadPoolExecutor(1) as pool, posthog_context(distinct_id="a"):
        assert pool.submit(work, otel_context.get_current()).result() == (None, "a")


def test_current_of_a_given_context() -> None:
    with posthog_context(distinct_id="a"):
        inside = otel_context.get_current()
    belonging = current(inside)
    assert belonging is not None
    assert belonging.distinct_id == "a"
    assert current(otel_context.Context()) is None


class TestDecorator:
    def test_function(self) -> None:
        @posthog_context(distinct_id="a")
        def work(value: int, *, more: int = 0) -> tuple[str | None, int]:
            """Doc."""
            return who(), value + more

        assert work(1, more=2) == ("a", 3)
        assert (work.__name__, work.__doc__) == ("work", "Doc.")
        assert not inspect.iscoroutinefunction(work)

    def test_function_joins_the_context_of_its_call(self) -> None:
        @posthog_context(session_id="s")
        def work() -> Belonging | None:
            return current()

        with posthog_context(distinct_id="a"):
            assert work() == Belonging(distinct_id="a", session_id="s")
        assert work() == Belonging(session_id="s")

    def test_method_and_recursion(self) -> None:
        class Service:
            @posthog_context(distinct_id="a")
            def down(self, depth: int) -> list[str | None]:
                return [who()] + (self.down(depth - 1) if depth else [])

        assert Service().down(2) == ["a"] * 3

    def test_coroutine_function(self) -> None:
        @posthog_context(distinct_id="a")
        async def work() -> str | None:
            await asyncio.sleep(0)
            return who()

        assert inspect.iscoroutinefunction(work)
        assert asyncio.run(work()) == "a"

    def test_coroutine_in_simultaneous_tasks(self) -> None:
        context = posthog_context(properties={"shared": True})

        @context
        async def work(user: str) -> str | None:
            with posthog_context(distinct_id=user):
                await asyncio.sleep(0)
                return who()

        async def main() -> list[str | None]:
            return await asyncio.gather(*(work(f"u{n}") for n in range(20)))

        assert asyncio.run(main()) == [f"u{n}" for n in range(20)]

    def test_async_callable_object_and_partial(self) -> None:
        class Agent:
            async def __call__(self, _: int) -> str | None:
                return who()

        assert asyncio.run(posthog_context(distinct_id="a")(partial(Agent().__call__, 1))()) == "a"

    def test_refuses_what_is_no_function(self) -> None:
        with pytest.raises(TypeError, match="decorates functions"):
            posthog_context(distinct_id="a")("text")  # type: ignore[type-var]
        with pytest.raises(TypeError, match="decorates functions"):
            posthog_context(distinct_id="a")(dict)
        with pytest.raises(TypeError):
            posthog_context(who)  # type: ignore[misc]


class TestGenerator:
    def test_each_step_is_inside_and_the_consumer_is_not(self) -> None:
        @posthog_context(distinct_id="a")
        def numbers() -> Iterator[str | None]:
            for _ in range(3):
                yield who()

        assert inspect.isgenerator(numbers())
        assert [(inside, who()) for inside in numbers()] == [("a", None)] * 3

    def test_send_throw_return_and_close(self) -> None:
        closed = []

        @posthog_context(distinct_id="a")
        def echo() -> Iterator[object]:
            sent: object = "start"
            try:
                while sent != "stop":
                    try:
                        sent = yield (who(), sent)
                    except KeyError:
                        sent = "caught"
            finally:
                closed.append(who())
            return "result"

        body = echo()
        assert next(body) == ("a", "start")
        assert body.send(1) == ("a", 1)  # type: ignore[attr-defined]
        assert body.throw(KeyError()) == ("a", "caught")  # type: ignore[attr-defined]
        with pytest.raises(StopIteration) as stop:
            body.send("stop")  # type: ignore[attr-defined]
        assert stop.value.value == "result"

        body = echo()
        next(body)
        body.close()  # type: ignore[attr-defined]
        assert closed == ["a", "a"]

    def test_an_abandoned_generator_is_closed_inside(self) -> None:
        closed = []

        @posthog_context(distinct_id="a")
        def numbers() -> Iterator[int]:
            try:
                yield 1
                yield 2
            finally:
                closed.append(who())

        for _ in numbers():
            break
        gc.collect()
        assert closed == ["a"]

    def test_errors_pass(self) -> None:
        @posthog_context(distinct_id="a")
        def failing() -> Iterator[int]:
            yield 1
            raise KeyError("own")

        body = failing()
        next(body)
        with pytest.raises(KeyError, match="own"):
            next(body)

    def test_keeps_whom_the_call_was_made_for(self) -> None:
        @posthog_context(session_id="s")
        def numbers() -> Iterator[Belonging | None]:
            yield current()

        with posthog_context(distinct_id="a"):
            body = numbers()
        assert list(body) == [Belonging(distinct_id="a", session_id="s")]

    def test_the_spans_of_a_body_stay_its_own(self) -> None:
        tracer = TracerProvider().get_tracer("test")
        parents = []

        @posthog_context(distinct_id="a")
        def numbers() -> Iterator[int]:
            with tracer.start_as_current_span("body") as span:
                for number in range(3):
                    parents.append(trace.get_current_span() is span)
                    yield number

        with tracer.start_as_current_span("consumer") as consumer:
            for _ in numbers():
                assert trace.get_current_span() is consumer
        assert parents == [True] * 3

    def test_a_body_without_spans_sees_those_of_its_consumer(self) -> None:
        tracer = TracerProvider().get_tracer("test")

        @posthog_context(distinct_id="a")
        def spans() -> Iterator[trace.Span]:
            while True:
                yield trace.get_current_span()

        body = spans()
        with tracer.start_as_current_span("first") as first:
            assert next(body) is first
        with tracer.start_as_current_span("second") as second:
            assert next(body) is second

    def test_iterated_by_several_threads(self) -> None:
        @posthog_context(distinct_id="a")
        def numbers() -> Iterator[str | None]:
            for _ in range(4):
                yield who()

        body = numbers()
        seen = []
        for _ in range(4):
            thread = threading.Thread(target=lambda: seen.append((next(body), who())))
            thread.start()
            thread.join(10)
        assert seen == [("a", None)] * 4


class TestAsyncGenerator:
    def test_each_step_is_inside_and_the_consumer_is_not(self) -> None:
        @posthog_context(distinct_id="a")
        async def numbers() -> AsyncIterator[str | None]:
            for _ in range(3):
                await asyncio.sleep(0)
                yield who()

        async def main() -> list[tuple[str | None, str | None]]:
            return [(inside, who()) async for inside in numbers()]

        assert asyncio.run(main()) == [("a", None)] * 3

    def test_send_throw_and_close(self) -> None:
        closed = []

        @posthog_context(distinct_id="a")
        async def echo() -> AsyncIterator[object]:
            sent: object = "start"
            try:
                while True:
                    try:
                        sent = yield (who(), sent)
                    except KeyError:
                        sent = "caught"
            finally:
                await asyncio.sleep(0)
                closed.append(who())

        async def main() -> None:
            body = echo()
            assert await anext(body) == ("a", "start")
            assert await body.asend(1) == ("a", 1)  # type: ignore[attr-defined]
            assert await body.athrow(KeyError()) == ("a", "caught")  # type: ignore[attr-defined]
            await body.aclose()  # type: ignore[attr-defined]
            assert who() is None

        asyncio.run(main())
        assert closed == ["a"]

    def test_a_cancelled_consumer_closes_it_inside(self) -> None:
        closed = []

        @posthog_context(distinct_id="a")
        async def endless() -> AsyncIterator[int]:
            try:
                started.set()
                while True:
                    await asyncio.sleep(3600)
                    yield 1
            finally:
                closed.append(who())

        started = asyncio.Event()

        async def consume() -> None:
            async for _ in endless():
                pass

        async def main() -> None:
            task = asyncio.create_task(consume())
            await started.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

        asyncio.run(main())
        assert closed == ["a"]

    def test_interleaved_streams_of_two_users(self) -> None:
        async def stream(user: str) -> AsyncIterator[str | None]:
            @posthog_context(distinct_id=user)
            async def body() -> AsyncIterator[str | None]:
                for _ in range(3):
                    await asyncio.sleep(0)
                    yield who()

            async for item in body():
                yield item

        async def main() -> list[tuple[str | None, str | None]]:
            one, two = stream("one"), stream("two")
            return [(await anext(one), await anext(two)) for _ in range(3)]

        assert asyncio.run(main()) == [("one", "two")] * 3
