"""Deliver before the platform freezes the process.

@flush_on_exit
def handler(event, context): ...
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Any, TypeVar, cast, overload

from otel_posthog_ai.context.carried import kind_of
from otel_posthog_ai.log import warn

from .flushing import flush_all

DEFAULT_TIMEOUT_MILLIS = 5_000
"""Longest flush where neither the caller nor the platform sets a limit, milliseconds."""

SAFETY_MARGIN_MILLIS = 250
"""Left to the platform of the time it grants, milliseconds: the answer has to leave too."""

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


@overload
def flush_on_exit(function: FunctionT, /) -> FunctionT: ...
@overload
def flush_on_exit(*, timeout_millis: float | None = None) -> _FlushOnExit: ...
def flush_on_exit(function: Any = None, /, *, timeout_millis: float | None = None) -> Any:
    """Flush every live processor when the block or the call ends, also when it fails.

    A decorator (`@flush_on_exit`, `@flush_on_exit(timeout_millis=2000)`) of functions and async functions, and a
    context manager (`with flush_on_exit():`, `async with flush_on_exit():`). On AWS Lambda the flush ends 250 ms before
    the time that the handler's second argument says is left. What the function returns or raises passes unchanged; an
    event loop is not blocked meanwhile.

    Args:
        timeout_millis: Longest flush in milliseconds. Default: 5000.

    Raises:
        TypeError: where the decorated object is no function; ValueError: where `timeout_millis` is not above 0.
    """
    if timeout_millis is not None and timeout_millis <= 0:
        raise ValueError("timeout_millis must be above 0")
    flusher = _FlushOnExit(DEFAULT_TIMEOUT_MILLIS if timeout_millis is None else timeout_millis)
    return flusher if function is None else flusher(function)


class _FlushOnExit:
    made = 0
    """How many there have been in this process."""

    def __init__(self, timeout_millis: float) -> None:
        self._timeout_millis = timeout_millis
        _FlushOnExit.made += 1

    def __call__(self, function: FunctionT) -> FunctionT:
        if inspect.isclass(function) or not callable(function):
            raise TypeError("flush_on_exit decorates functions")
        around = {
            "function": self._around_function,
            "coroutine": self._around_coroutine,
            "generator": self._around_generator,
            "async generator": self._around_async_generator,
        }[kind_of(function)]
        return cast(FunctionT, functools.wraps(function)(around(function)))

    def _around_function(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self._flushing(args, kwargs):
                return function(*args, **kwargs)

        return call

    def _around_coroutine(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> Any:
            async with self._flushing_async(args, kwargs):
                return await function(*args, **kwargs)

        return call

    def _around_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            with self._flushing(args, kwargs):
                body: Generator[Any, Any, Any] = function(*args, **kwargs)
                return (yield from body)

        return call

    def _around_async_generator(self, function: Callable[..., Any]) -> Callable[..., Any]:
        async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
            async with self._flushing_async(args, kwargs):
                async for item in function(*args, **kwargs):
                    yield item

        return call

    @contextmanager
    def _flushing(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Generator[None, None, None]:
        try:
            yield
        finally:
            flush_all(self._millis_left(args, kwargs))

    @asynccontextmanager
    async def _flushing_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AsyncGenerator[None, None]:
        try:
            yield
        except GeneratorExit:
            # The coroutine is thrown away: nothing may be awaited any more.
            raise
        except BaseException:
            await flush_in_thread(self._millis_left(args, kwargs))
            raise
        else:
            await flush_in_thread(self._millis_left(args, kwargs))

    def _millis_left(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> float:
        granted = _granted_millis(args, kwargs)
        if granted is None:
            return self._timeout_millis
        return min(self._timeout_millis, granted - SAFETY_MARGIN_MILLIS)

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        flush_all(self._timeout_millis)

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None or not issubclass(kind, GeneratorExit):
            await flush_in_thread(self._timeout_millis)


def _granted_millis(args: tuple[Any, ...], kwargs: dict[str, Any]) -> float | None:
    """What AWS Lambda's context, the handler's second argument, says is left of the invocation."""
    candidate = args[1] if len(args) > 1 else kwargs.get("context")
    remaining = getattr(candidate, "get_remaining_time_in_millis", None)
    if not callable(remaining):
        return None
    try:
        return float(cast(Any, remaining()))
    except Exception as error:
        warn("serverless:remaining", "the time that is left cannot be read (%s)", type(error).__name__)
        return None


def in_use() -> bool:
    """Whether anything in this process is to flush on exit."""
    return _FlushOnExit.made > 0


async def flush_in_thread(timeout_millis: float) -> None:
    """`flush_all` while the event loop goes on."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        # Another event loop (trio): there is no way into it from a thread that all of them share.
        flush_all(timeout_millis)
        return
    done = loop.create_future()

    def report() -> None:
        if not done.done():
            done.set_result(None)

    def work() -> None:
        flush_all(timeout_millis)
        try:
            loop.call_soon_threadsafe(report)
        except RuntimeError:
            pass  # the loop was closed meanwhile: nobody waits

    # A thread of its own: the loop's pool may be busy with the app's work.
    try:
        threading.Thread(target=work, name="posthog-ai-flush", daemon=True).start()
    except RuntimeError:  # The machine has no threads left: the loop waits, or what is owed is lost.
        flush_all(timeout_millis)
        return
    await done
