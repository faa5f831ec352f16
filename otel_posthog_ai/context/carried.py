"""Run what a function does in an OTel context of its own: functions, coroutines, generators, async generators.

A generator's body runs only while it is iterated, so the context is attached for each step and detached before the
value goes out: the consumer never runs in it. What the body itself attached (a span around a `yield`) is kept from
step to step and is as invisible to the consumer.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import contextmanager
from typing import Any, Literal

from opentelemetry.context import Context, attach, detach, get_current

FunctionKind = Literal["function", "coroutine", "generator", "async generator"]

InContext = Callable[[Context], Context]
"""The context to run in, made from the one that is current."""


def carried(function: Callable[..., Any], context_at_call: Callable[[], InContext]) -> Callable[..., Any]:
    """`function`, of the same kind, whose body runs in the context that `context_at_call` says at each call."""
    wrap = _WRAPPERS[kind_of(function)]
    return functools.wraps(function)(wrap(function, context_at_call))


def kind_of(function: Callable[..., Any]) -> FunctionKind:
    """What calling `function` gives: its result, or something that is yet to run."""
    # An object with an async __call__ is as asynchronous as a function.
    for candidate in (function, getattr(function, "__call__", None)):  # noqa: B004  the method itself is wanted
        if inspect.isasyncgenfunction(candidate):
            return "async generator"
        if inspect.iscoroutinefunction(candidate):
            return "coroutine"
        if inspect.isgeneratorfunction(candidate):
            return "generator"
    return "function"


def _function(function: Callable[..., Any], context_at_call: Callable[[], InContext]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with Steps(context_at_call()).step():
            return function(*args, **kwargs)

    return call


def _coroutine(function: Callable[..., Any], context_at_call: Callable[[], InContext]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with Steps(context_at_call()).step():
            return await function(*args, **kwargs)

    return call


class Steps:
    """The context of a body that runs in steps."""

    __slots__ = ("_own", "_place")

    def __init__(self, place: InContext) -> None:
        self._place = place
        self._own: Context | None = None

    @contextmanager
    def step(self) -> Generator[None, None, None]:
        """Run the block in the body's context, whatever context the caller is in."""
        entered = self._place(get_current()) if self._own is None else self._own
        token = attach(entered)
        try:
            yield
        finally:
            left = get_current()
            # A body that attached nothing sees the spans its consumer is in, as it does undecorated.
            if left is not entered:
                self._own = left
            detach(token)


def _generator(function: Callable[..., Any], context_at_call: Callable[[], InContext]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        # The body of this function starts at the first step; what surrounds the call is read before.
        return iterate(function(*args, **kwargs), Steps(context_at_call()))

    def iterate(body: Generator[Any, Any, Any], steps: Steps) -> Generator[Any, Any, Any]:
        resume: Callable[[], Any] = functools.partial(next, body)
        while True:
            with steps.step():
                try:
                    value = resume()
                except StopIteration as stop:
                    return stop.value
            try:
                sent = yield value
                resume = functools.partial(body.send, sent)
            except GeneratorExit:
                with steps.step():
                    body.close()
                raise
            except BaseException as error:
                resume = functools.partial(body.throw, error)

    return call


def _async_generator(function: Callable[..., Any], context_at_call: Callable[[], InContext]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        return iterate(function(*args, **kwargs), Steps(context_at_call()))

    async def iterate(body: AsyncGenerator[Any, Any], steps: Steps) -> AsyncGenerator[Any, Any]:
        resume: Callable[[], Any] = body.__anext__
        while True:
            with steps.step():
                try:
                    value = await resume()
                except StopAsyncIteration:
                    return
            try:
                sent = yield value
                resume = functools.partial(body.asend, sent)
            except GeneratorExit:
                with steps.step():
                    await body.aclose()
                raise
            except BaseException as error:
                resume = functools.partial(body.athrow, error)

    return call


_WRAPPERS: dict[FunctionKind, Callable[..., Callable[..., Any]]] = {
    "function": _function,
    "coroutine": _coroutine,
    "generator": _generator,
    "async generator": _async_generator,
}
