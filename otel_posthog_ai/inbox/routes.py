"""What each path answers: PostHog's addresses, the API of the inbox, the files of the page."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import unquote

from otel_posthog_ai.inbox import details, groups, listing
from otel_posthog_ai.inbox.assets import asset, is_asset
from otel_posthog_ai.inbox.exchange import Request, Response, json_response, text_response
from otel_posthog_ai.inbox.posthog_routes import AI_ROUTE, EVENT_ROUTES, PostHogRoutes
from otel_posthog_ai.inbox.store import Store
from otel_posthog_ai.inbox.wire import Refused

LONGEST_WAIT_SECONDS = 25.0

_REMOTE_CONFIG = re.compile(r"/array/([^/]+)/config\.js")


class Routes:
    """Answers requests from a store."""

    def __init__(self, store: Store, project_keys: Collection[str] | None = None) -> None:
        """Answer from ``store``; ``project_keys`` are the keys of existing projects, None for every well-formed one."""
        self._store = store
        self._posthog = PostHogRoutes(store, project_keys)

    def answer(self, request: Request) -> Response:
        """The answer to any request."""
        path = request.path.rstrip("/")
        if is_event_route(request.path):
            return self._posthog.capture(request, ai_route=path == AI_ROUTE)
        if path == "/flags" and request.method in ("GET", "POST"):
            return self._posthog.flags(request)
        if request.method not in ("GET", "HEAD"):
            return text_response(405, "the inbox does not take this method here")
        if is_asset(request.path):
            content, content_type = asset(request.path)
            return Response(200, content_type, content)
        config = _REMOTE_CONFIG.fullmatch(path)
        if config is not None:
            return self._posthog.remote_config(unquote(config[1]))
        return self._view(path, request.query)

    def unreadable(self, path: str, refused: Refused, size: int) -> Response:
        """The answer to a request whose body could not be read."""
        if is_event_route(path):
            self._posthog.remember(path, refused, size)
        return text_response(refused.status, str(refused))

    def _view(self, path: str, query: Mapping[str, str]) -> Response:
        for pattern, view in _VIEWS:
            match = pattern.fullmatch(path)
            if match is not None:
                value = view(self._store, query, unquote(match[1]))
                return text_response(404, "there is no such thing") if value is None else json_response(value)
        return text_response(404, "there is nothing here")


def is_event_route(path: str) -> bool:
    """Whether events are posted to this path."""
    path = path.rstrip("/")
    return path in EVENT_ROUTES or path == AI_ROUTE


_Answer = dict[str, Any] | None


def _traces(store: Store, query: Mapping[str, str], _: str) -> _Answer:
    return listing.list_traces(store, query)


def _trace(store: Store, query: Mapping[str, str], trace_id: str) -> _Answer:
    return details.one_trace(store, trace_id, with_events=query.get("events") != "0")


def _event(store: Store, _: Mapping[str, str], uuid: str) -> _Answer:
    return details.one_event(store, uuid)


def _session(store: Store, _: Mapping[str, str], session_id: str) -> _Answer:
    return groups.one_session(store, session_id)


def _user(store: Store, _: Mapping[str, str], distinct_id: str) -> _Answer:
    return groups.one_user(store, distinct_id)


def _facets(store: Store, query: Mapping[str, str], _: str) -> _Answer:
    return dict(listing.facets(store, query))


def _problems(store: Store, _: Mapping[str, str], __: str) -> _Answer:
    return details.problems(store)


def _news(store: Store, query: Mapping[str, str], _: str) -> _Answer:
    """Wait until the revision is another than ``after``, or until the page should ask again."""
    store.wait(lambda: str(store.revision) != query.get("after"), LONGEST_WAIT_SECONDS)
    return {"revision": store.revision}


_VIEWS: tuple[tuple[re.Pattern[str], Callable[[Store, Mapping[str, str], str], _Answer]], ...] = (
    (re.compile(r"/api/traces()"), _traces),
    (re.compile(r"/api/traces/([^/]+)"), _trace),
    (re.compile(r"/api/events/([^/]+)"), _event),
    (re.compile(r"/api/sessions/([^/]+)"), _session),
    (re.compile(r"/api/users/([^/]+)"), _user),
    (re.compile(r"/api/facets()"), _facets),
    (re.compile(r"/api/problems()"), _problems),
    (re.compile(r"/api/news()"), _news),
)
