"""User code that must pass a strict type checker: decorators keep the types of what they decorate."""

# pyright: strict
from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from otel_posthog_ai import (
    capture_evaluation,
    capture_feedback,
    capture_metric,
    flush_on_exit,
    posthog_context,
)
from otel_posthog_ai.web import PostHogASGIMiddleware, PostHogWSGIMiddleware


@posthog_context(distinct_id="user-7", groups={"company": "acme"}, properties={"plan": "pro"}, prompt_version=3)
def answer(question: str, *, times: int = 1) -> str:
    return question * times


@posthog_context(session_id="chat-3")
async def answer_async(question: str) -> str:
    return question


@posthog_context(privacy_mode=True)
def stream(question: str) -> Iterator[str]:
    yield question


@posthog_context(trace_name="stream")
async def stream_async(question: str) -> AsyncIterator[str]:
    yield question


@flush_on_exit
def handler(event: dict[str, Any], context: object) -> int:
    return len(event)


@flush_on_exit(timeout_millis=2_000)
async def handler_async(event: dict[str, Any], context: object) -> int:
    async with flush_on_exit(), posthog_context(distinct_id=7):
        return len(event)


sync_result: str = answer("why", times=2)
called: Callable[[str], Awaitable[str]] = answer_async
streamed: Iterator[str] = stream("why")
streamed_async: AsyncIterator[str] = stream_async("why")
handled: int = handler({}, None)
handled_async: Callable[[dict[str, Any], object], Awaitable[int]] = handler_async

with posthog_context(distinct_id=None), flush_on_exit():
    sent: bool = capture_feedback("great", value=1, trace_id=1, span_id="00f067aa0ba902b7")
    sent = capture_metric("groundedness", 0.93) and capture_evaluation("is_polite", None, reasoning="it asks nothing")


async def asgi(scope: Any, receive: Any, send: Any) -> None: ...


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    return []


PostHogASGIMiddleware(asgi, trust_distinct_id=True)
PostHogWSGIMiddleware(wsgi)
