"""One correction of times for all events of a process.

PostHog corrects each request by its arrival less `sent_at`, and requests differ: a slow one moves its events by as much
more, and the steps of one trace interleave. So the offset between the host's clock and ours is found out once, from the
`Date` of its first answer, and kept. Where both agree, `sent_at` is left out and times stand as they are; where ours is
wrong, every event is moved by the same offset before it leaves. A host that does not tell its time keeps `sent_at`.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

AGREES_SECONDS = 2.0
"""So far apart clocks may be that are said to agree: `Date` has whole seconds, and a request takes its time."""

# An event's time as this package writes it: at the end, in microseconds, so that another one is as long.
_AT_END = re.compile(rb'"timestamp":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6})Z","uuid":"[^"]*"\}$')
_FORMAT = "%Y-%m-%dT%H:%M:%S.%f"


class HostClock:
    """What is known of the host's clock. Decided once: all events of a process get one correction."""

    def __init__(self, own_times: bool = True) -> None:
        """`own_times`: the events' times are by the clock of this machine; else nothing is known of theirs."""
        self.offset: float | None = None if own_times else 0.0
        """Seconds to add to our times for the host's; None: not known, and the host corrects by `sent_at`."""
        self.is_settled = not own_times
        """Nothing is to be learned any more: what has left was corrected so, and so is everything else."""

    def learn(self, date: str | None, sent: float, answered: float) -> None:
        """From one answer: its `Date`, and when (`time.time()`) the request left and the answer was there."""
        told = _seconds(date)
        if self.is_settled or told is None:
            return
        # The host's clock stood between `told` and a second later, when ours stood between `sent` and `answered`.
        least, most = told - answered, told + 1.0 - sent
        agrees = least <= AGREES_SECONDS and most >= -AGREES_SECONDS
        self.offset = 0.0 if agrees else (least + most) / 2
        self.is_settled = True

    def settle(self) -> None:
        """Events have left: the others are corrected as they were."""
        self.is_settled = True

    def corrected(self, body: bytes) -> bytes:
        """An encoded event with its time by the host's clock; as long as it was."""
        if not self.offset:
            return body
        found = _AT_END.search(body)
        if found is None:
            return body  # the app's `before_send` wrote a time of its own
        moved = datetime.strptime(found[1].decode(), _FORMAT) + timedelta(seconds=self.offset)
        start, end = found.span(1)
        return body[:start] + moved.strftime(_FORMAT).encode() + body[end:]


def _seconds(date: str | None) -> float | None:
    if date is None:
        return None
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
