"""Who and what the spans inside belong to, carried by the OTel context.

    with posthog_context(distinct_id="user-7", session_id="chat-3"):
        agent.run(question)

As the OTel context is what carries it, it follows asyncio tasks by itself, and threads wherever the OTel context is
attached there (`opentelemetry-instrumentation-threading` does).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar, Token
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar, cast

from opentelemetry.context import Context, attach, create_key, detach, get_current, set_value

from . import entries
from .belonging import ILLEGAL_DISTINCT_IDS, Belonging, belonging_of, usable_id, usable_session_id
from .foreign_identity import from_baggage, posthog_library_identity

if TYPE_CHECKING:
    from .carried import InContext

__all__ = [
    "ILLEGAL_DISTINCT_IDS",
    "Belonging",
    "current",
    "from_baggage",
    "posthog_context",
    "posthog_library_identity",
    "usable_id",
    "usable_session_id",
    "with_foreign",
]

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

BELONGING_KEY = create_key("posthog-belonging")
"""Where a context carries the `Belonging` of what starts in it."""

# Server instrumentation of OpenTelemetry starts every request from an empty context, which loses what a middleware
# outside of it has attached. What such a middleware knows of the request waits here.
request_belonging: ContextVar[Belonging | None] = ContextVar("posthog-request-belonging", default=None)


def current(context: Context | None = None) -> Belonging | None:
    """What the spans that start in `context` (default: the current one) belong to, None where nobody said."""
    belonging: Any = (get_current() if context is None else context).get(BELONGING_KEY)
    return request_belonging.get() if belonging is None else belonging


class _Entered(NamedTuple):
    """One `with` block that this thread or task is in, and the ones around it."""

    owner: posthog_context
    token: Token[Context]
    around: _Entered | None


# One stack per thread and task: a shared `posthog_context` object may be entered by many of them at once.
_entered: ContextVar[_Entered | None] = ContextVar("posthog-contexts-entered", default=None)


class posthog_context:
    """Say for whom and as part of what the spans inside run.

    Works as `with`, as `async with` and as a decorator of functions, async functions, generators and async generators.
    Inner values win over outer ones; `groups` and `properties` are united; `privacy_mode` holds for everything inside.
    Never raises for a value: what is no id (None, "", `anonymous`, …) counts as not given.

    Args:
        distinct_id: The user, as PostHog knows them. Text, whole number or UUID; over 200 characters are cut.
        session_id: The conversation that the traces belong to (`$ai_session_id`).
        replay_session_id: The session id of posthog-js in the user's browser (`$session_id`), which links the replay.
        groups: PostHog groups, group type to group key: `{"company": "acme"}`.
        properties: Custom properties of every event inside; JSON-like values.
        trace_name: The name of the trace.
        prompt_name: The prompt of PostHog's prompt management that is used inside.
        prompt_version: Its version.
        privacy_mode: True keeps prompts, outputs, tool data and error texts of everything inside out of PostHog.
            False says nothing: what is private around stays private.
    """

    __slots__ = ("_belonging",)

    def __init__(
        self,
        *,
        distinct_id: object = None,
        session_id: object = None,
        replay_session_id: object = None,
        groups: Mapping[str, object] | None = None,
        properties: Mapping[str, Any] | None = None,
        trace_name: str | None = None,
        prompt_name: str | None = None,
        prompt_version: int | str | None = None,
        privacy_mode: bool | None = None,
    ) -> None:
        self._belonging = belonging_of(
            distinct_id=distinct_id,
            session_id=session_id,
            replay_session_id=replay_session_id,
            groups=groups,
            properties=properties,
            trace_name=trace_name,
            prompt_name=prompt_name,
            prompt_version=prompt_version,
            privacy_mode=privacy_mode,
        )

    def __enter__(self) -> None:
        _entered.set(_Entered(self, attach(inside(self._belonging)), _entered.get()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        skipped: list[_Entered] = []
        block = _entered.get()
        while block is not None and block.owner is not self:
            skipped.append(block)
            block = block.around
        # Not found: the block was entered in another context, which is gone with what was attached to it.
        if block is None:
            return
        if not skipped:
            _entered.set(block.around)
            detach(block.token)
            return
        # Left before a block that was entered later: that one now restores what was there before both.
        around: _Entered | None = skipped.pop()._replace(token=block.token, around=block.around)
        while skipped:
            around = skipped.pop()._replace(around=around)
        _entered.set(around)

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def __call__(self, function: FunctionT) -> FunctionT:
        """Run every call of `function` inside. Raises TypeError where it is no function or method."""
        target: object = function
        if inspect.isclass(target) or not callable(target):
            raise TypeError("posthog_context decorates functions; use it as `@posthog_context(distinct_id=…)`")
        from .carried import carried  # only who decorates pays for loading it

        return cast(FunctionT, carried(function, self._context_at_call))

    def _context_at_call(self) -> InContext:
        # A generator may be iterated far from where it was called; whoever the call was made for stays.
        return functools.partial(inside, self._belonging.within(current()))


def inside(belonging: Belonging, context: Context | None = None) -> Context:
    """`context` (default: the current one) with `belonging` inside what it already says."""
    entries.note_entry(belonging.privacy_mode)
    return set_value(BELONGING_KEY, belonging.within(current(context)), context)


def with_foreign(
    belonging: Belonging | None, context: Context | None, baggage_keys: Collection[str]
) -> Belonging | None:
    """`belonging` with what PostHog's own library and the listed baggage say where it says nothing."""
    for foreign in (posthog_library_identity(), from_baggage(context, baggage_keys)):
        if foreign is not None:
            belonging = belonging.within(foreign) if belonging is not None else foreign
    return belonging
