"""What an answer of the server means, as a table."""

from __future__ import annotations

from enum import Enum, auto


class Verdict(Enum):
    """What to do with the events of a request."""

    DELIVERED = auto()
    RETRY = auto()
    """The same request may succeed later."""
    TOO_LARGE = auto()
    """Halves may pass; one event alone may pass when it is shrunk."""
    REFUSED = auto()
    """Something in the request is wrong: halves find out what."""
    NO_ROUTE = auto()
    """This host does not have the route for large events."""
    FORBIDDEN = auto()
    """The project key is not accepted: nothing will pass before somebody acts."""
    WRONG_HOST = auto()
    """Something answers, but not PostHog's ingestion."""


class Answer:
    """What came back for one request: a status, or the class and the cause of the error in its stead."""

    __slots__ = ("cause", "date", "error", "html", "retry_after", "seconds", "stale_socket", "status")

    def __init__(
        self,
        status: int | None = None,
        retry_after: float | None = None,
        html: bool = False,
        error: str | None = None,
        cause: str | None = None,
        stale_socket: bool = False,
        seconds: float = 0.0,
        date: str | None = None,
    ) -> None:
        self.status = status
        self.retry_after = retry_after
        self.html = html
        self.error = error
        self.cause = cause
        self.stale_socket = stale_socket
        """A kept connection died without a byte of answer: the server did not see the request as one to answer."""
        self.seconds = seconds
        self.date = date
        """The host's time, as it says it."""

    def describe(self) -> str:
        """For log lines: never content of the request or the answer."""
        if self.status is None:
            return self.cause or self.error or "no answer"
        return f"HTTP {self.status}{' with a web page' if self.html else ''}"


_ANY_ROUTE: dict[int, Verdict] = {
    400: Verdict.REFUSED,
    401: Verdict.FORBIDDEN,
    403: Verdict.FORBIDDEN,
    404: Verdict.WRONG_HOST,
    405: Verdict.WRONG_HOST,
    407: Verdict.WRONG_HOST,
    408: Verdict.RETRY,
    410: Verdict.WRONG_HOST,
    413: Verdict.TOO_LARGE,
    421: Verdict.WRONG_HOST,
    425: Verdict.RETRY,
    429: Verdict.RETRY,
}
_LARGE_ROUTE: dict[int, Verdict] = {
    # Old self-hosted versions and proxies that pass only the known paths.
    403: Verdict.NO_ROUTE,
    404: Verdict.NO_ROUTE,
    405: Verdict.NO_ROUTE,
    410: Verdict.NO_ROUTE,
    501: Verdict.NO_ROUTE,
}

UNSUPPORTED = 415
"""The form of the body is not taken: of ours that is its compression."""
_BETWEEN = frozenset({407, 502, 503, 504})


def judge(answer: Answer, *, large_route: bool) -> Verdict:
    """The verdict on `answer`; the route for large events may be missing where the usual one is not."""
    status = answer.status
    if status is None:
        return Verdict.RETRY
    if large_route:
        if status in _LARGE_ROUTE:
            return _LARGE_ROUTE[status]
        if answer.html or 300 <= status < 400:
            return Verdict.NO_ROUTE
    if status in _ANY_ROUTE:
        return _ANY_ROUTE[status]
    if 200 <= status < 300:
        return Verdict.WRONG_HOST if answer.html else Verdict.DELIVERED
    if status < 400:
        return Verdict.WRONG_HOST
    return Verdict.REFUSED if status < 500 else Verdict.RETRY


def is_from_between(answer: Answer) -> bool:
    """Whether somebody on the way has answered, who knows nothing of the host: a proxy, a login page, a balancer."""
    status = answer.status
    return status is None or 300 <= status < 400 or status in _BETWEEN or (answer.html and status < 300)


class Hindrance:
    """Why a round ended with events still owed."""

    __slots__ = ("answer", "verdict")

    def __init__(self, verdict: Verdict, answer: Answer) -> None:
        self.verdict = verdict
        self.answer = answer
