"""One round of requests: the events that can be delivered are, the rest comes back as still owed."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from otel_posthog_ai import forks, log
from otel_posthog_ai.counters import Counters
from otel_posthog_ai.letting_go import Event
from otel_posthog_ai.settings import Settings
from otel_posthog_ai.version import __version__

from . import routes
from .answers import UNSUPPORTED, Answer, Hindrance, Verdict, is_from_between, judge
from .chunks import REQUEST_BYTES, Envelope, chunks, halves, sent_now
from .compression import Body
from .encoding import EncodedEvent
from .host_clock import HostClock
from .large_route import LargeRoute
from .request import Request, events_of
from .retry import LONGEST_RETRY_AFTER, Deadline, retry_wait
from .routes import BATCH, Route
from .shapes import describe
from .sizes import Shrink, Sizes
from .transport import Transport

PAUSE_SECONDS = 600.0
"""How long a refused project key is left alone."""

_SMALLEST_TO_SHRINK = 64 * 1024
_LEAST_TIME = 1.0
_LONGEST_LOOK_AT_THE_CLOCK = 2.0
_GROW_AFTER = 30.0
_MOST_DOUBLINGS = 10


class Poster:
    """Posts events to PostHog in the calling thread. Thread-safe; never raises.

    `shrink(event, limit)` gives a smaller event or None; `wait(seconds)` pauses and says whether it was interrupted.
    `own_times`: the events' times are by the clock of this machine, which may be wrong.
    """

    def __init__(
        self,
        settings: Settings,
        counters: Counters,
        *,
        shrink: Shrink,
        wait: Callable[[float], bool] | None = None,
        own_times: bool = True,
    ) -> None:
        self._clock = HostClock(own_times)
        self._settings = settings
        self._counters = counters
        self._sizes = Sizes(settings.host, counters, shrink)
        self._envelope = Envelope(settings.api_key or "", settings.compression)
        self._headers = {"Content-Type": "application/json", "User-Agent": f"otel-posthog-ai/{__version__}"}
        self._transport = Transport()
        self._wait: Callable[[float], bool] = wait if wait is not None else lambda seconds: self._closed.wait(seconds)
        self._start_anew()
        forks.in_child(self._start_anew)

    def _start_anew(self) -> None:
        self._closed = Event()
        self._refused_bytes = REQUEST_BYTES
        self._too_large: tuple[int, float] = (REQUEST_BYTES, 0.0)
        self.blocked_until = 0.0
        self.hindrance: Hindrance | None = None
        self.large_route = LargeRoute()

    @property
    def request_bytes(self) -> int:
        """Most bytes of one request now: less than usual where the server found a request too large or wrong.

        After one that was too large it doubles every 30 seconds.
        """
        limit, since = self._too_large
        # What refused a request may have been one server of many, or be set right by now: requests grow again.
        doublings = min(int((time.monotonic() - since) / _GROW_AFTER), _MOST_DOUBLINGS)
        return min(limit << doublings, REQUEST_BYTES, self._refused_bytes)

    @property
    def overhead(self) -> int:
        """Bytes of a request around its events."""
        return self._envelope.overhead

    @property
    def may_prepare(self) -> bool:
        """Whether a body may be made now: not before it is known by how much its times are to be moved."""
        return self._clock.is_settled

    def body(self, events: Sequence[EncodedEvent]) -> Body:
        """The body of one request with these events."""
        return self._envelope.body(events, self._clock.corrected)

    def post(
        self, events: Sequence[EncodedEvent], deadline: float | Deadline, body: Body | None = None
    ) -> list[EncodedEvent]:
        """Deliver `events` until `deadline` (`time.monotonic()`), and give back those that are still owed, in order.

        `body`: of one request with all of them, where it was made before; it is used where they are one request.
        At least one request is made, also when the deadline passed while the process stood still, unless it is firm.
        Afterwards `hindrance` says what stood in the way, and `blocked_until` before when nothing is to be tried.
        """
        if not events:
            return []
        if self._closed.is_set() or time.monotonic() < self.blocked_until:
            return list(events)
        limit = deadline if isinstance(deadline, Deadline) else Deadline(deadline)
        started = time.monotonic()
        self._transport.prepare()
        limit.leave_out(started, at_least=_LEAST_TIME)
        if limit.remaining() == 0.0:
            return list(events)
        self._ask_for_the_time(limit)
        requests = self._requests(events)
        later = [each for each in requests if each.route.large] if self.large_route.rests() else []
        self.hindrance = self.large_route.hindrance if later else None
        work = deque(each for each in requests if each not in later)
        if body is not None and len(work) == 1 and work[0].events == events:
            work[0].body = body
        while work:
            request = work.popleft()
            answer = self._until_settled(request, limit)
            verdict = judge(answer, large_route=request.route.large)
            if verdict in (Verdict.RETRY, Verdict.FORBIDDEN, Verdict.WRONG_HOST):
                if not limit.abandoned:
                    self._stop_at(verdict, answer, request.route)
                return events_of([request, *work, *later])
            work.extendleft(reversed(self._follow_up(verdict, answer, request)))
            if work and limit.remaining() == 0.0:
                return events_of([*work, *later])
        return events_of(later)

    def goes_large(self, event: EncodedEvent) -> bool:
        """Whether an event goes by the large route."""
        return routes.choose(event, self._settings.host, self._settings.large_events).large

    def _ask_for_the_time(self, limit: Deadline) -> None:
        """Before the first events leave: what they are corrected by, all are. The connection is kept for them."""
        if self._clock.is_settled:
            return
        sent = time.time()
        soon = Deadline(min(limit.at, time.monotonic() + _LONGEST_LOOK_AT_THE_CLOCK))
        answer = self._transport.head(self._settings.host + BATCH.path, soon)
        if not is_from_between(answer):
            self._clock.learn(answer.date, sent, time.time())
            if self._clock.offset:
                log.warn("clock", "the clock here and that of %s differ by %+.0f s: events are sent with its time",
                         self._settings.host, self._clock.offset)  # fmt: skip

    def _tail(self) -> bytes:
        return Envelope.tail(None if self._clock.offset is not None else sent_now())

    def close(self) -> None:
        """End every wait and every request, and let nothing new begin."""
        self._closed.set()
        self._transport.abort()

    # ---- one request -------------------------------------------------------------------------------------------

    def _until_settled(self, request: Request, limit: Deadline) -> Answer:
        """The last answer to `request`, which is repeated while that makes sense within the limit."""
        body = request.body if request.body is not None else self.body(request.events)
        url = self._settings.host + request.route.path
        attempt = 0
        while True:
            started, allowed = time.monotonic(), limit.remaining()
            answer = self._try(url, body, request, limit)
            limit.forgive(started, allowed)
            if judge(answer, large_route=request.route.large) is not Verdict.RETRY:
                return answer
            attempt += 1
            if attempt > self._settings.max_retries or not self._pause(attempt, answer, limit):
                return answer
            self._counters.add("retried")

    def _try(self, url: str, body: Body, request: Request, limit: Deadline) -> Answer:
        headers = {**self._headers, **body.headers}
        text = body.ending_with(self._tail())
        answer = self._transport.post(url, text, headers, limit)
        if answer.stale_socket:
            # The server closed the kept connection meanwhile; that says nothing about it, so it is no try.
            self._transport.close()
            text = body.ending_with(self._tail())
            answer = self._transport.post(url, text, headers, limit)
        if log.debugs():
            log.debug(
                "POST %s: %d events, %d bytes (%d on the wire): %s after %.3f s; %s",
                request.route.path, len(request.events), request.size + self.overhead, len(text),
                answer.describe(), answer.seconds, describe(request.events),
            )  # fmt: skip
        return answer

    def _pause(self, attempt: int, answer: Answer, limit: Deadline) -> bool:
        """Wait before the next try; False when there is no time for one."""
        started = time.monotonic()
        seconds = retry_wait(attempt, answer.retry_after)
        while True:
            left = started + seconds - time.monotonic()
            if left <= 0:
                limit.forgive(started, seconds)
                return not self._closed.is_set()
            if left >= limit.remaining() or self._closed.is_set():
                return False
            # An interrupted backoff becomes a try at once; what the server asked for is waited to its end.
            if self._wait(left) and answer.retry_after is None:
                return not self._closed.is_set()

    # ---- what follows from an answer ---------------------------------------------------------------------------

    def _follow_up(self, verdict: Verdict, answer: Answer, request: Request) -> list[Request]:
        """The requests to make because of an answer that settled `request` or showed how to go on."""
        if verdict is Verdict.DELIVERED:
            self._counters.add("sent", len(request.events))
            self._clock.settle()
            if request.route.large:
                self.large_route.succeed()
            self._refused_bytes = min(self._refused_bytes * 2, REQUEST_BYTES)
            return []
        if verdict is Verdict.NO_ROUTE:
            routes.large_route_missing(self._settings.host)
            return self._requests(request.events)
        if answer.status == UNSUPPORTED and self._envelope.compresses:
            self._compress_no_more()
            return [Request(request.route, request.events, request.last_chance)]
        if len(request.events) > 1:
            return self._divided(verdict, request)
        event = request.events[0]
        if request.route.large:
            return self._smaller(event, BATCH.event_bytes, last_chance=False)
        if verdict is Verdict.TOO_LARGE and not request.last_chance and len(event.body) > _SMALLEST_TO_SHRINK:
            return self._smaller(event, _SMALLEST_TO_SHRINK, last_chance=True)
        self._sizes.drop(event, "too_large" if verdict is Verdict.TOO_LARGE else "refused", answer)
        return []

    def _compress_no_more(self) -> None:
        self._envelope = Envelope(self._settings.api_key or "", "none")
        log.warn("plain", "%s takes no gzip (HTTP %d): requests are sent as they are", self._settings.host, UNSUPPORTED,
                 level=logging.INFO)  # fmt: skip

    def _divided(self, verdict: Verdict, request: Request) -> list[Request]:
        half = max(request.size // 2, 1)
        if verdict is Verdict.TOO_LARGE:
            self._too_large = (max(half + self.overhead, _SMALLEST_TO_SHRINK), time.monotonic())
        else:
            self._refused_bytes = half + self.overhead
        return [Request(request.route, part) for part in halves(request.events)]

    def _smaller(self, event: EncodedEvent, limit: int, *, last_chance: bool) -> list[Request]:
        """The event by the usual route, in at most `limit` bytes."""
        fits = event if len(event.body) <= limit else self._sizes.shrunk(event, limit)
        return [] if fits is None else [Request(BATCH, [fits], last_chance)]

    def _stop_at(self, verdict: Verdict, answer: Answer, route: Route) -> None:
        self.hindrance = Hindrance(verdict, answer)
        pause = PAUSE_SECONDS if verdict is Verdict.FORBIDDEN else answer.retry_after
        if route.large and answer.status is not None and self._settings.large_events == "auto":
            self.large_route.fail(self.hindrance, pause or 0.0)
        elif pause is not None:
            self.blocked_until = time.monotonic() + pause
        if verdict is Verdict.FORBIDDEN:
            log.warn("forbidden", "%s refuses the project key (%s): check api_key or POSTHOG_API_KEY; next try in %d s",
                     self._settings.host, answer.describe(), PAUSE_SECONDS)  # fmt: skip
        elif verdict is Verdict.WRONG_HOST:
            log.warn("wrong_host", "%s does not take events (%s): check host or POSTHOG_HOST",
                     self._settings.host, answer.describe())  # fmt: skip
        else:
            if answer.retry_after is not None and answer.retry_after >= LONGEST_RETRY_AFTER:
                log.warn("retry_after", "%s asks for a rest of %d s or longer; it is asked again after that",
                         self._settings.host, LONGEST_RETRY_AFTER)  # fmt: skip
            if not self._closed.is_set():
                log.warn("unreachable", "%s did not take events: %s", self._settings.host, answer.describe())

    # ---- routes and sizes --------------------------------------------------------------------------------------

    def _requests(self, events: Iterable[EncodedEvent]) -> list[Request]:
        """The requests for these events: each by its route, shrunk where it is over the route's limit."""
        host, large_events = self._settings.host, self._settings.large_events
        fitting: list[EncodedEvent] = []
        for event in events:
            limit = routes.choose(event, host, large_events).event_bytes
            fits: EncodedEvent | None = event if len(event.body) <= limit else self._sizes.shrunk(event, limit)
            if fits is not None:
                fitting.append(fits)
        return [
            Request(route, chunk)
            for route, group in routes.by_route(fitting, host, large_events)
            for chunk in chunks(group, self.overhead, self.request_bytes)
        ]
