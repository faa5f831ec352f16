"""The list in a real browser: what is read of a trace, sorting, times, users; and the pages of a session and a user."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from otel_posthog_ai.inbox import Inbox

from .chats import ANSWERS, SESSION, USER
from .pages import Open, screens, sound
from .samples import batch, event, post

pytestmark = pytest.mark.browser
NOW = datetime.now(timezone.utc)


def names(page: Any) -> list[str]:
    return [str(name) for name in page.locator("a.name").all_inner_texts()]


def first_is(page: Any, name: str) -> None:
    page.wait_for_function("name => document.querySelector('a.name')?.textContent === name", arg=name)


@screens
def test_a_row_tells_what_was_asked_and_answered(
    filled: Inbox, show: Open, viewport: dict[str, int], scheme: str
) -> None:
    page = show(filled, viewport=viewport, scheme=scheme)
    hike = page.locator("tbody tr", has_text="Plan a hike").inner_text()
    assert "I took this yesterday. Is the weather good enough" in hike
    assert "Yes: tomorrow in Lenggries will be sunny" in hike
    guide = page.locator("tbody tr", has_text="Which of these is open on a Monday").inner_text()
    assert "Place · Monday · Ticket" in guide
    assert "PostHog will price it" in " ".join(guide.split())
    failed = page.locator("tbody tr", has_text="2 errors").first.inner_text()
    assert "RateLimitError: 429 Too many requests" in failed
    sound(page)


def test_says_when_nobody_prices_a_model(inbox: Inbox, show: Open) -> None:
    post(inbox.url, batch(event(model="my-tune", input_tokens=5), event(model="gpt-4o", input_tokens=5)))
    page = show(inbox)
    cost = page.locator("tbody td.cost span")
    assert cost.inner_text() == "unknown model"
    assert "my-tune" in cost.get_attribute("title")
    page.locator("a.name").click()
    page.wait_for_selector(".trace-head .cost-unknown")


@pytest.mark.parametrize(
    ("heading", "falling", "rising"),
    [("Latency", "bcda", "adcb"), ("Cost", "acbd", "bcad"), ("Trace", "dcba", "abcd"), ("Started", "abcd", "dcba")],
)
def test_a_click_on_a_heading_sorts(inbox: Inbox, show: Open, heading: str, falling: str, rising: str) -> None:
    for place, (name, latency, cost) in enumerate((("a", 1, 9), ("b", 4, 1), ("c", 3, 5), ("d", 2, None))):
        made = event(
            at=NOW - timedelta(minutes=place), trace_id=name, trace_name=name, latency=latency, total_cost_usd=cost
        )
        post(inbox.url, batch(made))
    page = show(inbox)
    button = page.get_by_role("button", name=heading)
    for _ in range(3):
        button.click()
        way = page.locator("th[aria-sort]")
        first_is(page, (rising if way.get_attribute("aria-sort") == "ascending" else falling)[0])
        assert "".join(names(page)) == (rising if way.get_attribute("aria-sort") == "ascending" else falling)
        assert heading in way.inner_text()
    page.reload()
    page.wait_for_selector("a.name")
    assert heading in page.locator("th[aria-sort]").inner_text()


def test_a_range_of_time(inbox: Inbox, show: Open) -> None:
    for name, age in (("now", 0), ("today", 3), ("last week", 100)):
        post(inbox.url, batch(event(at=NOW - timedelta(hours=age), trace_id=name, trace_name=name)))
    page = show(inbox, timezone_id="America/New_York")
    total = page.locator(".total")
    for label, found in (("Last hour", 1), ("Last 24 hours", 2), ("Last 7 days", 3)):
        page.get_by_label("Time").select_option(label=label)
        page.wait_for_function(
            "number => document.querySelector('.total').textContent.startsWith(number)", arg=str(found)
        )
    assert "range=7d" in page.url
    page.get_by_label("Time").select_option(label="Between…")
    local = "iso => { const at = new Date(iso); at.setMinutes(at.getMinutes() - at.getTimezoneOffset()); return at; }"
    clock = page.evaluate(f"iso => ({local})(iso).toISOString().slice(0, 16)", (NOW - timedelta(hours=4)).isoformat())
    page.get_by_label("From").fill(clock)
    page.wait_for_function("() => document.querySelector('.total').textContent === '2 traces'")
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("() => document.querySelector('.total').textContent === '3 traces'")
    assert not page.get_by_label("From").is_visible()
    assert total.inner_text() == "3 traces"


def test_a_user_is_found_by_a_part_and_nobody_is_no_user(filled: Inbox, show: Open) -> None:
    page = show(filled)
    page.wait_for_function("() => document.querySelectorAll('#user-options option').length > 2")
    offered = page.locator("#user-options option").evaluate_all("options => options.map((one) => one.value)")
    assert "maria@example.com" in offered
    assert all("@" in name or name == "user-1" for name in offered)  # no id of a trace
    page.get_by_label("User", exact=True).fill("LENA@")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.total').textContent === '3 traces'")


def test_users_are_offered_while_one_types(inbox: Inbox, show: Open) -> None:
    made = [{**event(trace_id=f"t{n}"), "distinct_id": f"user-{n:03}"} for n in range(300)]
    post(inbox.url, batch(*made))
    page = show(inbox)
    page.get_by_label("User", exact=True).press_sequentially("-295")
    page.wait_for_function("() => document.querySelectorAll('#user-options option').length === 1")
    assert page.locator("#user-options option").get_attribute("value") == "user-295"


def test_a_badge_leads_to_the_error(filled: Inbox, show: Open) -> None:
    page = show(filled)
    page.locator("tbody tr", has_text="Plan a hike").get_by_role("link", name="1 error").click()
    page.wait_for_selector(".error-box")
    assert page.locator('.row[aria-selected="true"] .title').inner_text() == "search_hikes"


def test_a_hit_leads_to_its_event_and_is_marked(filled: Inbox, show: Open) -> None:
    page = show(filled, "#/?q=Light+wind")
    row = page.locator("tbody tr")
    page.wait_for_selector("mark")
    assert row.locator("mark").inner_text() == "light wind"
    assert "Sunny, light wind" in row.locator(".said").inner_text()
    row.locator("a.name").click()
    page.wait_for_selector(".detail .tabbed")
    assert page.locator('.row[aria-selected="true"] .title').inner_text() == "get_weather"
    assert page.evaluate("CSS.highlights.get('found').size") == 1
    page.locator('[data-key="t2"]').click()
    page.wait_for_selector(".error-box")
    assert page.evaluate("CSS.highlights.get('found')") is None


def test_a_hit_outside_the_texts_is_marked_in_the_json(inbox: Inbox, show: Open) -> None:
    post(inbox.url, batch(event(span_id="g", input="Hello", request_url="chat/completions-v9"), event(span_id="h")))
    page = show(inbox, "#/?q=completions-v9")
    page.wait_for_selector("mark")
    page.locator("tbody a.name").click()
    page.wait_for_function("() => CSS.highlights.get('found')?.size === 1")
    assert page.get_by_role("tab", name="JSON").get_attribute("aria-selected") == "true"
    page.locator('[data-key="h"]').click()
    page.wait_for_function("() => document.querySelector('.detail [data-tab=content]')?.ariaSelected === 'true'")


def test_times_grow_older_by_themselves(inbox: Inbox, show: Open) -> None:
    post(inbox.url, batch(event(at=datetime.now(timezone.utc))))
    page = show(inbox, clock=True)
    page.clock.fast_forward("05:00")
    page.wait_for_function("() => document.querySelector('time').textContent === '5 min ago'")


@screens
def test_a_session_shows_its_turns_in_order(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, f"#/session/{SESSION}", viewport, scheme)
    page.wait_for_selector(".turn table")
    turns = page.locator(".turn")
    assert turns.count() == 3
    assert [turn.split("\n")[0].strip() for turn in turns.all_inner_texts()] == ["1", "2", "3"]
    assert "I have one day in Lisbon" in turns.nth(0).inner_text()
    assert turns.nth(0).locator("h5").inner_text() == "One day in Lisbon"
    assert turns.nth(1).locator("td").first.inner_text() == "Castle"
    head = page.locator(".group-head").inner_text()
    for shown in (SESSION, USER, "6,960 → 516", "PostHog will price it", "8.70 s"):
        assert shown in head
    sound(page)
    page.get_by_role("button", name="Raw").click()
    assert turns.nth(1).locator(".by-assistant + div").inner_text().strip() == ANSWERS[1]
    turns.nth(1).locator("a.name").click()
    page.wait_for_selector(".row")


def test_a_long_session_is_shown_in_parts(inbox: Inbox, show: Open) -> None:
    turns = [
        event(at=NOW + timedelta(seconds=n), trace_id=f"t{n}", session_id="long", input=f"Question {n}")
        for n in range(120)
    ]
    post(inbox.url, batch(*turns))
    page = show(inbox, "#/session/long")
    assert page.locator(".turn").count() == 100
    page.get_by_role("button", name="Show more (20 left)").click()
    page.wait_for_function("() => document.querySelectorAll('.turn').length === 120")
    assert page.locator(".turn").last.inner_text().startswith("120")


@screens
def test_a_user_has_sessions_and_traces(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, f"#/user/{quote(USER)}", viewport, scheme)
    page.wait_for_selector(".sessions li")
    assert page.locator(".sessions a").all_inner_texts() == [SESSION]
    assert page.locator(".traces tbody tr").count() == 3
    assert "6,960 → 516" in page.locator(".group-head").inner_text()
    sound(page)
    page.locator(".sessions a").click()
    page.wait_for_selector(".turn")


def test_links_lead_from_a_trace_to_its_user_and_session(filled: Inbox, show: Open) -> None:
    page = show(filled)
    page.locator("tbody tr", has_text="Plan a hike").locator("a.name").click()
    page.locator(".trace-head").get_by_role("link", name="hiking-weekend").click()
    page.wait_for_selector(".turn .flag.error")
    page.locator(".group-head").get_by_role("link", name="maria@example.com").click()
    page.wait_for_selector(".group .traces tbody tr")
    page.keyboard.press("Escape")
    page.wait_for_selector(".filters")


@pytest.mark.parametrize("address", ["#/session/none", "#/user/none", "#/trace/none", "#/session/%E0%A4%A", "#/user/"])
def test_what_is_not_there_is_said(filled: Inbox, show: Open, address: str) -> None:
    page = show(filled, "#/problems")
    page.evaluate("address => { location.hash = address; }", address)
    page.wait_for_function("() => document.querySelector('main .empty, main .traces')")


def test_times_name_their_zone(filled: Inbox, show: Open) -> None:
    page = show(filled, "#/trace/lisbon-1", timezone_id="Asia/Kolkata")
    started = page.locator(".trace-head .facts").inner_text()
    assert "GMT+5:30" in started
    assert (
        page.evaluate("import('/format.js').then(({moment}) => moment('2026-01-02T20:00:00Z'))")
        == "2026-01-03 01:30:00 GMT+5:30"
    )
