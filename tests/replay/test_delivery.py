"""The target: a short fault is waited out, a lasting one ends the replay with its reason."""

from __future__ import annotations

import pytest

from otel_posthog_ai.counters import Counters
from otel_posthog_ai.delivery import encode
from otel_posthog_ai.replay.delivery import Delivery, Undelivered
from otel_posthog_ai.settings import resolve
from tests.delivery.fault_server import FaultServer, answer
from tests.delivery.samples import make_events


def delivery(host: str, **options: object) -> tuple[Delivery, Counters]:
    counters = Counters()
    return Delivery(resolve({"api_key": "phc_test", "host": host, **options}), counters, patience=0.5), counters


def test_a_short_fault_is_waited_out() -> None:
    with FaultServer([answer(503), answer(429)]) as server:
        posting, counters = delivery(server.url)
        posting.deliver(make_events(3))
        assert len(server.events) == 3
        assert counters.snapshot()["sent"] == 3


@pytest.mark.parametrize(
    ("status", "why"),
    [(503, "takes no events: HTTP 503"), (401, "refuses the project key"), (404, "check POSTHOG_HOST")],
)
def test_a_lasting_fault_ends_the_replay(status: int, why: str) -> None:
    with FaultServer(lambda _: answer(status)) as server:
        posting, _ = delivery(server.url, max_retries=0)
        with pytest.raises(Undelivered, match=why):
            posting.deliver(make_events(3))


def test_a_refused_event_does_not_end_it() -> None:
    bad = encode({"event": "", "distinct_id": "a", "properties": {}, "uuid": "1"})

    with FaultServer(lambda received: answer(400 if b'"event":""' in received.text else 200)) as server:
        posting, counters = delivery(server.url)
        posting.deliver([*make_events(2), bad])
        assert counters.snapshot()["dropped"] == {"refused": 1}
        assert counters.snapshot()["sent"] == 2
