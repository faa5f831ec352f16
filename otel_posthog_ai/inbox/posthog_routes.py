"""What PostHog itself answers: the intake of events and the two addresses by which a project key can be checked."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Collection

from otel_posthog_ai.inbox.envelope import TOKEN_NAMES, check_token, open_envelope
from otel_posthog_ai.inbox.exchange import Request, Response, json_response, text_response
from otel_posthog_ai.inbox.intake import admit
from otel_posthog_ai.inbox.json_values import JsonObject, is_object
from otel_posthog_ai.inbox.store import Store
from otel_posthog_ai.inbox.wire import Refused, decode_body

EVENT_ROUTES = frozenset({"/batch", "/e", "/i/v0/e", "/capture", "/track", "/engage"})
AI_ROUTE = "/i/v0/ai/batch"


class PostHogRoutes:
    """PostHog's answers, with a store behind them."""

    def __init__(self, store: Store, project_keys: Collection[str] | None) -> None:
        """Store into ``store``; ``project_keys`` are the keys that exist, None for every one that starts with phc_."""
        self._store = store
        self._project_keys = project_keys

    def capture(self, request: Request, *, ai_route: bool) -> Response:
        """Take a batch or refuse it whole. An unknown key is answered like a known one, and its events vanish."""
        if request.method not in ("GET", "POST"):
            return text_response(405, "events are posted")
        now = time.time()
        try:
            envelope = open_envelope(decode_body(request.body, request.content_type, request.query))
            events = admit(envelope, ai_route=ai_route, now=now)
        except Refused as refused:
            self.remember(request.path, refused, len(request.body))
            return text_response(refused.status, str(refused))
        if self._knows(envelope.token):
            self._store.add(events, route=request.path, now=now)
        return json_response({"status": "Ok"})

    def remember(self, route: str, refused: Refused, size: int) -> None:
        """Keep a refusal, so that the page can tell of it."""
        self._store.add_refusal(route=route, status=refused.status, reason=str(refused), size=size, now=time.time())

    def flags(self, request: Request) -> Response:
        """No feature flags, but 401 for an unknown key."""
        try:
            named: JsonObject = dict(request.query)
            body = decode_body(request.body, request.content_type, request.query) if request.body else None
            named |= body if is_object(body) else {}
            token = check_token(next((named[name] for name in TOKEN_NAMES if name in named), None))
        except Refused as refused:
            return text_response(refused.status, str(refused))
        if not self._knows(token):
            detail = "The project key is unknown."
            return json_response({"type": "authentication_error", "code": "invalid_api_key", "detail": detail}, 401)
        return json_response({"flags": {}, "errorsWhileComputingFlags": False, "requestId": str(uuid.uuid4())})

    def remote_config(self, token: str) -> Response:
        """The script that posthog-js loads for a key; 404 for an unknown one."""
        if not self._knows(token):
            return text_response(404, "the project key is unknown")
        script = f"(function(){{window._POSTHOG_REMOTE_CONFIG={json.dumps({token: {'config': {}}})}}})();"
        return Response(200, "application/javascript", script.encode())

    def _knows(self, token: str) -> bool:
        return token.startswith("phc_") if self._project_keys is None else token in self._project_keys
