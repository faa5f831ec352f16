"""The page in a real browser: what an engineer reads on it, by mouse and keyboard, wide and narrow, light and dark."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from otel_posthog_ai.inbox import Inbox

from .pages import TRACE, Open, choose, screens, sound
from .samples import agent_trace, batch, event, plain_trace, post
from .screenshots import NARROW, WIDE

pytestmark = pytest.mark.browser


@screens
def test_list(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, viewport=viewport, scheme=scheme)
    first = page.locator(".traces tbody tr").first.inner_text()
    for shown in (
        "Plan a hike",
        "maria@example.com",
        "gpt-4o-2024-08-06",
        "2,755 → 154",
        "9.20 s",
        "1 error",
        "ago",
        "$0.00742",
    ):
        assert shown in first
    assert "95 traces" in page.locator(".total").inner_text()
    page.wait_for_function("() => document.getElementById('problems-link').textContent === '⚠ 4 problems'")
    sound(page)


@screens
def test_tree(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, TRACE, viewport, scheme)
    rows = page.locator(".row")
    titles = [" ".join(text.split()) for text in rows.locator(".title").all_inner_texts()]
    assert titles == [
        "Plan a hike",
        "hike_planner",
        "gpt-4o-2024-08-06 (openai)",
        "get_weather",
        "search_hikes",
        "closures",
        "text-embedding-3-small (openai)",
        "gpt-4o-2024-08-06 (openai)",
    ]
    assert [int(level) for level in rows.evaluate_all("rows => rows.map(row => row.getAttribute('aria-level'))")] == [
        1,
        2,
        3,
        3,
        3,
        3,
        4,
        3,
    ]
    assert "2.41 s" in rows.nth(2).inner_text()
    assert "error" in rows.nth(4).inner_text()
    head = page.locator(".trace-head").inner_text()
    for shown in (
        "Plan a hike",
        "maria@example.com",
        "hiking-weekend",
        "text-embedding-3-small",
        "2,755 → 154",
        "$0.00742",
        "9.20 s",
    ):
        assert shown in head
    sound(page)


@screens
def test_timeline(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, f"{TRACE}?view=timeline", viewport, scheme)
    bars = page.locator(".bar-fill").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect()).map(({left, right, width}) => [left, right, width])"
    )
    root, agent, first, weather, hikes, _, _, last = bars
    assert abs(root[0] - agent[0]) < 2
    assert first[1] <= weather[0] + 2
    assert abs(weather[0] - hikes[0]) < 2
    assert weather[2] < hikes[2] < last[2] < agent[2]
    assert all(bar[0] >= root[0] - 1 and bar[1] <= root[1] + 4 for bar in bars)
    assert page.locator(".row").nth(2).locator(".latency").inner_text() == "2.41 s"
    sound(page)


@screens
def test_conversation_with_tools_and_an_image(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, TRACE, viewport, scheme)
    choose(page, "g2")
    detail = page.locator(".detail")
    roles = [role.lower() for role in detail.locator(".message .role strong").all_inner_texts()]
    assert roles == ["system", "user", "assistant", "tool", "tool", "assistant"]
    text = detail.inner_text()
    for shown in (
        "You plan day hikes",
        "The hill looks like the Brauneck",
        "get_weather",
        '"city": "Lenggries"',
        '"max_hours": 5',
        "call_weather",
        '"summary": "Sunny, light wind"',
        "TimeoutError: the trail service did not answer within 2 s",
        "17 °C",
        "1,467",
        "58",
        "1,280",
        "480 ms",
        "stop",
    ):
        assert shown in text, shown
    picture = detail.locator("img.picture")
    picture.scroll_into_view_if_needed()
    page.wait_for_function("() => document.querySelector('img.picture').naturalWidth === 240")
    assert picture.bounding_box()["width"] >= 200
    sound(page)


@screens
def test_error(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, TRACE, viewport, scheme)
    choose(page, "t2")
    box = page.locator(".error-box")
    assert "Error" in box.inner_text()
    assert "TimeoutError: the trail service did not answer within 2 s" in box.inner_text()
    sound(page)


@screens
def test_warnings(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, "#/trace/trace-1?node=", viewport, scheme)
    assert "the $ai_parent_id is" in page.locator(".findings").inner_text()  # of an event that is not drawn
    choose(page, "w1")
    text = page.locator(".findings").inner_text()
    for shown in (
        "tool_calls beside a list of content parts are not drawn",
        "2 events share the id w1",
        "its parent gone is not in the trace",
    ):
        assert shown in text
    sound(page)


@screens
def test_problems(filled: Inbox, show: Open, viewport: dict[str, int], scheme: str) -> None:
    page = show(filled, "#/problems", viewport, scheme)
    text = page.locator(".problems").inner_text()
    for shown in ("413", "983,040", "uuid is not a UUID", "personal API key", "there is no $ai_trace_id"):
        assert shown in text
    sound(page)


def test_raw_json_and_properties(filled: Inbox, show: Open) -> None:
    page = show(filled, TRACE)
    choose(page, "t1")
    page.get_by_role("tab", name="JSON").click()
    assert '"$ai_span_name": "get_weather"' in page.locator(".json").inner_text()
    page.keyboard.press("ArrowLeft")
    assert "$ai_parent_id" in page.locator(".properties").inner_text()
    choose(page, "g1")
    assert "$ai_http_status" in page.locator(".properties").inner_text()
    sound(page)


def test_works_by_keyboard(filled: Inbox, show: Open) -> None:
    page = show(filled)
    press = page.keyboard.press
    press("/")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("Lenggries")
    page.wait_for_function("() => document.querySelectorAll('.traces tbody tr').length === 1")
    press("Escape")
    page.locator(".fields button", has_text="Clear").click()
    page.wait_for_function("() => document.querySelectorAll('.traces tbody tr').length === 50")
    page.locator("a.name").first.focus()
    press("ArrowDown")
    press("ArrowUp")
    press("Enter")
    page.wait_for_selector(".row")
    page.locator(".row").first.focus()

    def chosen() -> str:
        return str(page.evaluate("document.activeElement.dataset.key"))

    press("Home")
    press("ArrowDown")
    assert chosen() == "a1"
    press("ArrowLeft")
    assert page.locator(".row").count() == 2
    press("ArrowRight")
    press("ArrowRight")
    assert chosen() == "g1"
    press("End")
    assert chosen() == "g2"
    press("ArrowLeft")
    assert chosen() == "a1"
    press("Home")
    assert chosen() == ""
    press("ArrowDown")
    page.wait_for_function("() => document.querySelector('.detail h2').textContent === 'hike_planner'")
    press("Escape")
    page.wait_for_selector(".traces tbody tr")
    assert page.evaluate("document.activeElement.textContent") == "Plan a hike"


def test_every_control_is_reached_by_tab_and_shows_its_focus(filled: Inbox, show: Open) -> None:
    page = show(filled)
    page.wait_for_selector("#problems-link:not([hidden])")
    reached = []
    for _ in range(21):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.ariaLabel || document.activeElement.textContent"
            )
        )
    assert reached == [
        "skip",
        "Inbox, all traces",
        "problems-link",
        "search",
        "User",
        "Session",
        "Model",
        "Time",
        "Errors",
        "Warnings",
        "Trace",
        "User",
        "Session",
        "Models",
        "Tokens in → out",
        "Cost",
        "Latency",
        "Started ↓",
        "Plan a hike",
        "✕ 1 error",
        "maria@example.com",
    ]


def test_on_a_narrow_window_choosing_leads_to_the_detail(filled: Inbox, show: Open) -> None:
    page = show(filled, TRACE, NARROW)
    choose(page, "t1")
    page.wait_for_function("() => document.querySelector('.detail h2').getBoundingClientRect().top < 60")
    page.locator(".row").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.activeElement.id === 'detail'")


def test_filters_and_keeps_them_in_the_address(filled: Inbox, show: Open) -> None:
    page = show(filled)
    page.get_by_role("button", name="Errors").click()
    page.wait_for_function("() => document.querySelector('.total').textContent === '14 traces'")
    page.get_by_label("Model").select_option("gpt-4.1-mini")
    page.wait_for_function("() => document.querySelector('.total').textContent.startsWith('3 trace')")
    assert "errors=1" in page.url
    assert "model=gpt-4.1-mini" in page.url
    page.locator("a.name").first.click()
    page.wait_for_selector(".row")
    page.get_by_role("link", name="All traces", exact=False).last.click()
    page.wait_for_function("() => document.querySelector('.total')?.textContent.startsWith('3 trace')")
    page.get_by_label("User").fill("nobody")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=No trace matches")


def test_new_traces_appear_by_themselves(inbox: Inbox, show: Open) -> None:
    page = show(inbox)
    assert "Waiting for the first trace" in page.locator(".empty").inner_text()
    assert inbox.url in page.locator(".empty .code").inner_text()
    end = datetime.now(timezone.utc)
    post(inbox.url, batch(*agent_trace(end)[:1]))
    page.locator("a.name").click()
    page.wait_for_selector(".row")
    choose(page, "g1")
    post(inbox.url, batch(*agent_trace(end)[1:]))
    page.wait_for_function("() => document.querySelectorAll('.row').length === 8")
    assert page.evaluate("document.activeElement.dataset.key") == "g1"
    assert page.locator(".headline h1").inner_text() == "Plan a hike"


def test_shows_more_of_many(inbox: Inbox, show: Open) -> None:
    end = datetime.now(timezone.utc)
    for first in range(0, 200, 20):
        post(
            inbox.url,
            batch(
                *(
                    made
                    for number in range(first, first + 20)
                    for made in plain_trace(number, end - timedelta(seconds=number))
                )
            ),
        )
    page = show(inbox)
    assert page.locator(".traces tbody tr").count() == 50
    page.get_by_role("button", name="Show more").click()
    page.wait_for_function("() => document.querySelectorAll('.traces tbody tr').length === 100")
    steps = [event("$ai_span", span_id=f"n{place}", trace_id="long") for place in range(1200)]
    post(inbox.url, batch(*steps))
    page.goto(f"{inbox.url}/#/trace/long")
    page.wait_for_selector(".row")
    assert page.locator(".row").count() == 500
    page.get_by_role("button", name="Show 500 more rows").click()
    page.wait_for_function("() => document.querySelectorAll('.row').length === 1000")


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "javascript:alert(1)",
    "{{7*7}}",
    "__proto__",
    "\u202eevil",
    "a" * 3000,
]


def hostile_events(text: str) -> list[dict[str, Any]]:
    """A generation and a feedback with the text in every place that the page shows."""
    parts = [
        {"type": "image_url", "image_url": {"url": text}},
        {
            "type": "image_url",
            "image_url": {"url": "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"},
        },
        {"type": "image_url", "image_url": {"url": "http://192.0.2.1/track.png"}},
        {"type": "file", "file": {"filename": text, "file_data": text}},
        {"type": "input_audio", "input_audio": {"data": text, "format": text}},
        {"type": text, text: text},
        {"type": "text", "text": text},
    ]
    message = {"role": text, "name": text, "content": parts, "__proto__": {"polluted": True}, "constructor": text}
    made = event(
        trace_id=text,
        span_id=text,
        span_name=text,
        span_type=text,
        model=text,
        provider=text,
        session_id=text,
        is_error=True,
        error=text,
        input=[message, text, None, 5],
        output_choices=[message, {"type": "__proto__"}, {"type": "constructor"}],
        tools=[text, {"name": text}],
        stop_reason=text,
    )
    made["properties"] |= {"__proto__": text, text: text}
    made["distinct_id"] = text
    return [made, event("$ai_feedback", trace_id=text, feedback_text=text)]


def test_nothing_in_an_event_is_executed(inbox: Inbox, show: Open) -> None:
    for text in HOSTILE:
        assert post(inbox.url, batch(*hostile_events(text))).status == 200
    page = show(inbox)
    assert page.locator("a.name").count() == len(HOSTILE)
    assert page.evaluate("outside()") == []
    for place, viewport in [*((place, WIDE) for place in range(len(HOSTILE))), (HOSTILE.index("a" * 3000), NARROW)]:
        page.set_viewport_size(viewport)
        page.goto(f"{inbox.url}/#/trace/{quote(HOSTILE[place], safe='')}")
        page.wait_for_function(
            "title => document.querySelector('.trace-head h1')?.textContent === title", arg=HOSTILE[place]
        )
        page.locator(".row").nth(1).click()
        page.wait_for_selector(".detail .tabbed")
        for tab in ("Properties", "JSON", "Conversation"):
            page.get_by_role("tab", name=tab).click()
        assert page.evaluate("({}).polluted === undefined")
        assert (
            page.evaluate(
                "document.querySelectorAll('main script, main iframe, main svg, main [onerror], main [onload]').length"
            )
            == 0
        )
        assert page.evaluate("[...document.querySelectorAll('main a')].every((link) => /^https?:/.test(link.href))")
        assert page.evaluate("outside()") == []


def test_every_shape_of_message_is_drawn(inbox: Inbox, show: Open) -> None:
    messages = [
        {"role": "human", "content": "langchain-text"},
        {
            "role": "user",
            "content": [{"type": "text", "text": "part-text"}, {"type": "input_text", "text": "input-text"}],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "chat_tool", "arguments": '{"a": 1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "tool-text"},
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c2", "name": "anthropic_tool", "input": {"b": 2}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c2", "content": [{"type": "text", "text": "anthropic-result"}]}
            ],
        },
        {"type": "function_call", "call_id": "c3", "name": "responses_tool", "arguments": '{"c": 3}'},
        {"type": "function_call_output", "call_id": "c3", "output": "responses-result"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "responses-thought"}]},
        {
            "role": "model",
            "parts": [
                {"type": "text", "content": "otel-text"},
                {"type": "tool_call", "id": "c4", "name": "otel_tool", "arguments": {"d": 4}},
                {"type": "blob", "content": "otel-blob"},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "image_url", "image_url": {"url": "[base64 image redacted]"}},
                {"type": "image_url", "image_url": {"url": "https://example.com/far.png"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "file", "file": {"filename": "plan.pdf", "file_data": "data:application/pdf;base64,AAAA"}},
                {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "text", "text": "beside"}],
            "tool_calls": [{"id": "c5", "type": "function", "function": {"name": "hidden_tool", "arguments": "{}"}}],
        },
        {"finish_reason": "stop", "index": 0, "message": {"role": "assistant", "content": "litellm-text"}},
        {"odd": "odd-object"},
    ]
    post(
        inbox.url,
        batch(
            event(
                span_id="g",
                model="m",
                input=messages,
                output_choices={"choices": [{"message": {"role": "assistant", "content": "choice-text"}}]},
            )
        ),
    )
    page = show(inbox, "#/trace/trace-1")
    page.locator('[data-key="g"]').click()
    page.wait_for_selector(".messages")
    text = page.locator(".detail").inner_text()
    for shown in (
        "langchain-text",
        "part-text",
        "input-text",
        "chat_tool",
        '"a": 1',
        "tool-text",
        "anthropic_tool",
        '"b": 2',
        "anthropic-result",
        "responses_tool",
        '"c": 3',
        "responses-result",
        "responses-thought",
        "otel-text",
        "otel_tool",
        '"d": 4',
        "PostHog does not draw this kind of part",
        "image removed before sending",
        "https://example.com/far.png",
        "plan.pdf",
        "wav, 3 bytes",
        "hidden_tool",
        "PostHog does not draw tool_calls beside a list of parts",
        "litellm-text",
        "odd-object",
        "choice-text",
    ):
        assert shown in text, shown
    sound(page)
