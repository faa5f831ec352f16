"""What the list says of a trace, how it is sorted and searched, and what sessions and users are together."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from otel_posthog_ai.inbox import Inbox

from .samples import NOW, agent_trace, batch, event, get, post, request


def listed(inbox: Inbox, **query: object) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = get(inbox.url, f"/api/traces?{urlencode(query)}")["traces"]
    return traces


def only(inbox: Inbox) -> dict[str, Any]:
    (trace,) = listed(inbox)
    return trace


def test_a_trace_is_known_by_what_was_asked_and_answered(inbox: Inbox) -> None:
    post(inbox.url, batch(*agent_trace(NOW)))
    trace = only(inbox)
    assert trace["asked"].startswith("I took this yesterday. Is the weather good enough")
    assert trace["answered"].startswith(
        "Yes: tomorrow in Lenggries will be sunny with light wind and 17 °C. I could not"
    )
    assert trace["first_error"]["id"] == "t2"


USER = {"role": "user", "content": "What now?"}
NOW_TOO = {"type": "text", "text": "What now?"}


@pytest.mark.parametrize(
    "given",
    [
        {"input": "What now?"},
        {"input": [USER]},
        {"input": [{"role": "system", "content": "Be brief."}, USER]},
        {"input": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hello!"}, USER]},
        {"input": [USER, {"role": "assistant", "content": "", "tool_calls": []}, {"role": "tool", "content": "1"}]},
        {"input": [{"role": "human", "content": [{"type": "text", "text": "What"}, {"type": "text", "text": "now?"}]}]},
        {"input": [{"role": "user", "content": [{"type": "image", "image": "data:"}, NOW_TOO]}]},
        {"input": [{"role": "user", "parts": [{"type": "text", "content": "What now?"}]}]},
        {"input": [USER, {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "42"}]}]},
        {"input_state": {"messages": [USER]}},
        {"input_state": {"question": "What now?", "k": 4}},
        {"input_state": {"input": {"messages": [USER]}}},
        {"input": [{"role": "user", "content": "\n  What\n\n now?\n"}]},
    ],
)  # fmt: skip
def test_the_user_is_found_in_every_shape(inbox: Inbox, given: dict[str, Any]) -> None:
    post(inbox.url, batch(event(**given)))
    assert only(inbox)["asked"] == "What now?"


THIS = {"type": "text", "text": "This."}


@pytest.mark.parametrize(
    "given",
    [
        {"output_choices": [{"role": "assistant", "content": "This."}]},
        {"output_choices": {"choices": [{"message": {"role": "assistant", "content": "This."}}]}},
        {"output_choices": [{"role": "assistant", "content": [{"type": "thinking", "thinking": "Hm"}, THIS]}]},
        {"output_choices": [{"role": "model", "parts": [{"type": "text", "content": "This."}]}]},
        {"output_choices": "This."},
        {"output_state": {"output": "This."}},
        {"output_state": {"messages": [USER, {"role": "assistant", "content": "This."}]}},
    ],
)  # fmt: skip
def test_the_answer_is_found_in_every_shape(inbox: Inbox, given: dict[str, Any]) -> None:
    post(inbox.url, batch(event(**given)))
    assert only(inbox)["answered"] == "This."


@pytest.mark.parametrize(
    "message",
    [
        {"content": None, "tool_calls": [{"function": {"name": "search"}}, {"function": {"name": "book"}}]},
        {"content": [{"type": "function", "function": {"name": n}} for n in ("search", "search", "book")]},
        {"content": [{"type": "tool_use", "name": "search"}, {"type": "tool_use", "name": "book"}]},
        {"parts": [{"type": "tool_call", "name": "search"}, {"type": "tool_call", "name": "book"}]},
    ],
)
def test_who_only_calls_tools_is_said_to_call_them(inbox: Inbox, message: dict[str, Any]) -> None:
    post(inbox.url, batch(event(output_choices=[{"role": "assistant", **message}])))
    assert only(inbox)["answered"] == "calls search, book"


@pytest.mark.parametrize(
    "given",
    [{}, {"input": [], "output_choices": []}, {"input": 5, "output_choices": [None, 7]}, {"input": {"a": {"b": 1}}}],
)
def test_where_nobody_speaks_nothing_is_made_up(inbox: Inbox, given: dict[str, Any]) -> None:
    post(inbox.url, batch(event(**given)))
    assert (only(inbox)["asked"], only(inbox)["answered"]) == (None, None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Title\n\n> **Bold** and `code`, *so* [far](https://example.com/a)", "Title Bold and code, so far"),
        ("- one\n- two\n  * three", "one two three"),
        ("| a | b |\n|---|--:|\n| 1 | 2 |", "a · b 1 · 2"),
        ("```python\nx = 2 ** 3 * y\n```", "x = 2 ** 3 * y"),
        ("2*3*4 - 1, snake_case__name__, # no title", "2*3*4 - 1, snake_case__name__, # no title"),
    ],
)
def test_a_line_is_read_without_the_marks_of_markdown(inbox: Inbox, text: str, line: str) -> None:
    post(inbox.url, batch(event(output_choices=[{"role": "assistant", "content": text}])))
    assert only(inbox)["answered"] == line


def test_a_long_text_is_one_short_line(inbox: Inbox) -> None:
    post(inbox.url, batch(event(input="word " * 10_000, output_choices="x" * 900_000)))
    assert len(only(inbox)["asked"]) == len(only(inbox)["answered"]) == 301


@pytest.mark.parametrize(
    ("model", "priced"),
    [
        ("gpt-4o-2024-08-06", True),
        ("openai/gpt-4.1-mini", True),
        ("o4-mini", True),
        ("anthropic.claude-sonnet-4-20250514-v1:0", True),
        ("claude-3-5-haiku-latest", True),
        ("Gemini-2.5-Flash", True),
        ("text-embedding-3-small", True),
        ("openai/text-embedding-3-small", True),
        ("my-text-embedding-3-small", False),  # the short list is compared whole
        ("mistral-small-latest", False),
        ("claude-3-5-sonnet-20241022", False),
        ("llama3:8b", False),
        ("my-fine-tune", False),
        ("", False),
        (None, False),
        (["gpt-4o"], False),
    ],
)
def test_says_who_prices_a_call(inbox: Inbox, model: Any, priced: bool) -> None:
    post(inbox.url, batch(event(model=model, input_tokens=1), event("$ai_span", model=model, input_tokens=1)))
    found = only(inbox)["pricing"]
    assert (found["sent"], found["posthog"], found["unknown"]) == (0, int(priced), int(not priced))
    assert found["unknown_models"] == ([] if priced else [model if isinstance(model, str) else ""])


def test_a_cost_that_was_sent_or_a_price_of_ones_own_needs_no_list(inbox: Inbox) -> None:
    mine = {"model": "mine", "input_tokens": 3}
    post(
        inbox.url,
        batch(
            event(**mine, total_cost_usd=0.25),
            event(**mine, input_token_price=0.1, output_token_price=0.1),
            event("$ai_generation", model="mine", is_error=True),  # nothing was used
        ),
    )
    trace = only(inbox)
    assert trace["pricing"] == {"sent": 1, "posthog": 1, "unknown": 0, "unknown_models": []}
    assert trace["total_cost_usd"] == 0.25


ROWS = [
    dict(zip(("name", "user", "session", "model", "tokens", "cost", "latency"), row, strict=True))
    for row in (
        ("beta", "ada", "s2", "gpt-4o", (5, 5), 0.2, 3),
        ("Alpha", "bob", None, None, (None, None), None, 1),
        (None, None, "s1", "claude-3-haiku", (50, None), 0, 2),
        ("alpha", "Ada", "s1", "o1", (0, 0), 0.1, 9.5),
    )
]


def in_order(inbox: Inbox, **query: str) -> list[str]:
    """The ids of all pages of two."""
    collected: list[str] = []
    before: str | None = None
    while True:
        page = get(
            inbox.url, f"/api/traces?{urlencode({**query, 'limit': 2, **({'before': before} if before else {})})}"
        )
        assert page["total"] == len(ROWS)
        collected += [trace["id"] for trace in page["traces"]]
        before = page["next"]
        if before is None:
            return collected


@pytest.mark.parametrize(
    ("sort", "rising", "falling"),
    [
        ("name", "1302", "0312"),
        ("user", "0312", "1302"),
        ("session", "2301", "0321"),
        ("model", "2031", "3021"),
        ("tokens", "3021", "2031"),
        ("cost", "2301", "0321"),
        ("latency", "1203", "3021"),
        ("started", "3210", "0123"),
        ("nonsense", "3210", "0123"),
    ],
)
def test_sorts_by_every_column_and_puts_the_unknown_last(inbox: Inbox, sort: str, rising: str, falling: str) -> None:
    for place, row in enumerate(ROWS):
        trace_id = str(place)
        made = event(
            at=NOW - timedelta(minutes=place),
            trace_id=trace_id,
            trace_name=row["name"],
            session_id=row["session"],
            model=row["model"],
            input_tokens=row["tokens"][0],
            output_tokens=row["tokens"][1],
            total_cost_usd=row["cost"],
            latency=row["latency"],
        )
        made["distinct_id"] = row["user"] or trace_id
        post(inbox.url, batch(made))
    for order, expected in (("asc", rising), ("desc", falling)):
        assert "".join(in_order(inbox, sort=sort, order=order)) == expected, order


def test_a_search_leads_to_the_event_that_holds_it(inbox: Inbox) -> None:
    post(inbox.url, batch(*agent_trace(NOW)))
    (trace,) = listed(inbox, q="ANSWER WITHIN 2 S")
    assert trace["hit"]["id"] == "t2"
    before, words, after = trace["hit"]["excerpt"]
    assert (words, after) == ("answer within 2 s", "")
    assert before.endswith("TimeoutError: the trail service did not ")
    assert "hit" not in only(inbox)


@pytest.mark.parametrize("words", ['say "hi"', "new\nline", "back\\slash", "Grüße 😀"])
def test_an_excerpt_reads_as_the_text_did(inbox: Inbox, words: str) -> None:
    post(inbox.url, batch(event(input=f"before {words} after", span_id="g")))
    (trace,) = listed(inbox, q=words)
    assert trace["hit"]["excerpt"] == ["before ", " ".join(words.split("\n")), " after"]


def test_a_hit_in_feedback_has_no_row_in_the_tree(inbox: Inbox) -> None:
    post(inbox.url, batch(event(span_id="g"), event("$ai_feedback", feedback_text="splendid")))
    (trace,) = listed(inbox, q="splendid")
    assert trace["hit"]["event"] == "$ai_feedback"


def turn(number: int, **properties: Any) -> dict[str, Any]:
    made = event(
        at=NOW + timedelta(minutes=number), trace_id=f"turn-{number}", session_id="chat/1", latency=2, **properties
    )
    return {**made, "distinct_id": "maria@example.com"}


def test_a_session_is_its_turns_together(inbox: Inbox) -> None:
    post(
        inbox.url,
        batch(
            turn(2, input_tokens=20, output_tokens=2, model="gpt-4o", is_error=True, error="boom"),
            turn(1, input_tokens=10, output_tokens=1, total_cost_usd=0.5),
            turn(3, input_tokens=30, total_cost_usd=0.25, model="mine"),
            event(trace_id="other", session_id="other", input_tokens=1000),
        ),
    )
    session = get(inbox.url, f"/api/sessions/{quote('chat/1', safe='')}")["session"]
    told = {
        name: session[name] for name in ("id", "users", "traces", "input_tokens", "output_tokens", "total_cost_usd")
    }
    assert told == {
        "id": "chat/1", "users": ["maria@example.com"], "traces": 3, "input_tokens": 60, "output_tokens": 3,
        "total_cost_usd": 0.75,
    }  # fmt: skip
    assert (session["errors"], session["latency"]) == (1, 6)
    assert session["pricing"] == {"sent": 2, "posthog": 1, "unknown": 0}
    assert session["started_at"] < session["ended_at"]
    turns = listed(inbox, session_id="chat/1", sort="started", order="asc")
    assert [trace["id"] for trace in turns] == ["turn-1", "turn-2", "turn-3"]


def test_a_user_is_their_sessions_together(inbox: Inbox) -> None:
    post(inbox.url, batch(turn(1, input_tokens=10), turn(2, input_tokens=5, is_error=True), event(session_id="b")))
    answer = get(inbox.url, "/api/users/maria%40example.com")
    assert (answer["user"]["traces"], answer["user"]["input_tokens"], answer["user"]["errors"]) == (2, 15, 1)
    assert [(session["id"], session["traces"]) for session in answer["sessions"]] == [("chat/1", 2)]


@pytest.mark.parametrize("path", ["/api/sessions/none", "/api/users/none"])
def test_who_is_not_there_is_not_made_up(inbox: Inbox, path: str) -> None:
    post(inbox.url, batch(event()))
    assert request(inbox.url, path).status == 404


def test_among_many_the_users_that_are_meant_are_offered(inbox: Inbox) -> None:
    made = [{**event(trace_id=f"t{n}", session_id=f"s{n}"), "distinct_id": f"user-{n:03}"} for n in range(300)]
    post(inbox.url, batch(*made))
    assert len(get(inbox.url, "/api/facets")["users"]) == 200
    answer = get(inbox.url, "/api/facets?user=R-29&session=S29")
    assert answer["users"] == [f"user-29{n}" for n in range(10)]
    assert answer["sessions"] == ["s29", *(f"s29{n}" for n in range(10))]


def test_nobody_is_no_user_to_choose(inbox: Inbox) -> None:
    post(inbox.url, batch({**event(trace_id="nobody"), "distinct_id": "nobody"}, event(trace_id="x", session_id="s")))
    assert get(inbox.url, "/api/facets")["users"] == ["user-1"]
