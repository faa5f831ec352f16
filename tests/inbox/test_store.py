"""What is kept, and how it is found again: also among 10,000 traces."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.inbox.envelope import Envelope
from otel_posthog_ai.inbox.intake import admit
from otel_posthog_ai.inbox.store import Store

from .samples import NOW, batch, event, get, plain_trace, post

MANY = 10_000


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Inbox]:
    """An inbox of 10,000 traces, filled beneath the HTTP server."""
    file = tmp_path_factory.mktemp("inbox") / "many.sqlite3"
    store = Store(file)
    for first in range(0, MANY, 500):
        made = [
            one for number in range(first, first + 500) for one in plain_trace(number, NOW - timedelta(seconds=number))
        ]
        store.add(
            admit(Envelope("phc_test", made, None), ai_route=False, now=time.time()), route="/batch/", now=time.time()
        )
    store.close()
    with Inbox(database=file) as inbox:
        yield inbox


def names(answer: dict[str, object]) -> list[str]:
    return [trace["id"] for trace in answer["traces"]]  # type: ignore[attr-defined,index]


def test_lists_10_000_traces_page_by_page_newest_first(full: Inbox) -> None:
    collected: list[str] = []
    query: dict[str, object] = {"limit": 500}
    while True:
        answer = get(full.url, f"/api/traces?{urlencode(query)}")
        assert answer["total"] == MANY
        collected += names(answer)
        if answer["next"] is None:
            break
        query["before"] = answer["next"]
    assert len(collected) == len(set(collected)) == MANY
    starts = [
        get(full.url, f"/api/traces/{trace}?events=0")["trace"]["started_at"]
        for trace in (collected[0], collected[4999], collected[-1])
    ]
    assert starts == sorted(starts, reverse=True)


def started(number: int) -> datetime:
    """When a plain trace of `full` began."""
    first = max(1 + number % 2 - 1 + 0.3 + number % 40 / 7, 0.3 + number % 40 / 7)
    return NOW - timedelta(seconds=number + first)


def within(number: int) -> bool:
    return NOW - timedelta(seconds=60) <= started(number) <= NOW - timedelta(seconds=5)


@pytest.mark.parametrize(
    ("query", "matches"),
    [
        ({"user": "USER-5@"}, lambda n: n % 11 != 3 and n % 37 == 5),
        ({"user": "000"}, lambda n: False),  # only ids of traces hold it: those are nobody's names
        ({"user_id": "user-5@example.com"}, lambda n: n % 11 != 3 and n % 37 == 5),
        ({"user_id": "USER-5@"}, lambda n: False),
        ({"session": "SESSION-12"}, lambda n: str(n // 4).startswith("12")),
        ({"session_id": "session-12"}, lambda n: n // 4 == 12),
        ({"since": "2026-01-02T02:04:05Z"}, lambda n: started(n) >= NOW - timedelta(hours=1)),
        ({"until": "2026-01-02T02:04:05+00:00"}, lambda n: started(n) <= NOW - timedelta(hours=1)),
        ({"since": "2026-01-02T03:03:05Z", "until": "2026-01-02T03:04Z"}, lambda n: 5 <= n <= 60 and within(n)),
        ({"model": "gpt-4.1-mini"}, lambda n: n % 4 == 3),
        ({"errors": "1"}, lambda n: n % 7 == 5),
        ({"q": "No. 777"}, lambda n: str(n).startswith("777")),
        ({"q": "summarise a CONTRACT", "errors": "1"}, lambda n: n % 6 == 1 and n % 7 == 5),
        ({"q": "100% sure"}, lambda n: False),
        ({"user": "nobody"}, lambda n: False),
    ],
)
def test_filters_and_searches_quickly(full: Inbox, query: dict[str, str], matches: object) -> None:
    before = time.monotonic()
    answer = get(full.url, f"/api/traces?{urlencode({**query, 'limit': 10})}")
    assert time.monotonic() - before < 5
    expected = [f"{n:032x}" for n in range(MANY) if matches(n)]  # type: ignore[operator]
    assert answer["total"] == len(expected)
    assert set(names(answer)) <= set(expected)
    assert len(names(answer)) == min(10, len(expected))


@pytest.mark.parametrize(
    "query",
    [
        "limit=x",
        "limit=0",
        "before=x",
        "before=[1]",
        "before={}",
        "before=" + "[" * 5000,
        "q=%25",
        "q=_",
        "q=%00",
        "errors=2",
    ],
)
def test_a_senseless_question_is_answered(inbox: Inbox, query: str) -> None:
    post(inbox.url, batch(event()))
    assert "traces" in get(inbox.url, f"/api/traces?{query}")


@pytest.mark.parametrize("text", ['say "hi"', "back\\slash", "new\nline", "100%", "under_score", "Grüße 😀", '{"a":1}'])
def test_searches_text_as_it_was_written(inbox: Inbox, text: str) -> None:
    post(inbox.url, batch(event(input=[{"role": "user", "content": f"before {text} after"}])))
    post(
        inbox.url, batch(event(trace_id="other", input=[{"role": "user", "content": "before after 100x underXscore"}]))
    )
    assert names(get(inbox.url, f"/api/traces?q={quote(text)}")) == ["trace-1"]


def test_a_summary_follows_its_events(inbox: Inbox) -> None:
    post(inbox.url, batch(event(input_tokens=1, model="a", span_name="step")))
    post(
        inbox.url,
        batch(event(input_tokens=2, model="b", is_error=True), event("$ai_trace", span_name="run", session_id="s")),
    )
    (trace,) = get(inbox.url, "/api/traces?model=b&session=s&errors=1")["traces"]
    assert (trace["name"], trace["input_tokens"], trace["models"], trace["events"]) == ("run", 3, ["a", "b"], 3)


def test_a_file_keeps_events_and_knows_them_again(tmp_path: Path) -> None:
    file, made = tmp_path / "inbox.sqlite3", event()
    with Inbox(database=file) as inbox:
        post(inbox.url, batch(made))
    with Inbox(database=file) as inbox:
        assert inbox.events() == [made]
        post(inbox.url, batch(made))
        assert inbox.events() == [made]
        (mode,) = sqlite3.connect(file).execute("PRAGMA journal_mode").fetchone()
        assert mode == "wal"


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be looked at" * 50, None])
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "other"
    if content is None:
        connection = sqlite3.connect(file)
        connection.execute("CREATE TABLE mine(x)")
        connection.commit()
        connection.close()
    else:
        file.write_bytes(content)
    before = file.read_bytes()
    with pytest.raises(ValueError, match="inbox"):
        Inbox(database=file)
    assert content is None or file.read_bytes() == before


def test_many_writers_and_readers_at_once(inbox: Inbox, tmp_path: Path) -> None:
    with Inbox(database=tmp_path / "busy.sqlite3") as busy:
        for target in (inbox, busy):
            failures: list[object] = []

            def work(worker: int, target: Inbox = target, failures: list[object] = failures) -> None:
                for number in range(10):
                    answer = post(target.url, batch(event(trace_id=f"t{worker}"), event(trace_id=f"shared{number}")))
                    listed = get(target.url, "/api/traces?q=shared")
                    if answer.status != 200 or "traces" not in listed:
                        failures.append(answer)

            threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(30)
            assert failures == []
            assert len(target.events()) == 160
            assert get(target.url, "/api/traces/shared3")["trace"]["events"] == 8


def test_news_wait_until_something_is_stored(inbox: Inbox) -> None:
    revision = get(inbox.url, "/api/news?after=none")["revision"]
    answers: list[int] = []
    waiting = threading.Thread(target=lambda: answers.append(get(inbox.url, f"/api/news?after={revision}")["revision"]))
    waiting.start()
    post(inbox.url, batch(event()))
    waiting.join(10)
    assert answers == [revision + 1]


def test_closing_wakes_those_who_wait(inbox: Inbox) -> None:
    def ask() -> None:
        try:
            get(inbox.url, f"/api/news?after={inbox._store.revision}")
        except Exception:
            pass  # the connection ends: that is what is tested

    waiting = threading.Thread(target=ask)
    waiting.start()
    inbox.close()
    waiting.join(10)
    assert not waiting.is_alive()
    inbox.close()


def test_wait_for_events_returns_what_is_there(inbox: Inbox) -> None:
    assert inbox.wait_for_events(1, timeout=0.01) == []
    timer = threading.Timer(0.05, post, (inbox.url, batch(event(), event())))
    timer.start()
    assert len(inbox.wait_for_events(2)) == 2
    timer.join()


def test_a_long_trace_costs_its_length_not_its_square(inbox: Inbox) -> None:
    before = time.monotonic()
    for first in range(0, 6000, 20):
        steps = [
            event("$ai_span", span_id=f"n{first + place}", parent_id="trace-1", latency=0.1) for place in range(20)
        ]
        assert post(inbox.url, batch(*steps)).status == 200
    assert time.monotonic() - before < 20
    (trace,) = get(inbox.url, "/api/traces")["traces"]
    assert (trace["events"], trace["latency"]) == (6000, pytest.approx(600))
    assert len(get(inbox.url, "/api/traces/trace-1?events=0")["tree"]) == 6000


def test_what_was_said_is_for_its_owner_alone(tmp_path: Path) -> None:
    with Inbox(database=tmp_path / "inbox.db"):
        modes = {each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()}
    assert "inbox.db" in modes
    assert set(modes.values()) == {0o600}
